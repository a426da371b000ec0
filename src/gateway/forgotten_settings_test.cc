#include "gateway/forgotten_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/analyse.h"

namespace sluice::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

ParameterList after(std::string_view text) {
  Admission admission;
  admission.application_name = "report";
  admission.settings = {{"datestyle", "German"}, {"timezone", "Europe/Vienna"}};
  return forgotten_settings(admission, *sql::analyse(text, {}, {}));
}

TEST(ForgottenSettings, ThoseThatAStatementResets) {
  const auto all = ElementsAre(Pair("datestyle", "German"), Pair("timezone", "Europe/Vienna"),
                               Pair("application_name", "report"));
  EXPECT_THAT(after("RESET ALL"), all);
  EXPECT_THAT(after("discard all"), all);
  EXPECT_THAT(after("RESET TimeZone"), ElementsAre(Pair("timezone", "Europe/Vienna")));
  EXPECT_THAT(after("SET DateStyle TO DEFAULT"), ElementsAre(Pair("datestyle", "German")));
  EXPECT_THAT(after("RESET application_name"), ElementsAre(Pair("application_name", "report")));
}

TEST(ForgottenSettings, NoneByOtherStatements) {
  for (const char* text : {"SELECT 1", "SET timezone = 'UTC'", "RESET work_mem", "DISCARD PLANS",
                           "SET LOCAL timezone TO DEFAULT", "RESET timezone; SET timezone TO 'UTC'",
                           "BEGIN; RESET timezone; ROLLBACK"})
    EXPECT_THAT(after(text), IsEmpty()) << text;
}

}  // namespace
}  // namespace sluice::gateway
