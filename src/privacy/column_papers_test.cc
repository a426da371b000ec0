#include "privacy/column_papers.h"

#include <array>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "privacy/columns.h"

namespace sluice::privacy {
namespace {

/// Values that look arbitrary and are the same in each run: '#' is a digit, '@' a letter, all else
/// itself.
class Arbitrary {
 public:
  std::string of(std::string_view form) {
    std::string out;
    for (const char c : form) {
      out += c == '#'   ? static_cast<char>('0' + below(10))
             : c == '@' ? static_cast<char>('A' + below(26))
                        : c;
    }
    return out;
  }
  size_t below(size_t n) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<size_t>(state_ >> 33) % n;
  }

 private:
  uint64_t state_ = 7;
};

using Make = std::function<std::string(Arbitrary&, size_t)>;

ColumnInput column(std::string name, size_t rows, const Make& f, std::string type = "text") {
  ColumnInput out;
  out.name = std::move(name);
  out.type = std::move(type);
  Arbitrary any;
  for (size_t i = 0; i < rows; ++i) out.sample.emplace_back(f(any, i));
  return out;
}

ColumnInput column(std::string name, size_t rows, const char* form) {
  return column(std::move(name), rows, Make([=](Arbitrary& any, size_t) { return any.of(form); }));
}

TableInput people(size_t rows) {
  TableInput table;
  table.name = "t_data";
  table.columns.push_back(column(
      "x1", rows, [](Arbitrary&, size_t i) { return fmt::format("m.ortner{}@post.example", i); }));
  table.columns.push_back(column("x2", rows, [](Arbitrary& any, size_t) {
    return fmt::format("+43 664 {}", any.of("### ####"));
  }));
  return table;
}

ColumnDecision beside_people(ColumnInput input) {
  TableInput table = people(input.sample.size());
  table.columns.push_back(std::move(input));
  return classify(table).back();
}

ColumnDecision alone(ColumnInput input) {
  TableInput table;
  table.name = "t_data";
  table.columns.push_back(std::move(input));
  return classify(table).back();
}

TEST(ColumnPapers, NumbersOfPapersAreTheirsWhereThereArePeople) {
  for (const size_t rows : {size_t{5}, size_t{80}}) {
    EXPECT_EQ(beside_people(column("x3", rows, "@############")).cls, Class::kDrivingLicence);
    EXPECT_EQ(beside_people(column("x3", rows, "@@#######")).cls, Class::kPassport);
    EXPECT_EQ(beside_people(column("x3", rows, "@#########")).cls, Class::kHealthInsurance);
  }
  EXPECT_EQ(alone(column("x3", 80, "@############")).shape, Shape::kNone) << "parts";
  EXPECT_EQ(alone(column("x3", 80, "@@#######")).shape, Shape::kNone);
}

TEST(ColumnPapers, OtherCodesBesidePeopleAreNone) {
  // Letters that say which kind or series it is, other lengths, and what comes again.
  for (const char* form :
       {"C#########", "LH#######", "@@########", "LOT######", "@@@-####-@@", "@@@U#######",
        "INV-####-######", "@@######", "@#######", "################"})
    EXPECT_FALSE(beside_people(column("x3", 80, form)).masked()) << form;
  const auto twice = [](Arbitrary& any, size_t i) {
    return any.of(std::string(1, static_cast<char>('A' + i % 20)) + "1234567");
  };
  EXPECT_FALSE(beside_people(column("x3", 80, twice)).masked());
  EXPECT_FALSE(beside_people(column("serial_no", 80, "@@#######")).masked())
      << "a name that speaks";
}

TEST(ColumnPapers, AccountNumbersBeginWithZerosToo) {
  EXPECT_EQ(beside_people(column("x3", 80, "##########")).cls, Class::kNationalId);
  EXPECT_FALSE(alone(column("x3", 80, "##########")).masked());
  const auto counted = [](Arbitrary&, size_t i) { return fmt::format("{:010}", 1000 + i * 7); };
  EXPECT_FALSE(beside_people(column("x3", 80, counted)).masked()) << "counted up";
  const auto numbers = [](Arbitrary& any, size_t) {
    return std::to_string(any.below(9) + 1) + any.of("#########");
  };
  EXPECT_FALSE(beside_people(column("x3", 80, numbers)).masked()) << "numbers without zeros";
  EXPECT_FALSE(beside_people(column("x3", 80, "#############")).masked()) << "articles";
}

TEST(ColumnPapers, ThreeDigitsBesideCards) {
  const auto card = [](Arbitrary&, size_t i) {
    // Of one issuer, with a check digit.
    std::string digits = fmt::format("45320151{:07}", i * 7919 + 13);
    int sum = 0;
    for (size_t k = 0; k < digits.size(); ++k) {
      int d = digits[digits.size() - 1 - k] - '0';
      if (k % 2 == 0) d = d * 2 > 9 ? d * 2 - 9 : d * 2;
      sum += d;
    }
    return digits + static_cast<char>('0' + (10 - sum % 10) % 10);
  };
  TableInput table;
  table.columns = {column("x1", 60, card), column("x2", 60, "###")};
  EXPECT_EQ(classify(table).back().cls, Class::kCardCode);
  table.columns[1] = column("x2", 60, "1##");
  EXPECT_FALSE(classify(table).back().masked()) << "amounts";
  table.columns[0] = column("x1", 60, "@@-###");
  table.columns[1] = column("x2", 60, "###");
  EXPECT_FALSE(classify(table).back().masked()) << "no cards";
}

TEST(ColumnPapers, ABareIdNumberAmongPeopleIsThatOfAPaper) {
  EXPECT_EQ(beside_people(column("idno", 60, "###-##-####")).cls, Class::kNationalId);
  EXPECT_EQ(beside_people(column("id_number", 60, "@@######")).cls, Class::kNationalId);
  EXPECT_FALSE(alone(column("idno", 60, "###-##-####")).masked());
  const auto counted = [](Arbitrary&, size_t i) { return fmt::format("{:08}", 100 + i); };
  EXPECT_FALSE(beside_people(column("idno", 60, counted)).masked());
}

TEST(ColumnPapers, DatesOfOurDaysAreNoDatesOfBirthWithoutPeople) {
  const auto date = [](int from, int to) {
    return [from, to](Arbitrary& any, size_t) {
      return fmt::format("{}-0{}-1{}", from + static_cast<int>(any.below(to - from)),
                         any.below(9) + 1, any.below(9));
    };
  };
  const auto grown = column("x3", 80, date(1940, 2006), "date");
  const auto recent = column("x4", 80, date(1976, 2019), "date");
  EXPECT_EQ(alone(grown).cls, Class::kBirthDate);
  EXPECT_FALSE(alone(recent).masked()) << "releases";
  EXPECT_EQ(beside_people(recent).cls, Class::kBirthDate) << "of pupils";
  TableInput table = people(80);
  table.columns.push_back(grown);
  table.columns.push_back(recent);
  EXPECT_EQ(classify(table)[2].cls, Class::kBirthDate);
  EXPECT_FALSE(classify(table)[3].masked()) << "of issue";
}

TEST(ColumnPapers, AFewDatesOfBirth) {
  const auto dates = [](std::vector<std::string> all) {
    return column("x3", all.size(), [all](Arbitrary&, size_t i) { return all[i]; }, "date");
  };
  EXPECT_EQ(beside_people(dates({"1961-04-02", "1988-11-30", "1975-07-19"})).cls,
            Class::kBirthDate);
  EXPECT_FALSE(alone(dates({"1961-04-02", "1988-11-30", "1975-07-19"})).masked());
  EXPECT_FALSE(beside_people(dates({"2019-04-02", "2021-11-30", "2022-07-19"})).masked());
  EXPECT_FALSE(beside_people(dates({"1970-01-01", "1970-01-01", "1970-01-01"})).masked());
}

TEST(ColumnPapers, WhatNumbersBeginWithMaySayWhoseTheyAre) {
  const auto mixed = [](Arbitrary& any, size_t i) {
    return any.of(std::array{"MRN-######", "MRN#######", "H#######", "########"}[i % 4]);
  };
  EXPECT_EQ(alone(column("x3", 40, mixed)).cls, Class::kMedicalRecord);
  EXPECT_FALSE(alone(column("x3", 40, "ORD-######")).masked());
  EXPECT_FALSE(alone(column("x3", 40, "BOX#######")).masked());
}

TEST(ColumnPapers, AFewNamesBesidePeople) {
  const auto names = column("x3", 3, [](Arbitrary&, size_t i) {
    return std::vector<std::string>{"Ingrid Malmtoft", "Robert Tirold", "Ekkehard Quast"}[i];
  });
  EXPECT_EQ(beside_people(names).cls, Class::kPersonName);
  EXPECT_NE(alone(names).cls, Class::kPersonName);
  const auto things = column("x3", 3, [](Arbitrary&, size_t i) {
    return std::vector<std::string>{"Ready Soon", "Blue Lantern", "Back Order"}[i];
  });
  EXPECT_FALSE(beside_people(things).masked());
}

TEST(ColumnPapers, NamesOfOldSystems) {
  EXPECT_EQ(beside_people(column("pspt", 60, "@@#######")).cls, Class::kPassport);
  const auto address = [](Arbitrary& any, size_t) {
    return fmt::format("84.{}.{}.{}", any.below(200), any.below(200), any.below(200));
  };
  EXPECT_EQ(alone(column("remoteHost", 60, address)).cls, Class::kIpAddress);
  const auto host = [](Arbitrary& any, size_t) {
    return fmt::format("db-{}.internal", any.below(40));
  };
  EXPECT_FALSE(alone(column("remoteHost", 60, host)).masked());
  const auto released = [](Arbitrary& any, size_t) {
    return fmt::format("{}-05-1{}", 1976 + any.below(40), any.below(9));
  };
  EXPECT_FALSE(alone(column("RELEDATE", 60, released, "date")).masked());
}

}  // namespace
}  // namespace sluice::privacy
