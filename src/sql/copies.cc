// COPY: which columns go out or come in, and in what form.
#include <algorithm>

#include "sql/options.h"
#include "sql/walker.h"

namespace sluice::sql {
namespace {

char first_of(std::string_view text) { return text.empty() ? '\0' : text[0]; }

/// The text of an option, however it is written: HEADER, DELIMITER ',', NULL 0.
std::string_view option_text(const Node& option) {
  const auto value = field(option, "arg");
  const auto text = value ? field(*value, "String") : std::nullopt;
  return text ? text_field(*text, "sval") : std::string_view();
}

void force_quote(const Node& option, CopyOut& copy) {
  const auto value = field(option, "arg");
  if (!value) return;
  copy.force_quote_all = field(*value, "A_Star").has_value();
  if (const auto list = field(*value, "List")) {
    for (const std::string_view name : strings_in(*list, "items")) {
      copy.force_quote.emplace_back(name);
    }
  }
}

CopyOut copy_out(const Node& body) {
  CopyOut copy;
  copy.to_stdout = !bool_field(body, "is_program") && text_field(body, "filename").empty();
  for_each(body, "options", [&](const Node& wrapper) {
    const auto option = field(wrapper, "DefElem");
    if (option && text_field(*option, "defname") == "format") copy.format = option_text(*option);
  });
  const bool csv = copy.format == "csv";
  copy.header = option_on(body, "options", "header");
  copy.delimiter = copy.format == "binary" ? '\0' : csv ? ',' : '\t';
  if (copy.format == "text") copy.null_text = "\\N";
  if (csv) copy.quote = '"';
  bool escape_given = false;
  for_each(body, "options", [&](const Node& wrapper) {
    const auto option = field(wrapper, "DefElem");
    if (!option) return;
    const std::string_view name = text_field(*option, "defname");
    const std::string_view text = option_text(*option);
    if (name == "delimiter") copy.delimiter = first_of(text);
    if (name == "null") copy.null_text = text;
    if (name == "quote") copy.quote = first_of(text);
    if (name == "escape") {
      copy.escape = first_of(text);
      escape_given = true;
    }
    if (name == "encoding") copy.encoding = text;
    if (name == "force_quote") force_quote(*option, copy);
  });
  if (csv && !escape_given) copy.escape = copy.quote;
  return copy;
}

}  // namespace

void Walker::on_copy(const Node& body) {
  const bool in = bool_field(body, "is_from");
  const std::string_view where = bool_field(body, "is_program")         ? "program"
                                 : text_field(body, "filename").empty() ? ""
                                                                        : "file";
  const size_t action = act(in ? ActionKind::kCopyIn : ActionKind::kCopyOut, where);
  const auto query = field(body, "query");
  const auto range = field(body, "relation");
  if (in) {
    if (range) copy_in(body, *range, action);
    return;
  }
  if (!query && !range) return;
  const RowsPtr rows =
      query ? rows_of(*query, nullptr, nullptr) : copied_columns(body, *range, action);
  StatementResult* result = note_output(rows, false);
  if (result == nullptr) return;
  result->copy = copy_out(body);
  const catalog::Relation* table = query ? nullptr : resolver_.find_relation(name_of_range(*range));
  if (table == nullptr || !table->row_security || !strings_in(body, "attlist").empty()) return;
  // Under row security it becomes SELECT *, which has the generated columns too.
  result->unknown_columns =
      result->unknown_columns || std::any_of(table->columns.begin(), table->columns.end(),
                                             [](const auto& column) { return column.generated; });
}

RowsPtr Walker::copied_columns(const Node& body, const Node& range, size_t action) {
  const Name name = name_of_range(range);
  const RowsPtr rows = read_relation(name, true);
  gather_.action(action).lock = LockLevel::kAccessShare;
  gather_.add_target(action,
                     resolver_.object(name, resolver_.find_relation(name), context_.reached));
  const auto columns = strings_in(body, "attlist");
  auto chosen = std::make_shared<Rows>();
  for (const std::string_view column : columns) {
    const auto value = rows->find(column);
    if (!value) facts_.unresolved = true;
    chosen->columns.push_back({column, value.value_or(unknown_value())});
  }
  if (!columns.empty()) return chosen;
  if (rows->table == nullptr) return rows;
  for (const catalog::Column& column : rows->table->columns) {
    if (!column.generated) chosen->columns.push_back({column.name, *rows->find(column.name)});
  }
  chosen->open = rows->open;
  chosen->rest = rows->rest;
  return chosen;
}

void Walker::copy_in(const Node& body, const Node& range, size_t action) {
  const auto columns = strings_in(body, "attlist");
  const Target target = write_target(range, ActionKind::kInsert);
  gather_.add_target(action, resolver_.object(target.name, target.relation, context_.reached));
  gather_.action(action).lock = LockLevel::kRowExclusive;
  std::set<int16_t> given;
  for (const std::string_view column : columns) write_column(target, column, {}, nullptr);
  if (target.relation != nullptr) {
    for (const auto& column : target.relation->columns) {
      const bool listed = columns.empty() ||
                          std::find(columns.begin(), columns.end(), column.name) != columns.end();
      if (!listed) continue;
      given.insert(column.number);
      if (columns.empty()) note_written({target.relation->oid, column.number}, {});
    }
    defaults(*target.relation, given);
  }
  Level level;
  level.from.visible.push_back({target.entry.rows, -1, {}});
  level.from.entries.push_back(target.entry);
  {
    // The rows that it looks at are the client's.
    const Within within(*this);
    context_.owned = true;
    condition(body, "whereClause", level, kUsedInPredicate);
  }
  effects(target, ActionKind::kInsert, nullptr);
}

}  // namespace sluice::sql
