#include "sql/lexer.h"

#include <algorithm>

namespace sluice::sql {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool is_name_character(char c) { return is_letter(c) || is_digit(c) || c == '$'; }
bool is_operator(char c) {
  return std::string_view("+-*/<>=~!@#%^&|`?").find(c) != std::string_view::npos;
}
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

bool is_word(const Token& token, std::string_view lower_case) {
  return token.kind == TokenKind::kWord && token.text.size() == lower_case.size() &&
         std::equal(token.text.begin(), token.text.end(), lower_case.begin(),
                    [](char a, char b) { return lower(a) == b; });
}

bool Lexer::skip_comment() {
  if (at(pos_) == '-' && at(pos_ + 1) == '-') {
    pos_ = std::min(text_.find_first_of("\r\n", pos_), text_.size());
    return true;
  }
  if (at(pos_) != '/' || at(pos_ + 1) != '*') return false;
  size_t depth = 1;  // Comments nest.
  pos_ += 2;
  while (depth > 0 && pos_ < text_.size()) {
    if (at(pos_) == '/' && at(pos_ + 1) == '*') {
      deepest_comment_ = std::max(deepest_comment_, ++depth);
      pos_ += 2;
    } else if (at(pos_) == '*' && at(pos_ + 1) == '/') {
      --depth;
      pos_ += 2;
    } else {
      ++pos_;
    }
  }
  return true;
}

bool Lexer::skip_blank() {
  const size_t start = pos_;
  while (pos_ < text_.size() &&
         std::string_view(" \t\n\r\f\v").find(text_[pos_]) != std::string_view::npos)
    ++pos_;
  return pos_ > start;
}

Token Lexer::take(TokenKind kind, size_t end) {
  end = std::min(end, text_.size());
  const Token token{kind, text_.substr(pos_, end - pos_)};
  pos_ = end;
  return token;
}

size_t Lexer::end_of_quoted(size_t from, char quote, bool backslash) const {
  for (size_t i = from; i < text_.size(); ++i) {
    if (backslash && text_[i] == '\\') {
      ++i;
    } else if (text_[i] == quote) {
      if (at(i + 1) != quote) return i + 1;
      ++i;
    }
  }
  return text_.size();
}

size_t Lexer::end_of_dollar(size_t from) const {
  size_t tag_end = from + 1;
  while (tag_end < text_.size() && is_name_character(text_[tag_end]) && text_[tag_end] != '$')
    ++tag_end;
  if (at(tag_end) != '$') return 0;
  const std::string_view tag = text_.substr(from, tag_end + 1 - from);
  const size_t close = text_.find(tag, tag_end + 1);
  return close == std::string_view::npos ? text_.size() : close + tag.size();
}

Token Lexer::next() {
  while (skip_blank() || skip_comment()) {
  }
  if (pos_ >= text_.size()) return {};
  const char c = text_[pos_];
  const char second = at(pos_ + 1);
  if (c == '\'') return take(TokenKind::kString, end_of_quoted(pos_ + 1, '\'', false));
  if (c == '"') return take(TokenKind::kQuotedName, end_of_quoted(pos_ + 1, '"', false));
  if (second == '\'' && lower(c) == 'e') {
    return take(TokenKind::kEscapeString, end_of_quoted(pos_ + 2, '\'', true));
  }
  if (second == '\'' && (lower(c) == 'n' || lower(c) == 'b' || lower(c) == 'x')) {
    return take(TokenKind::kString, end_of_quoted(pos_ + 2, '\'', false));
  }
  if (lower(c) == 'u' && second == '&' && (at(pos_ + 2) == '\'' || at(pos_ + 2) == '"')) {
    const char quote = at(pos_ + 2);
    return take(quote == '"' ? TokenKind::kQuotedName : TokenKind::kString,
                end_of_quoted(pos_ + 3, quote, false));
  }
  if (c == '$') {
    if (is_digit(second)) {
      size_t end = pos_ + 1;
      while (is_digit(at(end))) ++end;
      return take(TokenKind::kParameter, end);
    }
    if (const size_t end = end_of_dollar(pos_); end != 0)
      return take(TokenKind::kDollarString, end);
    return take(TokenKind::kOperator, pos_ + 1);
  }
  if (is_letter(c)) {
    size_t end = pos_ + 1;
    while (end < text_.size() && is_name_character(text_[end])) ++end;
    return take(TokenKind::kWord, end);
  }
  if (is_digit(c) || (c == '.' && is_digit(second))) {
    size_t end = pos_ + 1;
    while (end < text_.size() && (is_name_character(text_[end]) || text_[end] == '.')) ++end;
    return take(TokenKind::kNumber, end);
  }
  if (c == '(') return take(TokenKind::kOpen, pos_ + 1);
  if (c == ')') return take(TokenKind::kClose, pos_ + 1);
  size_t end = pos_ + 1;
  if (is_operator(c)) {
    // A comment ends an operator.
    while (end < text_.size() && is_operator(text_[end]) &&
           !(text_[end] == '-' && at(end + 1) == '-') &&
           !(text_[end] == '/' && at(end + 1) == '*')) {
      ++end;
    }
  }
  return take(TokenKind::kOperator, end);
}

}  // namespace sluice::sql
