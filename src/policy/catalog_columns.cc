#include "policy/catalog_columns.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace sluice::policy {
namespace {

struct Telling {
  std::string_view relation, column;
};

/// Columns that show values of rows or hold passwords, of relations whose others describe only.
constexpr Telling kTelling[] = {{"pg_settings", "boot_val"},
                                {"pg_settings", "reset_val"},
                                {"pg_settings", "setting"},
                                {"pg_foreign_server", "srvoptions"},
                                {"pg_stats", "histogram_bounds"},
                                {"pg_stats", "most_common_elems"},
                                {"pg_stats", "most_common_vals"},
                                {"pg_stats", "range_bounds_histogram"},
                                {"pg_stats", "range_length_histogram"},
                                {"pg_subscription", "subconninfo"},
                                {"pg_user_mapping", "umoptions"},
                                {"pg_user_mappings", "umoptions"}};

}  // namespace

bool reads_plain_columns_only(const sql::Object& object, const sql::StatementFacts& facts,
                              const catalog::Catalog& catalog) {
  if (object.reached || object.oid == 0 || object.schema != "pg_catalog") return false;
  if (std::none_of(std::begin(kTelling), std::end(kTelling),
                   [&](const Telling& one) { return one.relation == object.name; }))
    return false;
  const catalog::Relation* relation = catalog.relation(object.oid);
  size_t used = 0;
  for (const sql::UsedColumn& use : facts.columns) {
    if (use.column.relation != object.oid) continue;
    ++used;
    const catalog::Column* column =
        relation == nullptr ? nullptr : relation->column(use.column.column);
    if (column == nullptr ||
        std::any_of(std::begin(kTelling), std::end(kTelling), [&](const Telling& one) {
          return one.relation == object.name && one.column == column->name;
        }))
      return false;
  }
  return used > 0;
}

}  // namespace sluice::policy
