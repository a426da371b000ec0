#include "identity/words.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"

namespace sluice::identity {

Result<> check_word(std::string_view what, std::string_view word) {
  return check_word(what, word, 63);
}

Result<> check_word(std::string_view what, std::string_view word, size_t most) {
  if (word.empty() || word.size() > most) {
    return fail(ErrorCode::kInvalidInput, fmt::format("{} must have 1 to {} bytes", what, most));
  }
  bool printable = is_utf8(word);
  for (const unsigned char c : word) printable = printable && c >= 0x20 && c != 0x7F;
  if (!printable) {
    return fail(ErrorCode::kInvalidInput, fmt::format("{} must be printable UTF-8", what));
  }
  return {};
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : "\n") + word;
  return out;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    words.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return words;
}

}  // namespace sluice::identity
