// Bodies of functions and triggers: what they do when they are called.
#include <algorithm>

#include "sql/lexer.h"
#include "sql/walker.h"

namespace sluice::sql {
namespace {

/// Bodies in bodies: as deep as this, a statement is too complex.
constexpr size_t kMaxDepth = 48;

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

/// The parser knows no tables: a variable of a table's row type is a record to it.
std::string without_row_types(const std::string& body) {
  std::string out;
  size_t copied = 0;
  size_t type_begin = std::string::npos;  ///< of the name before a %
  bool percent = false;
  bool dot = false;
  Lexer lexer(body);
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    const auto begin = static_cast<size_t>(token.text.data() - body.data());
    const bool name = token.kind == TokenKind::kWord || token.kind == TokenKind::kQuotedName;
    if (percent && type_begin != std::string::npos && is_word(token, "rowtype")) {
      out.append(body, copied, type_begin - copied).append("record");
      copied = begin + token.text.size();
      type_begin = std::string::npos;
    } else if (name) {
      if (!dot) type_begin = begin;
    } else if (token.text != "." && token.text != "%") {
      type_begin = std::string::npos;
    }
    percent = token.text == "%";
    dot = token.text == ".";
  }
  return out.append(body, copied);
}

/// A CREATE FUNCTION that the parser of PL/pgSQL reads: types do not matter to it, names do.
std::string plpgsql_text_of(const catalog::Function& function, bool trigger) {
  std::string text = function.kind == 'p' ? "CREATE PROCEDURE f(" : "CREATE FUNCTION f(";
  std::vector<std::string> names;
  const auto add = [&](const std::string& mode, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) != names.end() && !name.empty()) return;
    if (!names.empty()) text += ", ";
    names.push_back(name);
    text += mode + (name.empty() ? std::string() : quoted_name(name) + " ") + "text";
  };
  for (size_t i = 0; i < function.argument_types.size(); ++i) {
    add("", i < function.argument_names.size() ? function.argument_names[i] : std::string());
  }
  const bool out = !function.result_columns.empty();
  for (const std::string& column : function.result_columns) add("OUT ", column);
  text += ")";
  if (trigger) {
    text += " RETURNS trigger";
  } else if (function.kind != 'p') {
    if (function.returns_set) {
      text += out ? " RETURNS SETOF record" : " RETURNS SETOF text";
    } else if (!out) {
      text += " RETURNS text";
    }
  }
  return text + " LANGUAGE plpgsql AS " + dollar_quoted(without_row_types(function.source));
}

/// The search_path among the settings of a function: false if it has none.
bool own_path(const catalog::Function& function, std::vector<std::string>& path) {
  std::string_view settings = function.settings;
  while (!settings.empty()) {
    const size_t end = settings.find('\n');
    std::string_view line = settings.substr(0, end);
    settings.remove_prefix(end == std::string_view::npos ? settings.size() : end + 1);
    if (!line.starts_with("search_path=")) continue;
    line.remove_prefix(line.find('=') + 1);
    std::string name;
    bool in_quotes = false;
    for (const char c : line) {
      if (c == '"') {
        in_quotes = !in_quotes;
      } else if (c == ',' && !in_quotes) {
        if (!name.empty()) path.push_back(std::move(name));
        name.clear();
      } else if (in_quotes || c != ' ') {
        name.push_back(c);
      }
    }
    if (!name.empty()) path.push_back(std::move(name));
    return true;
  }
  return false;
}

RowsPtr argument_rows(const catalog::Function& function) {
  auto rows = std::make_shared<Rows>();
  for (size_t i = 0; i < function.argument_types.size(); ++i) {
    const bool named = i < function.argument_names.size();
    rows->columns.push_back({named ? std::string_view(function.argument_names[i]) : std::string_view(),
                             value_of(argument_ref(i))});
  }
  return rows;
}

}  // namespace

std::string plpgsql_block(const std::string& body) {
  return "CREATE PROCEDURE f() LANGUAGE plpgsql AS " + dollar_quoted(without_row_types(body));
}

bool Walker::with_body(const std::string& text, const std::function<void(const Node&)>& use) {
  std::string why;
  return with_tree(text, why, nullptr, [&](const Node& root) {
    use(root);
    return true;
  });
}

std::vector<std::string> Walker::use_definition_path() {
  const auto* catalog = resolver_.catalog();
  return resolver_.use_path(catalog != nullptr ? catalog->definition_path()
                                               : std::vector<std::string>{"pg_catalog"});
}

bool Walker::enter_body() {
  if (!spend(16)) return false;
  if (context_.depth >= kMaxDepth) {
    fail("views and functions are nested too deeply to be analysed", "54001");
    return false;
  }
  return true;
}

void Walker::unreadable(const catalog::Function& function) {
  Called ignored;
  note_risk(FunctionRisk::kUnknown, &function, {function.schema, function.name}, {}, ignored);
  facts_.dynamic_sql = true;
}

const Walker::Body& Walker::body_of(const catalog::Function& function) {
  const BodyKey key = body_key(function.oid);
  if (const auto known = bodies_.find(key); known != bodies_.end()) {
    // By value, since what is told again may look up other bodies.
    if (!known->second.busy) {
      for (const Object& object : known->second.reads) {
        note_read(object, resolver_.relation(object.oid));
      }
    }
    return known->second;
  }
  Body& body = bodies_[key];
  if (!enter_body()) return body;
  body.uses.uses.resize(function.argument_types.size());
  Entry arguments;
  arguments.name = function.name;
  arguments.rows = argument_rows(function);
  Level level;
  level.from.visible.push_back({arguments.rows, -1, {}});
  level.from.entries.push_back(arguments);
  {
    const Within within(*this);
    ++context_.depth;
    context_.reached = true;
    context_.collected = nullptr;
    context_.arguments = function.argument_types.size();
    // What only looks is evaluated while planning, even under EXPLAIN.
    context_.explained = context_.explained && function.volatility == 'v';
    auto* around = std::exchange(gather_.arguments, &body.uses);
    read_recorders_.push_back(&body.reads);
    std::vector<std::string> own;
    const bool has_path = own_path(function, own);
    std::vector<std::string> path;
    if (has_path) path = resolver_.use_path(resolver_.completed(own));
    body.rows = function.language == "sql" ? sql_body(function, level)
                                           : plpgsql_body(function, level);
    if (has_path) resolver_.use_path(std::move(path));
    read_recorders_.pop_back();
    gather_.arguments = around;
  }
  body.busy = false;
  return body;
}

RowsPtr Walker::sql_statements(const Node& root, const Level& arguments) {
  RowsPtr rows = std::make_shared<Rows>();
  for_each(root, "stmts", [&](const Node& raw) {
    if (const auto wrapper = field(raw, "stmt")) rows = rows_of(*wrapper, &arguments, nullptr);
  });
  return rows;
}

RowsPtr Walker::sql_body(const catalog::Function& function, const Level& arguments) {
  RowsPtr rows;
  if (with_body(function.source,
                [&](const Node& root) { rows = sql_statements(root, arguments); })) {
    return rows;
  }
  // RETURN …, BEGIN ATOMIC … END: only as part of CREATE FUNCTION.
  auto path = use_definition_path();
  const bool parsed = with_body(
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql " + function.source, [&](const Node& root) {
        Node body;
        if (root.at_pointer("/stmts/0/stmt/CreateFunctionStmt/sql_body").get(body) !=
            simdjson::SUCCESS) {
          return;
        }
        rows = std::make_shared<Rows>();
        if (const auto single = field(body, "ReturnStmt")) {
          rows = single_column(function.name, eval_field(*single, "returnval", arguments));
        } else if (const auto lists = field(body, "List")) {
          for_each(*lists, "items", [&](const Node& list) {
            if (const auto inner = field(list, "List")) {
              for_each(*inner, "items", [&](const Node& statement) {
                rows = rows_of(statement, &arguments, nullptr);
              });
            }
          });
        }
      });
  resolver_.use_path(std::move(path));
  if (parsed && rows != nullptr) return rows;
  unreadable(function);
  return unknown_rows();
}

RowsPtr Walker::plpgsql_body(const catalog::Function& function, const Level& arguments) {
  Level level = arguments;
  level.has_variables = true;
  // Variables carry values from anywhere in the body to what it returns.
  Value all;
  context_.collected = &all;
  const bool dynamic_before = std::exchange(facts_.dynamic_sql, false);
  std::string why;
  const bool good = plpgsql(plpgsql_text_of(function, false), level, why);
  context_.collected = nullptr;
  if (!good) unreadable(function);
  all.unknown = all.unknown || facts_.dynamic_sql;
  facts_.dynamic_sql = facts_.dynamic_sql || dynamic_before;
  all = all.through(function.name);
  auto rows = std::make_shared<Rows>();
  for (const std::string_view column : function.result_columns) rows->columns.push_back({column, all});
  if (function.result_columns.empty()) {
    const auto columns = columns_of_type(function.return_type);
    for (const std::string_view column : columns) rows->columns.push_back({column, all});
    if (columns.empty() && returns_any_row(function)) {
      rows->open = true;
      rows->rest = all;
    } else if (columns.empty()) {
      rows->columns.push_back({function.name, all});
    }
  }
  rows->many = function.returns_set;
  return rows;
}

void Walker::trigger_body(const catalog::Function& function, const catalog::Relation& table) {
  if (function.system()) return;
  gather_.function({function.oid, function.schema, function.name, function.volatility,
                    FunctionRisk::kNone, true});
  const BodyKey key = body_key(function.oid, table.oid);
  if (bodies_.contains(key)) return;
  if (function.language != "plpgsql") {
    Called ignored;
    note_risk(FunctionRisk::kUnknown, &function, {function.schema, function.name}, {}, ignored);
    return;
  }
  if (!enter_body()) return;
  Body& body = bodies_[key];
  auto rows = std::make_shared<Rows>();
  rows->table = &table;
  Level level;
  level.has_variables = true;
  for (const std::string_view name : {"new", "old"}) level.from.entries.push_back({{}, name, rows, -1});
  const Within within(*this);
  ++context_.depth;
  context_.reached = true;
  Value all;
  context_.collected = &all;
  context_.arguments = 0;
  auto* around = std::exchange(gather_.arguments, nullptr);
  std::vector<std::string> own;
  const bool has_path = own_path(function, own);
  std::vector<std::string> path;
  if (has_path) path = resolver_.use_path(resolver_.completed(own));
  std::string why;
  if (!plpgsql(plpgsql_text_of(function, true), level, why)) unreadable(function);
  if (has_path) resolver_.use_path(std::move(path));
  gather_.arguments = around;
  body.busy = false;
}

}  // namespace sluice::sql
