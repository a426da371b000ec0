#pragma once

#include <vector>

#include "privacy/column_type.h"
#include "privacy/column_values.h"
#include "privacy/columns.h"
#include "privacy/name_words.h"

namespace sluice::privacy {

/// What find_people_columns needs of a column.
struct ColumnFacts {
  const ColumnInput* input = nullptr;
  const ValueStats* stats = nullptr;
  Concepts concepts;
  TypeKind type = TypeKind::kOther;
};

/// Whether a column holds what a person has or is: what stands beside it in a row is that person's.
bool is_of_person(const ColumnDecision& decision);

/// Columns of names that no name gives away: their values have the form of names and come again in
/// the e-mail addresses, user names or full names of the same rows, or are of great variety.
/// Changes the decisions of those.
void find_people_columns(const std::vector<ColumnFacts>& columns,
                         std::vector<ColumnDecision>& decisions);

/// Neighbouring columns of numbers that are latitudes and longitudes by their form.
void find_position_columns(const std::vector<ColumnFacts>& columns,
                           std::vector<ColumnDecision>& decisions);

/// Takes positions of what was built (stations, shops; the column or the table is called so) for
/// nobody's, where no name is about people, devices or vehicles.
void leave_positions_of_sites(std::string_view table, const std::vector<ColumnFacts>& columns,
                              std::vector<ColumnDecision>& decisions);

/// The share of values (keys of a key-value table) that are names of sensitive classes.
double key_share(const ColumnInput& keys);

}  // namespace sluice::privacy
