#include "undo/restore.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "sql/lint_text.h"

namespace sluice::undo {
namespace {

/// Rows that one statement puts back.
constexpr size_t kBatch = 1000;

using sql::literal;
using sql::quote_ident;

std::string key_of(const TableImages& table) {
  std::string out;
  for (const auto& name : table.key)
    out.append(out.empty() ? "ROW(t." : ", t.").append(quote_ident(name));
  return out + ")::pg_catalog.text";
}

template <typename Each>
std::string array(const std::vector<std::string>& texts, std::string_view type, Each each) {
  std::string out = "ARRAY[";
  for (const auto& text : texts) out.append(out.size() == 6 ? "" : ", ").append(each(text));
  return out.append("]::").append(type).append("[]");
}

std::vector<std::string> keys_of(const TableImages& table) {
  std::vector<std::string> keys;
  for (const auto& row : table.rows) keys.push_back(row.key);
  return keys;
}

/// Columns that a statement gives values, each as `format` with its quoted name.
template <typename Wanted>
std::string columns(const TableImages& table, Wanted wanted, std::string_view format) {
  std::string out;
  for (const auto& column : table.columns) {
    if (!wanted(column)) continue;
    out += (out.empty() ? "" : ", ") + fmt::format(fmt::runtime(format), quote_ident(column.name));
  }
  return out;
}

void deletes(const TableImages& table, const std::vector<std::string>& keys,
             std::vector<std::string>& out) {
  out.push_back(fmt::format("DELETE FROM ONLY {} AS t WHERE {} = ANY({})",
                            quoted_name(table.schema, table.name), key_of(table),
                            array(keys, "pg_catalog.text", literal)));
}

void updates(const TableImages& table, const std::vector<std::string>& rows,
             std::vector<std::string>& out) {
  const auto is_key = [&](const ImageColumn& column) {
    return std::find(table.key.begin(), table.key.end(), column.name) != table.key.end();
  };
  const std::string set = columns(
      table, [&](const auto& c) { return !c.generated && !c.identity && !is_key(c); },
      "{0} = r.{0}");
  if (set.empty()) return;
  const std::string name = quoted_name(table.schema, table.name);
  std::string where;
  for (const auto& key : table.key)
    where += fmt::format("{}t.{} = r.{}", where.empty() ? "" : " AND ", quote_ident(key),
                         quote_ident(key));
  out.push_back(fmt::format("UPDATE ONLY {} AS t SET {} FROM pg_catalog.unnest({}) AS r WHERE {}",
                            name, set, array(rows, name, literal), where));
}

void inserts(const TableImages& table, const std::vector<std::string>& rows,
             std::vector<std::string>& out) {
  const auto given = [](const ImageColumn& column) { return !column.generated; };
  const std::string name = quoted_name(table.schema, table.name);
  out.push_back(fmt::format(
      "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM pg_catalog.unnest({}) AS r", name,
      columns(table, given, "{}"), columns(table, given, "r.{}"), array(rows, name, literal)));
}

using Make = void (*)(const TableImages&, const std::vector<std::string>&,
                      std::vector<std::string>&);

/// Batches of those rows of a table that `text_of` gives a text of.
template <typename TextOf>
void in_batches(const TableImages& table, TextOf text_of, Make make,
                std::vector<std::string>& out) {
  std::vector<std::string> batch;
  for (const auto& row : table.rows) {
    const std::string* text = text_of(row);
    if (text == nullptr) continue;
    batch.push_back(*text);
    if (batch.size() == kBatch) make(table, std::exchange(batch, {}), out);
  }
  if (!batch.empty()) make(table, batch, out);
}

/// Why rows of the images no longer fit the table; empty if they do.
std::string misfit(const TableImages& table, const catalog::Rows& columns_now) {
  std::vector<std::pair<std::string, std::string>> then, now;
  for (const auto& column : table.columns) then.emplace_back(column.name, column.type);
  for (const auto& row : columns_now) {
    if (row.size() != 2 || !row[0] || !row[1]) return "its columns cannot be read";
    now.emplace_back(*row[0], *row[1]);
  }
  if (now.empty()) return "it is not there any more";
  return then == now ? std::string() : "its columns are others now";
}

using Standing = std::unordered_map<std::string, std::string>;

Result<Standing> rows_now(const TableImages& table, const catalog::Rows& answer) {
  Standing standing;
  for (const auto& row : answer) {
    if (row.size() != 2 || !row[0] || !row[1])
      return fail(ErrorCode::kUnavailable, table.qualified_name() + " cannot be read");
    standing.emplace(*row[0], *row[1]);
  }
  return standing;
}

std::string why_conflict(const RowImage& row, const Standing& standing) {
  const auto now = standing.find(row.key);
  if (now == standing.end()) return row.after ? "it has been deleted since" : "";
  if (!row.after) return "a row with its key has been inserted since";
  return now->second == *row.after ? "" : "it has been changed since";
}

constexpr size_t kAnswersBefore = 1;  ///< of standing_question, before those of tables

}  // namespace

std::string begin_restore() {
  std::string out = "BEGIN; SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = '120s'";
  for (const auto& setting : image_settings()) out += "; SET LOCAL " + setting;
  return out + "; SET CONSTRAINTS ALL DEFERRED";
}

std::string standing_question(const Images& images) {
  std::string out =
      "SELECT pg_catalog.pg_xact_status(" + literal(images.transaction) + "::pg_catalog.xid8)";
  for (const TableImages& table : images.tables) {
    const std::string name = quoted_name(table.schema, table.name);
    out += fmt::format(
        "; SELECT attname::pg_catalog.text, pg_catalog.format_type(atttypid, atttypmod) "
        "FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass({}) "
        "AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        literal(name));
    out += fmt::format(
        "; SELECT {}, t::pg_catalog.text FROM ONLY {} AS t WHERE {} = ANY({}) "
        "FOR UPDATE",
        key_of(table), name, key_of(table), array(keys_of(table), "pg_catalog.text", literal));
  }
  return out;
}

Result<Plan> plan(const Images& images, const std::vector<catalog::Rows>& answers) {
  if (answers.size() != kAnswersBefore + 2 * images.tables.size() || answers[0].size() != 1)
    return fail(ErrorCode::kUnavailable, "the server did not say how its rows stand");
  const std::string status = answers[0][0].at(0).value_or("");
  if (status == "aborted")
    return fail(ErrorCode::kDenied, "its transaction was rolled back: there is nothing to undo");
  if (status == "in progress") return fail(ErrorCode::kDenied, "its transaction is not over yet");
  Plan out;
  out.restored.transaction = images.transaction;
  for (size_t i = 0; i < images.tables.size(); ++i) {
    const TableImages& table = images.tables[i];
    if (const auto why = misfit(table, answers[kAnswersBefore + 2 * i]); !why.empty())
      return fail(ErrorCode::kDenied, fmt::format("\"{}\": {}", table.qualified_name(), why));
    SLUICE_ASSIGN(const Standing standing, rows_now(table, answers[kAnswersBefore + 2 * i + 1]));
    TableImages& kept = out.restored.tables.emplace_back(table);
    kept.rows.clear();
    for (const RowImage& row : table.rows) {
      auto why = why_conflict(row, standing);
      if (why.empty()) {
        kept.rows.push_back(row);
      } else {
        out.conflicts.push_back({table.qualified_name(), row.key, std::move(why)});
      }
    }
  }
  std::erase_if(out.restored.tables, [](const TableImages& table) { return table.rows.empty(); });
  return out;
}

std::vector<std::string> restore_statements(const Images& images) {
  std::vector<std::string> out;
  const auto& tables = images.tables;
  for (size_t i = tables.size(); i > 0; --i) {  // Children first.
    in_batches(
        tables[i - 1], [](const RowImage& row) { return row.before ? nullptr : &row.key; }, deletes,
        out);
  }
  for (const TableImages& table : tables) {
    in_batches(
        table, [](const RowImage& row) { return row.before && row.after ? &*row.before : nullptr; },
        updates, out);
    in_batches(
        table,
        [](const RowImage& row) { return row.before && !row.after ? &*row.before : nullptr; },
        inserts, out);
  }
  return out;
}

Result<> check_restored(const Images& images, const std::vector<catalog::Rows>& answers) {
  if (answers.size() != kAnswersBefore + 2 * images.tables.size())
    return fail(ErrorCode::kUnavailable, "the server did not say how its rows stand");
  for (size_t i = 0; i < images.tables.size(); ++i) {
    const TableImages& table = images.tables[i];
    SLUICE_ASSIGN(const Standing standing, rows_now(table, answers[kAnswersBefore + 2 * i + 1]));
    for (const RowImage& row : table.rows) {  // Its key may be masked for whoever reads this.
      const auto now = standing.find(row.key);
      const bool right =
          row.before ? now != standing.end() && now->second == *row.before : now == standing.end();
      if (right) continue;
      return fail(ErrorCode::kDenied,
                  fmt::format("a row of \"{}\" would not be as it was: a trigger or a generated "
                              "value keeps it from it",
                              table.qualified_name()));
    }
  }
  return {};
}

}  // namespace sluice::undo
