#include "gateway/fresh_state.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

constexpr std::string_view kAnswer =
    "sluice\x1f"
    "dba\x1f{pg_catalog,public}\x1f\"$user\", public\x1fUTF8\x1fon\x1forigin\x1fon\x1f"
    "Etc/UTC\x1fISO, MDY\x1fpostgres\x1f\x1fheap\x1f"
    "0cc175b9";

TEST(ShownSession, NamesWhatTheServerSaid) {
  const std::string shown = shown_session(kAnswer);
  EXPECT_TRUE(
      shown.starts_with("role sluice\nsession role dba\nschemas {pg_catalog,public}\n"
                        "search_path \"$user\", public\nclient_encoding UTF8\n"))
      << shown;
  EXPECT_TRUE(
      shown.ends_with("IntervalStyle postgres\ndefault_table_access_method heap\n"
                      "digest of all others 0cc175b9"))
      << "what is empty has no line: " << shown;
}

TEST(ShownSession, EndsWithWhatIsItsOwn) {
  EXPECT_TRUE(shown_session(std::string(kAnswer) + "\x1fmy.tenant=7")
                  .ends_with("others 0cc175b9\nits own my.tenant=7"));
}

TEST(ShownSession, TellsTheDatabasesOfAChangeApart) {
  const std::string answer(kAnswer);
  const std::string shown = shown_session("orders: " + answer + "\nstaff: " + answer);
  EXPECT_TRUE(shown.starts_with("orders:\nrole sluice\n")) << shown;
  EXPECT_NE(shown.find("0cc175b9\nstaff:\nrole sluice\n"), std::string::npos) << shown;
}

TEST(ShownSession, LeavesOthersAsTheyAre) {
  EXPECT_EQ(shown_session("sluice grant"), "sluice grant");
  EXPECT_EQ(shown_session(""), "");
}

}  // namespace
}  // namespace sluice::gateway
