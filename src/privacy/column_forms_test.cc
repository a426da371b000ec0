#include "privacy/column_forms.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "privacy/columns.h"

namespace sluice::privacy {
namespace {

/// Numbers that look arbitrary and are the same in each run.
class Arbitrary {
 public:
  size_t below(size_t n) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<size_t>(state_ >> 33) % n;
  }
  std::string of(std::string_view alphabet, size_t length) {
    std::string out;
    while (out.size() < length) out += alphabet[below(alphabet.size())];
    return out;
  }

 private:
  uint64_t state_ = 42;
};

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";

template <typename F>
ColumnDecision of(const char* name, size_t n, F f) {
  TableInput table;
  table.name = "t";
  ColumnInput column;
  column.name = name;
  column.type = "text";
  Arbitrary any;
  for (size_t i = 0; i < n; ++i) column.sample.emplace_back(f(any, i));
  table.columns.push_back(std::move(column));
  return classify(table).at(0);
}

TEST(ColumnForms, PlatesNeverHaveTheLettersThatTheirSchemeForbids) {
  const auto plate = [](std::string_view letters) {
    return [letters](Arbitrary& any, size_t) {
      return any.of(letters, 2) + "-" + any.of(kDigits, 3) + "-" + any.of(letters, 2);
    };
  };
  EXPECT_EQ(of("attr9", 60, plate("ABCDEFGHJKLMNPQRSTVWXYZ")).cls, Class::kLicencePlate);
  EXPECT_EQ(of("attr9", 60, plate(kLetters)).shape, Shape::kNone);
  EXPECT_EQ(of("attr9", 3, plate("ABCDEFGHJKLMNPQRSTVWXYZ")).shape, Shape::kNone) << "too few";
  EXPECT_EQ(of("item_code", 60, plate("ABCDEFGHJKLMNPQRSTVWXYZ")).shape, Shape::kNone);
  // Letters that never change have no choice.
  EXPECT_EQ(of("attr9", 60,
               [](Arbitrary& any, size_t) {
                 return "PR-" + any.of(kDigits, 3) + "-B" + any.of("XYZ", 1);
               })
                .shape,
            Shape::kNone);
}

TEST(ColumnForms, WhatAllBeginAlikeOrIsAnyCodeIsNoPlate) {
  const auto swiss = [](std::vector<std::string> cantons) {
    return [cantons](Arbitrary& any, size_t i) {
      return cantons[i % cantons.size()] + "-" + any.of("123456789", 1) + any.of(kDigits, 5);
    };
  };
  EXPECT_EQ(of("col8", 60, swiss({"ZH", "BE", "SO"})).cls, Class::kLicencePlate);
  EXPECT_EQ(of("col8", 60, swiss({"SO"})).shape, Shape::kNone) << "numbers of orders";
  const auto brazil = [](size_t newer) {
    return [newer](Arbitrary& any, size_t i) {
      return i % 4 < newer ? any.of(kLetters, 3) + any.of(kDigits, 1) + any.of("ABCDEFGHIJ", 1) +
                                 any.of(kDigits, 2)
                           : any.of(kLetters, 3) + "-" + any.of(kDigits, 4);
    };
  };
  EXPECT_EQ(of("col6", 60, brazil(2)).cls, Class::kLicencePlate);
  EXPECT_EQ(of("col6", 60, brazil(0)).shape, Shape::kNone) << "any code is made up so";
}

TEST(ColumnForms, PlatesOfMoreCountries) {
  const auto is_plate = [](auto make) { return of("c5", 60, make).cls == Class::kLicencePlate; };
  EXPECT_TRUE(is_plate([](Arbitrary& any, size_t) {
    return any.of("ABCDEFGHKLMNOPRSVY", 2) + any.of("12", 1) + any.of("0123456", 1) + " " +
           any.of("ABCDEFGHJKLMNOPRSTUVWXYZ", 3);
  })) << "Great Britain";
  EXPECT_TRUE(is_plate([](Arbitrary& any, size_t) {
    return any.of(kDigits, 4) + " " + any.of("BCDFGHJKLMNPRSTVWXYZ", 3);
  })) << "Spain";
  EXPECT_TRUE(is_plate([](Arbitrary& any, size_t i) {
    return std::string(i % 2 == 0 ? "MH " : "KA ") + any.of("123", 2) + " " + any.of(kLetters, 2) +
           " " + any.of(kDigits, 4);
  })) << "India";
  EXPECT_TRUE(is_plate([](Arbitrary& any, size_t) {
    return "京" + any.of("ABCEFGHJ", 1) + "·" + any.of(kDigits, 1) +
           any.of("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", 4);
  })) << "China";
  EXPECT_TRUE(is_plate([](Arbitrary& any, size_t) {
    return any.of(kDigits, 3) + "가 " + any.of(kDigits, 4);
  })) << "Korea";
}

TEST(ColumnForms, TelephoneNumbersOfDigitsAlone) {
  EXPECT_EQ(of("c7", 60,
               [](Arbitrary& any, size_t) {
                 return any.of("23456789", 1) + any.of(kDigits, 2) + any.of("23456789", 1) + "0" +
                        any.of("23456789", 1) + any.of(kDigits, 4);
               })
                .cls,
            Class::kPhone);
  EXPECT_EQ(of("c7", 60, [](Arbitrary& any, size_t) { return "07" + any.of(kDigits, 9); }).cls,
            Class::kPhone);
  EXPECT_NE(of("c7", 60, [](Arbitrary& any, size_t) { return any.of(kDigits, 10); }).cls,
            Class::kPhone);
  EXPECT_NE(
      of("c7", 60, [](Arbitrary&, size_t i) { return fmt::format("30567800{:02}", i * 37 % 100); })
          .cls,
      Class::kPhone);
}

TEST(ColumnForms, SeedsAndDigests) {
  const auto base32 = [](Arbitrary& any, size_t) {
    return any.of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32);
  };
  EXPECT_EQ(of("v9", 30, base32).cls, Class::kMfaSeed);
  EXPECT_EQ(of("v9", 30, [](Arbitrary& any, size_t) { return any.of(kDigits, 32); }).shape,
            Shape::kNone);
  constexpr std::string_view kBase64 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto base64 = [&](size_t characters, const char* end) {
    return [=](Arbitrary& any, size_t) { return any.of(kBase64, characters) + end; };
  };
  EXPECT_EQ(of("v9", 30, base64(27, "=")).shape, Shape::kNone) << "SHA-1 of something";
  EXPECT_TRUE(of("v9", 30, base64(43, "=")).masked()) << "as long as a key";
}

TEST(ColumnForms, WordsOfSpecialCategories) {
  const auto cycle = [](std::vector<std::string> words) {
    return [words](Arbitrary&, size_t i) { return words[i % words.size()]; };
  };
  EXPECT_EQ(of("f3", 40, cycle({"A+", "O-", "B+", "AB+"})).cls, Class::kHealthData);
  EXPECT_EQ(of("f3", 30, cycle({"A+", "B-", "C+", "A-"})).shape, Shape::kNone) << "marks";
  EXPECT_EQ(of("f3", 40, cycle({"Katholisch", "Muslim", "keine", "Evangelisch"})).cls,
            Class::kReligion);
  EXPECT_EQ(of("f3", 40, cycle({"M54.5", "K21.0", "E78.5", "I25.1", "Z00"})).cls,
            Class::kHealthData);
  EXPECT_EQ(of("f3", 40, cycle({"Arthritis", "Diabetes type 1", "Tonsillitis", "Stroke"})).cls,
            Class::kHealthData);
  EXPECT_EQ(of("f3", 40, cycle({"Retail", "Wholesale", "Export", "Internal"})).shape, Shape::kNone);
}

TEST(ColumnForms, CodesOfOneMakeUpThatBreakTheRulesNowAndThen) {
  // One in nine has an area that no social security number has.
  const auto code = [](Arbitrary& any, size_t) {
    return any.of(kDigits, 3) + "-" + any.of(kDigits, 2) + "-" + any.of(kDigits, 4);
  };
  EXPECT_EQ(of("col3", 200, code).shape, Shape::kNone);
  const auto ssn = [](Arbitrary& any, size_t) {
    return any.of("1234", 1) + any.of("123456789", 2) + "-" + any.of("123456789", 2) + "-" +
           any.of("123456789", 4);
  };
  EXPECT_EQ(of("col3", 200, ssn).cls, Class::kUsSsn);
}

TEST(ColumnForms, AddressesThatAreWrittenAlike) {
  const auto address = [](Arbitrary&, size_t i) {
    return i % 2 == 0 ? fmt::format("Ahornweg {}", i + 1) : fmt::format("Obere Breite {}", i + 1);
  };
  EXPECT_EQ(of("x5", 40, address).cls, Class::kPostalAddress);
}

}  // namespace
}  // namespace sluice::privacy
