// FROM: tables, sub-selects, functions, joins; what they are called and which columns they show.
#include <algorithm>

#include "sql/walker.h"

namespace sluice::sql {
namespace {

Visible shown(const Entry& entry) { return {entry.rows, entry.index, {}}; }

/// Renamed columns: t(a, b).
RowsPtr renamed(const RowsPtr& rows, const std::vector<std::string_view>& names) {
  if (names.empty()) return rows;
  auto out = std::make_shared<Rows>();
  out->many = rows->many;
  out->open = rows->open;
  out->rest = rows->rest;
  if (rows->table != nullptr) {
    for (size_t i = 0; i < rows->count(); ++i) {
      out->columns.push_back({rows->table->columns[i].name, rows->at(i)});
    }
  } else {
    out->columns = rows->columns;
  }
  // Behind a row of unknown columns nothing stands where it is told.
  for (size_t i = rows->told(); rows->table == nullptr && i < out->columns.size(); ++i) {
    out->columns[i].value = rows->at(i);
    out->open = true;
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (i < out->columns.size()) {
      out->columns[i].name = names[i];
    } else {
      out->columns.push_back({names[i], rows->at(i)});
    }
  }
  return out;
}

bool has_column(const Visible& visible, std::string_view name) {
  return !visible.hides(name) && visible.rows->find(name).has_value();
}

}  // namespace

FromItem Walker::named_item(Entry entry, const Node& alias_holder) const {
  if (const auto alias = field(alias_holder, "alias")) {
    entry.name = text_field(*alias, "aliasname");
    entry.schema = {};
    entry.rows = renamed(entry.rows, strings_in(*alias, "colnames"));
  }
  FromItem item;
  item.visible.push_back(shown(entry));
  item.entries.push_back(std::move(entry));
  return item;
}

FromItem Walker::from_item(const Node& wrapper, Level& level) {
  FromItem item;
  if (!spend()) return item;
  unwrap(wrapper, [&](std::string_view name, const Node& body) {
    if (name == "RangeVar") {
      item = table_item(body, level);
    } else if (name == "RangeSubselect") {
      item = subquery_item(body, level);
    } else if (name == "RangeFunction") {
      item = function_item(body, level);
    } else if (name == "RangeTableFunc") {
      item = xml_table_item(body, level);
    } else if (name == "JoinExpr") {
      item = join_item(body, level);
    } else if (name == "RangeTableSample") {
      if (const auto relation = field(body, "relation")) item = from_item(*relation, level);
      tell(eval_all(body, "args", level), kUsedInPredicate);
      (void)eval_field(body, "repeatable", level);
      Called ignored;
      (void)unusual_call(name_in(body, "method"), {}, ignored);
    } else {
      fail("unknown item in FROM: " + std::string(name), "0A000");
    }
  });
  return item;
}

FromItem Walker::table_item(const Node& range_var, Level& level) {
  ++facts_.range_items;
  const Name name = name_of_range(range_var);
  Entry entry;
  entry.name = name.name;
  FoundCte cte;
  if (name.schema.empty()) cte = find_cte(level.ctes, name.name);
  if (cte.cte != nullptr) {
    entry.rows = cte_rows(cte);
  } else {
    const catalog::Relation* relation = resolver_.find_relation(name);
    entry.schema = relation != nullptr ? std::string_view(relation->schema) : name.schema;
    entry.rows = read_relation(name, !bool_field(range_var, "inh"));
  }
  if (entry.rows->many && level.joins != nullptr) entry.index = level.joins->add_table();
  return named_item(std::move(entry), range_var);
}

FromItem Walker::subquery_item(const Node& body, Level& level) {
  Entry entry;
  entry.rows = unknown_rows();
  const bool lateral = bool_field(body, "lateral");
  // Only LATERAL sees its neighbours.
  if (level.joins != nullptr) level.joins->begin();
  if (const auto query = field(body, "subquery")) {
    entry.rows = rows_of(*query, lateral ? &level : level.outer, level.ctes);
  }
  if (level.joins != nullptr) {
    if (entry.rows->many) entry.index = level.joins->add_table();
    if (lateral) level.joins->touch(entry.index);
    level.joins->end();
  }
  return named_item(std::move(entry), body);
}

FromItem Walker::function_item(const Node& body, Level& level) {
  ++facts_.range_items;
  auto rows = std::make_shared<Rows>();
  std::vector<RowsPtr> parts;
  std::string_view name;
  bool listed = false;
  const auto defined = [&](const Node& holder, std::string_view list, const Rows& from) {
    auto out = std::make_shared<Rows>();
    Value any = from.rest;
    for (size_t i = 0; i < from.count(); ++i) any.add(from.at(i));
    for_each(holder, list, [&](const Node& wrapper) {
      if (const auto column = field(wrapper, "ColumnDef")) {
        if (const auto type = field(*column, "typeName")) meet_type_name(*type);
        out->columns.push_back({text_field(*column, "colname"), any});
      }
    });
    return out;
  };
  if (level.joins != nullptr) level.joins->begin();
  for_each(body, "functions", [&](const Node& wrapper) {
    const auto list = field(wrapper, "List");
    if (!list) return;
    bool first = true;
    RowsPtr part;
    for_each(*list, "items", [&](const Node& item) {
      if (first) {
        first = false;
        name = figured_name(item);
        if (const auto function = field(item, "FuncCall")) {
          Called called = function_call(*function, level);
          part = called.rows != nullptr ? called.rows : single_column(name, called.value);
        } else {
          part = single_column(name, eval(item, level));
        }
      } else if (field(item, "List")) {
        part = defined(*field(item, "List"), "items", *part);
      }
    });
    if (part != nullptr) parts.push_back(part);
  });
  if (level.joins != nullptr) level.joins->end();
  for (const RowsPtr& part : parts) {
    listed = listed || part->table != nullptr;
    for (size_t i = 0; i < part->count(); ++i) {
      rows->columns.push_back({part->table != nullptr
                                   ? std::string_view(part->table->columns[i].name)
                                   : part->columns[i].name,
                               part->at(i)});
    }
    rows->open = rows->open || part->open;
    rows->rest.add(part->rest);
  }
  if (field(body, "coldeflist")) *rows = *defined(body, "coldeflist", *rows);
  // A function of one plain column is called what the function is called in FROM.
  if (const auto alias = field(body, "alias"); alias && !field(*alias, "colnames")) {
    const bool plain = rows->columns.size() == 1 && !rows->open && rows->columns[0].name == name;
    if (plain) rows->columns[0].name = text_field(*alias, "aliasname");
  }
  if (bool_field(body, "ordinality")) rows->columns.push_back({"ordinality", {}});
  Entry entry;
  entry.name = name;
  entry.rows = rows;
  return named_item(std::move(entry), body);
}

FromItem Walker::xml_table_item(const Node& body, Level& level) {
  Value from = eval_field(body, "docexpr", level);
  from.add(eval_field(body, "rowexpr", level));
  from.add(eval_all(body, "namespaces", level));
  from = from.through("xmltable");
  // How many rows there are tells of it.
  tell(from, kUsedInPredicate);
  auto rows = std::make_shared<Rows>();
  for_each(body, "columns", [&](const Node& wrapper) {
    const auto column = field(wrapper, "RangeTableFuncCol");
    if (!column) return;
    if (const auto type = field(*column, "typeName")) meet_type_name(*type);
    Value value = from;
    value.add(eval_field(*column, "colexpr", level).through("xmltable"));
    value.add(eval_field(*column, "coldefexpr", level));
    rows->columns.push_back({text_field(*column, "colname"), std::move(value)});
  });
  Entry entry;
  entry.name = "xmltable";
  entry.rows = rows;
  return named_item(std::move(entry), body);
}

void Walker::merge_columns(const std::vector<std::string_view>& names, FromItem& left,
                           FromItem& right, std::string_view alias, Level& level) {
  auto merged = std::make_shared<Rows>();
  for (const std::string_view name : names) {
    Value value;
    int first = -1;
    bool found = false;
    for (FromItem* side : {&left, &right}) {
      for (Visible& visible : side->visible) {
        if (!has_column(visible, name)) continue;
        Value one = *visible.rows->find(name);
        if (found) equality(value, one);
        found = true;
        value.add(one);
        if (level.joins != nullptr) level.joins->connect(first, visible.index);
        if (visible.index >= 0) first = visible.index;
        visible.hidden.push_back(name);
      }
    }
    if (!found) facts_.unresolved = true;
    test(value, kUsedInJoin);
    merged->columns.push_back({name, std::move(value)});
  }
  FromItem all;
  all.visible.push_back({merged, -1, {}});
  all.append(std::move(left));
  all.append(std::move(right));
  if (!alias.empty()) all.entries.push_back({{}, alias, merged, -1});
  left = std::move(all);
}

FromItem Walker::join_item(const Node& body, Level& level) {
  FromItem left;
  FromItem right;
  if (const auto side = field(body, "larg")) left = from_item(*side, level);
  if (const auto side = field(body, "rarg")) {
    // LATERAL on the right sees the left.
    Level inner = level;
    for (const Entry& entry : left.entries) inner.from.entries.push_back(entry);
    for (const Visible& visible : left.visible) inner.from.visible.push_back(visible);
    right = from_item(*side, inner);
  }
  if (bool_field(body, "isNatural")) {
    std::vector<std::string_view> names;
    bool uncertain = false;
    for (const Visible& visible : left.visible) {
      uncertain = uncertain || visible.rows->open;
      std::vector<NamedValue> columns;
      visible.rows->append_to(columns);
      for (const NamedValue& column : columns) {
        const bool common =
            column.name != "*" && !visible.hides(column.name) &&
            std::any_of(right.visible.begin(), right.visible.end(),
                        [&](const Visible& other) { return has_column(other, column.name); });
        if (common) names.push_back(column.name);
      }
    }
    if (uncertain && level.joins != nullptr && !left.entries.empty() && !right.entries.empty()) {
      level.joins->connect(left.entries[0].index, right.entries[0].index);
    }
    merge_columns(names, left, right, {}, level);
  } else if (field(body, "usingClause")) {
    const auto alias = field(body, "join_using_alias");
    merge_columns(strings_in(body, "usingClause"), left, right,
                  alias ? text_field(*alias, "aliasname") : std::string_view(), level);
  } else {
    left.append(std::move(right));
    if (field(body, "quals")) {
      Level both;
      both.from = left;
      both.outer = level.outer;
      both.ctes = level.ctes;
      both.joins = level.joins;
      condition(body, "quals", both, kUsedInJoin);
      // Rows without a partner come among those that have one, in their order.
      if (text_field(body, "jointype") == "JOIN_FULL") probe(eval_field(body, "quals", both));
    }
  }
  if (!field(body, "alias")) return left;
  // (a JOIN b …) AS j: one table with all columns.
  auto rows = std::make_shared<Rows>();
  int index = -1;
  for (const Visible& visible : left.visible) {
    std::vector<NamedValue> columns;
    visible.rows->append_to(columns);
    for (NamedValue& column : columns) {
      if (visible.hides(column.name)) continue;
      if (column.name == "*") {
        rows->open = true;
        rows->rest.add(column.value);
      } else {
        rows->columns.push_back(std::move(column));
      }
    }
    if (visible.index >= 0) index = visible.index;
  }
  rows->many = true;
  Entry entry;
  entry.rows = rows;
  entry.index = index;
  return named_item(std::move(entry), body);
}

}  // namespace sluice::sql
