#include "stream/trace_context.h"

#include <algorithm>
#include <cctype>

namespace sluice::stream {
namespace {

/// Bytes of a value of a comment that are recorded (sql/comment_tags.h).
constexpr size_t kLongestTag = 256;

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}

/// Walks through a text and tells its comments from what stands in strings and quoted names.
class CommentFinder {
 public:
  explicit CommentFinder(std::string_view sql) : sql_(sql) {}

  /// The inside of the next /* comment */; nothing at the end.
  std::optional<std::string_view> next() {
    while (at_ < sql_.size()) {
      const std::string_view rest = sql_.substr(at_);
      if (rest.starts_with("--")) {
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      } else if (rest.starts_with("/*")) {
        return comment();
      } else if (rest[0] == '\'') {
        const bool escapes = at_ > 0 && (sql_[at_ - 1] == 'E' || sql_[at_ - 1] == 'e') &&
                             (at_ < 2 || !is_word(sql_[at_ - 2]));
        quoted('\'', escapes);
      } else if (rest[0] == '"') {
        quoted('"', false);
      } else if (rest[0] == '$' && (at_ == 0 || !is_word(sql_[at_ - 1]))) {
        dollar_quoted();
      } else {
        ++at_;
      }
    }
    return std::nullopt;
  }

 private:
  std::optional<std::string_view> comment() {
    const size_t begin = at_ + 2;
    at_ = begin;
    for (int depth = 1; at_ < sql_.size(); ++at_) {
      const std::string_view rest = sql_.substr(at_);
      if (rest.starts_with("/*")) {
        ++depth;
        ++at_;
      } else if (rest.starts_with("*/")) {
        ++at_;
        if (--depth == 0) {
          ++at_;
          return sql_.substr(begin, at_ - 2 - begin);
        }
      }
    }
    return std::nullopt;  // Cut off, or not closed.
  }

  void quoted(char quote, bool escapes) {
    for (++at_; at_ < sql_.size(); ++at_) {
      if (escapes && sql_[at_] == '\\') {
        ++at_;
      } else if (sql_[at_] == quote) {
        if (at_ + 1 >= sql_.size() || sql_[at_ + 1] != quote) break;
        ++at_;  // A doubled quote stands for one.
      }
    }
    ++at_;
  }

  void dollar_quoted() {
    size_t end = at_ + 1;
    while (end < sql_.size() && is_word(sql_[end])) ++end;
    const bool opens = end < sql_.size() && sql_[end] == '$' &&
                       std::isdigit(static_cast<unsigned char>(sql_[at_ + 1])) == 0;
    if (!opens) {
      ++at_;  // A parameter such as $1.
      return;
    }
    const std::string_view tag = sql_.substr(at_, end + 1 - at_);
    const size_t close = sql_.find(tag, end + 1);
    at_ = close == std::string_view::npos ? sql_.size() : close + tag.size();
  }

  std::string_view sql_;
  size_t at_ = 0;
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string url_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
        hex_digit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// key='value',key='value'; nothing when the comment is not made like that throughout.
std::optional<std::map<std::string, std::string>> parse_tags(std::string_view text) {
  std::map<std::string, std::string> tags;
  text = trimmed(text);
  while (!text.empty()) {
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    const std::string key = url_decode(trimmed(text.substr(0, equals)));
    text = trimmed(text.substr(equals + 1));
    if (!text.starts_with('\'')) return std::nullopt;
    std::string value;
    size_t at = 1;
    for (; at < text.size() && text[at] != '\''; ++at) {
      if (text[at] == '\\' && at + 1 < text.size()) ++at;  // \' within a value
      value.push_back(text[at]);
    }
    if (at >= text.size()) return std::nullopt;
    tags[key] = url_decode(value);
    text = trimmed(text.substr(at + 1));
    if (text.empty()) break;
    if (text[0] != ',') return std::nullopt;
    text = trimmed(text.substr(1));
  }
  if (tags.empty()) return std::nullopt;
  return tags;
}

bool lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool all_zero(std::string_view text) { return text.find_first_not_of('0') == text.npos; }

}  // namespace

std::map<std::string, std::string> sql_comment_tags(std::string_view sql) {
  std::map<std::string, std::string> found;
  if (sql.find("/*") == std::string_view::npos) return found;
  CommentFinder finder(sql);
  while (const auto comment = finder.next()) {
    if (auto tags = parse_tags(*comment)) found = std::move(*tags);
  }
  return found;
}

std::optional<TraceContext> parse_traceparent(std::string_view text) {
  // version "-" trace-id "-" parent-id "-" flags; later versions may add to it.
  constexpr size_t kLength = 55;
  text = trimmed(text);
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-')
    return std::nullopt;
  const std::string_view version = text.substr(0, 2);
  const std::string_view trace = text.substr(3, 32);
  const std::string_view parent = text.substr(36, 16);
  const std::string_view flags = text.substr(53, 2);
  if (!lower_hex(version) || !lower_hex(trace) || !lower_hex(parent) || !lower_hex(flags))
    return std::nullopt;
  if (version == "ff" || all_zero(trace) || all_zero(parent)) return std::nullopt;
  if (text.size() > kLength && (version == "00" || text[kLength] != '-')) return std::nullopt;
  return TraceContext{std::string(trace), std::string(parent), (hex_digit(flags[1]) & 1) != 0, ""};
}

std::optional<TraceContext> trace_context_of(const audit::Record& record) {
  std::map<std::string, std::string> tags;
  for (const auto& tag : record.tags) {
    const size_t equals = tag.find('=');
    if (equals != std::string::npos) tags[tag.substr(0, equals)] = tag.substr(equals + 1);
  }
  if (!tags.contains("traceparent")) tags = sql_comment_tags(record.text);
  const auto parent = tags.find("traceparent");
  if (parent == tags.end()) return std::nullopt;
  auto context = parse_traceparent(parent->second);
  if (!context) return context;
  if (const auto state = tags.find("tracestate"); state != tags.end())
    context->state = state->second;
  // Of a long one the tag has the beginning alone; the statement's own text has all of it.
  if (context->state.size() == kLongestTag) {
    const auto own = sql_comment_tags(record.text);
    if (const auto whole = own.find("tracestate");
        whole != own.end() && whole->second.starts_with(context->state))
      context->state = whole->second;
  }
  return context;
}

}  // namespace sluice::stream
