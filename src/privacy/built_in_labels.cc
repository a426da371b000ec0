// What catalogs and views of the system show of people's data.
#include <array>

#include "privacy/labels.h"

namespace sluice::privacy {
namespace {

/// How a column of the system is treated.
enum class Nature : uint8_t {
  kRows,        ///< values of other tables' rows
  kStatements,  ///< texts of statements, with the values in them
  kHash,        ///< of a password
  kConnection,  ///< what a connection is made with
};

struct BuiltIn {
  std::string_view schema;  ///< empty: any, of an extension
  std::string_view relation;
  std::string_view column;
  Nature nature;
};

constexpr std::string_view kCatalog = "pg_catalog";
constexpr std::string_view kInformation = "information_schema";

// clang-format off
constexpr std::array kBuiltIn = {
    BuiltIn{kCatalog, "pg_statistic", "stavalues1", Nature::kRows},
    BuiltIn{kCatalog, "pg_statistic", "stavalues2", Nature::kRows},
    BuiltIn{kCatalog, "pg_statistic", "stavalues3", Nature::kRows},
    BuiltIn{kCatalog, "pg_statistic", "stavalues4", Nature::kRows},
    BuiltIn{kCatalog, "pg_statistic", "stavalues5", Nature::kRows},
    BuiltIn{kCatalog, "pg_stats", "most_common_vals", Nature::kRows},
    BuiltIn{kCatalog, "pg_stats", "histogram_bounds", Nature::kRows},
    BuiltIn{kCatalog, "pg_stats", "most_common_elems", Nature::kRows},
    BuiltIn{kCatalog, "pg_stats", "range_bounds_histogram", Nature::kRows},
    BuiltIn{kCatalog, "pg_stats_ext", "most_common_vals", Nature::kRows},
    BuiltIn{kCatalog, "pg_stats_ext_exprs", "most_common_vals", Nature::kRows},
    BuiltIn{kCatalog, "pg_stats_ext_exprs", "histogram_bounds", Nature::kRows},
    BuiltIn{kCatalog, "pg_stats_ext_exprs", "most_common_elems", Nature::kRows},
    BuiltIn{kCatalog, "pg_statistic_ext_data", "stxdmcv", Nature::kRows},
    BuiltIn{kCatalog, "pg_statistic_ext_data", "stxdexpr", Nature::kRows},
    BuiltIn{kCatalog, "pg_attribute", "attmissingval", Nature::kRows},
    BuiltIn{kCatalog, "pg_largeobject", "data", Nature::kRows},
    BuiltIn{kCatalog, "pg_stat_activity", "query", Nature::kStatements},
    BuiltIn{kCatalog, "pg_prepared_statements", "statement", Nature::kStatements},
    BuiltIn{kCatalog, "pg_cursors", "statement", Nature::kStatements},
    BuiltIn{"", "pg_stat_statements", "query", Nature::kStatements},
    BuiltIn{kCatalog, "pg_authid", "rolpassword", Nature::kHash},
    BuiltIn{kCatalog, "pg_shadow", "passwd", Nature::kHash},
    BuiltIn{kCatalog, "pg_subscription", "subconninfo", Nature::kConnection},
    BuiltIn{kCatalog, "pg_stat_wal_receiver", "conninfo", Nature::kConnection},
    BuiltIn{kCatalog, "pg_user_mapping", "umoptions", Nature::kConnection},
    BuiltIn{kCatalog, "pg_user_mappings", "umoptions", Nature::kConnection},
    BuiltIn{kInformation, "_pg_user_mappings", "umoptions", Nature::kConnection},
    BuiltIn{kInformation, "user_mapping_options", "option_value", Nature::kConnection},
};
// clang-format on

bool is_of(const BuiltIn& entry, const catalog::Relation& relation) {
  if (entry.relation != relation.name) return false;
  return entry.schema.empty() ? relation.is_view()
                              : relation.system() && entry.schema == relation.schema;
}

void hide(ColumnLabel& label) {
  label.hidden = true;
  label.decision.shape = Shape::kWhole;
  label.decision.confidence = 1;
  label.decision.evidence = {"holds values of other tables' rows"};
}

void decide(ColumnLabel& label, Nature nature) {
  ColumnDecision& decision = label.decision;
  decision.confidence = 1;
  switch (nature) {
    case Nature::kRows:
      hide(label);
      return;
    case Nature::kStatements:
      decision.shape = Shape::kFreeText;
      decision.evidence = {"holds texts of statements, with the values in them"};
      return;
    case Nature::kHash:
      decision.shape = Shape::kWhole;
      decision.cls = Class::kPasswordHash;
      decision.evidence = {"holds hashes of passwords"};
      return;
    case Nature::kConnection:
      decision.shape = Shape::kWhole;
      decision.cls = Class::kConnectionString;
      decision.evidence = {"holds what connections are made with"};
      return;
  }
}

TableLabels bare(const catalog::Relation& relation) {
  TableLabels out;
  out.oid = relation.oid;
  out.schema = relation.schema;
  out.name = relation.name;
  for (const catalog::Column& each : relation.columns) {
    ColumnLabel& label = out.columns.emplace_back();
    label.number = each.number;
    label.name = each.name;
    label.type = each.type_name;
  }
  return out;
}

}  // namespace

std::optional<TableLabels> built_in_labels(const catalog::Relation& relation) {
  TableLabels out = bare(relation);
  if (relation.kind == catalog::RelationKind::kToast) {
    // The catalog does not list their columns, which are always these.
    out.columns.resize(3);
    out.columns[0].name = "chunk_id";
    out.columns[1].name = "chunk_seq";
    out.columns[2].name = "chunk_data";
    for (size_t i = 0; i < 3; ++i) out.columns[i].number = static_cast<int16_t>(i + 1);
    hide(out.columns[2]);
    return out;
  }
  bool known = relation.system() || relation.kind == catalog::RelationKind::kSequence;
  for (const BuiltIn& entry : kBuiltIn) {
    if (!is_of(entry, relation)) continue;
    known = true;
    for (ColumnLabel& label : out.columns)
      if (label.name == entry.column) decide(label, entry.nature);
  }
  if (!known) return std::nullopt;
  return out;
}

}  // namespace sluice::privacy
