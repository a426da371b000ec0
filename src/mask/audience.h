#pragma once

#include <memory>

#include "catalog/catalog.h"
#include "mask/row_masker.h"
#include "mask/treatment.h"
#include "policy/exposure.h"
#include "privacy/labels.h"
#include "sql/statement_facts.h"

namespace sluice::mask {

/// Somebody to whom values of one database are shown, at one moment: all that this depends on.
/// Immutable.
struct Audience {
  std::shared_ptr<const catalog::Catalog> catalog;  ///< never null, as the others
  std::shared_ptr<const privacy::Labels> labels;
  policy::Exposure exposure;
  std::shared_ptr<const TypeSource> types;
  /// For texts of which nobody knows where they come from, such as messages of the server.
  Treatment anywhere;
  bool hides_something = false;  ///< of some class

  /// `made_of`: the types of the catalog.
  Audience(std::shared_ptr<const catalog::Catalog> what, std::shared_ptr<const TypeSource> made_of,
           std::shared_ptr<const privacy::Labels> known, policy::Exposure shown);
};

/// What is done with values of which nobody knows where they come from.
Treatment treatment_anywhere(const policy::Exposure& exposure);

/// How the values of one column, or of a whole row, are shown to an audience.
struct ColumnView {
  ColumnPlan plan;     ///< Shape::kNone: as they are
  sql::ColumnRef key;  ///< Shape::kByKey: the column that says what a value is
  std::string name;    ///< "public.members.email"
  std::string type;    ///< as format_type gives it; empty for a row
  privacy::Class cls = privacy::Class::kNone;  ///< of a column whose values are all of one
  std::string rule;        ///< that hides or shows it, "default" where none does
  bool sensitive = false;  ///< it has a class that is hidden by default
  bool proven = true;      ///< it is hidden for what it is, not for want of knowing it
  bool labelled = true;    ///< it has been classified
  bool aggregates = true;  ///< sums and the like of it are shown
  policy::Predicates predicates = policy::Predicates::kAny;

  bool hidden() const { return plan.shape != privacy::Shape::kNone; }
};

ColumnView view(const Audience& audience, sql::ColumnRef column);

/// The tables among these columns' that must be classified before anything of them is shown.
bool needs_label(const Audience& audience, catalog::Oid relation);

}  // namespace sluice::mask
