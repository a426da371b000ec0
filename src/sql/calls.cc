// Calls of functions and operators: which they are, what they may do, what their value is.
#include <algorithm>

#include "sql/acting.h"
#include "sql/fragile_arguments.h"
#include "sql/function_risk.h"
#include "sql/large_objects.h"
#include "sql/walker.h"

namespace sluice::sql {
namespace {

/// Of these nobody can tell where what they return comes from.
bool hides_origin(FunctionRisk risk) {
  return risk != FunctionRisk::kNone && risk != FunctionRisk::kSetting &&
         risk != FunctionRisk::kSleep && risk != FunctionRisk::kServer &&
         risk != FunctionRisk::kLargeObject;
}

bool takes(const catalog::Function& function, size_t given) {
  const size_t most = function.argument_types.size();
  const size_t defaults = static_cast<size_t>(std::max(0, function.defaults));
  // A VARIADIC argument may be left out, or be many.
  const size_t least = most - std::min(most, defaults + (function.variadic ? 1 : 0));
  return given >= least && (given <= most || function.variadic);
}

/// Whether it has arguments of all the names that a call writes (f(a => 1)).
bool has_names(const catalog::Function& function, const std::vector<std::string_view>& names) {
  // A procedure's OUT arguments, which are not known here, may be named as well.
  if (function.kind == 'p') return true;
  const auto& known = function.argument_names;
  return std::all_of(names.begin(), names.end(), [&](std::string_view name) {
    return name.empty() || std::find(known.begin(), known.end(), name) != known.end();
  });
}

/// Without a catalog, what makes one row of many.
bool is_common_aggregate(std::string_view name) {
  return name == "count" || name == "sum" || name == "min" || name == "max" || name == "avg";
}

bool is_catalog_function(const catalog::Function& function) {
  return function.system() || function.schema == "pg_catalog" ||
         function.schema == "information_schema";
}

/// The values of a call in the places of the function's arguments.
std::vector<Value> placed(const catalog::Function& function, const std::vector<Value>& given,
                          const std::vector<std::string_view>& names) {
  std::vector<Value> out(function.argument_types.size());
  for (size_t i = 0; i < given.size(); ++i) {
    size_t place = i;
    if (i < names.size() && !names[i].empty()) {
      const auto& known = function.argument_names;
      const auto found = std::find(known.begin(), known.end(), names[i]);
      if (found != known.end()) place = static_cast<size_t>(found - known.begin());
    }
    if (place < out.size()) {
      out[place] = given[i];
    } else if (!out.empty()) {
      out.back().add(given[i]);  // VARIADIC
    }
  }
  return out;
}

}  // namespace

Walker::Called Walker::function_call(const Node& body, const Level& level) {
  std::vector<Value> given;
  CallShape shape;
  std::optional<Node> first, second;
  for_each(body, "args", [&](const Node& argument) {
    if (!first) {
      first = argument;
    } else if (!second) {
      second = argument;
    }
    const auto named = field(argument, "NamedArgExpr");
    shape.names.push_back(named ? text_field(*named, "name") : std::string_view());
    given.push_back(eval(argument, level));
  });
  if (first) shape.first_argument = &*first;
  if (second) shape.second_argument = &*second;
  shape.variadic = bool_field(body, "func_variadic");
  const bool within = bool_field(body, "agg_within_group");
  for_each(body, "agg_order", [&](const Node& wrapper) {
    const auto sort = field(wrapper, "SortBy");
    if (!sort) return;
    Value value = eval_field(*sort, "node", level);
    gather_.use(value, ordering());
    if (within) {
      // What is ordered is what the aggregate returns.
      shape.names.emplace_back();
      given.push_back(std::move(value));
    }
  });
  if (bool_field(body, "agg_distinct")) {
    // Beside values of one's own, whether there is one more tells that it is another.
    for (Value& value : given) {
      const bool mixed =
          std::any_of(value.sources.begin(), value.sources.end(),
                      [&](const Source& one) { return !(one.column == value.sources[0].column); });
      if (value.made || mixed) value = value.through("distinct");
    }
  }
  const Name name = name_in(body, "funcname");
  for (size_t i = 0; i < given.size(); ++i) {
    const std::string_view fragile = fragile_argument(name.name, i);
    if (!only_returns(name.name) && may_be_null(given[i]))
      given[i] = this->fragile(given[i], "a call of what may be NULL");
    if (fragile.empty() || (fragile.ends_with("(key)") && !is_made(given[i]))) continue;
    given[i] = this->fragile(given[i], fragile);
  }
  condition(body, "agg_filter", level, kUsedInPredicate);
  const auto over = field(body, "over");
  if (over) window(*over, level);
  Called called = call(name, given, shape);
  called.aggregate = (called.aggregate || bool_field(body, "agg_star")) && !over;
  return called;
}

Walker::Called Walker::call(const Name& name, const std::vector<Value>& given,
                            const CallShape& shape) {
  Called out;
  for (const Value& value : given) out.value.add(value);
  gather_.compute(out.value, called_name(name));
  out.value = out.value.through(called_name(name));
  if (!spend()) return out;
  if (resolver_.catalog() == nullptr) {
    out.value.unknown = true;
    out.rows = unknown_rows();
    out.aggregate = is_common_aggregate(name.name);
    note_risk(risk_of(name.schema, name.name), nullptr, name, shape, out);
    return out;
  }
  auto candidates = resolver_.functions(name);
  if (candidates.empty()) {
    if (!unusual_call(name, given, out)) {
      facts_.unresolved = true;
      // The text may have made it, of what nobody has looked at.
      if (resolver_.uncertain()) runs_unknown_sql(nullptr);
      out.value.unknown = true;
      out.rows = unknown_rows();
      note_risk(risk_of(name.schema, name.name), nullptr, name, shape, out);
      for (const Value& value : given) give_away(value);
    }
    return out;
  }
  // A type's name converts, where no function of that name does.
  if (given.size() == 1 && resolver_.catalog()->types_call()) {
    if (resolver_.type(name) != nullptr) meet_named_type(name);
  }
  const auto fits = [&](const catalog::Function* f) {
    return takes(*f, given.size()) && has_names(*f, shape.names);
  };
  if (std::any_of(candidates.begin(), candidates.end(), fits)) {
    std::erase_if(candidates, [&](const catalog::Function* f) { return !fits(f); });
  } else if (!std::all_of(candidates.begin(), candidates.end(),
                          [](const auto* f) { return is_catalog_function(*f); })) {
    facts_.unresolved = true;
  }
  // Which of several the server takes depends on types that are not known here: any may be it.
  Called any;
  for (size_t i = 0; i < candidates.size() && !gather_.failed(); ++i) {
    Called one = call_one(*candidates[i], given, out.value, shape);
    one.aggregate = candidates[i]->kind == 'a';
    if (i == 0) {
      any = std::move(one);
    } else {
      add_candidate(any, one);
    }
  }
  return any;
}

void Walker::add_candidate(Called& any, const Called& other) {
  any.aggregate = any.aggregate || other.aggregate;
  const auto row = any.value.row;
  any.value.add(other.value);
  any.value.row = row;
  if (any.rows == nullptr || other.rows == nullptr) {
    if (any.rows == nullptr) any.rows = other.rows;
    return;
  }
  auto rows = std::make_shared<Rows>(*any.rows);
  if (rows->table == nullptr && rows->count() == other.rows->count()) {
    for (size_t i = 0; i < rows->count(); ++i) rows->columns[i].value.add(other.rows->at(i));
    rows->open = rows->open || other.rows->open;
    rows->rest.add(other.rows->rest);
  } else {
    rows = std::make_shared<Rows>();
    rows->open = true;
    rows->rest = any.value.scalar();
    rows->rest.unknown = true;
  }
  any.rows = rows;
  any.value.row = rows;
}

bool Walker::unusual_call(const Name& name, const std::vector<Value>& given, Called& out) {
  // f(t) is t.f for a column of the row.
  if (name.schema.empty() && given.size() == 1 && given[0].row != nullptr) {
    if (auto value = given[0].row->find(name.name)) {
      out.value = std::move(*value);
      return true;
    }
  }
  // A type's name converts: text(x).
  if (given.size() != 1 || resolver_.type(name) == nullptr) return false;
  meet_named_type(name);
  return true;
}

std::vector<std::string_view> Walker::columns_of_type(Oid oid) const {
  std::vector<std::string_view> names;
  const catalog::Type* type =
      resolver_.catalog() == nullptr ? nullptr : resolver_.catalog()->type(oid);
  if (type != nullptr && type->base != 0) type = resolver_.catalog()->type(type->base);
  const catalog::Relation* relation =
      type == nullptr || type->relation == 0 ? nullptr : resolver_.relation(type->relation);
  if (relation == nullptr) return names;
  for (const auto& column : relation->columns) names.push_back(column.name);
  return names;
}

/// Whether the columns of what it returns are only known from the call.
bool Walker::returns_any_row(const catalog::Function& function) const {
  const catalog::Type* type = resolver_.catalog()->type(function.return_type);
  return type == nullptr || type->kind == 'p';
}

Walker::Called Walker::call_one(const catalog::Function& function, const std::vector<Value>& given,
                                const Value& through, const CallShape& shape) {
  const bool system = is_catalog_function(function);
  const bool aggregate = function.kind == 'a' && !function.supports.empty();
  const bool readable =
      function.kind != 'a' && (function.language == "sql" || function.language == "plpgsql");
  FunctionRisk risk = risk_of(function.schema, function.name);
  if (!system && !readable && !aggregate && risk == FunctionRisk::kNone) {
    risk = function.kind == 'a' ? FunctionRisk::kUnknown : risk_of_code(function);
    const std::string& language = function.language;
    if (language != "c" && language != "internal") runs_unknown_sql(&function);
    if (risk == FunctionRisk::kNone) {
      gather_.function({function.oid, function.schema, function.name, function.volatility, risk,
                        context_.reached || shape.is_operator});
    }
  }
  if (system && risk == FunctionRisk::kNone && !shape.is_operator)
    gather_.plain_function({function.oid, function.schema, function.name, function.volatility, risk,
                            context_.reached});
  meet_types_of_call(function);
  Called out;
  if (aggregate) out = call_aggregate(function, through);
  out.value.add(through);
  note_risk(risk, &function, {function.schema, function.name}, shape, out);
  if (risk == FunctionRisk::kLargeObject) read_large_object(function, given.size(), out);
  function_settings(function);
  if (!system && readable) {
    if (risk != FunctionRisk::kNone) hand_over(function, risk, given);
    return call_body(function, given, shape);
  }
  if (!aggregate) hand_over(function, risk, given);

  std::vector<std::string_view> columns(function.result_columns.begin(),
                                        function.result_columns.end());
  if (columns.empty()) columns = columns_of_type(function.return_type);
  auto rows = std::make_shared<Rows>();
  for (const std::string_view column : columns) {
    rows->columns.push_back({column, out.value.scalar()});
  }
  if (columns.empty() && returns_any_row(function)) {
    rows->open = true;
    rows->rest = out.value.scalar();
  }
  if (!rows->columns.empty()) out.value.row = rows;
  if (!rows->columns.empty() || rows->open) out.rows = rows;
  return out;
}

Walker::Called Walker::call_body(const catalog::Function& function, const std::vector<Value>& given,
                                 const CallShape& shape) {
  Called out;
  gather_.function({function.oid, function.schema, function.name, function.volatility,
                    risk_of(function.schema, function.name),
                    context_.reached || shape.is_operator});
  auto arguments = placed(function, given, shape.names);
  if (const Value left_out = argument_defaults(function, given.size()); !left_out.empty()) {
    for (Value& argument : arguments) {
      if (argument.empty()) argument = left_out;
    }
  }
  // Whoever may replace it looks through it at what a view's owner had it called with.
  const bool folded = context_.explained && function.volatility != 'v';
  const Within within(*this);
  context_.owned = context_.fired;
  const Body& body = body_of(function);
  if (body.busy || gather_.failed()) {
    for (const Value& value : given) out.value.add(value);
    out.value = out.value.through(function.name);
    out.value.unknown = true;
    out.rows = unknown_rows();
    if (body.busy && function.volatility == 'v') {
      for (const Value& value : given) give_away(value);
    }
    return out;
  }
  for (size_t i = 0; i < arguments.size() && i < body.uses.uses.size(); ++i) {
    use_as_body(arguments[i], body.uses.uses[i]);
  }
  for (const auto& [position, computes] : body.uses.computed) {
    if (position < arguments.size()) gather_.compute(arguments[position], computes);
  }
  for (const auto& [target, value] : body.uses.written) {
    note_written(target, with_arguments(value, arguments));
  }
  // A body that returns one row as one value has its columns in there.
  RowsPtr source = body.rows;
  std::vector<std::string_view> columns(function.result_columns.begin(),
                                        function.result_columns.end());
  if (columns.empty()) columns = columns_of_type(function.return_type);
  if (source->count() == 1 && columns.size() != 1 && source->at(0).row != nullptr) {
    source = source->at(0).row;
  }
  auto rows = std::make_shared<Rows>();
  rows->many = source->many;
  if (columns.empty() && returns_any_row(function)) {
    for (size_t i = 0; i < source->count(); ++i) {
      rows->columns.push_back({std::string_view(), with_arguments(source->at(i), arguments)});
    }
  } else {
    for (size_t i = 0; i < columns.size(); ++i) {
      rows->columns.push_back({columns[i], with_arguments(source->at(i), arguments)});
    }
  }
  (void)spend(rows->columns.size());
  out.value = with_arguments(source->whole(source), arguments);
  // The planner calls it with what it knows, and shows and estimates with what comes back.
  const auto empty = [](const Value& value) { return value.empty(); };
  if (folded && std::all_of(given.begin(), given.end(), empty))
    gather_.use(out.value, kUsedInOutput);
  // A record that is converted by the caller keeps no names, a row of a known type does.
  if (!columns.empty()) out.value.row = rows;
  if (!rows->columns.empty()) out.rows = rows;
  return out;
}

void Walker::operator_call(const Name& name, const std::vector<Value>& given, Value& out) {
  const auto found = resolver_.operators(name);
  const bool elsewhere = !name.schema.empty() && name.schema != "pg_catalog";
  if (found.empty() && elsewhere && resolver_.catalog() != nullptr) facts_.unresolved = true;
  for (const catalog::Operator* op : found) {
    if (!has_operands(*op)) continue;
    const catalog::Function* function = resolver_.catalog()->function(op->function);
    if (function == nullptr) {
      facts_.unresolved = true;
      out.unknown = true;
      continue;
    }
    if (is_catalog_function(*function)) continue;
    CallShape shape;
    shape.is_operator = true;
    Value through;
    for (const Value& value : given) through.add(value);
    out.add(call_one(*function, given, through.through(name.name), shape).value);
    // NOT (a = b) is planned as a <> b, and a join may turn the sides round, or hash or sort them.
    for (const Oid substitute : op->substitutes) {
      if (met_.called.insert({'n', substitute}).second) call_implicitly(substitute);
    }
    if (gather_.failed()) return;
  }
}

/// What a call of lo_get or loread returns comes from where large objects lie.
void Walker::read_large_object(const catalog::Function& function, size_t arguments, Called& out) {
  if (!reads_large_object(function)) return;
  Value contents = large_object(*resolver_.catalog(), function, arguments);
  gather_.use(contents, 0);
  out.value.add(contents);
}

void Walker::note_risk(FunctionRisk risk, const catalog::Function* function, const Name& name,
                       const CallShape& shape, Called& out) {
  if (name.name == "nextval" || name.name == "setval") on_sequence(shape);
  if (name.name == "pg_notify" && !context_.reached) act(ActionKind::kNotify);
  if (name.name == "currval" || name.name == "lastval") facts_.at_position = true;
  if (name.name == "current_setting") on_shown_setting(shape);
  if (name.name == "pg_show_all_settings") note_shown("all");
  if (risk == FunctionRisk::kNone) {
    // What is not found in the catalog is known by its name.
    if (function == nullptr && !shape.is_operator)
      gather_.plain_function(
          {0, std::string(name.schema), std::string(name.name), 'v', risk, context_.reached});
    return;
  }
  FunctionUse use;
  use.schema = name.schema;
  use.name = name.name;
  use.risk = risk;
  use.reached = context_.reached || shape.is_operator;
  if (function != nullptr) {
    use.oid = function->oid;
    use.volatility = function->volatility;
  }
  gather_.function(use);
  const Object object{use.oid, use.schema, use.name, {}, false, use.reached};
  gather_.add_target(gather_.shared_action(ActionKind::kFunction), object, false);
  if (hides_origin(risk)) out.value.unknown = true;
  switch (risk) {
    case FunctionRisk::kDynamicSql:
    case FunctionRisk::kNetwork:
      runs_unknown_sql(context_.function);
      break;
    case FunctionRisk::kSetting:
      on_set_config(shape);
      break;
    case FunctionRisk::kLargeObject:
      facts_.writes = facts_.writes || use.volatility == 'v';
      break;
    case FunctionRisk::kUnknown:
      // Only one that is not volatile may not write; code of an extension changes no catalog.
      facts_.may_change_settings = true;
      if (use.volatility == 'v') facts_.writes = true;
      if (use.volatility == 'v' && function != nullptr && function->language != "c" &&
          function->language != "internal") {
        facts_.schema_change = true;
        resolver_.path_may_change();
      }
      break;
    default:
      break;
  }
}

/// pg_get_serial_sequence('t', 'c'): the sequence that a column takes its numbers from; null if it
/// is not known.
const catalog::Relation* Walker::serial_sequence(const Node& argument) {
  const auto call = field(argument, "FuncCall");
  if (!call || name_in(*call, "funcname").name != "pg_get_serial_sequence") return nullptr;
  std::vector<std::string> said;
  for_each(*call, "args", [&](const Node& item) {
    std::string_view text;
    if (string_literal(item, text)) said.emplace_back(text);
  });
  if (said.size() != 2) return nullptr;
  const auto parts = names_in_text(said[0]);
  if (parts.empty()) return nullptr;
  const auto* table = resolver_.relation(name_of_strings({parts.begin(), parts.end()}));
  const catalog::Column* column = table == nullptr ? nullptr : table->column(said[1]);
  if (column == nullptr) return nullptr;
  // An identity's is called so unless somebody has renamed it, and then it is not known.
  const std::string& text = column->default_text;
  const size_t from = text.find("nextval('");
  const size_t to = text.find("'::regclass)");
  if (column->identity)
    return resolver_.relation({table->schema, table->name + "_" + column->name + "_seq"});
  if (from != 0 || to == std::string::npos) return nullptr;
  const std::string quoted = text.substr(9, to - 9);
  const auto named = names_in_text(quoted);
  return named.empty() ? nullptr
                       : resolver_.relation(name_of_strings({named.begin(), named.end()}));
}

void Walker::on_sequence(const CallShape& shape) {
  const size_t action = shared_act(ActionKind::kUpdate);
  std::string_view text;
  if (shape.first_argument != nullptr) {
    if (const auto* sequence = serial_sequence(*shape.first_argument)) {
      looked_at_literal();
      const Object object = Resolver::object(*sequence, context_.reached);
      gather_.add_target(action, object);
      return note_write(object);
    }
  }
  if (shape.first_argument == nullptr || !string_literal(*shape.first_argument, text)) {
    if (!context_.explained) facts_.writes = true;
    return;
  }
  looked_at_literal();
  // A name in quotes is looked up as it is, other ones in lower case, as regclass reads them.
  const auto parts = names_in_text(text);
  if (parts.empty()) return;
  const Name name = name_of_strings({parts.begin(), parts.end()});
  const Object object = resolver_.object(name, resolver_.relation(name), context_.reached);
  gather_.add_target(action, object);
  note_write(object);
}

}  // namespace sluice::sql
