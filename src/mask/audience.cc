#include "mask/audience.h"

#include <algorithm>

namespace sluice::mask {
namespace {

using privacy::Class;
using privacy::Shape;

Treatment treatment_of(const Audience& audience, const catalog::Relation* relation,
                       const catalog::Column* column) {
  Treatment treatment;
  for (const auto& info : privacy::classes()) {
    const auto veil = audience.exposure.veil(relation, column, info.id, audience.catalog.get());
    if (veil.masked) treatment.of(info.id) = rule_for(info.id, veil.method);
  }
  return treatment;
}

}  // namespace

Treatment treatment_anywhere(const policy::Exposure& exposure) {
  Treatment treatment;
  for (const auto& info : privacy::classes()) {
    const auto veil = exposure.veil(nullptr, nullptr, info.id);
    if (veil.masked) treatment.of(info.id) = rule_for(info.id, veil.method);
  }
  return treatment;
}

namespace {

bool shows_all(const Treatment& treatment) {
  return std::none_of(treatment.rules.begin(), treatment.rules.end(),
                      [](const auto& rule) { return rule.has_value(); });
}

/// Of what is not known nothing is shown, unless a rule shows everything.
void hide_unknown(const Audience& audience, const catalog::Relation& relation,
                  const catalog::Column* column, ColumnView& out) {
  const auto veil = audience.exposure.veil_unknown(&relation, column, audience.catalog.get());
  out.rule = veil.rule;
  if (!veil.masked) return;
  out.plan = redacted();
  out.predicates = veil.predicates;
  out.aggregates = veil.aggregates;
}

void hide_whole(const Audience& audience, const catalog::Relation& relation,
                const catalog::Column& column, const privacy::ColumnLabel& label, ColumnView& out) {
  const Class cls = label.decision.cls;
  if (label.mixed) {
    out.sensitive = true;
    return hide_unknown(audience, relation, &column, out);
  }
  const auto veil = audience.exposure.veil(&relation, &column, cls, audience.catalog.get());
  out.cls = cls;
  out.sensitive = privacy::masked_by_default(cls);
  out.rule = veil.rule;
  if (!veil.masked) {
    // Shown; who has seen it is remembered.
    if (out.sensitive) out.plan.cls = cls;
    out.plan.raw_known = false;
    return;
  }
  out.plan.shape = Shape::kWhole;
  out.plan.cls = cls;
  out.plan.raw_known = cls != Class::kNone;
  out.plan.rule = rule_for(cls, veil.method);
  out.predicates = veil.predicates;
  out.aggregates = veil.aggregates;
}

void hide_parts(const Audience& audience, const catalog::Relation& relation,
                const catalog::Column& column, const privacy::ColumnLabel& label,
                const privacy::TableLabels& table, ColumnView& out) {
  auto treatment = std::make_shared<const Treatment>(treatment_of(audience, &relation, &column));
  if (shows_all(*treatment)) return;
  // What a text may hold is asked as its likeliest class: rules that name the column decide.
  const auto veil =
      audience.exposure.veil(&relation, &column, Class::kPersonName, audience.catalog.get());
  out.rule = veil.rule;
  out.predicates = veil.masked ? veil.predicates : policy::Predicates::kEquality;
  out.aggregates = false;
  out.plan.shape = label.decision.shape;
  out.plan.people = label.decision.people;
  out.plan.treatment = std::move(treatment);
  out.plan.names = label.parts.empty() ? std::vector<std::string>{label.name} : label.parts;
  const size_t key = static_cast<size_t>(label.decision.key_column);
  if (label.decision.shape == Shape::kByKey && key < table.columns.size()) {
    out.key = {relation.oid, table.columns[key].number};
  }
}

/// A row shows all its columns.
ColumnView view_of_row(const Audience& audience, const catalog::Relation& relation) {
  ColumnView out;
  out.name = relation.qualified_name() + ".*";
  for (const auto& column : relation.columns) {
    const ColumnView one = view(audience, {relation.oid, column.number});
    out.labelled = out.labelled && one.labelled;
    out.sensitive = out.sensitive || one.sensitive;
    if (!one.hidden()) continue;
    out.plan = redacted();
    out.rule = one.rule;
    out.proven = one.proven && (out.proven || !out.hidden());
    out.predicates = std::min(out.predicates, one.predicates);
    out.aggregates = false;
  }
  return out;
}

}  // namespace

Audience::Audience(std::shared_ptr<const catalog::Catalog> what,
                   std::shared_ptr<const TypeSource> made_of,
                   std::shared_ptr<const privacy::Labels> known, policy::Exposure shown)
    : catalog(std::move(what)),
      labels(std::move(known)),
      exposure(std::move(shown)),
      types(std::move(made_of)) {
  anywhere = treatment_of(*this, nullptr, nullptr);
  hides_something = !shows_all(anywhere);
}

bool needs_label(const Audience& audience, catalog::Oid oid) {
  using Kind = catalog::RelationKind;
  const auto* relation = audience.catalog->relation(oid);
  if (relation == nullptr || relation->system()) return false;
  if (relation->persistence == 't' && relation->kind != Kind::kForeignTable) return false;
  const bool holds_rows =
      relation->kind == Kind::kTable || relation->kind == Kind::kPartitionedTable ||
      relation->kind == Kind::kForeignTable || relation->kind == Kind::kMaterializedView;
  if (!holds_rows) return false;
  const auto* table = audience.labels->table(oid);
  return table == nullptr ||
         std::any_of(relation->columns.begin(), relation->columns.end(), [&](const auto& column) {
           const auto* label = table->column(column.number);
           return label == nullptr || label->name != column.name || label->type != column.type_name;
         });
}

ColumnView view(const Audience& audience, sql::ColumnRef ref) {
  ColumnView out;
  const auto* relation = audience.catalog->relation(ref.relation);
  // Of a session's own tables it knows the contents: nothing hidden can be written to them.
  const bool own = relation != nullptr && relation->persistence == 't' &&
                   relation->kind != catalog::RelationKind::kForeignTable;
  if (relation == nullptr || own) return out;
  if (ref.column == 0) return view_of_row(audience, *relation);
  const auto* column = relation->column(ref.column);
  if (column == nullptr && ref.column > 0) hide_unknown(audience, *relation, nullptr, out);
  if (column == nullptr) return out;  // A system column tells nothing.
  out.name = relation->qualified_name() + "." + column->name;
  out.type = column->type_name;
  if (needs_label(audience, ref.relation)) {
    out.labelled = out.proven = false;
    hide_unknown(audience, *relation, column, out);
    return out;
  }
  // Where long values of other tables lie, in pieces.
  if (relation->kind == catalog::RelationKind::kToast || relation->schema == "pg_toast") {
    hide_unknown(audience, *relation, column, out);
    return out;
  }
  const auto found = audience.labels->tables().find(ref.relation);
  if (found == audience.labels->tables().end()) return out;  // Tells nothing about rows.
  const privacy::TableLabels& table = *found->second;
  const auto* label = table.column(ref.column);
  if (label == nullptr) return out;
  if (label->hidden) {
    out.sensitive = true;
    hide_unknown(audience, *relation, column, out);
    return out;
  }
  switch (label->decision.shape) {
    case Shape::kNone:
      // A rule may name the column, whatever it holds.
      if (!audience.exposure.empty()) hide_whole(audience, *relation, *column, *label, out);
      if (!out.hidden() && label->unproven) {
        out.proven = false;
        hide_parts(audience, *relation, *column, *label, table, out);
        if (out.hidden()) out.plan.shape = Shape::kFreeText;
      }
      break;
    case Shape::kWhole:
      hide_whole(audience, *relation, *column, *label, out);
      break;
    default:
      hide_parts(audience, *relation, *column, *label, table, out);
  }
  out.plan.harmless = std::shared_ptr<const privacy::WordSet>(found->second, &table.harmless);
  return out;
}

}  // namespace sluice::mask
