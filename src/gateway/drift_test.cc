#include "gateway/drift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using catalog::Change;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using What = Change::What;

TEST(Drift, NamesWhatItIsAbout) {
  const std::vector<Change> changes = {
      {What::kAltered, "column", "public", "orders.status", "type text -> integer"},
      {What::kAdded, "index", "public", "orders.by_status", ""},
      {What::kRemoved, "table", "public", "old", ""},
      {What::kAltered, "table", "public", "now", "renamed from public.then"},
      {What::kAdded, "function", "public", "total(integer)", "language sql"},
      {What::kAdded, "schema", "", "extra", ""},
  };
  const auto details = drift_details(changes);
  EXPECT_THAT(details.tables,
              ElementsAre("public.orders", "public.old", "public.now", "public.then"));
  EXPECT_THAT(details.written_columns,
              ElementsAre("public.orders.status", "public.orders.*", "public.old.*", "public.now.*",
                          "public.then.*"));
  EXPECT_THAT(details.actions, IsEmpty());
  EXPECT_EQ(drift_message({changes[0]}),
            "no recorded statement made this:\n"
            "column public.orders.status altered: type text -> integer");
}

TEST(Drift, AColumnIsFoundUnderItsOldName) {
  const auto details =
      drift_details({{What::kAltered, "column", "public", "orders.state", "renamed from status"}});
  EXPECT_THAT(details.written_columns, ElementsAre("public.orders.state", "public.orders.status"));
}

}  // namespace
}  // namespace sluice::gateway
