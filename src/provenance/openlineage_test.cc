#include "provenance/openlineage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::provenance {
namespace {

TEST(OpenLineage, ARunFromTablesToTheDataSet) {
  Receipt r;
  r.id = "5e0c2a1b9d774f10";
  r.dataset = "churn";
  r.origin = "sluice.example/log";
  r.database = "orders";
  r.tables = {"public.members", "public.regions"};
  r.columns = {
      {"id", {"public.members.id"}, true, false, "", "", "", false},
      {"email", {"public.members.email"}, false, false, "email", "partial", "default", false},
      {"n", {}, false, true, "", "", "", false}};
  r.rows = 7;
  const auto event = run_event(r, "0123456789abcdef-9");
  EXPECT_EQ(event.at("eventType"), "COMPLETE");
  EXPECT_EQ(event, run_event(r, "0123456789abcdef-9")) << "the same whenever it is made";
  const auto& run = event.at("run").as_object();
  const std::string id(run.at("runId").as_string());
  EXPECT_THAT(id, testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                        "[0-9a-f]{12}"));
  EXPECT_EQ(run.at("facets").at("sluice_provenance").at("receipt"), "5e0c2a1b9d774f10");
  const auto& inputs = event.at("inputs").as_array();
  ASSERT_EQ(inputs.size(), 2U);
  EXPECT_EQ(inputs[0].at("name"), "orders.public.members");
  EXPECT_EQ(inputs[1].at("name"), "orders.public.regions");
  const auto& out = event.at("outputs").as_array().at(0).as_object();
  EXPECT_EQ(out.at("name"), "churn");
  EXPECT_EQ(out.at("outputFacets").at("outputStatistics").at("rowCount"), 7);
  EXPECT_EQ(out.at("facets").at("schema").at("fields").as_array().size(), 3U);
  const auto& fields = out.at("facets").at("columnLineage").at("fields").as_object();
  ASSERT_EQ(fields.size(), 2U) << "of what nobody knows nothing is said";
  const auto& email = fields.at("email").at("inputFields").as_array().at(0).as_object();
  EXPECT_EQ(email.at("field"), "email");
  EXPECT_EQ(email.at("name"), "orders.public.members");
  EXPECT_EQ(email.at("transformations").as_array().at(0).at("masking"), true);
  const auto& same = fields.at("id").at("inputFields").as_array().at(0).as_object();
  EXPECT_EQ(same.at("transformations").as_array().at(0).at("subtype"), "IDENTITY");
  EXPECT_EQ(same.at("transformations").as_array().at(0).at("masking"), false);
}

}  // namespace
}  // namespace sluice::provenance
