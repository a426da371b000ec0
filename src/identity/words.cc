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

std::string join_pairs(const std::map<std::string, std::string>& pairs) {
  std::vector<std::string> words;
  for (const auto& [key, value] : pairs) words.push_back(key + "=" + value);
  return join(words);
}

std::map<std::string, std::string> split_pairs(const std::string& text) {
  std::map<std::string, std::string> pairs;
  for (const std::string& word : split(text)) {
    const size_t equals = std::min(word.find('='), word.size());
    pairs.emplace(word.substr(0, equals), word.substr(std::min(equals + 1, word.size())));
  }
  return pairs;
}

}  // namespace sluice::identity
