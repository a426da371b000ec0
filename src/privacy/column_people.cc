#include "privacy/column_people.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <unordered_set>

#include <fmt/format.h>

#include "privacy/fold.h"
#include "privacy/known_names.h"
#include "privacy/name_class.h"
#include "privacy/scan.h"

namespace sluice::privacy {
namespace {

/// The share of rows where a word of one column's value stands within the other's.
double shared_words(const ColumnInput& names, const ColumnInput& other) {
  constexpr size_t kShortest = 3;
  size_t rows = 0, shared = 0;
  const size_t most = std::min({names.sample.size(), other.sample.size(), kMostValues});
  for (size_t i = 0; i < most; ++i) {
    if (!names.sample[i] || !other.sample[i]) continue;
    ++rows;
    const std::string name = fold(*names.sample[i]), text = fold(*other.sample[i]);
    bool found = false;
    for (size_t at = 0; at < name.size() && !found;) {
      size_t end = at;
      while (end < name.size() && is_word(name[end])) ++end;
      found = end - at >= kShortest && text.find(name.substr(at, end - at)) != std::string::npos;
      at = end + 1;
    }
    shared += found ? 1 : 0;
  }
  // In few rows one word may be the same by chance.
  if (rows < 2 || (rows < 8 && shared < 2)) return 0;
  return static_cast<double>(shared) / static_cast<double>(rows);
}

bool names_people(const ColumnDecision& decision) {
  return decision.shape == Shape::kWhole &&
         (decision.cls == Class::kEmail || decision.cls == Class::kPersonName ||
          decision.cls == Class::kUserName || decision.cls == Class::kSocialHandle);
}

/// Words that many values share are a vocabulary ("Chair", "Backpack"), not people's names.
double repeated_last_words(const ColumnInput& column) {
  std::unordered_multiset<std::string> last;
  for (const auto& value : column.sample) {
    if (!value || last.size() >= kMostValues) continue;
    const size_t space = value->rfind(' ');
    last.insert(fold(std::string_view(*value).substr(space == std::string::npos ? 0 : space + 1)));
  }
  size_t often = 0;
  for (const std::string& word : last)
    often += last.count(word) >= std::max<size_t>(4, last.size() / 25) ? 1 : 0;
  return last.empty() ? 0 : static_cast<double>(often) / static_cast<double>(last.size());
}

/// How many different values there are, and how far their words are common names of people, of each
/// 0 to 1.
struct KnownNames {
  size_t different = 0;
  double mean = 0;
};
KnownNames known_names(const ColumnInput& column) {
  std::unordered_set<std::string_view> seen;
  KnownNames out;
  for (const auto& value : column.sample) {
    if (!value || value->empty() || out.different >= kMostValues || !seen.insert(*value).second)
      continue;
    ++out.different;
    out.mean += known_as_person(*value);
  }
  if (out.different > 0) out.mean /= static_cast<double>(out.different);
  return out;
}

/// Whether the values are names of people by their form and by being common ones. Brands are such
/// names too, but there are few of them.
bool are_common_names(const ColumnFacts& column, const KnownNames& known, bool beside_people) {
  const ValueStats& stats = *column.stats;
  if (known.different < (stats.values >= 20 ? 8U : 3U)) return false;
  // Colours and flowers are given names too.
  constexpr size_t kEnoughWords = 12;
  if (stats.person_pairs < .2 &&
      known.different < std::min(kEnoughWords, std::max<size_t>(8, stats.values / 8)))
    return false;
  // A word by itself may be a town or a maker.
  constexpr double kOfPairs = .42, kOfWords = .38, kOfFew = .8;
  const bool few = stats.values < 8 && !(beside_people && stats.person_pairs >= .9);
  const double least = few ? kOfFew : stats.person_pairs >= .6 ? kOfPairs : kOfWords;
  return known.mean >= least;
}

bool candidate(const ColumnFacts& column, const ColumnDecision& decision) {
  if (column.type != TypeKind::kText || decision.shape == Shape::kWhole ||
      decision.shape == Shape::kStructured || column.input->key)
    return false;
  const ValueStats& stats = *column.stats;
  // Below, names of one word are told from other words only by what stands beside them.
  const bool formed = stats.person_pairs + stats.capitalised_word >= .8 ||
                      (stats.no_case >= .8 && stats.mean_length <= 60);
  return stats.values >= 2 && formed && stats.firms < .08 && stats.with_digit < .1 &&
         stats.lower_word < .1;
}

bool says_something_else(const Concepts& concepts) {
  return names_a_thing(concepts) || has(concepts, Concept::kOrg) || has(concepts, Concept::kCity) ||
         has(concepts, Concept::kCountry) || has(concepts, Concept::kRegion) ||
         has(concepts, Concept::kReligion) || has(concepts, Concept::kNationality) ||
         has(concepts, Concept::kHealth);
}

/// A number with at least so many decimals, within bounds, as half of a position.
bool may_be_coordinate(const ColumnFacts& column, const ColumnDecision& decision, double bound,
                       size_t decimals) {
  if (decision.shape != Shape::kNone ||
      (column.type != TypeKind::kDecimal && column.type != TypeKind::kText))
    return false;
  if (column.stats->values < 8 || column.stats->distinct_share() < .5 ||
      says_something_else(column.concepts))
    return false;
  size_t fine = 0, n = 0;
  double largest = 0;
  for (const auto& value : column.input->sample) {
    if (!value || value->empty() || n >= kMostValues) continue;
    ++n;
    char* end = nullptr;
    const double number = std::strtod(value->c_str(), &end);
    if (*end != '\0' || std::abs(number) > bound) return false;
    largest = std::max(largest, std::abs(number));
    const size_t point = value->find('.');
    fine += point != std::string::npos && value->size() - point > decimals ? 1 : 0;
  }
  return largest > 1.5 && fine * 10 >= n * 8;
}

ColumnDecision person(float confidence, std::string evidence) {
  ColumnDecision out;
  out.shape = Shape::kWhole;
  out.cls = Class::kPersonName;
  out.confidence = confidence;
  out.evidence.push_back(std::move(evidence));
  return out;
}

bool is_name(const ColumnDecision& decision) {
  return decision.shape == Shape::kWhole && decision.cls == Class::kPersonName;
}

/// Names that many people have, and pairs of words that are all different.
void find_common_names(const std::vector<ColumnFacts>& columns,
                       std::vector<ColumnDecision>& decisions) {
  const auto beside = std::ranges::count_if(decisions, is_of_person);
  const bool people = beside >= 2;
  // Where three columns are people's, of whom nobody is named yet, less is asked of their names.
  const bool missing = beside >= 3 && std::ranges::none_of(decisions, is_name);
  const double differing = missing ? .5 : .7, repeated = missing ? .7 : .3;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!candidate(columns[i], decisions[i]) || says_something_else(columns[i].concepts)) continue;
    const ValueStats& stats = *columns[i].stats;
    if (const KnownNames known = known_names(*columns[i].input);
        are_common_names(columns[i], known, people)) {
      decisions[i] = person(
          .8F, fmt::format("the values have the form of names, and many are common ones ({:.2f})",
                           known.mean));
      continue;
    }
    if (stats.values < 8 || stats.person_pairs < .85 || stats.distinct_share() < differing ||
        repeated_last_words(*columns[i].input) > repeated)
      continue;
    decisions[i] =
        person(.75F, fmt::format("{:.0f} % of the values have the form of names, {:.0f} % differ",
                                 stats.person_pairs * 100, stats.distinct_share() * 100));
  }
}

/// Family names stand beside given names. They are too many to be known: what has no name of its
/// own and consists of many different capitalised words is one.
void find_family_names(const std::vector<ColumnFacts>& columns,
                       std::vector<ColumnDecision>& decisions) {
  constexpr double kMostly = .8, kHardly = .2;
  constexpr size_t kEnoughWords = 12;
  const auto nameless = [&](size_t i) {
    return i < columns.size() && is_meaningless(columns[i].input->name) &&
           candidate(columns[i], decisions[i]) && columns[i].stats->distinct >= kEnoughWords;
  };
  const auto of_one_word = [&](size_t i) {
    const ValueStats& stats = *columns[i].stats;
    // Three bytes a character: names of up to five.
    if (stats.no_case >= kMostly) return stats.with_space < kHardly && stats.mean_length <= 15;
    return stats.capitalised_word >= kMostly && stats.person_pairs < kHardly;
  };
  const auto given = [&](size_t i) {
    return i < columns.size() && decisions[i].shape == Shape::kWhole &&
           decisions[i].cls == Class::kPersonName && of_one_word(i);
  };
  // Neither given nor family names need be common ones: where columns are people's, of whom nobody
  // is named yet, two such neighbours name them.
  const bool missing = std::ranges::count_if(decisions, is_of_person) >= 2 &&
                       std::ranges::none_of(decisions, is_name);
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!nameless(i) || !of_one_word(i)) continue;
    if (missing && nameless(i + 1) && of_one_word(i + 1)) {
      decisions[i] = person(.6F,
                            "many different words, two columns of them, beside what only "
                            "people have");
      decisions[i + 1] = decisions[i];
      break;
    }
    if (given(i + 1) || (i > 0 && given(i - 1)))
      decisions[i] = person(.65F, "many different words beside given names, as family names are");
  }
}

/// In a small community few names may be all there are: where the column is called by them, and
/// people stand beside them, that they come again and again does not gainsay it.
void find_few_names(const std::vector<ColumnFacts>& columns,
                    std::vector<ColumnDecision>& decisions) {
  constexpr float kCalled = .85F;
  if (std::ranges::count_if(decisions, is_of_person) < 2) return;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!candidate(columns[i], decisions[i]) || says_something_else(columns[i].concepts) ||
        columns[i].stats->distinct < 4)
      continue;
    const auto called = classes_of_name(columns[i].input->name);
    if (std::ranges::none_of(called, [](const NameVerdict& each) {
          return each.cls == Class::kPersonName && each.strength >= kCalled;
        }))
      continue;
    decisions[i] = person(
        .7F, fmt::format("called \"{}\" beside what only people have", columns[i].input->name));
  }
}

/// Whether a name speaks of who or what is not always at one place.
bool may_move(const Concepts& concepts) {
  return has(concepts, Concept::kPerson) || has(concepts, Concept::kUser) ||
         has(concepts, Concept::kDevice) || has(concepts, Concept::kVehicle);
}

/// Whether a table is called by places alone, or by what is measured there: hotel_guests and
/// restaurant_orders tell where somebody was.
bool names_sites_alone(std::string_view table) {
  static const std::unordered_set<std::string_view> measured = {
      "reading", "readings", "measurement", "measurements", "observation", "observations", "sample",
      "samples", "data",     "value",       "values",       "location",    "locations",    "list"};
  bool site = false;
  for (const std::string& word : name_words(table)) {
    const bool is_site = has(meaning(word), Concept::kSite);
    if (!is_site && !measured.contains(word)) return false;
    site = site || is_site;
  }
  return site;
}

}  // namespace

namespace {

/// A word or two, as keys are, no identifier.
bool may_be_key(std::string_view value) {
  return value.size() <= 40 && std::count_if(value.begin(), value.end(), is_digit) <= 2 &&
         is_letter(value[0]);
}

}  // namespace

bool is_of_person(const ColumnDecision& decision) {
  if (decision.shape != Shape::kWhole || !decision.masked()) return false;
  const Category category = info(decision.cls).category;
  return decision.cls != Class::kIpAddress && decision.cls != Class::kMacAddress &&
         (category == Category::kPii || category == Category::kHealth ||
          decision.cls == Class::kPostalAddress);
}

double key_share(const ColumnInput& keys) {
  size_t n = 0, telling = 0;
  for (const auto& value : keys.sample) {
    if (!value || value->empty() || n >= kMostValues) continue;
    ++n;
    if (may_be_key(*value) && class_of_name(*value).cls != Class::kNone) ++telling;
  }
  return n == 0 ? 0 : static_cast<double>(telling) / static_cast<double>(n);
}

void find_position_columns(const std::vector<ColumnFacts>& columns,
                           std::vector<ColumnDecision>& decisions) {
  const bool people = std::ranges::any_of(decisions, names_people);
  for (size_t i = 0; people && i < columns.size(); ++i) {
    if (columns[i].type != TypeKind::kPoint || decisions[i].shape != Shape::kNone ||
        says_something_else(columns[i].concepts))
      continue;
    decisions[i].shape = Shape::kWhole;
    decisions[i].cls = Class::kGeoPosition;
    decisions[i].confidence = .6F;
    decisions[i].evidence = {"a place in a table of people"};
  }
  for (size_t i = 0; i + 1 < columns.size(); ++i) {
    // Rates and measures have four decimals too, and prices come in pairs.
    constexpr size_t kFine = 5, kFiner = 6;
    const bool nameless = is_meaningless(columns[i].input->name);
    if (!people && !nameless) continue;
    const size_t decimals = people ? kFine : kFiner;
    if (!may_be_coordinate(columns[i], decisions[i], 90, decimals) ||
        !may_be_coordinate(columns[i + 1], decisions[i + 1], 180, decimals))
      continue;
    for (const size_t each : {i, i + 1}) {
      decisions[each].shape = Shape::kWhole;
      decisions[each].cls = Class::kGeoPosition;
      decisions[each].confidence = .7F;
      decisions[each].evidence = {
          "two neighbouring columns have the form of latitude and longitude"};
    }
    ++i;
  }
}

void leave_positions_of_sites(std::string_view table, const std::vector<ColumnFacts>& columns,
                              std::vector<ColumnDecision>& decisions) {
  const auto moves = [](const ColumnFacts& each) { return may_move(each.concepts); };
  if (may_move(meaning_of_name(table)) || std::ranges::any_of(columns, moves) ||
      std::ranges::any_of(decisions, [](const auto& each) {
        return is_of_person(each) || each.cls == Class::kIpAddress;
      }))
    return;
  const bool sites = names_sites_alone(table);
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!(sites || has(columns[i].concepts, Concept::kSite)) ||
        decisions[i].shape != Shape::kWhole || decisions[i].cls != Class::kGeoPosition)
      continue;
    decisions[i] = {};
    decisions[i].evidence = {"the position of what was built, in a table without people"};
  }
}

void find_people_columns(const std::vector<ColumnFacts>& columns,
                         std::vector<ColumnDecision>& decisions) {
  // Twice: names found by e-mail addresses bear witness for others.
  for (int round = 0; round < 2; ++round) {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (!candidate(columns[i], decisions[i]) || says_something_else(columns[i].concepts))
        continue;
      for (size_t k = 0; k < columns.size(); ++k) {
        // Texts name products too, but of those there are few.
        const bool text = decisions[k].shape == Shape::kFreeText &&
                          columns[i].stats->values >= 20 &&
                          columns[i].stats->distinct_share() >= .5;
        if (k == i || (!text && !names_people(decisions[k]))) continue;
        const double shared = shared_words(*columns[i].input, *columns[k].input);
        if (shared < (text ? .15 : .3)) continue;
        decisions[i] =
            person(.9F, fmt::format("words of {:.0f} % of the values stand in \"{}\" too",
                                    shared * 100, columns[k].input->name));
        break;
      }
    }
  }
  find_common_names(columns, decisions);
  find_family_names(columns, decisions);
  find_few_names(columns, decisions);
}

}  // namespace sluice::privacy
