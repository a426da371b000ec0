// What the server calls without being told to: checks of domains and tables, casts, functions of
// types and of operator classes, expressions of indexes, defaults of arguments, event triggers.
#include <algorithm>
#include <array>

#include "sql/extension_functions.h"
#include "sql/function_risk.h"
#include "sql/harmless_text.h"
#include "sql/options.h"
#include "sql/walker.h"

namespace sluice::sql {
namespace {

/// Functions of pg_catalog that make a value of any type they are told.
bool makes_any_type(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kNames = {
      "domain_in",     "domain_recv",     "record_in",         "record_recv",
      "array_in",      "array_recv",      "range_in",          "range_recv",
      "multirange_in", "multirange_recv", "pg_input_is_valid", "pg_input_error_info"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

/// Those that make a row of a type which the statement has named.
bool makes_rows(std::string_view name) {
  return name.starts_with("json") && (name.find("_populate_record") != std::string_view::npos ||
                                      name.find("_to_record") != std::string_view::npos);
}

bool is_serial(std::string_view name) {
  return name.ends_with("serial") || name == "serial2" || name == "serial4" || name == "serial8";
}

bool defines(ActionKind kind) {
  return kind == ActionKind::kCreate || kind == ActionKind::kAlter || kind == ActionKind::kDrop ||
         kind == ActionKind::kGrant || kind == ActionKind::kRevoke;
}

/// Objects of all databases fire no event triggers.
bool of_all_databases(std::string_view object_kind) {
  return object_kind == "role" || object_kind == "database" || object_kind == "tablespace";
}

/// Maintenance that is no definition.
bool only_maintains(std::string_view statement) {
  return statement == "VacuumStmt" || statement == "ClusterStmt" || statement == "CheckPointStmt";
}

/// Statements whose command tag we know for sure.
bool has_sure_tag(std::string_view statement) {
  static constexpr std::array<std::string_view, 6> kNames = {
      "CreateStmt",    "IndexStmt",          "ViewStmt",
      "CreateSeqStmt", "CreateFunctionStmt", "CreateTableAsStmt"};
  return std::find(kNames.begin(), kNames.end(), statement) != kNames.end();
}

}  // namespace

void Walker::meet_type(Oid oid, bool made) {
  if (oid < catalog::kFirstUserOid || context_.muted) return;
  const catalog::Catalog* catalog = resolver_.catalog();
  if (catalog == nullptr || !catalog->types_call() || !spend()) return;
  const bool fresh = met_.types.insert(oid).second;
  const bool freshly_made = made && met_.made.insert(oid).second;
  if (!fresh && !freshly_made) return;
  const catalog::Type* type = catalog->type(oid);
  if (type == nullptr) return;
  for (const Oid part : {type->base, type->element, type->subtype}) meet_type(part, made);
  const catalog::Relation* row = type->relation != 0 ? catalog->relation(type->relation) : nullptr;
  if (row == nullptr) return;
  for (const auto& column : row->columns) meet_type(column.type, made);
}

void Walker::meet_relation(const catalog::Relation& relation, bool stored) {
  const catalog::Catalog* catalog = resolver_.catalog();
  if (context_.muted || relation.system()) return;
  for (const Oid function : relation.class_functions) {
    if (met_.called.insert({'x', function}).second) call_implicitly(function);
  }
  if (!catalog->types_call()) return;
  if (const Oid row = catalog->row_type(relation.oid); row != 0) met_.types.insert(row);
  for (const auto& column : relation.columns) meet_type(column.type, stored);
}

bool Walker::has_operands(const catalog::Operator& op) const {
  const auto at_hand = [&](Oid oid) {
    if (oid < catalog::kFirstUserOid || met_.types.contains(oid)) return true;
    const catalog::Type* type = resolver_.catalog()->type(oid);
    return type == nullptr || (type->element != 0 && met_.types.contains(type->element));
  };
  return at_hand(op.left) && at_hand(op.right);
}

void Walker::meet_named_type(const Name& name) {
  const catalog::Catalog* catalog = resolver_.catalog();
  const bool changed = facts_.schema_change || facts_.temporary_change;
  if (catalog == nullptr || name.name.empty() || (!changed && !catalog->types_call())) return;
  const catalog::Type* type = resolver_.type(name);
  if (type == nullptr) {
    // It may be one that this text has made.
    const bool may_be_new = name.schema != "pg_catalog" && !is_serial(name.name);
    if (may_be_new && changed) facts_.unresolved = true;
    return;
  }
  if (!catalog->types_call()) return;
  for (; type != nullptr; type = catalog->type(type->base)) {
    met_.cast_targets.insert(type->oid);
    if (type->element != 0) met_.cast_targets.insert(type->element);
    meet_type(type->oid, true);
  }
}

void Walker::meet_type_name(const Node& type_name) {
  const auto parts = strings_in(type_name, "names");
  if (bool_field(type_name, "pct_type")) {
    if (parts.size() < 2) return;
    const Name table = name_of_strings({parts.begin(), parts.end() - 1});
    const catalog::Relation* relation = resolver_.find_relation(table);
    const auto* column = relation != nullptr ? relation->column(parts.back()) : nullptr;
    if (column != nullptr) meet_type(column->type, true);
    // The server knows a column that is not there, or was made by this text.
    if (column == nullptr && (facts_.schema_change || facts_.temporary_change)) {
      facts_.unresolved = true;
    }
    return;
  }
  meet_named_type(name_of_strings(parts));
}

void Walker::meet_type_text(std::string_view text) {
  const catalog::Catalog* catalog = resolver_.catalog();
  const bool changed = facts_.schema_change || facts_.temporary_change;
  if (catalog == nullptr || (!changed && !catalog->types_call())) return;
  // Where PostgreSQL's own grammar takes all that a variable's type may be, %TYPE included.
  bool read = false;
  (void)with_body("CREATE FUNCTION f(" + std::string(text) + ") RETURNS int RETURN 1",
                  [&](const Node& root) {
                    Node type;
                    const auto found = root.at_pointer(
                        "/stmts/0/stmt/CreateFunctionStmt/parameters/0/FunctionParameter/argType");
                    read = found.get(type) == simdjson::SUCCESS;
                    if (read) meet_type_name(type);
                  });
  if (!read) facts_.unresolved = true;
}

void Walker::meet_types_of_call(const catalog::Function& function) {
  const catalog::Catalog* catalog = resolver_.catalog();
  if (!catalog->types_call()) return;
  for (const Oid type : function.argument_types) meet_type(type, true);
  meet_type(function.return_type, true);
  if (!function.system()) return;
  if (makes_any_type(function.name)) {
    for (const Oid type : catalog->types_with_calls()) meet_type(type, true);
  }
  met_.populated = met_.populated || makes_rows(function.name);
}

void Walker::call_implicitly(Oid oid) {
  const catalog::Function* function = resolver_.catalog()->function(oid);
  if (function == nullptr) {
    facts_.unresolved = true;
    return;
  }
  // Only a superuser can make such a function, and types, operator classes and event triggers that
  // use it: it is part of an extension (citext, PostGIS), not something that a statement chose.
  if (function->language == "c" || !enter_body()) return;
  const Within within(*this);
  ++context_.depth;
  context_.reached = context_.owned = context_.fired = true;
  auto* around = std::exchange(gather_.arguments, nullptr);
  CallShape shape;
  shape.is_operator = true;
  const std::vector<Value> given(function->argument_types.size(), unknown_value());
  (void)call_one(*function, given, unknown_value(), shape);
  gather_.arguments = around;
}

bool Walker::catalog_expression(const std::string& text, const catalog::Relation* table,
                                const std::function<void(const Node&, const Level&)>& use) {
  if (!enter_body()) return true;
  const Within within(*this);
  ++context_.depth;
  context_.reached = true;
  enter_code_of(table);
  context_.arguments = 0;
  context_.variables = false;
  context_.collected = nullptr;
  Level level;
  if (table != nullptr) {
    auto rows = std::make_shared<Rows>();
    rows->table = table;
    level.from.visible.push_back({rows, -1, {}});
  }
  level.has_variables = table == nullptr;  // VALUE, of a domain
  auto* around = std::exchange(gather_.arguments, nullptr);
  auto path = use_definition_path();
  const bool good = with_body(text, [&](const Node& root) { use(root, level); });
  resolver_.use_path(std::move(path));
  gather_.arguments = around;
  if (!good) facts_.unresolved = true;
  return good;
}

void Walker::check(const std::string& definition, const catalog::Relation* table) {
  if (definition.empty()) {
    facts_.unresolved = true;
    return;
  }
  (void)catalog_expression(
      "ALTER TABLE t ADD " + definition, table, [&](const Node& root, const Level& level) {
        Node body;
        if (root.at_pointer("/stmts/0/stmt/AlterTableStmt/cmds/0/AlterTableCmd/def/Constraint")
                .get(body) != simdjson::SUCCESS) {
          facts_.unresolved = true;
        } else if (context_.fired) {
          (void)eval_field(body, "raw_expr", level);
        } else {
          // Whether the row is taken tells.
          condition(body, "raw_expr", level, kUsedInPredicate);
        }
      });
}

void Walker::policies(const catalog::Relation& relation) {
  if (!relation.row_security || relation.policies.empty() || context_.explained ||
      !met_.called.insert({'p', relation.oid}).second) {
    return;
  }
  for (const std::string& one : relation.policies) {
    if (!spend()) return;
    // What they read is the server's own business, which people need no right to.
    if (calls_of_users(*resolver_.catalog(), one)) check("CHECK (" + one + ")", &relation);
  }
}

void Walker::stored_expressions(const catalog::Relation& relation) {
  if (context_.explained || !met_.called.insert({'s', relation.oid}).second) return;
  const catalog::Catalog& catalog = *resolver_.catalog();
  for (const catalog::Constraint& one : relation.constraints) {
    if (!spend()) return;
    if (one.type == 'c' && !harmless_expression(catalog, one.definition)) {
      check(one.definition, &relation);
    }
  }
  if (!relation.partition_key.empty() && !harmless_expression(catalog, relation.partition_key)) {
    (void)eval_list(relation.partition_key, &relation);
  }
  for (const catalog::Index& index : relation.indexes) {
    if (!spend()) return;
    const auto& columns = index.columns;
    const bool plain =
        !index.partial && std::find(columns.begin(), columns.end(), 0) == columns.end();
    // What stands before are names.
    const std::string_view text = index.definition;
    if (plain ||
        harmless_expression(catalog, text.substr(std::min(text.find(" USING "), text.size())))) {
      continue;
    }
    (void)catalog_expression(
        index.definition, &relation, [&](const Node& root, const Level& level) {
          Node body;
          if (root.at_pointer("/stmts/0/stmt/IndexStmt").get(body) != simdjson::SUCCESS) {
            facts_.unresolved = true;
            return;
          }
          for_each(body, "indexParams", [&](const Node& wrapper) {
            if (const auto item = field(wrapper, "IndexElem"))
              (void)eval_field(*item, "expr", level);
          });
          (void)eval_field(body, "whereClause", level);
        });
  }
}

Value Walker::argument_defaults(const catalog::Function& function, size_t given) {
  Value value;
  if (function.system() || function.defaults <= 0 || given >= function.argument_types.size() ||
      harmless_expression(*resolver_.catalog(), function.default_text)) {
    return value;
  }
  if (function.default_text.empty()) {
    facts_.unresolved = true;
    return unknown_value();
  }
  return eval_list(function.default_text, nullptr);
}

Value Walker::eval_list(const std::string& list, const catalog::Relation* table) {
  Value value;
  (void)catalog_expression("SELECT " + list, table, [&](const Node& root, const Level& level) {
    Node body;
    if (root.at_pointer("/stmts/0/stmt/SelectStmt").get(body) == simdjson::SUCCESS) {
      value = eval_targets(body, level);
    }
  });
  return value;
}

const std::string* Walker::domain_default(Oid oid) const {
  const catalog::Catalog& catalog = *resolver_.catalog();
  for (const auto* type = catalog.type(oid); type != nullptr && type->base != 0;
       type = catalog.type(type->base)) {
    if (type->default_text.empty()) continue;
    return harmless_expression(catalog, type->default_text) ? nullptr : &type->default_text;
  }
  return nullptr;
}

Value Walker::eval_targets(const Node& body, const Level& level) {
  Rows values;
  select_list(body, "targetList", level, values);
  Value all;
  for (const NamedValue& one : values.columns) all.add(one.value);
  return all.scalar();
}

void Walker::calls_of_casts(Oid type) {
  const auto at_hand = [&](Oid oid) {
    return oid < catalog::kFirstUserOid || met_.types.contains(oid);
  };
  const auto take = [&](const catalog::Cast& cast) {
    const bool asked = cast.context == 'i' ||
                       (cast.context == 'a' && (facts_.writes || met_.assigned)) ||
                       met_.cast_targets.contains(cast.target);
    if (!asked || !at_hand(cast.source) || !at_hand(cast.target)) return;
    if (met_.called.insert({'c', cast.function}).second) call_implicitly(cast.function);
  };
  if (type != 0) {
    for (const auto* cast : resolver_.catalog()->casts(type)) take(*cast);
  } else {
    for (const auto* cast : resolver_.catalog()->system_casts()) take(*cast);
  }
}

void Walker::calls_of_types() {
  const catalog::Catalog* catalog = resolver_.catalog();
  if (!catalog->types_call()) return;
  const auto size = [&] { return met_.types.size() + met_.made.size() + met_.cast_targets.size(); };
  // What is called may have values of further types.
  for (size_t before = SIZE_MAX; before != size() && !gather_.failed();) {
    before = size();
    if (met_.populated) {
      for (const Oid oid : std::set<Oid>(met_.types)) meet_type(oid, true);
    }
    for (const Oid oid : std::set<Oid>(met_.made)) {
      const catalog::Type* type = catalog->type(oid);
      if (type == nullptr || !met_.called.insert({'m', oid}).second || !spend()) continue;
      for (const std::string& one : type->checks) {
        if (!harmless_expression(*catalog, one)) check(one, nullptr);
      }
      for (const Oid function : type->functions) call_implicitly(function);
    }
    for (const Oid oid : std::set<Oid>(met_.types)) {
      if (!spend()) return;
      calls_of_casts(oid);
      const catalog::Type* type = catalog->type(oid);
      if (type == nullptr || !met_.called.insert({'o', oid}).second) continue;
      for (const Oid function : type->class_functions) call_implicitly(function);
    }
    calls_of_casts(0);
  }
}

void Walker::event_triggers(std::string_view name) {
  const auto& triggers = resolver_.catalog()->event_triggers();
  if (triggers.empty() || context_.explained) return;
  size_t definitions = 0;
  bool creates = false;
  for (size_t i = gather_.first_action(); i < facts_.actions.size(); ++i) {
    const Action& action = facts_.actions[i];
    const bool maintains = action.kind == ActionKind::kMaintenance && !only_maintains(name);
    if (!maintains && !(defines(action.kind) && !of_all_databases(action.object_kind))) continue;
    ++definitions;
    creates = action.kind == ActionKind::kCreate;
  }
  if (name == "CommentStmt" || name == "SecLabelStmt") ++definitions;
  if (definitions == 0) return;
  const bool sure = definitions == 1 && creates && has_sure_tag(name);
  for (const catalog::EventTrigger& trigger : triggers) {
    if (trigger.event == "login") continue;
    const auto& tags = trigger.tags;
    const bool tagged =
        tags.empty() || std::find(tags.begin(), tags.end(), kinds_.back()) != tags.end();
    if (sure && (!tagged || !trigger.event.starts_with("ddl_command_"))) continue;
    call_implicitly(trigger.function);
  }
}

void Walker::implicit_calls(std::string_view name, const Node& body) {
  if (resolver_.catalog() == nullptr || gather_.failed()) return;
  const Within within(*this);
  if (name == "ExplainStmt") context_.explained = !option_on(body, "options", "analyze");
  calls_of_types();
  event_triggers(name);
  calls_of_types();
}

FunctionRisk Walker::risk_of_code(const catalog::Function& function) const {
  if (function.language == "c" && computes_in_c(function.name)) return FunctionRisk::kNone;
  if (function.language != "internal") return risk_of_language(function.language);
  FunctionRisk risk = risk_of("pg_catalog", function.source);
  const auto same = resolver_.catalog()->same_code(function);
  for (const auto* known : same) {
    if (risk == FunctionRisk::kNone) risk = risk_of("pg_catalog", known->name);
  }
  return same.empty() && risk == FunctionRisk::kNone ? FunctionRisk::kServer : risk;
}

Walker::Called Walker::call_aggregate(const catalog::Function& function, const Value& through) {
  Called out;
  out.value = through;
  char volatility = 'i';
  for (const Oid oid : function.supports) {
    const catalog::Function* support = resolver_.catalog()->function(oid);
    if (support == nullptr) {
      facts_.unresolved = true;
      continue;
    }
    if (support->volatility == 'v' || volatility == 'i') volatility = support->volatility;
    CallShape shape;
    shape.is_operator = true;
    // The state is made of what was given before.
    const std::vector<Value> given(support->argument_types.size(), through);
    out.value.add(call_one(*support, given, through, shape).value);
  }
  gather_.function({function.oid, function.schema, function.name, volatility,
                    risk_of(function.schema, function.name), context_.reached});
  return out;
}

}  // namespace sluice::sql
