#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mask/audience.h"

namespace sluice::mask {

/// What a column of a result is called on the record.
struct ColumnNote {
  std::string column;  ///< "public.members.email"; of an expression what it is made of
  privacy::Class cls = privacy::Class::kNone;
  std::string rule;
};

/// What happens to the rows of one top-level statement.
struct ResultPlan {
  std::vector<ColumnPlan> columns;
  std::vector<ColumnNote> notes;  ///< one for each of `columns`
  bool masks = false;             ///< some column is not shown as it is
  bool sees = false;              ///< some column's values are told to Sightings
  /// Columns that the text does not tell of (unknown_columns) are redacted, but for those that the
  /// server says come from a column that is shown.
  bool hides_unknown = false;
};

/// Why a statement is refused for what it does with hidden columns.
struct Objection {
  std::string column;   ///< "public.members.email"
  std::string message;  ///< for the client
  std::string hint;
};

/// A column of which pseudonyms are shown, compared with a constant or parameter.
struct ComparedPseudonym {
  sql::ComparedConstant with;
  std::string column;  ///< "public.members.email"
};

/// What is done about one text for one audience.
struct StatementPlan {
  std::vector<ResultPlan> results;  ///< as StatementFacts::results
  /// Tables that have not been classified yet; their columns count as sensitive.
  std::vector<catalog::Oid> unlabelled;
  std::vector<std::string> released;  ///< "column class rule" of sensitive columns that are shown
  bool hides = false;                 ///< rows that it reaches hold something hidden
  bool opaque = false;                ///< it runs code that may say anything in its messages
  bool fills_hidden = false;          ///< it writes hidden columns
  /// Hidden columns ("public.members.email") of rows that there are already, which it writes.
  std::vector<std::string> overwritten;
  std::vector<ComparedPseudonym> compared;
  size_t guesses = 0;  ///< with how many values hidden columns are compared, at most
  std::optional<Objection> objection;
  std::vector<privacy::Copy> copies;  ///< what takes a class along to where it is written

  /// Some row it returns is not shown as it is.
  bool masks() const;
  /// Sensitive values are among what it returns, whether they are shown or not.
  bool sees() const;
  /// Nothing about it is to be done or remembered.
  bool idle() const {
    return !masks() && !sees() && !hides && !fills_hidden && !objection && released.empty() &&
           unlabelled.empty() && copies.empty();
  }
};

StatementPlan plan(const sql::StatementFacts& facts, const Audience& audience);

/// What is done with a column of a result that the server says is column `column` of a relation as
/// it stands. Views are not looked through.
struct OriginPlan {
  ColumnPlan plan;
  ColumnNote note;
};
OriginPlan plan_origin(const Audience& audience, sql::ColumnRef column);

}  // namespace sluice::mask
