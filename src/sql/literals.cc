#include "sql/literals.h"

#include <algorithm>

#include "sql/lexer.h"

namespace sluice::sql {
namespace {

/// From behind the first quote to before the last one, each two of them one.
std::string within_quotes(std::string_view token) {
  const size_t first = token.find('\'');
  std::string_view inner = first == std::string_view::npos ? token : token.substr(first + 1);
  if (inner.ends_with('\'')) inner.remove_suffix(1);
  std::string out;
  for (size_t i = 0; i < inner.size(); ++i) {
    out.push_back(inner[i]);
    if (inner[i] == '\'' && i + 1 < inner.size() && inner[i + 1] == '\'') ++i;
  }
  return out;
}

/// $tag$…$tag$
std::string within_dollars(std::string_view token) {
  const size_t tag = token.find('$', 1);
  if (tag == std::string_view::npos) return std::string(token);
  token.remove_prefix(tag + 1);
  return std::string(token.substr(0, token.size() - std::min(token.size(), tag + 1)));
}

}  // namespace

std::vector<Literal> literals(std::string_view text) {
  std::vector<Literal> out;
  Lexer lexer(text);
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    std::string value;
    switch (token.kind) {
      case TokenKind::kString:
      case TokenKind::kEscapeString:
        value = within_quotes(token.text);
        break;
      case TokenKind::kDollarString:
        value = within_dollars(token.text);
        break;
      case TokenKind::kNumber:
        value = token.text;
        break;
      default:
        continue;
    }
    const bool plain =
        token.text.starts_with('\'') && token.text.find('\\') == std::string_view::npos;
    out.push_back({static_cast<size_t>(token.text.data() - text.data()), token.text.size(),
                   std::move(value), plain});
  }
  return out;
}

}  // namespace sluice::sql
