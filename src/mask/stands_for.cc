#include "mask/stands_for.h"

#include <array>
#include <memory>

#include "mask/row_masker.h"

namespace sluice::mask {
namespace {

std::optional<std::string> masked(const ColumnPlan& plan, TypeRef type, Bytes value,
                                  const Permuter& permuter, const Audience& audience) {
  const FieldType field{type, Format::kText};
  const auto masker = RowMasker::compile(
      {plan}, std::span(&field, 1), std::make_shared<const Permuter>(permuter), audience.types);
  if (!masker) return std::nullopt;
  const std::array<Cell, 1> row = {value};
  RowScratch scratch;
  std::string out;
  (*masker)->begin_row(row, scratch);
  const auto done = (*masker)->mask_value(0, row, scratch, out);
  return done && *done == Masked::kValue ? std::optional(out) : std::nullopt;
}

}  // namespace

std::optional<std::string> stands_for(const Audience& audience, sql::ColumnRef column,
                                      Bytes pseudonym, const Permuter& permuter) {
  const auto* relation = audience.catalog->relation(column.relation);
  const auto* found = relation == nullptr ? nullptr : relation->column(column.column);
  const ColumnPlan plan = view(audience, column).plan;
  const bool shown = plan.shape == privacy::Shape::kWhole && !plan.constant &&
                     plan.rule.strategy == Strategy::kPseudonym;
  if (found == nullptr || !shown) return std::nullopt;
  const TypeRef type{found->type, -1};
  auto real = masked(plan, type, pseudonym, permuter.backwards(), audience);
  // Only what leads there and back is believed.
  if (!real || masked(plan, type, *real, permuter, audience) != pseudonym) return std::nullopt;
  return real;
}

}  // namespace sluice::mask
