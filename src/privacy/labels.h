#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "catalog/catalog.h"
#include "privacy/columns.h"
#include "privacy/find.h"

namespace sluice::privacy {

/// What one column was found to hold.
struct ColumnLabel {
  int16_t number = 0;  ///< pg_attribute.attnum
  std::string name;
  std::string type;  ///< as format_type gives it
  ColumnDecision decision;
  size_t values = 0;               ///< of the sample, without NULL
  std::vector<std::string> parts;  ///< of a composite: the names of its parts
  std::string corrected_by;        ///< who said so; empty: it was found out
  /// What it was called when it was found to be sensitive: another name alone makes it no other.
  std::string formerly;
  /// Nothing was found, in so few values that this says little: they are searched as they pass.
  bool unproven = false;
  /// A copy's class is not all that it may hold: it is shown only to whom every class is.
  bool mixed = false;
  /// Never shown to anybody, whatever the class: values of other tables' rows, as pg_statistic has.
  bool hidden = false;

  /// Whether values of it are changed or kept back when no rule says otherwise.
  bool masked() const { return hidden || decision.masked(); }
};

/// What a table's columns were found to hold.
struct TableLabels {
  catalog::Oid oid = 0;
  std::string schema, name;
  std::vector<ColumnLabel> columns;  ///< by number
  size_t sampled = 0;                ///< rows that were looked at
  /// Words of columns that hold nothing sensitive: what they name is no person (Context::harmless).
  WordSet harmless;

  const ColumnLabel* column(int16_t number) const;
};

/// What the columns of one database hold, as far as it is known: immutable. A relation that is not
/// in it has not been classified yet.
class Labels {
 public:
  using Tables = std::unordered_map<catalog::Oid, std::shared_ptr<const TableLabels>>;
  explicit Labels(Tables tables = {});

  /// Never given to other labels while the process lives; for cache keys.
  uint64_t id() const { return id_; }
  const TableLabels* table(catalog::Oid oid) const;
  const Tables& tables() const { return tables_; }

 private:
  uint64_t id_;
  Tables tables_;
};

/// A person's word on one column, by name: it outlives tables that are made anew.
struct Correction {
  std::string schema, table, column;
  Class cls = Class::kNone;
  std::string by;
};

/// What a statement puts into a column: values of another one, with its class.
struct Copy {
  std::string schema, table;
  std::string column;  ///< empty: `number` says which, of a table that the statement makes
  int16_t number = 0;  ///< 0: any of its columns
  Class cls = Class::kNone;
  std::string from;  ///< "public.members.email"
  /// Nothing else is in the value: what is searched for in a text would not be found in it.
  bool alone = false;

  /// Whether it says more of a column than is known of it.
  bool tells_more(const ColumnLabel& label) const;

  friend bool operator==(const Copy&, const Copy&) = default;
};

using CopyIn = std::pair<std::string, Copy>;  ///< and in which database

/// What marks, in place of a person, that a correction was made for a copy (Correction::by).
inline constexpr std::string_view kCopyOf = "copy of ";
/// At its end: values of other classes were there, or came there, too (ColumnLabel::mixed).
inline constexpr std::string_view kWithOthers = ", with other classes";

/// Fewer values than these prove nothing (ColumnLabel::unproven).
inline constexpr size_t kFewValues = 20;

/// Decides on a table from its description and sample; `corrections` are those of any table.
TableLabels label(const catalog::Relation& relation, const TableInput& input,
                  const std::vector<Correction>& corrections);

/// Puts what people said in place of what was found; `corrections` are those of any table.
void correct(TableLabels& table, const std::vector<Correction>& corrections);

/// Takes over the classes of what was put into columns that hold nothing masked by themselves;
/// those of which people have spoken (Correction) stay as they are said to be.
void carry(TableLabels& table, const std::vector<Copy>& copies);

/// Takes over what is masked in a relative (parent, partition) for columns of the same name that
/// are not masked here: their rows are seen through one another.
void take_stronger(TableLabels& table, const TableLabels& relative);

/// What is known of a table by its nature: catalogs and views of the system, extensions' views that
/// show other people's statements, TOAST tables, sequences. Nothing for all others.
std::optional<TableLabels> built_in_labels(const catalog::Relation& relation);

}  // namespace sluice::privacy
