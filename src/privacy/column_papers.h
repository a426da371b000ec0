#pragma once

#include <vector>

#include "privacy/column_people.h"

namespace sluice::privacy {

/// Numbers of papers, accounts and cards' codes, which have no check digit, in columns whose names
/// say nothing: their form speaks only where the same rows hold other things of people, and where
/// it is no part number's. Changes the decisions of those.
void find_paper_columns(const std::vector<ColumnFacts>& columns,
                        std::vector<ColumnDecision>& decisions);

/// In a table of a few rows dates cannot be seen to spread over lifetimes. Beside what people have,
/// the first ones that all lie as far back as those of grown-ups are their birth.
void find_few_birth_dates(const std::vector<ColumnFacts>& columns, int year,
                          std::vector<ColumnDecision>& decisions);

/// A date without a telling name that goes on to our days is one of birth only in a table of
/// people, and only if these have no other: dates of issue and of release are spread like that.
void leave_recent_dates(const std::vector<ColumnFacts>& columns, int year,
                        std::vector<ColumnDecision>& decisions);

}  // namespace sluice::privacy
