#include <algorithm>

#include "catalog/diff_report.h"

namespace sluice::catalog {

namespace {

using What = Change::What;

std::string_view kind_of(const Relation& relation) {
  switch (relation.kind) {
    case RelationKind::kTable:
    case RelationKind::kPartitionedTable:
      return "table";
    case RelationKind::kView:
      return "view";
    case RelationKind::kMaterializedView:
      return "materialized view";
    case RelationKind::kForeignTable:
      return "foreign table";
    case RelationKind::kSequence:
      return "sequence";
    case RelationKind::kCompositeType:
      return "type";
    case RelationKind::kIndex:
    case RelationKind::kPartitionedIndex:
    case RelationKind::kToast:
      break;
  }
  return "";  // told with the table they belong to
}

bool of_interest(const Relation& relation) {
  return !relation.system() && relation.persistence != 't' && !kind_of(relation).empty();
}

std::string_view persistence_name(char persistence) {
  return persistence == 'u' ? "unlogged" : "logged";
}

std::string_view enabled_name(char enabled) {
  switch (enabled) {
    case 'O':
      return "enabled";
    case 'D':
      return "disabled";
    case 'R':
      return "enabled on replicas";
    default:
      return "always enabled";
  }
}

/// How a column's value comes about: "default now()", "generated (a * 2)", "identity".
std::string value_of(const Column& column) {
  if (column.identity) return "identity";
  if (column.generated) return "generated " + column.default_text;
  return column.has_default ? "default " + column.default_text : "";
}

/// "integer not null default 0"
std::string describe(const Column& column) {
  std::string out = column.type_name;
  if (column.not_null) out += " not null";
  if (const std::string value = value_of(column); !value.empty()) out += " " + value;
  return out;
}

std::string describe(const Relation& relation) {
  if (relation.is_view()) return relation.view_definition;
  std::string out;
  for (const Column& column : relation.columns) {
    out += out.empty() ? "" : ", ";
    out += column.name + " " + describe(column);
  }
  return out;
}

std::string name_in(const Catalog& catalog, Oid relation) {
  const Relation* found = catalog.relation(relation);
  return found == nullptr ? std::to_string(relation) : found->qualified_name();
}

/// One relation that was there before and is there now.
class RelationDiff {
 public:
  RelationDiff(const Catalog& before, const Catalog& after, const Relation& a, const Relation& b,
               DiffReport& report)
      : before_(before), after_(after), a_(a), b_(b), report_(report) {}

  void run() {
    itself();
    parents();
    columns();
    indexes();
    constraints();
    triggers();
    rules();
  }

 private:
  void altered(std::string detail) {
    report_.add(What::kAltered, kind_of(b_), b_.schema, b_.name, std::move(detail));
  }
  void part(What what, std::string_view kind, std::string_view name, std::string detail) {
    report_.add(what, kind, b_.schema, b_.name + "." + std::string(name), std::move(detail));
  }

  /// Of two definitions; one that could not be read tells nothing.
  bool changed(const std::string& a, const std::string& b) const {
    return !a.empty() && !b.empty() && !report_.same(a, b);
  }

  void itself();
  void parents();
  void columns();
  void column(const Column& a, const Column& b);
  void indexes();
  void constraints();
  void triggers();
  void rules();
  /// Reports what has one definition and perhaps an identifier; `more` adds what is said besides.
  template <typename T, typename Id, typename More>
  void parts(std::string_view kind, const std::vector<T>& a, const std::vector<T>& b, Id id,
             More more);

  const Catalog& before_;
  const Catalog& after_;
  const Relation& a_;
  const Relation& b_;
  DiffReport& report_;
};

void RelationDiff::itself() {
  if (a_.schema != b_.schema || a_.name != b_.name) altered("renamed from " + a_.qualified_name());
  if (a_.oid != b_.oid) altered("recreated");
  if (kind_of(a_) != kind_of(b_)) altered("kind " + arrow(kind_of(a_), kind_of(b_)));
  if (a_.owner != b_.owner) altered("owner " + arrow(a_.owner, b_.owner));
  if (a_.persistence != b_.persistence) altered(std::string(persistence_name(b_.persistence)));
  if (a_.row_security != b_.row_security) {
    altered(b_.row_security ? "row security on" : "row security off");
  } else if (a_.policies != b_.policies) {
    altered("policies of row security changed");
  }
  if (changed(a_.view_definition, b_.view_definition)) {
    altered("definition changed: " + b_.view_definition);
  }
  if (a_.comment != b_.comment) altered("comment " + arrow(a_.comment, b_.comment));
}

void RelationDiff::parents() {
  const auto has = [](const std::vector<Oid>& list, Oid oid) {
    return std::find(list.begin(), list.end(), oid) != list.end();
  };
  for (const Oid parent : b_.parents) {
    if (!has(a_.parents, parent)) altered("child of " + name_in(after_, parent));
  }
  for (const Oid parent : a_.parents) {
    if (!has(b_.parents, parent)) altered("no child of " + name_in(before_, parent) + " any more");
  }
}

void RelationDiff::columns() {
  // A relation made anew numbers its columns anew.
  const bool same_relation = a_.oid == b_.oid;
  const auto all = [](const Column&) { return true; };
  const auto id = [&](const Column& item) {
    return same_relation ? static_cast<Oid>(static_cast<uint16_t>(item.number)) : 0;
  };
  const auto key = [](const Column& item) { return item.name; };
  for (const auto& [a, b] : pair_up(pick(a_.columns, all), pick(b_.columns, all), id, key)) {
    if (b == nullptr) {
      part(What::kRemoved, "column", a->name, describe(*a));
    } else if (a == nullptr) {
      part(What::kAdded, "column", b->name, describe(*b));
    } else {
      column(*a, *b);
    }
  }
}

void RelationDiff::column(const Column& a, const Column& b) {
  const auto say = [&](std::string detail) {
    part(What::kAltered, "column", b.name, std::move(detail));
  };
  if (a.name != b.name) say("renamed from " + a.name);
  // Dropped and added again: another number, the same name.
  if (a_.oid == b_.oid && a.number != b.number) say("recreated");
  if (a.type != b.type || !report_.same(a.type_name, b.type_name)) {
    say("type " + arrow(a.type_name, b.type_name));
  }
  if (a.not_null != b.not_null) say(b.not_null ? "not null" : "null allowed");
  const bool both_read =
      (!a.has_default || !a.default_text.empty()) && (!b.has_default || !b.default_text.empty());
  if (both_read && !report_.same(value_of(a), value_of(b))) say(arrow(value_of(a), value_of(b)));
  if (a.comment != b.comment) say("comment " + arrow(a.comment, b.comment));
}

template <typename T, typename Id, typename More>
void RelationDiff::parts(std::string_view kind, const std::vector<T>& before,
                         const std::vector<T>& after, Id id, More more) {
  const auto all = [](const T&) { return true; };
  const auto key = [](const T& item) { return item.name; };
  for (const auto& [a, b] : pair_up(pick(before, all), pick(after, all), id, key)) {
    if (b == nullptr) {
      part(What::kRemoved, kind, a->name, a->definition);
      continue;
    }
    if (a == nullptr) {
      part(What::kAdded, kind, b->name, b->definition);
      continue;
    }
    const auto say = [&, name = b->name](std::string detail) {
      part(What::kAltered, kind, name, std::move(detail));
    };
    if (a->name != b->name) say("renamed from " + a->name);
    // With the relation itself made anew, so is all of it.
    if (id(*a) != id(*b) && a_.oid == b_.oid) say("recreated");
    const bool only_renamed = a->name != b->name && id(*a) == id(*b);
    if (!only_renamed && changed(a->definition, b->definition)) {
      say("definition changed: " + b->definition);
    }
    more(*a, *b, say);
  }
}

void RelationDiff::indexes() {
  const auto id = [](const Index& item) { return item.oid; };
  parts("index", a_.indexes, b_.indexes, id, [](const Index& a, const Index& b, const auto& say) {
    if (a.valid != b.valid) say(b.valid ? "valid" : "invalid");
    if (a.primary != b.primary) say(b.primary ? "primary key" : "no primary key");
  });
}

void RelationDiff::constraints() {
  const auto id = [](const Constraint& item) { return item.oid; };
  parts("constraint", a_.constraints, b_.constraints, id,
        [](const Constraint& a, const Constraint& b, const auto& say) {
          if (a.validated != b.validated) say(b.validated ? "validated" : "not validated");
        });
}

void RelationDiff::triggers() {
  const auto id = [](const Trigger&) { return Oid{0}; };
  parts("trigger", a_.triggers, b_.triggers, id,
        [](const Trigger& a, const Trigger& b, const auto& say) {
          if (a.enabled != b.enabled) say(std::string(enabled_name(b.enabled)));
        });
}

void RelationDiff::rules() {
  const auto id = [](const Rule&) { return Oid{0}; };
  parts("rule", a_.rules, b_.rules, id, [](const Rule& a, const Rule& b, const auto& say) {
    if (a.enabled != b.enabled) say(std::string(enabled_name(b.enabled)));
  });
}

}  // namespace

void diff_relations(const Catalog& before, const Catalog& after, DiffReport& report) {
  const auto id = [](const Relation& item) { return item.oid; };
  // Tables and views share their names; a type only matches a type.
  const auto key = [](const Relation& item) {
    return item.schema + '\0' + item.name + '\0' +
           (item.kind == RelationKind::kCompositeType ? 'c' : 'r');
  };
  for (const auto& [a, b] : pair_up(pick(before.relations(), of_interest),
                                    pick(after.relations(), of_interest), id, key)) {
    if (b == nullptr) {
      report.add(What::kRemoved, kind_of(*a), a->schema, a->name, "");
    } else if (a == nullptr) {
      report.add(What::kAdded, kind_of(*b), b->schema, b->name, describe(*b));
    } else {
      RelationDiff(before, after, *a, *b, report).run();
    }
  }
}

}  // namespace sluice::catalog
