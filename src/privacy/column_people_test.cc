// Who is named in a table that holds what only people have.
#include "privacy/column_people.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "privacy/columns.h"
#include "privacy/value_form.h"

namespace sluice::privacy {
namespace {

template <typename F>
ColumnInput column(std::string name, F value) {
  ColumnInput out;
  out.name = std::move(name);
  out.type = "text";
  for (size_t i = 0; i < 60; ++i) out.sample.emplace_back(value(i));
  return out;
}

/// Words that nobody is known by, as many different ones as `different`.
std::string word(size_t i, size_t different) {
  constexpr const char* kFirst[] = {"Zor", "Quel", "Brim", "Talv", "Ghen", "Plos", "Fruv"};
  constexpr const char* kLast[] = {"akkem", "udrix", "onvey", "ilpat", "ezgor"};
  const size_t k = i * 11 % different;
  return fmt::format("{}{}", kFirst[k % 7], kLast[k / 7 % 5]);
}

/// Of people: telephone numbers, addresses for mail that tell no names, dates of birth.
std::vector<ColumnInput> peoples() {
  return {column("tel", [](size_t i) { return fmt::format("+44 20 7946 0{:03}", i * 37 % 1000); }),
          column("mail", [](size_t i) { return fmt::format("q{}@mail.example", i * 31); }),
          column("dob", [](size_t i) { return fmt::format("19{}-0{}-11", 40 + i, 1 + i % 9); })};
}

ColumnDecision beside(std::vector<ColumnInput> people, ColumnInput input) {
  TableInput table;
  table.name = "t";
  table.columns = std::move(people);
  table.columns.push_back(std::move(input));
  return classify(table).back();
}

TEST(ColumnPeople, FewNamesAreNamesWherePeopleAre) {
  const auto few = column("familiya", [](size_t i) { return word(i, 5); });
  EXPECT_EQ(beside({}, few).shape, Shape::kNone);
  EXPECT_EQ(beside(peoples(), few).cls, Class::kPersonName);
  // "pat" may be a token, too.
  EXPECT_EQ(
      beside(peoples(), column("pat_fornamn", [](size_t i) { return word(i, 5).substr(0, 5); }))
          .cls,
      Class::kPersonName);
  const auto states = column("tier", [](size_t i) { return word(i, 5); });
  EXPECT_EQ(beside(peoples(), states).shape, Shape::kNone);
}

TEST(ColumnPeople, TwoColumnsOfManyWordsNameThoseOfWhomNobodyIsNamed) {
  const auto one = column("col8", [](size_t i) { return word(i, 35); }),
             other = column("col9", [](size_t i) { return word(i * 3, 35); });
  auto people = peoples();
  EXPECT_EQ(beside(people, other).shape, Shape::kNone) << "it may be a town";
  people.push_back(one);
  EXPECT_EQ(beside(people, other).cls, Class::kPersonName);
  EXPECT_EQ(beside({one}, other).shape, Shape::kNone) << "of nobody";
  people.insert(people.begin(), column("full_name", [](size_t i) {
                  return fmt::format("{}nna {}eyer", char('A' + i % 26), char('A' + i * 3 % 26));
                }));
  EXPECT_EQ(beside(people, other).shape, Shape::kNone) << "they are named";
}

TEST(ColumnPeople, PairsOfWordsMayComeAgainWhereNobodyIsNamed) {
  const auto pairs =
      column("col7", [](size_t i) { return word(i, 35) + " " + word(i * 3, i % 2 == 0 ? 5 : 35); });
  EXPECT_EQ(beside(peoples(), pairs).cls, Class::kPersonName);
  EXPECT_EQ(beside({}, pairs).shape, Shape::kNone);
}

TEST(ColumnPeople, NobodyIsCalledByDigitsAlone) {
  EXPECT_EQ(
      beside({}, column("cr_account", [](size_t i) { return std::to_string(80412377 + i * 7919); }))
          .cls,
      Class::kBankAccount);
}

TEST(ColumnPeople, CapitalsOfMoreAlphabets) {
  for (const char* name : {"Ștefania Țurcanu", "Έλενα Άννινου", "Đặng Ấn"})
    EXPECT_TRUE(looks_like_person(name)) << name;
}

}  // namespace
}  // namespace sluice::privacy
