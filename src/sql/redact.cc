#include "sql/redact.h"

#include "base/hash.h"
#include "sql/comment_tags.h"
#include "sql/lexer.h"

namespace sluice::sql {
namespace {

/// Whether a word stands anywhere in the text, in any case. No early way out, so that the compiler
/// makes vector code of it: every statement passes here.
template <size_t N>
bool contains_word(std::string_view text, const char (&lower_case)[N]) {
  constexpr size_t kLength = N - 1;
  bool found = false;
  for (size_t i = 0; i + kLength <= text.size(); ++i) {
    bool here = true;
    for (size_t j = 0; j < kLength; ++j) here &= (text[i + j] | 0x20) == lower_case[j];
    found |= here;
  }
  return found;
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

RecordedText recorded(std::string_view text) {
  constexpr size_t kShortestCut = 256;
  RecordedText out{redact(text), {}, {}};
  out.tags = comment_tags(out.text);
  if (out.text.size() > kShortestCut) {
    // Not of the text as it was: a weak password could be found again from that.
    const auto digest = sha256(out.text);
    out.digest.assign(digest.data(), digest.size());
  }
  return out;
}

}  // namespace sluice::sql
