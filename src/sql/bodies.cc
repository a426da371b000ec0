// Bodies of functions and triggers: what they do when they are called.
#include <algorithm>

#include "sql/plpgsql_source.h"
#include "sql/walker.h"

namespace sluice::sql {
namespace {

/// Bodies in bodies: as deep as this, a statement is too complex.
constexpr size_t kMaxDepth = 48;

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
    rows->columns.push_back(
        {named ? std::string_view(function.argument_names[i]) : std::string_view(),
         value_of(argument_ref(i))});
  }
  return rows;
}

}  // namespace

/// The server reads code by the setting of the moment it runs.
bool Walker::reads_as_written(std::string_view code) {
  if (!strings_may_escape_ || code.find('\\') == std::string_view::npos) return true;
  fail(
      "code with a backslash in it means different things with standard_conforming_strings on and "
      "off",
      "42501");
  return false;
}

bool Walker::with_body(const std::string& text, const std::function<void(const Node&)>& use) {
  if (!reads_as_written(text)) return false;
  std::string why;
  return with_tree(text, why, nullptr, [&](const Node& root) {
    use(root);
    return true;
  });
}

SearchPath Walker::use_definition_path() {
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

void Walker::runs_unknown_sql(const catalog::Function* function) {
  facts_.dynamic_sql = true;
  std::string where = function == nullptr ? "" : function->schema + "." + function->name;
  auto& known = facts_.dynamic_in;
  if (std::find(known.begin(), known.end(), where) == known.end()) {
    known.push_back(std::move(where));
  }
}

void Walker::unreadable(const catalog::Function& function) {
  Called ignored;
  note_risk(FunctionRisk::kUnknown, &function, {function.schema, function.name}, {}, ignored);
  runs_unknown_sql(&function);
  // What becomes of its arguments cannot be known.
  if (gather_.arguments == nullptr || context_.arguments == 0) return;
  for (size_t i = 0; i < context_.arguments; ++i) {
    const Value argument = value_of(argument_ref(i));
    tell(argument, 0);
    give_away(argument);
  }
}

const Walker::Body& Walker::body_of(const catalog::Function& function) {
  const BodyKey key = body_key(function.oid);
  if (const auto known = bodies_.find(key); known != bodies_.end()) {
    if (!known->second.busy) tell_again(known->second);
    return known->second;
  }
  Body& body = bodies_[key];
  if (!enter_body()) return body;
  body.uses.uses.resize(function.argument_types.size());
  Entry arguments;
  arguments.name = function.name;
  arguments.rows = argument_rows(function);
  Level level;
  level.has_arguments = true;
  level.from.visible.push_back({arguments.rows, -1, {}});
  level.from.entries.push_back(arguments);
  {
    const Within within(*this);
    ++context_.depth;
    context_.reached = true;
    context_.function = &function;
    context_.collected = nullptr;
    context_.arguments = function.argument_types.size();
    context_.variables = false;
    // What only looks is evaluated while planning, even under EXPLAIN.
    context_.explained = context_.explained && function.volatility == 'v';
    auto* around = std::exchange(gather_.arguments, &body.uses);
    const size_t weight = weight_;
    read_recorders_.push_back(&body.reads);
    std::vector<std::string> own;
    const bool has_path = own_path(function, own);
    SearchPath path = resolver_.path();
    if (has_path) {
      resolver_.use_path(resolver_.completed(own));
    } else {
      resolver_.path_matters();
    }
    body.rows =
        function.language == "sql" ? sql_body(function, level) : plpgsql_body(function, level);
    resolver_.use_path(std::move(path));
    read_recorders_.pop_back();
    if (!read_recorders_.empty()) {
      read_recorders_.back()->insert(body.reads.begin(), body.reads.end());
    }
    body.weight = weight_ - weight;
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
  met_.assigned = true;
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
  Ran ran =
      run_plpgsql(plpgsql_function(function, false), level, function.name, *gather_.arguments);
  if (!ran.good) unreadable(function);
  const Value& all = ran.value;
  auto rows = std::make_shared<Rows>();
  for (const std::string_view column : function.result_columns)
    rows->columns.push_back({column, all});
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

void Walker::write_again(const Gather::ArgumentUses& uses) {
  for (const auto& [target, value] : uses.written) note_written(target, value);
}

std::vector<std::string> Walker::transition_tables(const catalog::Function& function) {
  std::vector<std::string> names;
  for (const catalog::Relation& relation : resolver_.catalog()->relations()) {
    for (const catalog::Trigger& trigger : relation.triggers) {
      if (trigger.function != function.oid || !spend()) continue;
      if (trigger.definition.find(" REFERENCING ") == std::string::npos) continue;
      (void)with_body(trigger.definition, [&](const Node& root) {
        Node body;
        if (root.at_pointer("/stmts/0/stmt/CreateTrigStmt").get(body) != simdjson::SUCCESS) return;
        for_each(body, "transitionRels", [&](const Node& wrapper) {
          const auto transition = field(wrapper, "TriggerTransition");
          if (transition) names.emplace_back(text_field(*transition, "name"));
        });
      });
    }
  }
  return names;
}

void Walker::trigger_body(const catalog::Function& function, const catalog::Relation& table) {
  if (function.system()) return;
  gather_.function({function.oid, function.schema, function.name, function.volatility,
                    FunctionRisk::kNone, true});
  function_settings(function);
  const Within within(*this);
  enter_code_of(&table);
  const BodyKey key = body_key(function.oid, table.oid);
  if (bodies_.contains(key)) return;
  if (function.language != "plpgsql") {
    Called ignored;
    note_risk(FunctionRisk::kUnknown, &function, {function.schema, function.name}, {}, ignored);
    if (function.language != "c" && function.language != "internal") runs_unknown_sql(&function);
    return;
  }
  if (!enter_body()) return;
  Body& body = bodies_[key];
  const RowsPtr rows = rows_fired_for(table);
  Level level;
  level.has_variables = true;
  for (const std::string_view name : {"new", "old"})
    level.from.entries.push_back({{}, name, rows, -1});
  const std::vector<std::string> transitions = transition_tables(function);
  CteFrame frame;
  for (const std::string& name : transitions) {
    frame.ctes.push_back({name, std::nullopt, Cte::State::kDone, rows, false});
  }
  frame.visible = frame.ctes.size();
  level.ctes = &frame;
  ++context_.depth;
  context_.reached = true;
  context_.function = &function;
  context_.arguments = 0;
  std::vector<std::string> own;
  const bool has_path = own_path(function, own);
  SearchPath path = resolver_.path();
  if (has_path) {
    resolver_.use_path(resolver_.completed(own));
  } else {
    resolver_.path_matters();
  }
  const Ran ran = run_plpgsql(plpgsql_function(function, true), level, function.name, body.uses);
  if (!ran.good) unreadable(function);
  resolver_.use_path(std::move(path));
  write_again(body.uses);
  // Whatever it reads may go into NEW. Of other tables the owner's word on that is taken; temporary
  // ones, with their triggers, are of whoever is asking.
  if (table.persistence == 't') note_written({table.oid, 0}, ran.value);
  body.busy = false;
}

}  // namespace sluice::sql
