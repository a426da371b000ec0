#include "policy/match_classes.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sluice::policy {
namespace {

/// What one column holds, kFreeText for whatever people put into it; none where that is not known.
using Held = std::optional<privacy::Class>;
constexpr auto kFreeText = privacy::Class::kCount;

/// How many classes of a whole table are told.
constexpr size_t kMostTold = 8;

Held held_by(const privacy::ColumnLabel* label) {
  if (label == nullptr || label->hidden || label->mixed) return std::nullopt;
  switch (label->decision.shape) {
    case privacy::Shape::kNone:
      return privacy::Class::kNone;
    case privacy::Shape::kWhole:
      return label->decision.cls;
    default:
      return kFreeText;
  }
}

/// Views are told by what they read; sequences, indexes and types have no values of anybody's.
bool has_labels(const catalog::Relation& relation) {
  switch (relation.kind) {
    case catalog::RelationKind::kTable:
    case catalog::RelationKind::kPartitionedTable:
    case catalog::RelationKind::kMaterializedView:
    case catalog::RelationKind::kForeignTable:
      return true;
    default:
      return false;
  }
}

const catalog::Relation* relation_of(const Demand& demand, const Question& question) {
  if (demand.object == nullptr || demand.object->oid == 0 || question.catalog == nullptr)
    return nullptr;
  return question.catalog->relation(demand.object->oid);
}

const privacy::TableLabels* labels_of(const Demand& demand, const Question& question) {
  if (demand.object == nullptr || demand.object->oid == 0 || question.labels == nullptr)
    return nullptr;
  return question.labels->table(demand.object->oid);
}

/// What a demand's column holds, or each of its relation.
std::vector<Held> held(const Demand& demand, const catalog::Relation& relation,
                       const privacy::TableLabels& labels) {
  std::vector<Held> out;
  for (const catalog::Column& column : relation.columns) {
    if (demand.part == ColumnPart::kOne && column.name != demand.column) continue;
    out.push_back(held_by(labels.column(column.number)));
  }
  if (out.empty()) out.emplace_back();
  return out;
}

bool everything(const ClassChoice& choice) { return choice.free_text && choice.chosen.all(); }

/// Certain where all agree.
Truth matches_all(const ClassChoice& choice, const std::vector<Held>& all) {
  Truth least = Truth::kYes, most = Truth::kNo;
  for (const Held& one : all) {
    Truth is = everything(choice) ? Truth::kYes : Truth::kMaybe;
    if (one) is = truth(*one == kFreeText ? choice.free_text : has(choice.chosen, *one));
    least = both(least, is);
    most = either(most, is);
  }
  return least == most ? least : Truth::kMaybe;
}

}  // namespace

Truth matches_classes(const ClassChoice& choice, const Demand& demand, const Question& question,
                      bool allow) {
  if (demand.part == ColumnPart::kNone) return truth(allow);
  const catalog::Relation* relation = relation_of(demand, question);
  const privacy::TableLabels* labels = labels_of(demand, question);
  if (labels != nullptr && relation != nullptr)
    return matches_all(choice, held(demand, *relation, *labels));
  if (relation != nullptr && !has_labels(*relation))
    return question.facts.unresolved ? Truth::kMaybe : Truth::kNo;
  // The system's own that are not told of say nothing about rows.
  if (demand.verb == Verb::kReadCatalog) return Truth::kNo;
  // What is only being made has no values yet; what goes into it is read elsewhere.
  const bool made = demand.verb == Verb::kCreate && demand.object != nullptr &&
                    demand.object->oid == 0 && !question.facts.unresolved;
  if (made) return Truth::kNo;
  return everything(choice) ? Truth::kYes : Truth::kMaybe;
}

std::string held_classes(const Demand& demand, const Question& question) {
  if (demand.part == ColumnPart::kNone || (bit(demand.verb) & kOnRelations) == 0) return "";
  const catalog::Relation* relation = relation_of(demand, question);
  if (relation == nullptr) return "";
  const privacy::TableLabels* labels = labels_of(demand, question);
  if (labels == nullptr) return has_labels(*relation) ? "not classified" : "";
  std::vector<std::string_view> names;
  for (const Held& one : held(demand, *relation, *labels)) {
    const std::string_view name = !one                ? "not classified"
                                  : *one == kFreeText ? "free_text"
                                                      : privacy::name(*one);
    if (one == privacy::Class::kNone || names.size() >= kMostTold) continue;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

std::pair<Truth, const Demand*> strongest_of_classes(const ClassChoice& choice,
                                                     const Question& question) {
  Truth best = Truth::kNo;
  const Demand* found = nullptr;
  for (const Demand& demand : question.demands) {
    // It may use anything.
    const bool unknown = demand.verb == Verb::kDynamicSql;
    if (!unknown && (bit(demand.verb) & kOnRelations) == 0) continue;
    const Truth is =
        unknown ? Truth::kMaybe : matches_classes(choice, demand, question, /*allow=*/false);
    if (is > best) found = &demand;
    best = either(best, is);
  }
  return {best, found};
}

std::string used_classes(const ClassChoice& choice, const Question& question) {
  const auto [match, demand] = strongest_of_classes(choice, question);
  if (demand == nullptr) return "";
  if (demand->verb == Verb::kDynamicSql) return "it runs SQL that may use such columns";
  return fmt::format("it uses {} ({})", demand->object_text(), held_classes(*demand, question));
}

std::vector<catalog::Oid> unlabelled(const Question& question) {
  std::vector<catalog::Oid> out;
  for (const Demand& demand : question.demands) {
    const catalog::Relation* relation = relation_of(demand, question);
    if (relation == nullptr || !has_labels(*relation) || labels_of(demand, question) != nullptr ||
        std::find(out.begin(), out.end(), relation->oid) != out.end())
      continue;
    out.push_back(relation->oid);
  }
  return out;
}

}  // namespace sluice::policy
