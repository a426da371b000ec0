#include "privacy/column_values.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "privacy/checksums.h"
#include "privacy/code_schemes.h"
#include "privacy/column_forms.h"
#include "privacy/find.h"
#include "privacy/network_ids.h"
#include "privacy/number_schemes.h"
#include "privacy/number_text.h"
#include "privacy/payment.h"
#include "privacy/scan.h"
#include "privacy/structured.h"
#include "privacy/value_form.h"

namespace sluice::privacy {
namespace {

template <typename F>
void each_value(const ColumnInput& column, F f) {
  size_t n = 0;
  for (const auto& value : column.sample) {
    if (!value || is_placeholder(*value)) continue;
    if (++n > kMostValues) return;
    f(std::string_view(*value));
  }
}

template <typename F>
double share(const ColumnInput& column, F f) {
  size_t n = 0, good = 0;
  each_value(column, [&](std::string_view value) {
    ++n;
    good += f(value) ? 1 : 0;
  });
  return n == 0 ? 0 : static_cast<double>(good) / static_cast<double>(n);
}

bool lower_word(std::string_view v) {
  return std::all_of(v.begin(), v.end(),
                     [](char c) { return is_lower(c) || c == '_' || c == '-'; });
}

/// The number that a whole value is written as, if it is nothing else.
WrittenNumber whole_number(std::string_view value) {
  DigitGroups groups;
  WrittenNumber number;
  if (read_groups(value, 0, groups) != value.size()) return number;
  for (const DigitGroup& group : groups) extend(number, value, group);
  return number;
}

std::string compact(std::string_view value) {
  std::string out;
  for (const char c : value)
    if (is_alnum(c)) out += to_upper(c);
  return out;
}

std::string percent(double share) { return fmt::format("{:.0f} %", share * 100); }

void better(ValueVerdict& best, ValueVerdict other) {
  if (other.confidence > best.confidence) best = std::move(other);
}

size_t different_beginnings(const std::vector<WrittenNumber>& numbers) {
  std::unordered_set<std::string> seen;
  for (const WrittenNumber& number : numbers) seen.insert(number.digits.substr(0, 3));
  return seen.size();
}

/// Checks of one digit, which numbers of orders and parcels have too, let so many pass.
constexpr double kCommonChance = .03;

/// Cards in a table are of several issuers; numbers of orders begin as their shop wants it.
bool of_several_issuers(const std::vector<WrittenNumber>& numbers) {
  std::array<size_t, 10> firsts{};
  for (const WrittenNumber& number : numbers)
    if (!number.digits.empty()) ++firsts[static_cast<size_t>(number.digits[0] - '0')];
  return std::count_if(firsts.begin(), firsts.end(),
                       [&](size_t n) { return n >= 2 && n * 12 >= numbers.size(); }) >= 2;
}

void try_number_schemes(const ColumnInput& column, const ValueStats& stats, ValueVerdict& best) {
  std::vector<WrittenNumber> numbers;
  each_value(column, [&](std::string_view value) { numbers.push_back(whole_number(value)); });
  const auto n = static_cast<double>(numbers.size());
  const auto test = [&](Class cls, std::string_view name, double chance, auto passes,
                        std::string_view forms) {
    size_t passed = 0, formed = 0;
    for (const WrittenNumber& number : numbers) {
      if (number.groups == 0 || !passes(number)) continue;
      ++passed;
      formed += !number.bare() && written_as(number.form, forms) ? 1 : 0;
    }
    const double share = static_cast<double>(passed) / n,
                 formed_share = static_cast<double>(formed) / n;
    // What is written as the scheme writes it needs less proof by its check digit.
    const bool proved = significant(share, chance, numbers.size());
    if (!proved && !(formed_share >= .9 && share >= .97 && chance < .95)) return;
    if (!proved && numbers.size() < 3) return;
    const bool weak = chance > .3;
    // Bare numbers that all pass a check that lets most through: only if there are many, not alike.
    if (weak && formed_share < .9 &&
        !(share == 1 && chance < .9 && numbers.size() >= 100 && different_beginnings(numbers) > 60))
      return;
    float confidence = proved ? .95F : .75F;
    if (stats.distinct_share() < .3 && numbers.size() >= 20) confidence -= .3F;
    // Of two that pass the rarer one is meant.
    confidence -= static_cast<float>(chance) * .1F;
    better(best, {cls, confidence, weak || !proved,
                  fmt::format("{} of the values pass the check of {} (by chance {})",
                              percent(share), name, percent(chance)),
                  chance >= kCommonChance && formed_share < .9 &&
                      !(cls == Class::kCardNumber && of_several_issuers(numbers))});
  };
  for (const NumberScheme& scheme : number_schemes())
    test(
        scheme.cls, scheme.name, scheme.chance,
        [&](const WrittenNumber& number) {
          return number.digits.size() == scheme.digits && !number.plus &&
                 scheme.valid(number.digits);
        },
        scheme.forms);
  test(
      Class::kCardNumber, "payment cards", .04,
      [](const WrittenNumber& number) {
        return number.digits.size() >= 13 && is_card_number(number.digits);
      },
      "4 4 4 4|4-4-4-4|4 6 5|4-6-5");
}

void try_code_schemes(const ColumnInput& column, ValueVerdict& best) {
  std::vector<std::string> codes;
  each_value(column, [&](std::string_view value) {
    codes.push_back(value.size() <= 40 ? compact(value) : std::string());
  });
  for (const CodeScheme& scheme : code_schemes()) {
    const auto passed =
        static_cast<double>(std::count_if(codes.begin(), codes.end(), [&](const std::string& code) {
          return matches(scheme, code);
        }));
    const double share = passed / static_cast<double>(codes.size());
    if (significant(share, scheme.chance, codes.size()))
      better(best, {scheme.cls, .93F - static_cast<float>(scheme.chance) * .2F, scheme.chance > .2,
                    fmt::format("{} of the values are {}", percent(share), scheme.name),
                    scheme.cls == Class::kVehicleId});
  }
  const double vins = share(column, [](std::string_view v) {
    return v.size() == 17 &&
           v.find_first_not_of("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") == std::string_view::npos &&
           std::any_of(v.begin(), v.end(), is_digit) && std::any_of(v.begin(), v.end(), is_letter);
  });
  if (vins >= .95 && codes.size() >= 5)
    better(best,
           {Class::kVehicleId, .8F, true,
            percent(vins) + " of the values have the form of a vehicle identification number"});
}

/// Digits as a telephone number has them, and what is written between them.
bool dialled(std::string_view value) {
  const auto digits = std::count_if(value.begin(), value.end(), is_digit);
  return digits >= 8 && digits <= 17 && value.size() <= 28 &&
         value.find_first_not_of("0123456789+-()./ x") == std::string_view::npos;
}

/// Bare digits prove nothing, but beside others that are written like telephone numbers they do.
void try_phones(const ColumnInput& column, const ValueStats& stats, ValueVerdict& best) {
  const double found = stats.whole[static_cast<size_t>(Class::kPhone)];
  if (found < .3 || share(column, dialled) < .97) return;
  better(best, {Class::kPhone, .8F, true,
                fmt::format("{} of the values are written like telephone numbers, and the others "
                            "may be",
                            percent(found))});
}

/// Schemes that most codes of the right make-up obey: that some of a column's do not says as much
/// as a wrong check digit.
bool has_few_rules(Class cls) {
  return cls == Class::kUsSsn || cls == Class::kInPan || cls == Class::kHealthInsurance;
}

void try_finds(const ColumnInput& column, const ValueStats& stats, ValueVerdict& best) {
  for (const ClassInfo& each : classes()) {
    const double share = stats.whole[static_cast<size_t>(each.id)];
    if (share < (stats.values < 10 ? .95 : has_few_rules(each.id) ? .97 : .85)) continue;
    float confidence = .9F;
    bool form_only = false;
    switch (each.id) {
      case Class::kEmail:
      case Class::kIban:
      case Class::kJwt:
      case Class::kPrivateKey:
      case Class::kPasswordHash:
      case Class::kApiKey:
      case Class::kConnectionString:
      case Class::kMacAddress:
        confidence = .97F;
        break;
      case Class::kIpAddress:
        if (are_versions(column)) continue;
        form_only = true;
        break;
      case Class::kPhone:
        confidence = .85F;
        form_only = true;
        break;
      case Class::kPersonName:
        continue;  // judged with what stands beside it
      case Class::kPostalAddress:
      case Class::kGeoPosition:
        confidence = .85F;
        form_only = true;
        break;
      default:
        confidence = .8F;
        form_only = true;
    }
    better(best, {each.id, confidence, form_only,
                  fmt::format("{} of the values are of class {} by their form", percent(share),
                              each.name)});
  }
}

/// Of addresses written alike some have a form that others have too: what stands among addresses
/// and is made up like them is one.
void try_addresses(const ColumnInput& column, const ValueStats& stats, ValueVerdict& best) {
  // Behind the street often stands a town on a line of its own; sentences begin otherwise.
  const double found =
      std::max(stats.whole[static_cast<size_t>(Class::kPostalAddress)], stats.address_first);
  // Houses in the country have names: "The Old Rectory, Church Lane".
  const bool numbered = stats.with_digit >= (found >= .6 ? .6 : .9);
  if (found < .4 || stats.with_space < .9 || !numbered || stats.mean_length > 80 ||
      share(column, [](std::string_view v) { return plausible(Class::kPostalAddress, v); }) < .97)
    return;
  better(best, {Class::kPostalAddress, .7F, true,
                fmt::format("{} of the values are addresses by their form, and the others are "
                            "made up like them",
                            percent(found))});
}

void try_forms(const ColumnInput& column, const ValueStats& stats, ValueVerdict& best) {
  const double macs = share(column, [](std::string_view v) { return mac_at(v) == v.size(); });
  if (macs >= .9)
    better(best,
           {Class::kMacAddress, .95F, false, percent(macs) + " of the values are MAC addresses"});
  if (stats.random >= .9 && stats.distinct_share() >= .7 && stats.mean_length >= 20)
    better(best, {Class::kApiKey, .7F, true,
                  percent(stats.random) + " of the values are long and random, as keys are"});
  const double seeds = share(column, [](std::string_view v) {
    const auto spaces = std::count(v.begin(), v.end(), ' ');
    return (spaces == 11 || spaces == 14 || spaces == 17 || spaces == 20 || spaces == 23) &&
           std::all_of(v.begin(), v.end(), [](char c) { return is_lower(c) || c == ' '; });
  });
  if (seeds >= .9)
    better(best, {Class::kSeedPhrase, .85F, true,
                  percent(seeds) + " of the values are twelve or more lower-case words"});
}

}  // namespace

bool are_versions(const ColumnInput& column) {
  size_t n = 0, small = 0, sum = 0;
  bool ten = true;
  each_value(column, [&](std::string_view value) {
    const uint32_t first = number(value.substr(0, std::min<size_t>(3, value.find('.'))));
    ++n;
    sum += first;
    small += first < 32;
    ten &= first == 10 || first == 127 || first == 0;
  });
  return n > 0 && small == n && !ten && (n >= 5 || sum / n < 12);
}

namespace {

/// How a value is made up: letters and digits as such, the rest as it is.
constexpr size_t kLongestCode = 40;
std::string make_up(std::string_view value) {
  std::string out(value);
  for (char& c : out) c = is_digit(c) ? '9' : is_letter(c) ? 'A' : c;
  return out;
}

}  // namespace

/// How far from its beginning a value may still be said to begin.
constexpr size_t kBeginning = 4;

/// Of a class whose form nothing else has.
bool proves_itself(const Span& span) {
  constexpr float kSure = .9F;
  switch (span.cls) {
    case Class::kEmail:
    case Class::kIban:
    case Class::kJwt:
    case Class::kApiKey:
    case Class::kPrivateKey:
    case Class::kPasswordHash:
    case Class::kConnectionString:
      return span.confidence >= kSure;
    default:
      return false;
  }
}

ValueStats measure(const ColumnInput& column) {
  ValueStats out;
  std::unordered_map<std::string, size_t> made_up;
  std::unordered_set<std::string_view> seen;
  // Whether people are named in it is asked of sentences only (prose).
  Context context;
  context.people = false;
  double length = 0, previous = -1;
  size_t rising = 0;
  each_value(column, [&](std::string_view v) {
    ++out.values;
    seen.insert(v);
    length += static_cast<double>(v.size());
    const bool only = all_digits(v);
    out.digits_only += only;
    out.with_digit += std::any_of(v.begin(), v.end(), is_digit);
    if (v.size() <= kLongestCode)
      out.uniform = std::max<double>(out.uniform, ++made_up[make_up(v)]);
    out.with_space += v.find(' ') != std::string_view::npos;
    out.lower_word += lower_word(v);
    out.capitalised_word += looks_like_person(v, true) && !looks_like_person(v);
    out.person_pairs += looks_like_person(v);
    out.firms += looks_like_firm(v);
    out.prose += looks_like_prose(v);
    out.random += looks_random(v) && !is_base64_digest(v);
    out.json += looks_like_json(v);
    out.xml += looks_like_xml(v);
    out.pairs += looks_like_pairs(v);
    if (only && v.size() <= 9) {
      rising += number(v) > previous;
      previous = number(v);
    }
    if (const int year = year_of_date(v); year > 0) out.years.push_back(year);
    const auto found = find_sensitive(v.substr(0, 4096), context);
    out.with_find += !found.empty();
    out.with_proof += std::any_of(found.begin(), found.end(), proves_itself);
    out.no_case += has_no_case(v);
    out.address_first +=
        !found.empty() && found[0].cls == Class::kPostalAddress && found[0].begin <= kBeginning;
    for (const Span& span : found) {
      if ((span.end - span.begin) * 100 < v.size() * 85) continue;
      ++out.whole[static_cast<size_t>(span.cls)];
      ++out.whole_find;
      break;
    }
  });
  out.distinct = seen.size();
  out.rising = out.values >= 3 && rising + 1 >= out.values;
  std::sort(out.years.begin(), out.years.end());
  const double n = std::max<double>(1, static_cast<double>(out.values));
  out.mean_length = length / n;
  for (double* share :
       {&out.digits_only, &out.with_digit, &out.with_space, &out.lower_word, &out.capitalised_word,
        &out.person_pairs, &out.firms, &out.prose, &out.random, &out.json, &out.xml, &out.pairs,
        &out.with_find, &out.whole_find, &out.uniform, &out.with_proof, &out.no_case,
        &out.address_first})
    *share /= n;
  for (double& share : out.whole) share /= n;
  return out;
}

double plausible_share(Class cls, const ColumnInput& column) {
  return share(column, [cls](std::string_view value) { return plausible(cls, value); });
}

bool spread_over_lifetimes(const std::vector<int>& years, int year) {
  if (years.size() < 8) return false;
  const auto at = [&](double q) {
    return years[static_cast<size_t>(q * static_cast<double>(years.size() - 1))];
  };
  return at(.95) - at(.05) >= 25 && at(.95) <= year - 8 && at(.05) >= year - 110;
}

ValueVerdict class_of_values(const ColumnInput& column, const ValueStats& stats, int year) {
  ValueVerdict best;
  if (stats.values == 0) return best;
  if (!stats.rising) try_number_schemes(column, stats, best);
  try_code_schemes(column, best);
  try_finds(column, stats, best);
  try_phones(column, stats, best);
  try_addresses(column, stats, best);
  try_forms(column, stats, best);
  try_plates(column, stats, best);
  try_bare_phones(column, stats, best);
  try_seeds(column, stats, best);
  try_streets(column, stats, best);
  try_vocabularies(column, stats, best);
  const double dates = static_cast<double>(stats.years.size()) / static_cast<double>(stats.values);
  if (dates >= .9 && stats.distinct_share() > .5 && spread_over_lifetimes(stats.years, year))
    better(best, {Class::kBirthDate, .8F, true,
                  fmt::format("dates from {} to {}, as dates of birth are spread",
                              stats.years.front(), stats.years.back())});
  return best;
}

}  // namespace sluice::privacy
