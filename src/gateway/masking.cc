#include "gateway/masking.h"

#include <algorithm>

#include <fmt/format.h>

#include "mask/catalog_types.h"

namespace sluice::gateway {
namespace {

namespace pg = wire::postgres;
using privacy::Shape;

/// What a statement's results look like does not change often; formats may.
constexpr size_t kMostDescribed = 8;

const mask::ResultPlan& nothing_known() {
  static const mask::ResultPlan kUnknown = [] {
    mask::ResultPlan plan;
    plan.masks = plan.hides_unknown = true;
    return plan;
  }();
  return kUnknown;
}

/// What the text and the server's description say together: the stricter counts. A relation that
/// the catalog does not have (yet) may hold anything; a view is not looked through.
void plan_column(const mask::ResultPlan& result, size_t i, const pg::FieldDescription& field,
                 bool by_origin, const mask::Audience& audience, mask::ColumnPlan& plan,
                 mask::ColumnNote& note) {
  const bool hidden = i < result.columns.size() && result.columns[i].shape == Shape::kWhole &&
                      result.columns[i].cls == privacy::Class::kNone;
  // What the text says nobody may see is hidden wherever the server says that it comes from: under
  // a column's name a rule may send something else.
  const bool told = i < result.columns.size() && (!by_origin || hidden);
  if (told) {
    plan = result.columns[i];
    note = result.notes[i];
    if (plan.shape != Shape::kNone || field.table == 0) return;
  }
  const auto* relation = audience.catalog->relation(field.table);
  const bool view = relation != nullptr && relation->kind == catalog::RelationKind::kView;
  if (view && told) return;
  if (relation == nullptr || view) {
    plan = mask::redacted();
    note = {"unknown", privacy::Class::kNone, "default"};
    return;
  }
  auto origin = mask::plan_origin(audience, {field.table, field.column});
  plan = std::move(origin.plan);
  note = std::move(origin.note);
}

Result<RowPlanPtr> compile(std::vector<mask::ColumnPlan> plans, std::vector<mask::ColumnNote> notes,
                           const std::vector<mask::FieldType>& types,
                           const mask::Audience& audience,
                           const std::shared_ptr<const mask::Permuter>& permuter) {
  auto out = std::make_shared<RowPlan>();
  const bool any = std::any_of(plans.begin(), plans.end(), [](const auto& plan) {
    return plan.shape != Shape::kNone || plan.cls != privacy::Class::kNone;
  });
  if (!any) return out;
  for (const auto& plan : plans) {
    out->methods.emplace_back(plan.shape == Shape::kNone    ? ""
                              : plan.shape == Shape::kWhole ? mask::name(plan.rule.strategy)
                                                            : "found");
  }
  SLUICE_ASSIGN(out->masker,
                mask::RowMasker::compile(std::move(plans), types, permuter, audience.types));
  out->notes = std::move(notes);
  return out;
}

Result<RowPlanPtr> describe(const mask::ResultPlan& result, Bytes row_description,
                            const mask::Audience& audience,
                            const std::shared_ptr<const mask::Permuter>& permuter) {
  SLUICE_ASSIGN(const auto fields, pg::decode_row_description(row_description));
  // Should the text have been taken for another: by what the server says, else not at all.
  const bool by_origin = result.hides_unknown || fields.size() != result.columns.size();
  std::vector<mask::ColumnPlan> plans(fields.size());
  std::vector<mask::ColumnNote> notes(fields.size());
  std::vector<mask::FieldType> types;
  for (size_t i = 0; i < fields.size(); ++i) {
    plan_column(result, i, fields[i], by_origin, audience, plans[i], notes[i]);
    types.push_back({{fields[i].type, fields[i].type_modifier},
                     fields[i].format == 1 ? mask::Format::kBinary : mask::Format::kText});
  }
  return compile(std::move(plans), std::move(notes), types, audience, permuter);
}

/// The type of a column of COPY TO, where it is one of a table as it stands; else 0.
mask::TypeRef type_of(const sql::OutputColumn& column, const catalog::Catalog& catalog) {
  if (column.sources.size() != 1 || !column.sources[0].as_is || column.unknown) return {};
  const auto ref = column.sources[0].column;
  const auto* relation = catalog.relation(ref.relation);
  const auto* found = relation == nullptr ? nullptr : relation->column(ref.column);
  return found == nullptr ? mask::TypeRef{} : mask::TypeRef{found->type, -1};
}

}  // namespace

AudiencePtr Audiences::intern(const std::shared_ptr<const catalog::Catalog>& catalog,
                              const std::shared_ptr<const privacy::Labels>& labels,
                              const policy::Exposure& exposure) {
  for (const auto& weak : known_) {
    auto known = weak.lock();
    if (known && known->audience.catalog == catalog && known->audience.labels == labels &&
        known->audience.exposure == exposure) {
      return known;
    }
  }
  std::erase_if(known_, [](const auto& weak) { return weak.expired(); });
  auto made = std::make_shared<const NumberedAudience>(
      NumberedAudience{next_++, mask::Audience(catalog, types_of(*catalog), labels, exposure)});
  known_.push_back(made);
  return made;
}

std::shared_ptr<const mask::TypeSource> Audiences::types_of(const catalog::Catalog& catalog) {
  auto types = types_of_ == catalog.id() ? types_.lock() : nullptr;
  if (!types) types = std::make_shared<const mask::CatalogTypes>(catalog);
  types_of_ = catalog.id();
  types_ = types;
  return types;
}

Result<RowPlanPtr> Masking::rows(size_t result, Bytes row_description,
                                 const mask::Audience& audience,
                                 const std::shared_ptr<const mask::Permuter>& permuter) const {
  for (const Described& known : described_) {
    if (known.result == result && known.row_description == row_description) return known.plan;
  }
  const auto& what = result < plan_.results.size() ? plan_.results[result] : nothing_known();
  // Of no table: SHOW, EXPLAIN.
  if (what.columns.empty() && !what.hides_unknown) return std::make_shared<const RowPlan>();
  SLUICE_ASSIGN(auto plan, describe(what, row_description, audience, permuter));
  if (described_.size() >= kMostDescribed) described_.clear();
  described_.push_back({result, std::string(row_description), plan});
  return plan;
}

Result<RowPlanPtr> Masking::copied(size_t result, const sql::StatementResult& copy,
                                   const mask::Audience& audience,
                                   const std::shared_ptr<const mask::Permuter>& permuter) const {
  if (result >= plan_.results.size() || plan_.results[result].hides_unknown) {
    return fail(ErrorCode::kDenied, "what it copies cannot be told column by column");
  }
  const auto& what = plan_.results[result];
  const bool binary = copy.copy && copy.copy->format == "binary";
  auto plans = what.columns;
  std::vector<mask::FieldType> types;
  for (size_t i = 0; i < copy.columns.size() && i < plans.size(); ++i) {
    const auto type = type_of(copy.columns[i], *audience.catalog);
    // Of an expression the data does not tell the type: NULL is of any.
    if (type.oid == 0 && plans[i].shape != Shape::kNone) {
      plans[i] = mask::redacted();
      plans[i].rule.strategy = mask::Strategy::kNull;
    }
    types.push_back({type, binary ? mask::Format::kBinary : mask::Format::kText});
  }
  return compile(std::move(plans), what.notes, types, audience, permuter);
}

Result<RowPlanPtr> rows_by_origin(Bytes row_description, const mask::Audience& audience,
                                  const std::shared_ptr<const mask::Permuter>& permuter) {
  return describe(nothing_known(), row_description, audience, permuter);
}

std::vector<std::string> shown_columns(const MaskedRows& rows) {
  std::vector<std::string> out;
  for (size_t i = 0; i < rows.plan->notes.size(); ++i) {
    const auto& note = rows.plan->notes[i];
    if (note.column.empty() || rows.plan->masker->masks(i)) continue;
    out.push_back(fmt::format("{} {} {}", note.column, privacy::name(note.cls),
                              note.rule.empty() ? "default" : note.rule));
  }
  return out;
}

uint64_t masked_count(const MaskedRows& rows) {
  uint64_t total = 0;
  for (const auto& count : rows.copy ? rows.copy->counts() : rows.scratch.counts)
    total += count.values;
  return total;
}

std::vector<std::string> masked_values(const MaskedRows& rows) {
  std::vector<std::string> out;
  const auto& counts = rows.copy ? rows.copy->counts() : rows.scratch.counts;
  for (size_t i = 0; i < counts.size() && i < rows.plan->notes.size(); ++i) {
    if (counts[i].values == 0) continue;
    const auto& note = rows.plan->notes[i];
    for (size_t c = 0; c < counts[i].finds.size(); ++c) {
      if (counts[i].finds[c] == 0) continue;
      out.push_back(fmt::format("{} {} {} {}", note.column.empty() ? "unknown" : note.column,
                                privacy::name(static_cast<privacy::Class>(c)),
                                note.rule.empty() ? "default" : note.rule, counts[i].finds[c]));
    }
  }
  return out;
}

}  // namespace sluice::gateway
