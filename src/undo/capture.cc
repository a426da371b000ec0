#include "undo/capture.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "sql/lint_text.h"

namespace sluice::undo {
namespace {

using catalog::Relation;

constexpr std::string_view kSavepoint = "sluice_undo";

const catalog::Index* primary_key(const Relation& relation) {
  for (const auto& index : relation.indexes) {
    if (index.primary && index.valid) return &index;
  }
  return nullptr;
}

TableImages described(const Relation& relation) {
  TableImages table;
  table.schema = relation.schema;
  table.name = relation.name;
  for (const auto& column : relation.columns)
    table.columns.push_back({column.name, column.type_name, column.generated, column.identity});
  for (const int16_t number : primary_key(relation)->columns) {
    if (const auto* column = relation.column(number)) table.key.push_back(column->name);
  }
  return table;
}

std::string key_of(const TableImages& table) {
  std::string out = "ROW(";
  for (const auto& name : table.key)
    out.append(out.size() == 4 ? "" : ", ").append("t.").append(sql::quote_ident(name));
  return out + ")::pg_catalog.text";
}

std::string from(const TableImages& table, std::string_view version, std::string_view transaction) {
  return fmt::format(" FROM ONLY {} AS t WHERE t.{} OPERATOR(pg_catalog.=) {} LIMIT {}",
                     quoted_name(table.schema, table.name), version, transaction, kMostRows + 1);
}

/// Parents of foreign keys first, as far as they have an order.
void visit(const Relation& relation, const std::vector<const Relation*>& all,
           std::set<catalog::Oid>& visited, std::vector<const Relation*>& ordered) {
  if (!visited.insert(relation.oid).second) return;
  for (const auto& key : relation.constraints) {
    if (key.type != 'f') continue;
    for (const auto* other : all) {
      if (other->oid == key.referenced) visit(*other, all, visited, ordered);
    }
  }
  ordered.push_back(&relation);
}

Error unkept(std::string why) { return {ErrorCode::kDenied, "it could not be undone: " + why}; }

}  // namespace

std::string never_kept(const Relation& relation) {
  if (relation.kind != catalog::RelationKind::kTable || relation.persistence == 't')
    return fmt::format("\"{}\" is not an ordinary table", relation.qualified_name());
  if (primary_key(relation) == nullptr) {
    return fmt::format("\"{}\" has no primary key that tells its rows apart",
                       relation.qualified_name());
  }
  return {};
}

Result<Capture> Capture::of(const Counts& changed, const catalog::Catalog& catalog) {
  std::vector<const Relation*> all, ordered;
  uint64_t rows = 0;
  for (const Relation& relation : catalog.relations()) {
    if (!changed.contains(relation.qualified_name())) continue;
    if (const auto why = never_kept(relation); !why.empty()) return fail(unkept(why));
    rows += changed.find(relation.qualified_name())->second;
    all.push_back(&relation);
  }
  if (all.size() != changed.size())
    return fail(unkept("it changes a table that was made just now"));
  if (rows > kMostRows)
    return fail(
        unkept(fmt::format("it changes {} rows, and at most {} are kept", rows, kMostRows)));
  std::set<catalog::Oid> visited;
  for (const auto* relation : all) visit(*relation, all, visited, ordered);
  Capture capture;
  for (const auto* relation : ordered) {
    capture.images_.tables.push_back(described(*relation));
    capture.seen_.push_back({relation, changed.find(relation->qualified_name())->second, {}, {}});
  }
  return capture;
}

std::vector<std::string> Capture::new_rows() const {
  constexpr std::string_view kMine = "pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.xid";
  std::vector<std::string> out = {fmt::format("SAVEPOINT {}", kSavepoint)};
  for (const auto& setting : image_settings()) out.push_back("SET LOCAL " + setting);
  out.emplace_back("SELECT pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text");
  for (const TableImages& table : images_.tables) {
    out.push_back("SELECT " + key_of(table) + ", t::pg_catalog.text" + from(table, "xmin", kMine));
    // Locked for a foreign key: by its mark alone it looks as if it were being replaced.
    out.push_back("SELECT t.ctid::pg_catalog.text" + from(table, "xmax", kMine));
  }
  out.push_back(fmt::format("ROLLBACK TO SAVEPOINT {}", kSavepoint));
  out.push_back(fmt::format("RELEASE SAVEPOINT {}", kSavepoint));
  return out;
}

Result<> Capture::take_new(const std::vector<catalog::Rows>& answers) {
  const size_t first = 1 + image_settings().size();
  if (answers.size() != first + 3 + 2 * seen_.size() || answers[first].size() != 1)
    return fail(unkept("the server did not say what it has changed"));
  images_.transaction = answers[first][0].at(0).value_or("");
  for (size_t i = 0; i < seen_.size(); ++i) {
    for (const auto& row : answers[first + 1 + 2 * i]) {
      if (row.size() != 2 || !row[0] || !row[1]) return fail(unkept("a row cannot be read"));
      seen_[i].after.emplace(*row[0], *row[1]);
    }
    for (const auto& row : answers[first + 2 + 2 * i]) seen_[i].locked.push_back(*row.at(0));
    std::sort(seen_[i].locked.begin(), seen_[i].locked.end());
  }
  return {};
}

std::string Capture::old_rows() const {
  // Whoever holds the table for himself is the session itself: it would wait for us.
  std::string out = "SET lock_timeout = '3s'; SET statement_timeout = '60s'";
  for (const auto& setting : image_settings()) out += "; SET " + setting;
  const auto theirs = "'" + images_.transaction + "'::pg_catalog.xid8::pg_catalog.xid";
  for (const TableImages& table : images_.tables) {
    out += "; SELECT " + key_of(table) + ", t.ctid::pg_catalog.text, t::pg_catalog.text" +
           from(table, "xmax", theirs);
  }
  return out;
}

Result<Images> Capture::take_old(const std::vector<catalog::Rows>& answers, const Images& earlier) {
  const size_t first = 2 + image_settings().size();
  if (answers.size() != first + seen_.size())
    return fail(unkept("the server did not say what it has changed"));
  size_t bytes = 0;
  for (size_t i = 0; i < seen_.size(); ++i) {
    TableImages& table = images_.tables[i];
    std::map<std::string, RowImage> rows;
    for (const auto& [key, after] : seen_[i].after) rows[key].after = after;
    for (const auto& row : answers[first + i]) {
      if (row.size() != 3 || !row[0] || !row[1] || !row[2])
        return fail(unkept("a row cannot be read"));
      if (std::binary_search(seen_[i].locked.begin(), seen_[i].locked.end(), *row[1])) continue;
      rows[*row[0]].before = *row[2];
    }
    for (const auto& known : earlier.tables) {
      if (known.schema != table.schema || known.name != table.name) continue;
      for (const auto& before : known.rows) {
        const auto found = rows.find(before.key);
        if (found == rows.end()) continue;
        if (found->second.after == before.after) {
          rows.erase(found);
        } else {
          found->second.before = before.after;
        }
      }
    }
    for (auto& [key, row] : rows) {
      row.key = key;
      bytes += row.before.value_or("").size() + row.after.value_or("").size();
      table.rows.push_back(std::move(row));
    }
    if (table.rows.size() != seen_[i].changed) {
      return fail(unkept(fmt::format(
          "{} rows of \"{}\" were changed, of which {} can be told apart. Rows that are changed "
          "more than once, whose primary key changes, or that are changed under a savepoint or "
          "beside other changes of the same transaction are not kept",
          seen_[i].changed, table.qualified_name(), table.rows.size())));
    }
  }
  if (bytes > kMostBytes) {
    return fail(unkept(fmt::format("its rows have {} MiB, and at most {} MiB are kept", bytes >> 20,
                                   kMostBytes >> 20)));
  }
  // Of a database whose texts are in no encoding there may be bytes that are no text.
  SLUICE_ASSIGN(const Images again, decode_images(encode(images_)));
  if (!(again == images_)) return fail(unkept("its values cannot be kept as texts"));
  return std::move(images_);
}

void add_to(Images& earlier, const Images& later) {
  for (const TableImages& table : later.tables) {
    auto known =
        std::find_if(earlier.tables.begin(), earlier.tables.end(), [&](const TableImages& one) {
          return one.schema == table.schema && one.name == table.name;
        });
    if (known == earlier.tables.end()) {
      earlier.tables.push_back(table);
      continue;
    }
    std::unordered_map<std::string_view, size_t> places;
    for (size_t i = 0; i < known->rows.size(); ++i) places.emplace(known->rows[i].key, i);
    std::vector<RowImage> more;
    for (const RowImage& row : table.rows) {
      const auto place = places.find(row.key);
      if (place == places.end()) {
        more.push_back(row);
      } else {
        known->rows[place->second].after = row.after;
      }
    }
    known->rows.insert(known->rows.end(), std::make_move_iterator(more.begin()),
                       std::make_move_iterator(more.end()));
  }
}

}  // namespace sluice::undo
