#include "sql/plpgsql_source.h"

#include <algorithm>
#include <vector>

#include "sql/lexer.h"

namespace sluice::sql {
namespace {

std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  return out.append("\"");
}

/// A dollar quote that does not occur in `body`.
std::string dollar_quoted(const std::string& body) {
  std::string tag = "$sluice$";
  while (body.find(tag) != std::string::npos) tag.insert(tag.size() - 1, "x");
  return tag + body + tag;
}

bool is_name(const Token& token) {
  return token.kind == TokenKind::kWord || token.kind == TokenKind::kQuotedName;
}

/// Tokens and where they begin.
struct Place {
  Token token;
  size_t begin = 0;
  size_t end() const { return begin + token.text.size(); }
};

std::vector<Place> places_of(const std::string& body) {
  std::vector<Place> places;
  Lexer lexer(body);
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    places.push_back({token, static_cast<size_t>(token.text.data() - body.data())});
  }
  return places;
}

/// The place after a dotted name that begins at `at`.
size_t after_name(const std::vector<Place>& places, size_t at) {
  while (at + 2 < places.size() && places[at + 1].token.text == "." &&
         is_name(places[at + 2].token)) {
    at += 2;
  }
  return at + 1;
}

bool begins_statement(const std::vector<Place>& places, size_t at, bool& plainly) {
  if (at == 0) return true;
  const Token& before = places[at - 1].token;
  plainly = before.text == ";" || is_word(before, "begin") || is_word(before, "loop");
  return plainly || is_word(before, "then") || is_word(before, "else") || before.text == ">>";
}

/// `body` with records for row types, whose names go to `row_types`.
std::string simplified(const std::string& body, std::vector<std::string>& row_types) {
  const auto places = places_of(body);
  std::string out;
  size_t copied = 0;
  const auto replace = [&](size_t begin, size_t end, std::string_view by) {
    out.append(body, copied, begin - copied).append(by);
    copied = end;
  };
  for (size_t i = 0; i < places.size();) {
    if (!is_name(places[i].token)) {
      ++i;
      continue;
    }
    // With columns of its own to return, a function says RETURN NEXT and nothing.
    if (i > 0 && i + 1 < places.size() && is_word(places[i].token, "next") &&
        is_word(places[i - 1].token, "return") && places[i + 1].token.text == ";") {
      replace(places[i].end(), places[i].end(), " NULL");
    }
    const size_t next = after_name(places, i);
    const auto follows = [&](size_t offset, std::string_view text) {
      return next + offset < places.size() && places[next + offset].token.text == text;
    };
    bool plainly = true;
    if (follows(0, "%") && next + 1 < places.size() && is_word(places[next + 1].token, "rowtype")) {
      row_types.push_back(body.substr(places[i].begin, places[next - 1].end() - places[i].begin));
      replace(places[i].begin, places[next + 1].end(), "record");
    } else if (next > i + 1 && begins_statement(places, i, plainly)) {
      const bool assigned = (follows(0, ":") && follows(1, "=")) || follows(0, ":=") ||
                            (plainly && (follows(0, "=") || follows(0, "[")));
      if (assigned) replace(places[i].end(), places[next - 1].end(), "");
    }
    i = next;
  }
  return out.append(body, copied);
}

}  // namespace

PlpgsqlSource plpgsql_block(const std::string& body) {
  PlpgsqlSource source;
  source.text = "CREATE PROCEDURE f() LANGUAGE plpgsql AS " +
                dollar_quoted(simplified(body, source.row_types));
  return source;
}

PlpgsqlSource plpgsql_function(const catalog::Function& function, bool trigger) {
  PlpgsqlSource source;
  std::string& text = source.text;
  text = function.kind == 'p' ? "CREATE PROCEDURE f(" : "CREATE FUNCTION f(";
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) != names.end() && !name.empty()) return;
    if (!names.empty()) text += ", ";
    names.push_back(name);
    text += (name.empty() ? std::string() : quoted_name(name) + " ") + "text";
  };
  for (size_t i = 0; i < function.argument_types.size(); ++i) {
    add(i < function.argument_names.size() ? function.argument_names[i] : std::string());
  }
  for (const std::string& column : function.result_columns) add(column);
  text += ")";
  if (trigger) {
    text += " RETURNS trigger";
  } else if (function.kind != 'p') {
    text += function.returns_set ? " RETURNS SETOF text" : " RETURNS text";
  }
  text += " LANGUAGE plpgsql AS " + dollar_quoted(simplified(function.source, source.row_types));
  return source;
}

}  // namespace sluice::sql
