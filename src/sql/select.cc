// Queries: SELECT, VALUES, set operations.
#include "sql/walker.h"

namespace sluice::sql {
namespace {

bool is_star(const Node& expression) {
  const auto reference = field(expression, "ColumnRef");
  bool star = false;
  if (reference) {
    for_each(*reference, "fields",
             [&](const Node& part) { star = field(part, "A_Star").has_value(); });
  }
  return star;
}

/// (row).*: the expression before the star.
bool is_field_star(const Node& expression) {
  const auto indirection = field(expression, "A_Indirection");
  bool star = false;
  if (indirection) {
    for_each(*indirection, "indirection",
             [&](const Node& part) { star = field(part, "A_Star").has_value(); });
  }
  return star;
}

/// The name of a bare `ORDER BY name`.
std::string_view bare_name(const Node& expression) {
  const auto reference = field(expression, "ColumnRef");
  if (!reference) return {};
  const auto parts = strings_in(*reference, "fields");
  return parts.size() == 1 && !is_star(expression) ? parts[0] : std::string_view();
}

/// `ORDER BY 2`: 1-based, 0 if it is something else.
size_t position_of(const Node& expression, bool& looked_at_literal) {
  const auto constant = field(expression, "A_Const");
  const auto number = constant ? field(*constant, "ival") : std::nullopt;
  if (!number) return 0;
  looked_at_literal = true;
  int64_t value = 0;
  if (const auto text = field(*number, "ival")) (void)text->get(value);
  return value > 0 ? static_cast<size_t>(value) : 0;
}

void use_all(Gather& gather, const Rows& rows, ColumnUses use) {
  if (rows.table != nullptr) {
    for (const auto& column : rows.table->columns) {
      gather.use({rows.table->oid, column.number}, use);
    }
  }
  for (const NamedValue& column : rows.columns) gather.use(column.value, use);
  gather.use(rows.rest, use);
}

void merge_into(Rows& rows, const RowsPtr& other, size_t count) {
  for (size_t i = 0; i < count; ++i) rows.columns[i].value.add(other->at(i));
  rows.open = rows.open || other->open;
  rows.rest.add(other->rest);
  rows.many = rows.many || other->many;
}

RowsPtr listed(const RowsPtr& rows) {
  if (rows->table == nullptr) return rows;
  auto out = std::make_shared<Rows>();
  rows->append_to(out->columns);
  out->many = rows->many;
  return out;
}

}  // namespace

std::optional<Node> into_clause(const Node& select) {
  std::optional<Node> body = select;
  while (const auto left = field(*body, "larg")) body = left;
  return field(*body, "intoClause");
}

RowsPtr single_column(std::string_view name, Value value) {
  auto rows = std::make_shared<Rows>();
  rows->columns.push_back({name, std::move(value)});
  return rows;
}

RowsPtr unknown_rows() {
  auto rows = std::make_shared<Rows>();
  rows->open = true;
  rows->rest = unknown_value();
  return rows;
}

RowsPtr Walker::rows_of(const Node& wrapper, const Level* outer, CteFrame* ctes) {
  RowsPtr rows = std::make_shared<Rows>();
  unwrap(wrapper, [&](std::string_view name, const Node& body) {
    if (name == "SelectStmt") {
      rows = select(body, outer, ctes);
    } else if (name == "InsertStmt") {
      rows = insert(body, outer, ctes);
    } else if (name == "UpdateStmt") {
      rows = update(body, outer, ctes);
    } else if (name == "DeleteStmt") {
      rows = erase(body, outer, ctes);
    } else if (name == "MergeStmt") {
      rows = merge(body, outer, ctes);
    } else {
      dispatch(name, body);
    }
  });
  return rows;
}

RowsPtr Walker::select(const Node& body, const Level* outer, CteFrame* ctes) {
  if (!spend()) return unknown_rows();
  CteFrame frame;
  CteFrame* inner = with(body, outer, ctes, frame);
  RowsPtr rows;
  if (field(body, "larg")) {
    rows = set_operation(body, outer, inner);
  } else if (field(body, "valuesLists")) {
    rows = values(body, outer, inner);
  } else {
    return plain_select(body, outer, inner);
  }
  Level level;
  level.outer = outer;
  level.ctes = inner;
  order_by(body, "sortClause", level, *rows, ordering(), true);
  limit(body, level);
  return rows;
}

void Walker::limit(const Node& body, const Level& level) {
  tell(eval_field(body, "limitCount", level), kUsedInPredicate);
  tell(eval_field(body, "limitOffset", level), kUsedInPredicate);
}

RowsPtr Walker::set_operation(const Node& body, const Level* outer, CteFrame* ctes) {
  const RowsPtr left = listed(select(*field(body, "larg"), outer, ctes));
  const auto right_body = field(body, "rarg");
  const RowsPtr right = right_body ? select(*right_body, outer, ctes) : unknown_rows();
  const bool compares = text_field(body, "op") != "SETOP_UNION" || !bool_field(body, "all");
  if (compares) {
    use_all(gather_, *left, kUsedInGrouping);
    use_all(gather_, *right, kUsedInGrouping);
  }
  auto rows = std::make_shared<Rows>(*left);
  (void)spend(rows->columns.size());
  merge_into(*rows, right, rows->columns.size());
  if (const auto into = into_clause(body); into && context_.collected == nullptr) {
    write_created(rows);
  }
  return rows;
}

RowsPtr Walker::values(const Node& body, const Level* outer, CteFrame* ctes) {
  // Named as PostgreSQL names them; more columns than these nobody asks for by name.
  static constexpr std::string_view kNames[] = {"column1",  "column2",  "column3",  "column4",
                                                "column5",  "column6",  "column7",  "column8",
                                                "column9",  "column10", "column11", "column12",
                                                "column13", "column14", "column15", "column16"};
  Level level;
  level.outer = outer;
  level.ctes = ctes;
  auto rows = std::make_shared<Rows>();
  for_each(body, "valuesLists", [&](const Node& list) {
    const auto items = field(list, "List");
    size_t i = 0;
    if (!items || !spend()) return;
    for_each(*items, "items", [&](const Node& item) {
      if (i == rows->columns.size()) {
        rows->columns.push_back({i < std::size(kNames) ? kNames[i] : std::string_view(), {}});
      }
      Value value = eval(item, level);
      if (!value.empty()) rows->columns[i].value.add(value);
      ++i;
    });
  });
  return rows;
}

void Walker::select_list(const Node& body, std::string_view list, const Level& level, Rows& out) {
  const auto add_rows = [&](const Rows& rows) {
    rows.append_to(out.columns);
    (void)spend(rows.count());
  };
  for_each(body, list, [&](const Node& wrapper) {
    const auto item = field(wrapper, "ResTarget");
    const auto expression = item ? field(*item, "val") : std::nullopt;
    if (!expression) return;
    if (is_star(*expression)) {
      const auto parts = strings_in(*field(*expression, "ColumnRef"), "fields");
      if (!parts.empty()) {
        const Name name = name_of_strings(parts);
        if (const Entry* entry = find_entry(&level, name.schema, name.name)) {
          add_rows(*entry->rows);
        } else {
          // Of a PL/pgSQL record, or of nothing.
          const FoundColumn found = find_column(&level, {parts[0]});
          if (found.what == FoundColumn::What::kNothing) facts_.unresolved = true;
          out.columns.push_back({"*", found.value.scalar(), true});
          out.columns.back().value.unknown = true;
        }
        return;
      }
      for (const Visible& visible : level.from.visible) {
        Rows shown;
        visible.rows->append_to(shown.columns);
        for (NamedValue& column : shown.columns) {
          if (!visible.hides(column.name)) out.columns.push_back(std::move(column));
        }
        (void)spend(shown.columns.size());
      }
    } else if (is_field_star(*expression)) {
      const Value value = indirection(*field(*expression, "A_Indirection"), level);
      if (value.row != nullptr) {
        add_rows(*value.row);
      } else {
        out.columns.push_back({"*", value.scalar(), true});
        out.columns.back().value.unknown = true;
      }
    } else {
      const std::string_view name = text_field(*item, "name");
      out.columns.push_back(
          {name.empty() ? figured_name(*expression) : name, eval(*expression, level)});
    }
  });
}

/// Whether only the server's own relations are joined, which tools read in whatever way.
bool Walker::of_catalog_alone(const Node& select, const Level& level) const {
  bool all = true;
  for_each(select, "fromClause", [&](const Node& item) {
    const auto range = field(item, "RangeVar");
    const catalog::Relation* relation = nullptr;
    if (range) {
      const Name name = name_of_range(*range);
      if (!name.schema.empty() || find_cte(level.ctes, name.name).cte == nullptr)
        relation = resolver_.find_relation(name);
    }
    all = all && relation != nullptr && relation->system();
  });
  return all;
}

void Walker::grouping_item(const Node& item, const Level& level, const Rows& output, ColumnUses use,
                           bool output_first) {
  if (const auto set = field(item, "GroupingSet")) {
    for_each(*set, "content",
             [&](const Node& one) { grouping_item(one, level, output, use, output_first); });
    return;
  }
  bool literal = false;
  const size_t position = position_of(item, literal);
  if (literal) looked_at_literal();
  if (position > 0) {
    gather_.use(output.at(position - 1), use);
    return;
  }
  const std::string_view name = bare_name(item);
  if (!name.empty()) {
    std::optional<Value> named;
    for (const NamedValue& column : output.columns) {
      if (column.name == name) named = column.value;
    }
    if (named &&
        (output_first || find_column(&level, {name}).what == FoundColumn::What::kNothing)) {
      gather_.use(*named, use);
      return;
    }
  }
  gather_.use(eval(item, level), use);
}

void Walker::order_by(const Node& body, std::string_view list, const Level& level,
                      const Rows& output, ColumnUses use, bool output_first) {
  for_each(body, list, [&](const Node& wrapper) {
    const auto sort = field(wrapper, "SortBy");
    const auto item = sort ? field(*sort, "node") : std::optional<Node>(wrapper);
    if (item) grouping_item(*item, level, output, use, output_first);
    if (sort && field(*sort, "useOp")) {
      Value ignored;
      operator_call(name_in(*sort, "useOp"), {}, ignored);
    }
  });
}

void Walker::window(const Node& definition, const Level& level) {
  gather_.use(eval_all(definition, "partitionClause", level), kUsedInGrouping);
  for_each(definition, "orderClause", [&](const Node& wrapper) {
    const auto sort = field(wrapper, "SortBy");
    if (sort) gather_.use(eval_field(*sort, "node", level), ordering());
  });
  tell(eval_field(definition, "startOffset", level), kUsedInPredicate);
  tell(eval_field(definition, "endOffset", level), kUsedInPredicate);
}

RowsPtr Walker::plain_select(const Node& body, const Level* outer, CteFrame* ctes) {
  Level level;
  Joins joins;
  level.outer = outer;
  level.ctes = ctes;
  level.joins = &joins;
  for_each(body, "fromClause",
           [&](const Node& item) { level.from.append(from_item(item, level)); });
  condition(body, "whereClause", level, kUsedInPredicate);

  const bool around = std::exchange(aggregated_, false);
  const std::string_view setting = std::exchange(setting_, looked_up_setting(body, level));
  auto rows = std::make_shared<Rows>();
  select_list(body, "targetList", level, *rows);
  setting_ = setting;
  const bool grouped = field(body, "groupClause").has_value();
  const bool one_row = aggregated_ && !grouped;
  aggregated_ = around;
  for_each(body, "groupClause",
           [&](const Node& item) { grouping_item(item, level, *rows, kUsedInGrouping, false); });
  condition(body, "havingClause", level, kUsedInPredicate);
  for_each(body, "windowClause", [&](const Node& wrapper) {
    if (const auto definition = field(wrapper, "WindowDef")) window(*definition, level);
  });
  // A bare DISTINCT compares all columns; its list holds one empty node.
  bool distinct_on = false;
  for_each(body, "distinctClause", [&](const Node& item) {
    simdjson::dom::object fields;
    if (item.get(fields) != simdjson::SUCCESS || fields.size() == 0) return;
    distinct_on = true;
    grouping_item(item, level, *rows, kUsedInGrouping, true);
  });
  if (field(body, "distinctClause") && !distinct_on) use_all(gather_, *rows, kUsedInGrouping);
  order_by(body, "sortClause", level, *rows, ordering(), true);
  limit(body, level);
  if (field(body, "lockingClause") && !context_.muted) {
    Action& reads = gather_.action(gather_.shared_action(ActionKind::kRead));
    reads.lock = std::max(reads.lock, LockLevel::kRowShare);
  }
  if (!context_.reached && !joins.connected() && !of_catalog_alone(body, level))
    facts_.cartesian = true;
  rows->many = !level.from.entries.empty() && !one_row && !field(body, "limitCount");
  if (const auto into = field(body, "intoClause"); into && context_.collected == nullptr) {
    created_by_query(*into, rows, "table");
  }
  return rows;
}

}  // namespace sluice::sql
