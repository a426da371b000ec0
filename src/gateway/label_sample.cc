#include "gateway/label_sample.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>
#include <unordered_set>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/clock.h"

namespace sluice::gateway {
namespace {

/// Larger tables are sampled from all over instead of from their beginning.
constexpr double kLargeTable = 100'000;
/// Rows that the pages taken of a large table should have: some are dead, or few to a page.
constexpr double kRowsWanted = 2'000;
/// Rows of the beginning besides: the estimate may be wrong, and the pages taken may be empty.
constexpr size_t kRowsOfBeginning = 100;
constexpr size_t kLongestValue = 8'000;
constexpr size_t kShortestLimit = 500;
/// What a relation's sample may take in all.
constexpr size_t kSampleBytes = 32UL << 20;
/// Inheritance cannot be deeper in practice; in a broken catalog it could be endless.
constexpr int kDeepest = 32;
/// Domains over domains, arrays of domains.
constexpr int kDeepestType = 8;

/// One transaction a relation, so that no lock is held while the next one is read.
/// row_security = off does not leave policies out: it fails where one would apply.
constexpr std::string_view kSettings =
    "SET client_encoding = 'UTF8'; SET statement_timeout = '5s'; SET lock_timeout = '500ms'; "
    "SET row_security = off; ";
constexpr size_t kSettingsResults = 4;

std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string oid_array(const std::vector<catalog::Oid>& oids) {
  return fmt::format("'{{{}}}'::pg_catalog.oid[]", fmt::join(oids, ","));
}

std::string written_of(const std::string& condition) {
  return "SELECT c.oid, pg_catalog.pg_stat_get_tuples_inserted(c.oid) OPERATOR(pg_catalog.+) "
         "pg_catalog.pg_stat_get_tuples_updated(c.oid) FROM pg_catalog.pg_class c WHERE " +
         condition;
}

double rows_estimated(const catalog::Catalog& catalog, const catalog::Relation& relation) {
  double rows = relation.estimated_rows;
  for (const catalog::Oid oid : family_of(catalog, relation).descendants) {
    const auto* child = catalog.relation(oid);
    if (child != nullptr) rows += std::max(0.0, child->estimated_rows);
  }
  return rows;
}

std::string sample_statement(const catalog::Catalog& catalog, const SampleWish& wish) {
  const catalog::Relation& relation = *wish.relation;
  const size_t columns = std::max<size_t>(1, wish.columns.size());
  const size_t longest =
      std::clamp(kSampleBytes / (kSampleRows * columns), kShortestLimit, kLongestValue);
  std::string list;
  for (const int16_t number : wish.columns) {
    const std::string name = "t." + quoted_name(relation.column(number)->name);
    list += fmt::format(
        "{}CASE WHEN pg_catalog.pg_column_size({}) OPERATOR(pg_catalog.<=) {} THEN {} END",
        list.empty() ? "" : ", ", name, longest, name);
  }
  const std::string table = quoted_name(relation.schema) + "." + quoted_name(relation.name);
  const std::string select = "SELECT " + list + " FROM " + table + " AS t";
  const double rows = rows_estimated(catalog, relation);
  if (rows <= kLargeTable || relation.kind == catalog::RelationKind::kForeignTable)
    return fmt::format("{} LIMIT {}", select, kSampleRows);
  return fmt::format("({} TABLESAMPLE SYSTEM ({:.9f}) LIMIT {}) UNION ALL ({} LIMIT {})", select,
                     std::min(100.0, 100 * kRowsWanted / rows), kSampleRows - kRowsOfBeginning,
                     select, kRowsOfBeginning);
}

template <typename Number>
std::optional<Number> number_in(const std::optional<std::string>& text) {
  Number out = 0;
  if (!text) return std::nullopt;
  const char* const end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, out);
  if (error != std::errc() || rest != end) return std::nullopt;
  return out;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// bytea that is readable text, as that text; else as it is.
std::string readable(std::string hex) {
  if (!hex.starts_with("\\x")) return hex;
  std::string text;
  for (size_t i = 2; i + 1 < hex.size(); i += 2) {
    const int high = digit(hex[i]), low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return hex;
    text += static_cast<char>(high * 16 + low);
  }
  const bool controls = std::any_of(text.begin(), text.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u < 0x20 && c != '\n' && c != '\r' && c != '\t';
  });
  return controls || !is_utf8(text) ? hex : text;
}

/// What the classifier looks at in the type: a domain's base, an array's element with "[]".
void describe_type(const catalog::Catalog& catalog, catalog::Oid oid,
                   privacy::ColumnInput& column) {
  std::string brackets;
  const catalog::Type* type = catalog.type(oid);
  bool other = false;  ///< than the column's type is called
  for (int depth = 0; type != nullptr && depth < kDeepestType; ++depth) {
    if (type->kind == 'd' && type->base != 0) {
      type = catalog.type(type->base);
      other = true;
    } else if (type->element != 0 && type->name.starts_with("_")) {
      type = catalog.type(type->element);
      brackets = "[]";
    } else {
      break;
    }
  }
  if (type == nullptr) return;
  if (other) column.type = type->name + brackets;
  if (type->kind != 'c') return;
  const auto* row = catalog.relation(type->relation);
  if (row == nullptr) return;
  for (const auto& part : row->columns) column.parts.push_back(part.name);
}

void gather(const catalog::Catalog& catalog, const catalog::Relation& relation, bool up,
            std::vector<catalog::Oid>& out, std::unordered_set<catalog::Oid>& seen, int depth) {
  const auto& next = up ? relation.parents : relation.children;
  for (const catalog::Oid oid : next)
    if (seen.insert(oid).second) out.push_back(oid);
  for (const catalog::Oid oid : next) {
    const auto* relative = catalog.relation(oid);
    if (relative != nullptr && depth < kDeepest)
      gather(catalog, *relative, up, out, seen, depth + 1);
  }
}

int this_year() {
  const time_t now = static_cast<time_t>(wall_micros() / 1'000'000);
  tm parts{};
  gmtime_r(&now, &parts);
  return parts.tm_year + 1900;
}

}  // namespace

bool is_sampled(const catalog::Relation& relation) {
  using enum catalog::RelationKind;
  if (relation.system() || relation.persistence == 't') return false;
  switch (relation.kind) {
    case kTable:
    case kPartitionedTable:
    case kForeignTable:
    case kMaterializedView:
      return true;
    default:
      return false;
  }
}

SampleWish whole_sample(const catalog::Relation& relation) {
  SampleWish out{&relation, {}};
  for (const auto& column : relation.columns) out.columns.push_back(column.number);
  return out;
}

std::string sample_query(const catalog::Catalog& catalog, const std::vector<SampleWish>& wishes) {
  std::vector<catalog::Oid> oids;
  for (const SampleWish& wish : wishes) {
    oids.push_back(wish.relation->oid);
    const auto descendants = family_of(catalog, *wish.relation).descendants;
    oids.insert(oids.end(), descendants.begin(), descendants.end());
  }
  std::string out(kSettings);
  out += written_of("c.oid OPERATOR(pg_catalog.=) ANY (" + oid_array(oids) + ")");
  for (const SampleWish& wish : wishes)
    out += "; BEGIN READ ONLY; " + sample_statement(catalog, wish) + "; COMMIT";
  return out;
}

Result<std::vector<Sample>> read_samples(const catalog::Catalog& catalog,
                                         const std::vector<SampleWish>& wishes,
                                         std::vector<catalog::Rows> answer) {
  const size_t first = kSettingsResults + 1;
  if (answer.size() != first + wishes.size() * 3)
    return fail(ErrorCode::kProtocol, "the answer is not one to this question");
  const auto written = read_written({std::move(answer[kSettingsResults])});
  std::vector<Sample> out;
  for (size_t i = 0; i < wishes.size(); ++i) {
    Sample& sample = out.emplace_back();
    sample.written = written_to(catalog, *wishes[i].relation, written);
    sample.rows = std::move(answer[first + i * 3 + 1]);
    for (const auto& row : sample.rows)
      if (row.size() != wishes[i].columns.size())
        return fail(ErrorCode::kProtocol, "rows have other columns than were asked for");
  }
  return out;
}

std::string rights_query(const std::vector<catalog::Oid>& relations) {
  return "SELECT a.attrelid, a.attnum FROM pg_catalog.pg_attribute a WHERE a.attrelid "
         "OPERATOR(pg_catalog.=) ANY (" +
         oid_array(relations) +
         ") AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped AND "
         "pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')";
}

std::vector<SampleWish> read_rights(const catalog::Catalog& catalog,
                                    const std::vector<catalog::Oid>& relations,
                                    const std::vector<catalog::Rows>& answer) {
  std::unordered_map<catalog::Oid, std::unordered_set<int>> readable;
  for (const auto& rows : answer) {
    for (const auto& row : rows) {
      if (row.size() != 2) continue;
      const auto oid = number_in<catalog::Oid>(row[0]);
      const auto number = number_in<int>(row[1]);
      if (oid && number) readable[*oid].insert(*number);
    }
  }
  std::vector<SampleWish> out;
  for (const catalog::Oid oid : relations) {
    SampleWish& wish = out.emplace_back();
    wish.relation = catalog.relation(oid);
    if (wish.relation == nullptr) continue;
    for (const auto& column : wish.relation->columns)
      if (readable[oid].contains(column.number)) wish.columns.push_back(column.number);
  }
  return out;
}

std::string_view written_query() {
  static const std::string text = written_of(
      "c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid AND c.relkind "
      "OPERATOR(pg_catalog.=) ANY ('{r,m}'::pg_catalog.\"char\"[])");
  return text;
}

std::unordered_map<catalog::Oid, uint64_t> read_written(const std::vector<catalog::Rows>& answer) {
  std::unordered_map<catalog::Oid, uint64_t> out;
  for (const auto& rows : answer) {
    for (const auto& row : rows) {
      if (row.size() != 2) continue;
      const auto oid = number_in<catalog::Oid>(row[0]);
      const auto count = number_in<uint64_t>(row[1]);
      if (oid && count) out[*oid] = *count;
    }
  }
  return out;
}

uint64_t written_to(const catalog::Catalog& catalog, const catalog::Relation& relation,
                    const std::unordered_map<catalog::Oid, uint64_t>& written) {
  uint64_t out = 0;
  const auto add = [&](catalog::Oid oid) {
    const auto it = written.find(oid);
    if (it != written.end()) out += it->second;
  };
  add(relation.oid);
  for (const catalog::Oid oid : family_of(catalog, relation).descendants) add(oid);
  return out;
}

privacy::TableInput classifier_input(const catalog::Catalog& catalog,
                                     const catalog::Relation& relation, const SampleWish& wish,
                                     const Sample* sample) {
  privacy::TableInput out = privacy::describe(relation);
  out.year = this_year();
  for (size_t c = 0; c < relation.columns.size(); ++c) {
    privacy::ColumnInput& column = out.columns[c];
    describe_type(catalog, relation.columns[c].type, column);
    if (sample == nullptr) continue;
    const auto it = std::find(wish.columns.begin(), wish.columns.end(), relation.columns[c].number);
    if (it == wish.columns.end()) {
      // As long as the others: what stands in one row is seen together.
      column.sample.resize(sample->rows.size());
      continue;
    }
    const auto at = static_cast<size_t>(it - wish.columns.begin());
    for (const auto& row : sample->rows) {
      auto value = row[at];
      if (value && column.type == "bytea") value = readable(std::move(*value));
      column.sample.push_back(std::move(value));
    }
  }
  return out;
}

Family family_of(const catalog::Catalog& catalog, const catalog::Relation& relation) {
  Family out;
  std::unordered_set<catalog::Oid> seen = {relation.oid};
  gather(catalog, relation, true, out.ancestors, seen, 0);
  gather(catalog, relation, false, out.descendants, seen, 0);
  return out;
}

}  // namespace sluice::gateway
