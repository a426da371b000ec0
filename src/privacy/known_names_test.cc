#include "privacy/known_names.h"

#include <gtest/gtest.h>

#include "privacy/columns.h"

namespace sluice::privacy {
namespace {

TEST(KnownNames, CapitalsOfOtherScriptsAreFolded) {
  EXPECT_TRUE(is_given_name("Євген"));
  EXPECT_TRUE(is_given_name("Άννα"));
  EXPECT_TRUE(is_given_name("خالد"));
  EXPECT_TRUE(is_family_name("शर्मा"));
}

TEST(KnownNames, OfManyCountries) {
  for (const char* name :
       {"Ingrid Haugen", "Mehmet Yılmaz", "Siobhán O'Connor", "PAULO FERREIRA", "Nowak, Krystyna",
        "Fatima El-Amrani", "Ольга Смирнова", "Δημήτρης Νικολάου", "Bjørn Østberg", "佐藤 健一",
        "Yuki Tanaka", "Jean-Pierre Moreau", "Nguyen Van Minh", "Rohan Deshpande", "Kwame Mensah"})
    EXPECT_GE(known_as_person(name), .6) << name;
  for (const char* name : {"Copper Kettle", "Standing Desk", "Deluxe Bundle", "", "7", "Terminal B",
                           "株式会社", "красный стол"})
    EXPECT_LE(known_as_person(name), .4) << name;
}

TEST(KnownNames, FamilyNamesByTheirEndings) {
  for (const char* name : {"wisniewska", "dvorakova", "papadopoulos", "gudmundsdottir", "kovalenko",
                           "soderqvist", "mcgillicuddy", "петренко"})
    EXPECT_TRUE(is_family_name(name)) << name;
  EXPECT_FALSE(is_family_name("shelf"));
  EXPECT_FALSE(is_family_name("ova"));
}

ColumnDecision of(const std::string& name, const std::vector<std::string>& values) {
  TableInput table;
  table.name = "t";
  ColumnInput column;
  column.name = name;
  column.type = "text";
  for (const std::string& value : values) column.sample.emplace_back(value);
  table.columns.push_back(std::move(column));
  return classify(table).at(0);
}

/// Each of the first beside each of the second.
std::vector<std::string> pairs(const std::vector<std::string>& first,
                               const std::vector<std::string>& second) {
  std::vector<std::string> out;
  for (const std::string& a : first)
    for (const std::string& b : second) out.push_back(b.empty() ? a : a + " " + b);
  return out;
}

TEST(KnownNames, ColumnsOfNamesThatComeAgain) {
  const std::vector<std::string> given = {"Magnus", "Solveig", "Harald", "Ingrid", "Torbjørn"};
  EXPECT_EQ(of("col2", pairs(given, {"Berg", "Haugen", "Lien", "Strand", "Dahl"})).cls,
            Class::kPersonName);
  EXPECT_EQ(of("x4", pairs(given, {"", "", "", "", ""})).shape, Shape::kNone) << "five words";
  EXPECT_EQ(of("f7", pairs({"Amina", "Youssef", "Karim", "Leila", "Omar", "Nadia", "Hassan",
                            "Salma", "Tariq", "Zainab"},
                           {"", "", ""}))
                .cls,
            Class::kPersonName);
  EXPECT_EQ(of("x1", pairs({"佐藤", "鈴木", "高橋", "田中"}, {"健一", "花子", "美咲"})).cls,
            Class::kPersonName);
}

TEST(KnownNames, ColumnsOfThings) {
  EXPECT_FALSE(of("col2", pairs({"Ergonomic", "Rustic", "Sleek", "Handmade", "Refined"},
                                {"Wooden", "Cotton", "Granite", "Rubber", "Metal"}))
                   .masked());
  EXPECT_FALSE(of("col3", pairs({"Rotterdam", "Utrecht", "Zwolle", "Breda", "Arnhem", "Delft",
                                 "Leiden", "Assen", "Tilburg"},
                                {"", "", ""}))
                   .masked());
  // Makers are called by names of people, but there are few of them.
  EXPECT_FALSE(of("col4", pairs({"Calvin Klein", "Hugo Boss", "Paul Smith"},
                                {"", "", "", "", "", "", "", ""}))
                   .masked());
}

}  // namespace
}  // namespace sluice::privacy
