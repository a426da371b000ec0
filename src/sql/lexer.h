#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::sql {

/// A light reading of PostgreSQL's lexical structure (documentation, chapter 4.1): enough to know
/// where strings, comments and operators are in any text, parsable or not. Never recurses.
enum class TokenKind : uint8_t {
  kEnd,
  kWord,          ///< identifier or keyword, unquoted
  kQuotedName,    ///< "…" or U&"…"
  kString,        ///< '…', N'…', U&'…', B'…', X'…': no backslash escapes
  kEscapeString,  ///< E'…'
  kDollarString,  ///< $tag$…$tag$
  kNumber,
  kParameter,  ///< $1
  kOperator,   ///< a run of operator characters, or one of . : ; , [ ]
  kOpen,       ///< (
  kClose,      ///< )
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;  ///< with quotes and prefix
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  /// Comments and white space are skipped. An unterminated string or comment runs to the end.
  Token next();
  /// How deep the comments nest that were skipped so far.
  size_t deepest_comment() const { return deepest_comment_; }

 private:
  bool skip_blank();
  bool skip_comment();
  Token take(TokenKind kind, size_t end);
  size_t end_of_quoted(size_t from, char quote, bool backslash) const;
  size_t end_of_dollar(size_t from) const;
  char at(size_t i) const { return i < text_.size() ? text_[i] : '\0'; }

  std::string_view text_;
  size_t pos_ = 0;
  size_t deepest_comment_ = 1;
};

/// Case-insensitive comparison with a lower-case ASCII word.
bool is_word(const Token& token, std::string_view lower_case);

}  // namespace sluice::sql
