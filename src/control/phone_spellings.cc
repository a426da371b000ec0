#include "control/phone_spellings.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace sluice::control {
namespace {

using Text = std::string_view;

/// E.164: with the country's code. Shorter ones are numbers of a service, or something else.
constexpr size_t kMostDigits = 15, kLeastDigits = 7;
constexpr size_t kLeastOwn = 4;

/// Where "0" is dialled before a number within the country.
constexpr auto kZeroBefore = std::to_array<Text>(
    {"20",  "27",  "31",  "32",  "33",  "40",  "41",  "43",  "44",  "46",  "49",  "51",
     "53",  "54",  "55",  "56",  "57",  "58",  "60",  "61",  "62",  "63",  "64",  "66",
     "81",  "82",  "84",  "86",  "90",  "91",  "92",  "93",  "94",  "95",  "98",  "211",
     "212", "213", "218", "231", "232", "233", "234", "243", "249", "250", "251", "252",
     "254", "255", "256", "257", "260", "261", "262", "263", "264", "265", "291", "353",
     "355", "358", "359", "370", "373", "374", "380", "381", "382", "383", "385", "386",
     "387", "389", "421", "508", "590", "593", "594", "595", "596", "597", "598", "599",
     "670", "673", "675", "692", "850", "855", "856", "880", "886", "961", "962", "963",
     "964", "966", "967", "970", "971", "972", "976", "977", "994", "995", "996"});
/// Where nothing is; a zero at the beginning is a digit of the number (Italy).
constexpr auto kNothingBefore = std::to_array<Text>(
    {"30",  "34",  "39",  "45",  "47",  "48",  "65",  "216", "220", "221", "222", "223", "224",
     "225", "226", "227", "228", "229", "230", "235", "236", "237", "238", "239", "240", "241",
     "242", "244", "245", "246", "247", "248", "253", "258", "266", "267", "268", "269", "290",
     "297", "298", "299", "350", "351", "352", "354", "356", "357", "371", "372", "376", "377",
     "378", "379", "420", "423", "500", "501", "502", "503", "504", "505", "506", "507", "509",
     "591", "592", "672", "674", "676", "677", "678", "679", "680", "681", "682", "683", "685",
     "686", "687", "688", "689", "690", "691", "800", "808", "852", "853", "870", "878", "881",
     "882", "883", "888", "960", "965", "968", "973", "974", "975", "979", "992"});
/// Where something else is, or was.
struct Other {
  Text code, before;
};
constexpr auto kOthers = std::to_array<Other>({{"1", "1"},
                                               {"7", "8"},
                                               {"36", "06"},
                                               {"52", "01"},
                                               {"52", "044"},
                                               {"52", "045"},
                                               {"52", "1"},
                                               {"54", "9"},
                                               {"370", "8"},
                                               {"375", "8"},
                                               {"375", "80"},
                                               {"976", "01"},
                                               {"976", "02"},
                                               {"992", "8"},
                                               {"993", "8"},
                                               {"998", "8"}});

/// A country, and what may be dialled before its numbers there; empty: nothing.
struct Country {
  Text code;
  std::vector<Text> before;
};

std::vector<Country> make_countries() {
  std::vector<Country> all;
  for (const Text code : kZeroBefore) all.push_back({code, {"0"}});
  for (const Text code : kNothingBefore) all.push_back({code, {}});
  for (const Other& other : kOthers) {
    auto known = std::find_if(all.begin(), all.end(),
                              [&](const Country& one) { return one.code == other.code; });
    if (known == all.end()) known = all.insert(all.end(), {other.code, {}});
    known->before.push_back(other.before);
  }
  return all;
}

const std::vector<Country>& countries() {
  static const std::vector<Country> kAll = make_countries();
  return kAll;
}

/// Whether a country's number may look like this, without code and prefix.
bool fits(const Country& country, Text own) {
  if (country.code == "1") return own.size() == 10 && own[0] >= '2';
  if (country.code == "7") return own.size() == 10;
  return own.size() >= kLeastOwn && country.code.size() + own.size() <= kMostDigits;
}

/// Argentina's mobile numbers are written with a 9 behind the country's code, or with a 15 behind
/// that of the area, which has two to four digits: +54 9 11 2345-6789 is 011 15-2345-6789.
std::vector<std::string> other_forms(const Country& country, Text own) {
  constexpr size_t kOwn = 10, kLeastArea = 2, kMostArea = 4;
  std::vector<std::string> out;
  if (country.code != "54") return out;
  const auto add = [&](const std::string& plain) {
    for (size_t area = kLeastArea; area <= kMostArea; ++area)
      out.push_back(plain.substr(0, area) + "15" + plain.substr(area));
  };
  if (own.size() == kOwn) add(std::string(own));
  for (size_t area = kLeastArea; own.size() == kOwn + 2 && area <= kMostArea; ++area) {
    if (own.substr(area, 2) != "15") continue;
    out.push_back(std::string(own.substr(0, area)) + std::string(own.substr(area + 2)));
    add(std::string(out.back()));
  }
  return out;
}

class Spellings {
 public:
  explicit Spellings(Text digits) : asked_(digits) {}

  void add(std::string digits) {
    if (digits != asked_ && std::find(all_.begin(), all_.end(), digits) == all_.end())
      all_.push_back(std::move(digits));
  }
  /// Of a country, by its own number.
  void add(const Country& country, Text own) {
    if (!fits(country, own)) return;
    add_dialled(country, own);
    for (const std::string& other : other_forms(country, own)) add_dialled(country, other);
  }
  std::vector<std::string> take() { return std::move(all_); }

 private:
  void add_dialled(const Country& country, Text own) {
    const std::string code(country.code), number(own);
    add(code + number);
    add(number);
    for (const Text before : country.before) {
      add(std::string(before) + number);
      add(code + std::string(before) + number);
    }
  }

  Text asked_;
  std::vector<std::string> all_;
};

struct Written {
  /// Digits, but for two zeros before a country's code; empty where there was more.
  std::string all;
  std::string digits;
  bool international = false;
  /// Behind 011, which is dialled before a country's code, or Buenos Aires.
  std::string behind;
};

/// Nothing for what is not written as a telephone number.
std::optional<Written> read(Text value) {
  Written out;
  const bool uri = value.starts_with("tel:");
  if (uri) value.remove_prefix(4);
  while (value.starts_with(' ')) value.remove_prefix(1);
  if (value.starts_with('+')) {
    out.international = true;
    value.remove_prefix(1);
  }
  for (const char c : value) {
    if (c >= '0' && c <= '9') {
      out.digits += c;
    } else if (Text(" -./()").find(c) == Text::npos) {
      return std::nullopt;
    }
  }
  if (!out.international && out.digits.starts_with("00")) {
    out.international = true;
    out.digits.erase(0, 2);
  }
  if (!uri) out.all = out.digits;
  if (!out.international && out.digits.starts_with("011") && out.digits.size() > 11)
    out.behind = out.digits.substr(3);
  const bool fits = out.digits.size() >= kLeastDigits && out.digits.size() <= kMostDigits + 3;
  return fits ? std::optional(std::move(out)) : std::nullopt;
}

/// With a country's code before it. No code begins with another one.
void add_international(Spellings& out, Text digits) {
  for (const Country& country : countries()) {
    if (!digits.starts_with(country.code)) continue;
    const Text rest = digits.substr(country.code.size());
    const auto add = [&](Text own) {
      out.add(country, own);
      if (fits(country, own)) out.add("011" + std::string(country.code) + std::string(own));
    };
    add(rest);
    // "+44 (0)20 …"
    for (const Text before : country.before) {
      if (rest.starts_with(before)) add(rest.substr(before.size()));
    }
  }
}

/// As it is dialled within some country, or without what is dialled before it.
void add_national(Spellings& out, Text digits) {
  for (const Country& country : countries()) {
    // Zeros before a country's number are not a part of it, but where nothing is dialled before.
    if (!digits.starts_with('0') || country.before.empty()) out.add(country, digits);
    for (const Text before : country.before) {
      if (digits.starts_with(before)) out.add(country, digits.substr(before.size()));
    }
  }
}

}  // namespace

std::vector<std::string> phone_spellings(std::string_view value) {
  const auto written = read(value);
  if (!written) return {};
  Spellings out(written->all);
  add_international(out, written->behind.empty() ? written->digits : written->behind);
  if (!written->international) add_national(out, written->digits);
  return out.take();
}

}  // namespace sluice::control
