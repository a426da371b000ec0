#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "privacy/find.h"

/// One run of find_sensitive; used by the detectors (find_*.cc) only.
namespace sluice::privacy {

class Scan {
 public:
  Scan(std::string_view text, const Context& context) : text_(text), context_(context) {}

  std::string_view text() const { return text_; }
  const Context& context() const { return context_; }

  /// Notes a find; those that are not sure enough are dropped.
  void add(size_t begin, size_t end, Class cls, float confidence) {
    if (confidence >= kLeastConfidence && begin < end)
      spans_.push_back({begin, end, cls, confidence});
  }

  /// In order, without overlaps: of two the surer one gives the class to all that they cover.
  std::vector<Span> take();

 private:
  std::string_view text_;
  const Context& context_;
  std::vector<Span> spans_;
};

/// Detectors: each looks for the kinds it is named after, wherever they are in the text.
void find_emails(Scan& scan);
void find_written_emails(Scan& scan);  ///< "anna (at) example.org", "anna%40example.org"
void find_numbers(Scan& scan);         ///< cards, national numbers, phones
void find_codes(Scan& scan);           ///< IBANs, identifiers of letters and digits
void find_machines(Scan& scan);        ///< IP, MAC
void find_wallets(Scan& scan);
void find_secrets(Scan& scan);       ///< by their form
void find_said_secrets(Scan& scan);  ///< by what is said of them: "password: x"
// Street addresses by how countries write them, and positions.
void find_numbered_streets(Scan& scan);
void find_boxes(Scan& scan);
void find_streets_by_ending(Scan& scan);
void find_french_streets(Scan& scan);
void find_streets_by_beginning(Scan& scan);
void find_bare_streets(Scan& scan);
void find_streets_in_other_scripts(Scan& scan);
void find_positions(Scan& scan);
void find_people(Scan& scan);  ///< names by form and surroundings
void find_by_cue(Scan& scan);  ///< what only its label gives away: "passport no. X123"
void find_known(Scan& scan);   ///< values of the same row

// Bytes, without regard to the locale.
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
inline bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
inline bool is_letter(char c) { return is_upper(c) || is_lower(c); }
inline bool is_alnum(char c) { return is_letter(c) || is_digit(c); }
inline bool is_high(char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }
/// Part of a word: letters, digits, and all that is not ASCII.
inline bool is_word(char c) { return is_alnum(c) || c == '_' || is_high(c); }
inline char to_lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
inline char to_upper(char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace sluice::privacy
