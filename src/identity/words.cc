#include "identity/words.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "scim/attributes.h"

namespace sluice::identity {
namespace {

constexpr size_t kLongestName = 63;
constexpr std::string_view kSigns = "._@+-:/='#";

}  // namespace

Result<> check_word(std::string_view what, std::string_view word) {
  return check_word(what, word, kLongestName);
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

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  kSigns.find(c) != std::string_view::npos;
         });
}

bool is_own_name(std::string_view name) {
  return scim::same_name(name, "sluice") || scim::same_name(name, "gateway");
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
