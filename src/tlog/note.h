#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::tlog {

// Signed notes of c2sp.org/signed-note, with Ed25519 keys.

enum class KeyType : uint8_t {
  kEd25519 = 1,      ///< signs the note's text
  kCosignature = 4,  ///< a witness: signs a time and a checkpoint (c2sp.org/tlog-cosignature)
};

/// Whose signatures are believed.
struct VerifierKey {
  std::string name;
  KeyType type = KeyType::kEd25519;
  std::array<char, 32> public_key{};

  uint32_t id() const;
  /// "name+hex id+base64 of type and key", as Go's sumdb/note writes it.
  std::string text() const;
  static Result<VerifierKey> parse(std::string_view text);
  friend bool operator==(const VerifierKey&, const VerifierKey&) = default;
};

struct NoteSignature {
  std::string name;
  uint32_t id = 0;
  std::string bytes;  ///< behind the key id
};

struct Note {
  std::string text;  ///< ends in a newline
  std::vector<NoteSignature> signatures;
};

/// Names of keys: not empty, no spaces, no plus, no control characters.
bool is_key_name(std::string_view name);

Result<Note> parse_note(std::string_view text);
std::string format_note(const Note& note);
/// One line of a note, with its newline.
std::string format_signature(const NoteSignature& signature);
/// Lines of nothing but signatures, as a witness answers.
Result<std::vector<NoteSignature>> parse_signatures(std::string_view lines);

enum class Verdict : uint8_t { kAbsent, kValid, kInvalid };

/// Whether `key` has signed the note. A cosignature's time, in seconds since 1970, goes to `time`
/// where that is wanted.
Verdict verify(const Note& note, const VerifierKey& key, uint64_t* time = nullptr);

/// Whether `signature` is Ed25519 (RFC 8032) by `key` over `message`.
bool verifies(const std::array<char, 32>& key, std::string_view message,
              std::string_view signature);

/// Holds a private key.
class Signer {
 public:
  virtual ~Signer() = default;
  /// Ed25519 (RFC 8032) over `message`: 64 bytes.
  virtual Result<std::string> sign(std::string_view message) = 0;
  virtual std::array<char, 32> public_key() const = 0;
};

/// Makes a key and keeps it in `file` (PKCS #8 in PEM, mode 0600), which must not be there yet.
Result<std::unique_ptr<Signer>> create_key(const std::filesystem::path& file);
Result<std::unique_ptr<Signer>> load_key(const std::filesystem::path& file);

/// The log's own signature.
Result<NoteSignature> sign_note(std::string_view text, std::string_view name, Signer& signer);
/// A witness's, at `time` in seconds since 1970.
Result<NoteSignature> cosign(std::string_view text, std::string_view name, uint64_t time,
                             Signer& signer);

}  // namespace sluice::tlog
