#include "gateway/free_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>

namespace sluice::gateway {
namespace {

/// Types that no sentence fits into, as format_type gives them, without what stands in parentheses.
constexpr std::array<std::string_view, 26> kWithoutText = {
    "smallint", "integer",   "bigint",
    "numeric",  "real",      "double precision",
    "boolean",  "date",      "timestamp without time zone",
    "uuid",     "interval",  "timestamp with time zone",
    "money",    "inet",      "time without time zone",
    "cidr",     "macaddr",   "time with time zone",
    "oid",      "macaddr8",  "bit",
    "\"char\"", "int4range", "int8range",
    "point",    "pg_lsn"};

constexpr unsigned kShort = 64;

/// "character varying(20)": too short for a sentence that tells a model what to do.
bool is_short(std::string_view type) {
  unsigned most = 0;
  const size_t open = type.find('(');
  if (!type.starts_with("character") || open == std::string_view::npos) return false;
  std::from_chars(type.data() + open + 1, type.data() + type.size(), most);
  return most > 0 && most <= kShort;
}

bool holds_text(const catalog::Column& column, const catalog::Catalog& catalog) {
  const std::string_view type = column.type_name;
  if (const auto* known = catalog.type(column.type); known != nullptr && known->kind == 'e')
    return false;
  std::string name(type.substr(0, type.find('(')));
  // "timestamp(3) without time zone"
  if (const size_t close = type.find(')'); close != std::string_view::npos)
    name += type.substr(close + 1);
  if (name.ends_with("[]")) name.resize(name.size() - 2);
  return !is_short(type) &&
         std::find(kWithoutText.begin(), kWithoutText.end(), name) == kWithoutText.end();
}

bool is_free_text(const catalog::Column& column, const catalog::Catalog& catalog,
                  const privacy::ColumnLabel* label) {
  if (!holds_text(column, catalog)) return false;
  if (label == nullptr) return true;
  // Somebody may have said that there is nothing in it; and of a class every value is of its form.
  if (!label->corrected_by.empty()) return label->decision.shape == privacy::Shape::kFreeText;
  return label->unproven || label->decision.shape != privacy::Shape::kWhole;
}

bool is_free_text(const catalog::Relation& relation, int16_t number,
                  const catalog::Catalog& catalog, const privacy::TableLabels* labels) {
  return std::any_of(relation.columns.begin(), relation.columns.end(), [&](const auto& column) {
    return (number == 0 || column.number == number) &&
           is_free_text(column, catalog,
                        labels == nullptr ? nullptr : labels->column(column.number));
  });
}

/// Code that cannot be read may return what it likes.
bool may_return_anything(const sql::StatementFacts& facts) {
  return facts.dynamic_sql || facts.unresolved ||
         std::any_of(facts.functions.begin(), facts.functions.end(), [](const auto& call) {
           using enum sql::FunctionRisk;
           return call.risk == kUnknown || call.risk == kFile || call.risk == kNetwork ||
                  call.risk == kDynamicSql || call.risk == kLargeObject;
         });
}

}  // namespace

bool returns_free_text(const sql::StatementFacts& facts, const catalog::Catalog* catalog,
                       const privacy::Labels* labels) {
  if (may_return_anything(facts)) return true;
  return std::any_of(facts.columns.begin(), facts.columns.end(), [&](const auto& used) {
    if ((used.uses & sql::kUsedInOutput) == 0 || used.column.relation < catalog::kFirstUserOid)
      return false;
    const catalog::Relation* relation =
        catalog == nullptr ? nullptr : catalog->relation(used.column.relation);
    if (relation == nullptr) return true;
    return is_free_text(*relation, used.column.column, *catalog,
                        labels == nullptr ? nullptr : labels->table(relation->oid));
  });
}

}  // namespace sluice::gateway
