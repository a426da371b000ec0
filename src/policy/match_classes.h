#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policy/match.h"

namespace sluice::policy {

/// Whether what a demand is done to holds values of the chosen classes. `allow`: where no column is
/// looked at, any is good enough.
Truth matches_classes(const ClassChoice& choice, const Demand& demand, const Question& question,
                      bool allow);

/// What the columns of a demand hold, for people: "email", "email, phone", "not classified";
/// "" where that is nothing, or they are no columns.
std::string held_classes(const Demand& demand, const Question& question);

/// For people: what column the statement uses that is, or may be, of the chosen classes: "it uses
/// public.members.email (email)"; "" if none.
std::string used_classes(const ClassChoice& choice, const Question& question);

/// The strongest match of any demand, and whose it is; null: kNo of all.
std::pair<Truth, const Demand*> strongest_of_classes(const ClassChoice& choice,
                                                     const Question& question);

/// Relations that the demands are about and that have not been classified.
std::vector<catalog::Oid> unlabelled(const Question& question);

}  // namespace sluice::policy
