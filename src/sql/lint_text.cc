#include "sql/lint_text.h"

#include <algorithm>
#include <unordered_set>

#include "sql/lexer.h"

namespace sluice::sql {
namespace {

size_t offset_in(std::string_view text, const Token& token) {
  return static_cast<size_t>(token.text.data() - text.data());
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

bool is_operator(const Token& token, char c) {
  return token.kind == TokenKind::kOperator && token.text.size() == 1 && token.text[0] == c;
}

/// Counts parentheses and brackets; negative once the enclosing one closes.
class Depth {
 public:
  int after(const Token& token) {
    if (token.kind == TokenKind::kOpen || is_operator(token, '[')) ++depth_;
    if (token.kind == TokenKind::kClose || is_operator(token, ']')) --depth_;
    return depth_;
  }

 private:
  int depth_ = 0;
};

/// Words that the grammar keeps for itself as column or table names (documentation, appendix C:
/// reserved, and those that may only name functions or types).
bool reserved(std::string_view word) {
  static const std::unordered_set<std::string_view> words = {"all",
                                                             "analyse",
                                                             "analyze",
                                                             "and",
                                                             "any",
                                                             "array",
                                                             "as",
                                                             "asc",
                                                             "asymmetric",
                                                             "authorization",
                                                             "binary",
                                                             "both",
                                                             "case",
                                                             "cast",
                                                             "check",
                                                             "collate",
                                                             "collation",
                                                             "column",
                                                             "concurrently",
                                                             "constraint",
                                                             "create",
                                                             "cross",
                                                             "current_catalog",
                                                             "current_date",
                                                             "current_role",
                                                             "current_schema",
                                                             "current_time",
                                                             "current_timestamp",
                                                             "current_user",
                                                             "default",
                                                             "deferrable",
                                                             "desc",
                                                             "distinct",
                                                             "do",
                                                             "else",
                                                             "end",
                                                             "except",
                                                             "false",
                                                             "fetch",
                                                             "for",
                                                             "foreign",
                                                             "freeze",
                                                             "from",
                                                             "full",
                                                             "grant",
                                                             "group",
                                                             "having",
                                                             "ilike",
                                                             "in",
                                                             "initially",
                                                             "inner",
                                                             "intersect",
                                                             "into",
                                                             "is",
                                                             "isnull",
                                                             "join",
                                                             "lateral",
                                                             "leading",
                                                             "left",
                                                             "like",
                                                             "limit",
                                                             "localtime",
                                                             "localtimestamp",
                                                             "natural",
                                                             "not",
                                                             "notnull",
                                                             "null",
                                                             "offset",
                                                             "on",
                                                             "only",
                                                             "or",
                                                             "order",
                                                             "outer",
                                                             "overlaps",
                                                             "placing",
                                                             "primary",
                                                             "references",
                                                             "returning",
                                                             "right",
                                                             "select",
                                                             "session_user",
                                                             "similar",
                                                             "some",
                                                             "symmetric",
                                                             "system_user",
                                                             "table",
                                                             "tablesample",
                                                             "then",
                                                             "to",
                                                             "trailing",
                                                             "true",
                                                             "union",
                                                             "unique",
                                                             "user",
                                                             "using",
                                                             "variadic",
                                                             "verbose",
                                                             "when",
                                                             "where",
                                                             "window",
                                                             "with"};
  return words.contains(word);
}

/// Offset of the comma, closing parenthesis or semicolon that ends the piece at the text's start.
size_t separator_in(std::string_view text) {
  Lexer lexer(text);
  Depth depth;
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    const int now = depth.after(token);
    if (now < 0 || (now == 0 && (is_operator(token, ',') || is_operator(token, ';')))) {
      return offset_in(text, token);
    }
  }
  return text.size();
}

}  // namespace

std::string_view core_of(std::string_view text) {
  Lexer lexer(text);
  Token token = lexer.next();
  if (token.kind == TokenKind::kEnd) return {};
  const size_t begin = offset_in(text, token);
  size_t end = begin;
  for (; token.kind != TokenKind::kEnd; token = lexer.next()) {
    end = offset_in(text, token) + token.text.size();
  }
  return text.substr(begin, end - begin);
}

std::string_view piece_at(std::string_view script, size_t begin) {
  if (begin >= script.size()) return {};
  const std::string_view rest = script.substr(begin);
  return core_of(rest.substr(0, separator_in(rest)));
}

std::vector<std::string_view> alter_commands(std::string_view statement) {
  Lexer lexer(statement);
  Token token = lexer.next();  // ALTER
  for (token = lexer.next(); token.kind == TokenKind::kWord; token = lexer.next()) {
    static constexpr std::string_view kSkipped[] = {"table",  "foreign",  "materialized", "view",
                                                    "index",  "sequence", "type",         "if",
                                                    "exists", "only"};
    const bool skip = std::any_of(std::begin(kSkipped), std::end(kSkipped),
                                  [&](std::string_view word) { return is_word(token, word); });
    if (!skip) break;
  }
  for (token = lexer.next(); is_operator(token, '.'); token = lexer.next()) lexer.next();
  if (token.kind == TokenKind::kOperator && token.text == "*") token = lexer.next();
  std::vector<std::string_view> commands;
  if (token.kind == TokenKind::kEnd) return commands;
  std::string_view rest = statement.substr(offset_in(statement, token));
  for (;;) {
    const size_t end = separator_in(rest);
    commands.push_back(core_of(rest.substr(0, end)));
    if (end >= rest.size() || rest[end] != ',') return commands;
    rest.remove_prefix(end + 1);
  }
}

std::string with_word_after(std::string_view statement, std::string_view word,
                            std::string_view addition) {
  Lexer lexer(statement);
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    if (!is_word(token, word)) continue;
    std::string out(statement);
    out.insert(offset_in(statement, token) + token.text.size(), " " + std::string(addition));
    return out;
  }
  return std::string(statement);
}

std::string without_word(std::string_view statement, std::string_view word) {
  Lexer lexer(statement);
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    if (!is_word(token, word)) continue;
    const size_t begin = offset_in(statement, token);
    const size_t end = begin + token.text.size();
    std::string out(trimmed(statement.substr(0, begin)));
    const std::string_view rest = trimmed(statement.substr(end));
    return rest.empty() ? out : out + " " + std::string(rest);
  }
  return std::string(statement);
}

std::string quote_ident(std::string_view identifier) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (!identifier.empty() && !(identifier[0] >= '0' && identifier[0] <= '9') &&
      std::all_of(identifier.begin(), identifier.end(), plain) && !reserved(identifier)) {
    return std::string(identifier);
  }
  std::string out = "\"";
  for (const char c : identifier) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

std::string literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out + '\'';
}

std::vector<std::string> names_in(const Node& node, std::string_view list) {
  std::vector<std::string> names;
  for_each(node, list, [&](const Node& item) {
    if (const auto text = field(item, "String")) names.emplace_back(text_field(*text, "sval"));
  });
  return names;
}

std::string joined(const std::vector<std::string>& names, std::string_view separator) {
  std::string out;
  for (const auto& name : names) out.append(out.empty() ? "" : separator).append(quote_ident(name));
  return out;
}

}  // namespace sluice::sql
