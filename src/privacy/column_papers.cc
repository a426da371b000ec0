#include "privacy/column_papers.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <optional>
#include <string>
#include <unordered_set>

#include <fmt/format.h>

#include "privacy/name_class.h"
#include "privacy/scan.h"

namespace sluice::privacy {
namespace {

/// So many values that chance has had its say in each of their places.
constexpr size_t kMany = 20;

/// What stands where, in the values of a column that are all made up alike.
struct Places {
  std::string form;  ///< 'A' for a letter, '9' for a digit, else the character itself
  size_t values = 0, distinct = 0, leading_zeros = 0;
  std::vector<std::bitset<128>> seen;  ///< which characters, for each place

  size_t letters() const { return static_cast<size_t>(std::count(form.begin(), form.end(), 'A')); }
  bool all_differ() const { return distinct * 20 >= values * 19; }
};

char kind_of(char c) { return is_upper(c) ? 'A' : is_digit(c) ? '9' : c; }

/// None where the values are not all of one form in capitals, digits and punctuation.
std::optional<Places> places_of(const ColumnInput& column) {
  Places out;
  std::unordered_set<std::string_view> different;
  for (const auto& value : column.sample) {
    if (!value || value->empty() || out.values >= kMostValues) continue;
    if (out.values++ == 0) {
      if (value->size() > 24) return std::nullopt;
      for (const char c : *value) out.form += kind_of(c);
      out.seen.resize(value->size());
    }
    if (value->size() != out.form.size()) return std::nullopt;
    for (size_t i = 0; i < value->size(); ++i) {
      const char c = (*value)[i];
      if (kind_of(c) != out.form[i] || is_lower(c) || static_cast<unsigned char>(c) >= 128)
        return std::nullopt;
      out.seen[i].set(static_cast<size_t>(c));
    }
    out.leading_zeros += value->front() == '0' ? 1 : 0;
    different.insert(*value);
  }
  out.distinct = different.size();
  return out.values == 0 ? std::nullopt : std::optional(std::move(out));
}

/// Whether a place has about as many different characters as chance gives it: letters of kinds and
/// series ("PR-", "LOT") and leading digits of what is counted up do not.
bool varies(const Places& places, size_t at) {
  const size_t kinds = places.form[at] == 'A' ? 26 : 10;
  // Of n drawn from k about k (1 - e^(-n/k)) differ; half of that is asked for.
  const size_t expected = std::min(places.values, kinds);
  return places.seen[at].count() * 2 >= expected && places.seen[at].count() >= 2;
}

bool all_vary(const Places& places, char kind) {
  for (size_t i = 0; i < places.form.size(); ++i)
    if (places.form[i] == kind && !varies(places, i)) return false;
  return true;
}

/// Forms that papers of several countries have. Of eight characters and fewer are codes of vouchers
/// and referrals, too.
struct Paper {
  std::string_view form;
  Class cls;
};
constexpr std::array<Paper, 5> kPapers = {
    Paper{"A999999999999", Class::kDrivingLicence},  // Florida, Maryland, Michigan, Minnesota
    Paper{"A99999999", Class::kPassport},            // United States, Australia, South Africa
    Paper{"AA9999999", Class::kPassport},            // Italy, Poland, Hungary, Japan
    Paper{"AAA999999", Class::kPassport},            // Spain; cards of Poland
    Paper{"A999999999", Class::kHealthInsurance},    // Germany; members of many an insurer
};

bool has_class(const std::vector<ColumnDecision>& decisions, std::initializer_list<Class> classes) {
  return std::any_of(decisions.begin(), decisions.end(), [&](const auto& each) {
    return each.shape == Shape::kWhole &&
           std::find(classes.begin(), classes.end(), each.cls) != classes.end();
  });
}

/// "field7", and "id_no" among what people have.
bool says_nothing(const ColumnFacts& column) {
  if (is_meaningless(column.input->name)) return true;
  Concepts rest = column.concepts;
  for (const Concept each : {Concept::kId, Concept::kNumber, Concept::kSmall})
    rest.reset(static_cast<size_t>(each));
  return rest.none() && has(column.concepts, Concept::kId) &&
         has(column.concepts, Concept::kNumber);
}

/// Of what is called "id_no": not counted up, and too long for a few rows' numbers.
bool is_identity_number(const ColumnFacts& column, const Places& places) {
  const size_t digits =
      static_cast<size_t>(std::count(places.form.begin(), places.form.end(), '9'));
  const auto first = places.form.find('9');
  return !is_meaningless(column.input->name) && digits >= 6 && places.all_differ() &&
         !column.stats->rising && first != std::string::npos && varies(places, first) &&
         all_vary(places, 'A');
}

/// The class that the letters say which a number begins with: "MRN-476715".
Class said_by(std::string_view beginning) {
  constexpr size_t kShortest = 3;
  if (beginning.size() < kShortest) return Class::kNone;
  const NameVerdict verdict = class_of_name(beginning);
  const bool paper = verdict.cls == Class::kMedicalRecord || verdict.cls == Class::kPassport ||
                     verdict.cls == Class::kDrivingLicence ||
                     verdict.cls == Class::kHealthInsurance;
  return paper && verdict.strength >= .9F ? verdict.cls : Class::kNone;
}

/// Numbers some of which say whose they are; the others, of an older system, are bare or have one
/// letter before them.
std::optional<Class> said_by_beginning(const ColumnInput& column) {
  size_t values = 0, saying = 0;
  std::string_view known;
  Class out = Class::kNone;
  for (const auto& value : column.sample) {
    if (!value || value->empty() || values >= kMostValues) continue;
    ++values;
    const auto end = static_cast<size_t>(std::find_if_not(value->begin(), value->end(), is_letter) -
                                         value->begin());
    const auto digits = static_cast<size_t>(std::count_if(value->begin(), value->end(), is_digit));
    const std::string_view beginning = std::string_view(*value).substr(0, end);
    if (digits < 5 || digits + end + 1 < value->size()) return std::nullopt;
    if (end <= 1) continue;
    if (known.empty()) {
      known = beginning;
      out = said_by(beginning);
    }
    if (beginning != known || out == Class::kNone) return std::nullopt;
    ++saying;
  }
  return values >= 3 && saying * 10 >= values * 3 ? std::optional(out) : std::nullopt;
}

/// Digits that are written with the zeros they begin with are no number that somebody counts with;
/// drawn from all, they name an account or a person.
bool is_account_number(const Places& places) {
  constexpr size_t kEnough = 40, kShortest = 8, kLongest = 11;
  return places.values >= kEnough && places.form.size() >= kShortest &&
         places.form.size() <= kLongest && places.letters() == 0 && places.all_differ() &&
         places.form.find_first_not_of('9') == std::string::npos && all_vary(places, '9') &&
         places.leading_zeros * 50 >= places.values && places.leading_zeros * 4 <= places.values;
}

/// Three digits in a text beside the numbers of cards.
bool is_card_code(const ColumnFacts& column, const Places& places,
                  const std::vector<ColumnDecision>& decisions) {
  return places.form == "999" && column.stats->values >= 3 && all_vary(places, '9') &&
         places.distinct * 2 >= places.values && has_class(decisions, {Class::kCardNumber});
}

ColumnDecision paper(Class cls, std::string evidence) {
  ColumnDecision out;
  out.shape = Shape::kWhole;
  out.cls = cls;
  out.confidence = .6F;
  out.evidence.push_back(std::move(evidence));
  return out;
}

std::optional<ColumnDecision> paper_of(const ColumnFacts& column,
                                       const std::vector<ColumnDecision>& decisions) {
  if (const auto cls = said_by_beginning(*column.input))
    return paper(*cls, "what the values begin with says so");
  const auto places = places_of(*column.input);
  if (!places) return std::nullopt;
  if (is_card_code(column, *places, decisions))
    return paper(Class::kCardCode, "three digits beside numbers of cards");
  // One may be a carrier's telephone number.
  if (std::count_if(decisions.begin(), decisions.end(), is_of_person) < 2) return std::nullopt;
  if (is_identity_number(column, *places))
    return paper(Class::kNationalId,
                 fmt::format("an id number, \"{}\", beside what people have", places->form));
  for (const Paper& each : kPapers) {
    if (places->form != each.form || !places->all_differ() || !all_vary(*places, 'A') ||
        places->values < 3)
      continue;
    return paper(each.cls, fmt::format("of the form \"{}\", with letters of all kinds, beside what "
                                       "people have",
                                       each.form));
  }
  if (is_account_number(*places)) {
    const bool bank =
        has_class(decisions, {Class::kIban, Class::kBankRouting, Class::kBic, Class::kCardNumber});
    return paper(bank ? Class::kBankAccount : Class::kNationalId,
                 "digits drawn from all, with zeros in front, beside what people have");
  }
  return std::nullopt;
}

}  // namespace

void find_paper_columns(const std::vector<ColumnFacts>& columns,
                        std::vector<ColumnDecision>& decisions) {
  std::vector<std::optional<ColumnDecision>> found(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    const bool open = decisions[i].shape == Shape::kNone || decisions[i].shape == Shape::kFreeText;
    if (open && columns[i].type == TypeKind::kText && !columns[i].input->key &&
        columns[i].stats->values > 0 && says_nothing(columns[i]))
      found[i] = paper_of(columns[i], decisions);
  }
  // Afterwards: what is found so bears no witness for others.
  for (size_t i = 0; i < columns.size(); ++i)
    if (found[i]) decisions[i] = std::move(*found[i]);
}

void find_few_birth_dates(const std::vector<ColumnFacts>& columns, int year,
                          std::vector<ColumnDecision>& decisions) {
  constexpr size_t kFewest = 3, kEnoughToBeSpread = 8;
  constexpr int kGrownUp = 16, kOfAge = 25, kOldest = 110;
  if (std::count_if(decisions.begin(), decisions.end(), is_of_person) < 2 ||
      has_class(decisions, {Class::kBirthDate}))
    return;
  const auto born = [&](const std::vector<int>& years) {
    return years.back() <= year - kGrownUp && years.front() <= year - kOfAge &&
           years.front() >= year - kOldest && years.front() != years.back();
  };
  for (size_t i = 0; i < columns.size(); ++i) {
    const ValueStats& stats = *columns[i].stats;
    const bool open = decisions[i].shape == Shape::kNone || decisions[i].shape == Shape::kFreeText;
    if (!open || !is_meaningless(columns[i].input->name) || stats.values < kFewest ||
        stats.values >= kEnoughToBeSpread || stats.years.size() != stats.values ||
        columns[i].type == TypeKind::kTimestamp || !born(stats.years))
      continue;
    decisions[i] =
        paper(Class::kBirthDate, fmt::format("dates from {} to {} beside what people have",
                                             stats.years.front(), stats.years.back()));
    return;  // Nobody has two.
  }
}

void leave_recent_dates(const std::vector<ColumnFacts>& columns, int year,
                        std::vector<ColumnDecision>& decisions) {
  constexpr int kYoung = 12;
  const auto is_birth = [&](size_t i) {
    return decisions[i].shape == Shape::kWhole && decisions[i].cls == Class::kBirthDate;
  };
  const auto recent = [&](size_t i) {
    const auto& years = columns[i].stats->years;
    return years.size() >= kMany && years[years.size() * 19 / 20] > year - kYoung;
  };
  bool of_grown_ups = false;
  for (size_t i = 0; i < columns.size(); ++i)
    of_grown_ups = of_grown_ups || (is_birth(i) && !recent(i));
  const auto people = [&](size_t without) {
    for (size_t i = 0; i < decisions.size(); ++i)
      if (i != without && is_of_person(decisions[i]) && !is_birth(i)) return true;
    return false;
  };
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!is_birth(i) || !recent(i) || !is_meaningless(columns[i].input->name)) continue;
    if (people(i) && !of_grown_ups) continue;
    ColumnDecision& each = decisions[i];
    each = {};
    each.confidence = .6F;
    each.evidence = {of_grown_ups ? "a date of our days beside one of birth"
                                  : "a date of our days, and nothing of people beside it"};
  }
}

}  // namespace sluice::privacy
