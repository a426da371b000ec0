// Expressions: where their values come from.
#include "sql/acting.h"
#include "sql/fragile_arguments.h"
#include "sql/walker.h"

namespace sluice::sql {
namespace {

/// The operators that an expression is made of which does not name them.
std::vector<std::string_view> operators_of(std::string_view kind) {
  if (kind == "AEXPR_BETWEEN") return {">=", "<="};
  if (kind == "AEXPR_NOT_BETWEEN") return {"<", ">"};
  if (kind == "AEXPR_BETWEEN_SYM") return {">=", "<="};
  if (kind == "AEXPR_NOT_BETWEEN_SYM") return {"<", ">"};
  return {};
}

/// Collations of pg_catalog's, which leave equality to the bytes. Of others nobody knows.
bool is_plain_collation(const Node& clause) {
  const Name name = name_in(clause, "collname");
  return (name.schema.empty() || name.schema == "pg_catalog") &&
         (name.name == "C" || name.name == "POSIX" || name.name == "ucs_basic" ||
          name.name == "default" || name.name.ends_with("-x-icu"));
}

/// Whether a collation stands anywhere in it by which other texts may be equal.
bool is_collated(const Node& node) {
  if (const auto clause = field(node, "CollateClause"); clause && !is_plain_collation(*clause))
    return true;
  bool found = false;
  simdjson::dom::array items;
  if (node.get(items) == simdjson::SUCCESS) {
    for (const Node item : items) found = found || is_collated(item);
  }
  simdjson::dom::object object;
  if (!found && node.get(object) == simdjson::SUCCESS) {
    for (const auto [key, value] : object) found = found || is_collated(value);
  }
  return found;
}

}  // namespace

void Walker::condition(const Node& body, std::string_view field_name, const Level& level,
                       ColumnUses use) {
  if (const auto expression = field(body, field_name)) condition_arm(*expression, level, use);
}

void Walker::condition_arm(const Node& wrapper, const Level& level, ColumnUses use) {
  if (!spend()) return;
  const auto boolean = field(wrapper, "BoolExpr");
  if (boolean && text_field(*boolean, "boolop") == "AND_EXPR") {
    for_each(*boolean, "args", [&](const Node& arm) { condition_arm(arm, level, use); });
    return;
  }
  if (level.joins != nullptr) level.joins->begin();
  test(eval(wrapper, level), use);
  if (level.joins != nullptr) level.joins->end();
}

Value Walker::eval(const Node& wrapper, const Level& level) {
  Value value;
  if (!spend()) return unknown_value();
  unwrap(wrapper,
         [&](std::string_view kind, const Node& body) { value = eval_node(kind, body, level); });
  return value;
}

Value Walker::eval_field(const Node& body, std::string_view name, const Level& level) {
  const auto expression = field(body, name);
  return expression ? eval(*expression, level) : Value();
}

Value Walker::eval_all(const Node& body, std::string_view list, const Level& level) {
  Value all;
  for_each(body, list, [&](const Node& item) { all.add(eval(item, level)); });
  return all;
}

Value Walker::eval_node(std::string_view kind, const Node& body, const Level& level) {
  if (kind == "ColumnRef") return column_reference(body, level);
  if (kind == "SetToDefault") met_.defaulted = true;
  if (kind == "CurrentOfExpr") facts_.at_position = true;
  if (kind == "A_Const" || kind == "SetToDefault" || kind == "SQLValueFunction" ||
      kind == "CurrentOfExpr" || kind == "GroupingFunc" || kind == "Integer") {
    return {};
  }
  if (kind == "FuncCall") {
    Called called = function_call(body, level);
    aggregated_ = aggregated_ || called.aggregate;
    return std::move(called.value);
  }
  if (kind == "A_Expr") return operator_expression(body, level);
  if (kind == "ParamRef") {
    int64_t number = 0;
    if (const auto text = field(body, "number")) (void)text->get(number);
    const bool argument = number > 0 && static_cast<size_t>(number) <= context_.arguments;
    return argument ? value_of(argument_ref(static_cast<size_t>(number - 1))) : Value();
  }
  if (kind == "BoolExpr") {
    const std::string_view op = text_field(body, "boolop");
    const bool seen = op != "NOT_EXPR" && any_acts(body, "args");
    return eval_lazily(body, level, seen)
        .through(op == "AND_EXPR"  ? "AND"
                 : op == "OR_EXPR" ? "OR"
                                   : "NOT");
  }
  if (kind == "NullTest") return eval_field(body, "arg", level).through("IS NULL");
  if (kind == "BooleanTest") return eval_field(body, "arg", level).through("IS");
  if (kind == "TypeCast") return type_cast(body, level);
  if (kind == "CaseExpr") return case_expression(body, level);
  // The very value of one of its arguments.
  if (kind == "CoalesceExpr") return eval_lazily(body, level, any_acts(body, "args"));
  if (kind == "MinMaxExpr") {
    return eval_all(body, "args", level)
        .through(text_field(body, "op") == "IS_LEAST" ? "least" : "greatest");
  }
  if (kind == "SubLink") return sublink(body, level);
  if (kind == "A_ArrayExpr") return eval_all(body, "elements", level).through("array");
  if (kind == "A_Indirection") return indirection(body, level);
  if (kind == "CollateClause") {
    Value value = eval_field(body, "arg", level);
    return is_plain_collation(body) ? value : value.through("COLLATE");
  }
  if (kind == "NamedArgExpr") return eval_field(body, "arg", level);
  if (kind == "List") return eval_all(body, "items", level);
  if (kind == "RowExpr") return row_constructor(body, level);
  if (kind == "XmlExpr") return xml_expression(body, level);
  if (kind == "XmlSerialize") return eval_field(body, "expr", level).through("xmlserialize");
  if (kind == "ResTarget") return eval_field(body, "val", level);
  if (kind == "MultiAssignRef") return eval_field(body, "source", level);
  fail("unknown expression " + std::string(kind), "0A000");
  return unknown_value();
}

Value Walker::column_reference(const Node& body, const Level& level) {
  const auto parts = strings_in(body, "fields");
  if (ends_in_star(body)) {
    // count(t.*), row(t.*): the whole row.
    if (parts.empty()) {
      Value all;
      for (const Visible& visible : level.from.visible) all.add(visible.rows->whole(visible.rows));
      return all;
    }
    const Name name = name_of_strings(parts);
    if (const Entry* entry = find_entry(&level, name.schema, name.name)) {
      return entry->rows->whole(entry->rows);
    }
  }
  FoundColumn found = find_column(&level, parts);
  switch (found.what) {
    case FoundColumn::What::kValue:
      if (!context_.reached) gather_.use(found.value, 0);
      return std::move(found.value);
    case FoundColumn::What::kField:
      return field_of(found.value, parts.back());
    case FoundColumn::What::kVariable:
      return context_.variables ? value_of(argument_ref(context_.arguments)) : Value();
    case FoundColumn::What::kNothing:
      break;
  }
  if (resolver_.catalog() != nullptr) facts_.unresolved = true;
  return unknown_value();
}

Value Walker::field_of(const Value& value, std::string_view name) {
  if (value.row != nullptr) {
    if (auto found = value.row->find(name)) return std::move(*found);
  }
  // t.f is f(t) for a function of the row.
  if (resolver_.catalog() != nullptr && !resolver_.functions({{}, name}).empty()) {
    return call({{}, name}, {value}, {}).value;
  }
  if (value.row != nullptr && resolver_.catalog() != nullptr) facts_.unresolved = true;
  const std::string field = "." + std::string(name);
  gather_.compute(value, field);
  return value.through(field);
}

Value Walker::operator_expression(const Node& body, const Level& level) {
  const std::string_view kind = text_field(body, "kind");
  const Name name = name_in(body, "name");
  std::vector<Value> sides;
  std::vector<Node> written;
  for (const std::string_view side : {"lexpr", "rexpr"}) {
    const auto expression = field(body, side);
    if (!expression) continue;
    sides.push_back(eval(*expression, level));
    written.push_back(*expression);
  }
  if (written.size() == 2 &&
      (kind == "AEXPR_LIKE" || kind == "AEXPR_ILIKE" || is_like(name.name))) {
    sides[1] = fragile(sides[1], "LIKE (pattern)");
    if (may_be_null(sides[0])) sides[0] = fragile(sides[0], "LIKE (of what may be NULL)");
  }
  Value value;
  for (const Value& side : sides) value.add(side);
  std::string_view shown = name.name;
  if (kind == "AEXPR_NULLIF") shown = "nullif";
  if (kind == "AEXPR_IN") shown = name.name == "=" ? "IN" : "NOT IN";
  const std::string foreign = foreign_equality(name);
  const bool equality = name.name == "=" || name.name == "<>" || kind == "AEXPR_NULLIF";
  // Compared with something else for every row, it is guessed by a dictionary.
  const bool of_array = kind == "AEXPR_OP_ANY" || kind == "AEXPR_OP_ALL";
  const bool listed = of_array && written.size() == 2 && field(written[1], "A_ArrayExpr");
  if (compares_rows_that_act(written)) tell(value, kUsedInPredicate);
  const bool collated = std::any_of(written.begin(), written.end(),
                                    [](const Node& side) { return is_collated(side); });
  if (equality && sides.size() == 2 && (!of_array || listed) && !collated &&
      (sides[0].empty() || equates(sides[0], sides[1], &written[1])) &&
      (sides[1].empty() || equates(sides[1], sides[0], &written[0]))) {
    value = value.through(foreign.empty() ? shown : foreign);
  } else if (equality) {
    value = value.through("= (computed)");
  } else {
    if (kind == "AEXPR_OP") gather_.compute(value, foreign.empty() ? shown : foreign);
    value = value.through(foreign.empty() ? shown : foreign);
  }
  const auto meant = operators_of(kind);
  if (meant.empty()) operator_call(name, sides, value);
  for (const std::string_view one : meant) operator_call({{}, one}, sides, value);
  return value;
}

std::string Walker::foreign_equality(const Name& name) const {
  if (resolver_.catalog() == nullptr || (name.name != "=" && name.name != "<>")) return {};
  const auto found = resolver_.operators(name);
  // Of a schema that is spelt out, and not known to be the server's own.
  if (found.empty() && !name.schema.empty() && name.schema != "pg_catalog")
    return std::string(name.schema) + "." + std::string(name.name);
  for (const catalog::Operator* op : found) {
    const catalog::Function* function = resolver_.catalog()->function(op->function);
    // An extension's own, of a type of its own: citext_eq.
    const bool known = function != nullptr && function->language == "c" &&
                       (function->name.ends_with("eq") || function->name.ends_with("ne"));
    if (!known && has_operands(*op)) return op->schema + "." + op->name;
  }
  return {};
}

/// A cast to what not every text is, of a text that the statement made, has a name of its own.
std::string Walker::cast_of(const Node& type_name, const Value& value) const {
  std::string cast = cast_name(type_name);
  const bool parses = cast == "::bytea" || cast == "::json" || cast == "::jsonb";
  return parses && is_made(value) ? cast.append(" (made)") : cast;
}

std::string Walker::cast_name(const Node& type_name) const {
  const Name name = name_in(type_name, "names");
  std::string out = "::";
  const catalog::Type* type = resolver_.catalog() != nullptr ? resolver_.type(name) : nullptr;
  const bool own = type != nullptr && type->oid >= catalog::kFirstUserOid;
  const bool extension = name.name == "citext" && type != nullptr && type->kind == 'b';
  if (own && !extension &&
      (name.name == "text" || name.name == "varchar" || name.name == "bpchar" ||
       name.name == "citext")) {
    out.append(type->schema).append(".");
  }
  out.append(name.name);
  // It may cut the value: what number stands there makes no difference.
  return field(type_name, "typmods") ? out.append("(n)") : out;
}

void Walker::equality(const Value& left, const Value& right, const Node* left_node,
                      const Node* right_node) {
  const bool known = (left.empty() || equates(left, right, right_node)) &&
                     (right.empty() || equates(right, left, left_node));
  if (!known || !foreign_equality({{}, "="}).empty()) {
    tell(left, kUsedInPredicate);
    tell(right, kUsedInPredicate);
  }
  Value compared;
  operator_call({{}, "="}, {left, right}, compared);
  test(compared, kUsedInPredicate);
}

/// More arms than these are a dictionary.
constexpr size_t kMostArms = 16;

Value Walker::case_expression(const Node& body, const Level& level) {
  Value value = eval_field(body, "defresult", level).scalar();
  const bool compares = field(body, "arg").has_value();
  const auto tested_node = field(body, "arg");
  const Value tested = eval_field(body, "arg", level);
  test(tested, kUsedInPredicate);
  size_t arms = 0;
  for_each(body, "args", [&](const Node& wrapper) {
    const auto when = field(wrapper, "CaseWhen");
    if (!when) return;
    Value expected = eval_field(*when, "expr", level);
    // CASE x WHEN y: x = y.
    const auto written = field(*when, "expr");
    if (compares)
      equality(tested, expected, tested_node ? &*tested_node : nullptr,
               written ? &*written : nullptr);
    if (++arms > kMostArms) tell(tested, kUsedInPredicate);
    test(expected, kUsedInPredicate);
    value.add(eval_field(*when, "result", level));
  });
  return value;
}

Value Walker::sublink(const Node& body, const Level& level) {
  const std::string_view kind = text_field(body, "subLinkType");
  RowsPtr rows = unknown_rows();
  // Whether it has an aggregate says nothing of the query around.
  const bool around = aggregated_;
  if (const auto query = field(body, "subselect")) rows = rows_of(*query, &level, level.ctes);
  aggregated_ = around;
  if (kind == "EXISTS_SUBLINK") return {};
  if (kind == "EXPR_SUBLINK" && rows->count() == 1) return rows->at(0);
  Value all = rows->whole(rows);
  if (kind == "EXPR_SUBLINK" || kind == "MULTIEXPR_SUBLINK") return all;
  if (kind == "ARRAY_SUBLINK") return all.through("array");
  const Value tested = eval_field(body, "testexpr", level);
  const Name name = name_in(body, "operName");
  Value value = all.scalar();
  value.add(tested);
  const Name op = name.name.empty() ? Name{{}, "="} : name;
  const std::string foreign = foreign_equality(op);
  if ((op.name == "=" || op.name == "<>") &&
      (!equates(tested, all, nullptr) || !equates(all, tested, nullptr))) {
    value = value.through("= (computed)");
  } else {
    value = value.through(!foreign.empty() ? foreign : name.name.empty() ? "IN" : name.name);
  }
  operator_call(op, {tested, all}, value);
  return value;
}

Value Walker::indirection(const Node& body, const Level& level) {
  Value value = eval_field(body, "arg", level);
  for_each(body, "indirection", [&](const Node& step) {
    if (const auto name = field(step, "String")) {
      value = field_of(value, text_field(*name, "sval"));
    } else if (const auto indices = field(step, "A_Indices")) {
      tell(eval_field(*indices, "lidx", level), kUsedInPredicate);
      tell(eval_field(*indices, "uidx", level), kUsedInPredicate);
      value = value.through("[]");
    }
  });
  return value;
}

std::string_view figured_name(const Node& expression) {
  std::string_view name = "?column?";
  const auto of = [](const Node& body, std::string_view key, std::string_view otherwise) {
    const auto inner = field(body, key);
    const std::string_view found = inner ? figured_name(*inner) : otherwise;
    return found == "?column?" ? otherwise : found;
  };
  unwrap(expression, [&](std::string_view kind, const Node& body) {
    if (kind == "ColumnRef") {
      const auto parts = strings_in(body, "fields");
      if (!parts.empty()) name = parts.back();
    } else if (kind == "FuncCall") {
      name = name_in(body, "funcname").name;
    } else if (kind == "A_Indirection") {
      std::string_view last;
      for_each(body, "indirection", [&](const Node& step) {
        if (const auto text = field(step, "String")) last = text_field(*text, "sval");
      });
      name = last.empty() ? of(body, "arg", name) : last;
    } else if (kind == "TypeCast") {
      const auto type = field(body, "typeName");
      name = of(body, "arg", type ? name_in(*type, "names").name : name);
    } else if (kind == "CollateClause") {
      name = of(body, "arg", name);
    } else if (kind == "CaseExpr") {
      name = of(body, "defresult", "case");
    } else if (kind == "CoalesceExpr") {
      name = "coalesce";
    } else if (kind == "MinMaxExpr") {
      name = text_field(body, "op") == "IS_LEAST" ? "least" : "greatest";
    } else if (kind == "A_Expr") {
      if (text_field(body, "kind") == "AEXPR_NULLIF") name = "nullif";
    } else if (kind == "A_ArrayExpr") {
      name = "array";
    } else if (kind == "RowExpr") {
      name = "row";
    } else if (kind == "GroupingFunc") {
      name = "grouping";
    } else if (kind == "XmlSerialize") {
      name = "xmlserialize";
    } else if (kind == "XmlExpr") {
      const std::string_view op = text_field(body, "op");
      name = op == "IS_XMLCONCAT"    ? "xmlconcat"
             : op == "IS_XMLELEMENT" ? "xmlelement"
             : op == "IS_XMLFOREST"  ? "xmlforest"
             : op == "IS_XMLPARSE"   ? "xmlparse"
             : op == "IS_XMLPI"      ? "xmlpi"
             : op == "IS_XMLROOT"    ? "xmlroot"
                                     : name;
    } else if (kind == "SQLValueFunction") {
      static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
          {"SVFOP_CURRENT_DATE", "current_date"},
          {"SVFOP_CURRENT_TIME", "current_time"},
          {"SVFOP_CURRENT_TIME_N", "current_time"},
          {"SVFOP_CURRENT_TIMESTAMP", "current_timestamp"},
          {"SVFOP_CURRENT_TIMESTAMP_N", "current_timestamp"},
          {"SVFOP_LOCALTIME", "localtime"},
          {"SVFOP_LOCALTIME_N", "localtime"},
          {"SVFOP_LOCALTIMESTAMP", "localtimestamp"},
          {"SVFOP_LOCALTIMESTAMP_N", "localtimestamp"},
          {"SVFOP_CURRENT_ROLE", "current_role"},
          {"SVFOP_CURRENT_USER", "current_user"},
          {"SVFOP_USER", "user"},
          {"SVFOP_SESSION_USER", "session_user"},
          {"SVFOP_CURRENT_CATALOG", "current_catalog"},
          {"SVFOP_CURRENT_SCHEMA", "current_schema"}};
      for (const auto& [op, shown] : kNames) {
        if (text_field(body, "op") == op) name = shown;
      }
    } else if (kind == "SubLink") {
      const std::string_view type = text_field(body, "subLinkType");
      if (type == "EXISTS_SUBLINK") name = "exists";
      if (type == "ARRAY_SUBLINK") name = "array";
      if (type != "EXPR_SUBLINK") return;
      const auto query = field(body, "subselect");
      auto select = query ? field(*query, "SelectStmt") : std::nullopt;
      while (select && field(*select, "larg")) select = field(*select, "larg");
      if (!select) return;
      if (field(*select, "valuesLists")) name = "column1";
      bool first = true;
      for_each(*select, "targetList", [&](const Node& wrapper) {
        const auto item = field(wrapper, "ResTarget");
        if (!first || !item) return;
        first = false;
        const std::string_view given = text_field(*item, "name");
        const auto value = field(*item, "val");
        name = !given.empty() ? given : value ? figured_name(*value) : name;
      });
    }
  });
  return name;
}

}  // namespace sluice::sql
