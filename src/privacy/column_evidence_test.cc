// What weighs more where a column's name, its values and what stands beside it disagree.
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "privacy/columns.h"

namespace sluice::privacy {
namespace {

ColumnInput column(std::string name, std::string type, std::vector<std::string> values) {
  ColumnInput out;
  out.name = std::move(name);
  out.type = std::move(type);
  for (std::string& value : values) out.sample.emplace_back(std::move(value));
  return out;
}

std::vector<ColumnDecision> decided(std::string table, std::vector<ColumnInput> columns) {
  TableInput input;
  input.name = std::move(table);
  input.columns = std::move(columns);
  return classify(input);
}

ColumnDecision alone(ColumnInput input) { return decided("t", {std::move(input)}).at(0); }

template <typename F>
std::vector<std::string> many(int n, F f) {
  std::vector<std::string> out;
  for (int i = 0; i < n; ++i) out.push_back(f(i));
  return out;
}

std::vector<std::string> positions() {
  return many(30, [](int i) { return fmt::format("{}.{:05}", 8 + i % 20, i * 7919 % 100000); });
}

TEST(ColumnEvidence, PositionsOfWhatWasBuilt) {
  const auto lat = column("lat", "double precision", positions()),
             lon = column("sensor_lon", "double precision", positions());
  for (const char* built : {"weather_stations", "sensor_readings", "shop_locations"})
    EXPECT_EQ(decided(built, {lat, lon})[0].shape, Shape::kNone) << built;
  for (const char* been : {"hotel_guests", "shop_customers", "store_users", "restaurant_orders"})
    EXPECT_EQ(decided(been, {lat})[0].cls, Class::kGeoPosition) << been;
  EXPECT_EQ(decided("readings", {lat, lon})[0].cls, Class::kGeoPosition) << "of whom is not said";
  EXPECT_EQ(decided("readings", {lat, lon})[1].shape, Shape::kNone);
  const auto mails =
      column("email", "text", many(30, [](int i) { return fmt::format("p{}@mail.example", i); }));
  const auto user = column("user_id", "integer", many(30, [](int i) { return std::to_string(i); }));
  EXPECT_EQ(decided("store_visits", {lat, mails})[0].cls, Class::kGeoPosition);
  EXPECT_EQ(decided("store_visits", {user, lat})[1].cls, Class::kGeoPosition);
}

TEST(ColumnEvidence, AccountsOfTheBooksAreNobodys) {
  const auto numbers = many(40, [](int i) { return std::to_string(400000 + i * 137); });
  for (const char* name : {"gl_acct", "gl_account_no", "ledger_account", "sachkonto_nr",
                           "cuenta_contable", "compte_comptable"})
    EXPECT_EQ(alone(column(name, "text", numbers)).shape, Shape::kNone) << name;
  EXPECT_EQ(alone(column("acct_no", "text", numbers)).cls, Class::kBankAccount);
}

TEST(ColumnEvidence, APositionUnderANameOfUsersIsNoUserName) {
  const auto pairs = many(30, [](int i) {
    return fmt::format("{}.{:05},77.{:05}", 8 + i, i * 7919, i * 104729 % 100000);
  });
  EXPECT_EQ(alone(column("userHome", "text", pairs)).cls, Class::kGeoPosition);
}

TEST(ColumnEvidence, OneAddressAmongManyWordsIsLookedFor) {
  auto notes = many(60, [](int) { return std::string("ok"); });
  notes[17] = "write to quentin.z@mail.example";
  EXPECT_EQ(alone(column("note", "text", notes)).shape, Shape::kFreeText);
  EXPECT_EQ(alone(column("remark_code", "text", notes)).shape, Shape::kFreeText);
  auto tags = many(60, [](int i) { return fmt::format("{{red,size{}}}", i % 3); });
  EXPECT_EQ(alone(column("tags", "text[]", tags)).shape, Shape::kNone);
  tags[17] = "{red,quentin.z@mail.example}";
  EXPECT_EQ(alone(column("tags", "text[]", tags)).shape, Shape::kStructured);
}

TEST(ColumnEvidence, HousesWithNamesAmongAddresses) {
  const auto streets = many(40, [](int i) {
    return i % 4 == 0 ? std::string("The Old Rectory, Church Lane")
                      : fmt::format("{} Larkhill Crescent", 3 + i);
  });
  EXPECT_EQ(alone(column("c7", "text", streets)).cls, Class::kPostalAddress);
}

TEST(ColumnEvidence, PlatesOfElectricCars) {
  const char* const towns[] = {"M", "KS", "B", "HH", "WÜ", "DD", "GÖ", "AC"};
  const auto plates = many(40, [&](int i) {
    return fmt::format("{}-{}{} {}{}", towns[i % 8], static_cast<char>('A' + i * 7 % 26),
                       static_cast<char>('A' + i * 11 % 26), 10 + i * 37, i % 5 == 0 ? " E" : "");
  });
  EXPECT_EQ(alone(column("d5", "text", plates)).cls, Class::kLicencePlate);
}

TEST(ColumnEvidence, AnswersToSecretQuestionsMayBeShort) {
  EXPECT_EQ(
      alone(column("security_answer", "text", {"Rex", "pizza", "Ulm", "Fiat", "Ann", "Kiel"})).cls,
      Class::kPassword);
}

TEST(ColumnEvidence, SessionsOfConferencesAreNoSessions) {
  const auto tokens =
      many(30, [](int i) { return fmt::format("q{}Zr{}xK{}LmW", i * 7919, i * 31 + 5, i); });
  EXPECT_EQ(alone(column("session", "text", tokens)).cls, Class::kSessionCookie);
  EXPECT_EQ(alone(column("session", "text",
                         many(30, [](int i) { return fmt::format("Afternoon track {}", i); })))
                .shape,
            Shape::kNone);
}

}  // namespace
}  // namespace sluice::privacy
