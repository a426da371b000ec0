#include "sql/comment_tags.h"

#include <algorithm>

namespace sluice::sql {
namespace {

constexpr std::string_view kSpace = " \t\r\n\f\v";

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char letter = static_cast<char>(c | 0x20);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/// What `encoded` stands for, at most `most` bytes of it. A '%' that begins no code stands for
/// itself, as URL decoders of this form have it.
std::string url_decoded(std::string_view encoded, size_t most) {
  std::string out;
  for (size_t i = 0; i < encoded.size() && out.size() < most; ++i) {
    const bool code = encoded[i] == '%' && i + 2 < encoded.size() && hex(encoded[i + 1]) >= 0 &&
                      hex(encoded[i + 2]) >= 0;
    if (code) {
      out.push_back(static_cast<char>(hex(encoded[i + 1]) * 16 + hex(encoded[i + 2])));
      i += 2;
    } else {
      out.push_back(encoded[i]);
    }
  }
  return out;
}

/// Reads the inside of one comment.
class PairReader {
 public:
  explicit PairReader(std::string_view in) : in_(trimmed(in)) {}

  /// Nothing at all if there is anything but pairs.
  std::vector<std::string> read() {
    std::vector<std::string> tags;
    while (!in_.empty()) {
      std::string tag;
      if (!pair(tag)) return {};
      if (tags.size() < kMostTags) tags.push_back(std::move(tag));
      in_ = trimmed(in_);
      if (in_.empty()) return tags;
      if (in_[0] != ',') return {};
      in_ = trimmed(in_.substr(1));
      if (in_.empty()) return {};
    }
    return tags;
  }

 private:
  bool pair(std::string& tag) {
    const size_t equals = in_.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view key = trimmed(in_.substr(0, equals));
    if (key.empty() || key.find_first_of("',*/ ") != std::string_view::npos) return false;
    in_ = trimmed(in_.substr(equals + 1));
    if (in_.empty() || in_[0] != '\'') return false;
    in_.remove_prefix(1);
    std::string value;
    if (!quoted(value)) return false;
    tag = url_decoded(key, kLongestTagKey) + "=" + url_decoded(value, kLongestTagValue);
    return true;
  }

  /// Up to the closing quote; a quote within is written \\' .
  bool quoted(std::string& value) {
    for (size_t i = 0; i < in_.size(); ++i) {
      if (in_[i] == '\'') {
        in_.remove_prefix(i + 1);
        return true;
      }
      if (in_[i] == '\\' && i + 1 < in_.size() && in_[i + 1] == '\'') ++i;
      value.push_back(in_[i]);
    }
    return false;
  }

  std::string_view in_;
};

std::vector<std::string> of_comment(std::string_view comment) { return PairReader(comment).read(); }

/// The text without what may stand behind its last comment.
std::string_view without_end(std::string_view text) {
  const size_t last = text.find_last_not_of(" \t\r\n\f\v;");
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

}  // namespace

std::vector<std::string> comment_tags(std::string_view text) {
  // Every statement passes here: most are found to have none by two looks.
  const std::string_view end = without_end(text);
  if (end.ends_with("*/")) {
    const size_t begin = end.rfind("/*", end.size() - 2);
    if (begin != std::string_view::npos && begin + 4 <= end.size()) {
      auto tags = of_comment(end.substr(begin + 2, end.size() - begin - 4));
      if (!tags.empty()) return tags;
    }
  }
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos || !text.substr(first).starts_with("/*")) return {};
  const size_t close = text.find("*/", first + 2);
  if (close == std::string_view::npos) return {};
  return of_comment(text.substr(first + 2, close - first - 2));
}

std::string_view tag_value(const std::vector<std::string>& tags, std::string_view key) {
  for (const std::string_view tag : tags) {
    if (tag.size() > key.size() && tag[key.size()] == '=' && tag.starts_with(key)) {
      return tag.substr(key.size() + 1);
    }
  }
  return {};
}

}  // namespace sluice::sql
