#include "sql/nesting.h"

#include <algorithm>
#include <array>
#include <vector>

#include "sql/lexer.h"

namespace sluice::sql {
namespace {

/// Words that put one expression or join on top of another.
constexpr std::array<std::string_view, 20> kChaining = {
    "and", "or",   "not",  "is",   "like", "ilike", "similar", "between", "in",     "collate",
    "at",  "join", "case", "when", "then", "else",  "isnull",  "notnull", "escape", "overlaps"};

bool is_set_operation(const Token& token) {
  return is_word(token, "union") || is_word(token, "intersect") || is_word(token, "except");
}

bool is_chaining(const Token& token) {
  if (token.kind == TokenKind::kOperator) return true;
  return std::any_of(kChaining.begin(), kChaining.end(),
                     [&](std::string_view word) { return is_word(token, word); });
}

constexpr size_t kDeepestComment = 256;

struct Level {
  size_t chain = 0;
  size_t set_operations = 0;
};

}  // namespace

size_t depth_bound(std::string_view text) {
  std::vector<Level> levels(1);
  size_t current = 0;
  size_t deepest = 0;
  Lexer lexer(text);
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    if (token.kind == TokenKind::kOpen) {
      levels.emplace_back();
      ++current;
    } else if (token.kind == TokenKind::kClose) {
      if (levels.size() > 1) {
        current -= 1 + levels.back().chain + levels.back().set_operations;
        levels.pop_back();
        // What was called or subscripted goes on one level deeper: f(x)(y), (a)::b.
        ++levels.back().chain;
        ++current;
      }
    } else if (token.text == ";" && levels.size() == 1) {
      levels.back() = {};
      current = 0;
    } else if (token.text == ",") {
      current -= levels.back().chain;
      levels.back().chain = 0;
    } else if (is_set_operation(token)) {
      ++levels.back().set_operations;
      ++current;
    } else if (is_chaining(token)) {
      ++levels.back().chain;
      ++current;
    }
    deepest = std::max(deepest, current);
  }
  // PostgreSQL's lexer takes time in the square of how deep comments nest.
  if (lexer.deepest_comment() > kDeepestComment) return SIZE_MAX;
  return deepest;
}

}  // namespace sluice::sql
