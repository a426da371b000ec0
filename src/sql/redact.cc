#include "sql/redact.h"

#include <algorithm>

#include "sql/lexer.h"

namespace sluice::sql {
namespace {

bool contains_word(std::string_view text, std::string_view lower_case) {
  const auto found =
      std::search(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                  [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
  return found != text.end();
}

bool names_secret(std::string_view text) {
  return contains_word(text, "passw") || contains_word(text, "secret");
}

bool is_literal(const Token& token) {
  return token.kind == TokenKind::kString || token.kind == TokenKind::kEscapeString ||
         token.kind == TokenKind::kDollarString;
}

/// user:password@ in a URL.
bool has_url_password(std::string_view text) {
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  const size_t at = text.find('@', scheme);
  return at != std::string_view::npos &&
         text.substr(scheme + 3, at - scheme - 3).find(':') != std::string_view::npos;
}

}  // namespace

std::string redact(std::string_view text) {
  if (!names_secret(text) && text.find("://") == std::string_view::npos) return std::string(text);
  std::string out;
  out.reserve(text.size());
  size_t copied = 0;
  bool secret_follows = false;
  Lexer lexer(text);
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    if (is_literal(token)) {
      // A literal that is only a name ('app.password', in set_config) announces the next one.
      const bool is_name = names_secret(token.text) && token.text.size() < 80 &&
                           token.text.find_first_of("= :\n") == std::string_view::npos;
      const bool hide =
          secret_follows || has_url_password(token.text) ||
          (names_secret(token.text) && !is_name && token.text.find('=') != std::string_view::npos);
      if (hide) {
        const size_t begin = static_cast<size_t>(token.text.data() - text.data());
        out.append(text.substr(copied, begin - copied)).append("'***'");
        copied = begin + token.text.size();
      }
      secret_follows = !hide && is_name;
    } else if (token.kind == TokenKind::kWord || token.kind == TokenKind::kQuotedName) {
      const bool between = is_word(token, "to") || is_word(token, "encrypted");
      secret_follows = names_secret(token.text) || (secret_follows && between);
    } else if (token.text != "=" && token.text != "," && token.text != "=>" && token.text != ":=") {
      secret_follows = false;
    }
  }
  out.append(text.substr(copied));
  return out;
}

}  // namespace sluice::sql
