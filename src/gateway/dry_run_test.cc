#include "gateway/dry_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/human_presence.h"

namespace sluice::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

sql::StatementFacts facts(const std::string& kind,
                          sql::ActionKind action = sql::ActionKind::kDelete) {
  sql::StatementFacts out;
  out.kind = kind;
  out.statements = 1;
  out.actions.emplace_back().kind = action;
  return out;
}

std::string why_not(const sql::StatementFacts& facts, bool parameters = false,
                    bool in_transaction = false, const config::DatabaseConfig& database = {}) {
  static const catalog::Catalog kCatalog{catalog::Catalog::Contents()};
  return no_dry_run(facts, &kCatalog, database, parameters, in_transaction);
}

TEST(DryRun, Threat69_WhatARollbackLeavesIsNotRun) {
  EXPECT_EQ(why_not(facts("DELETE", sql::ActionKind::kRead)), "");
  EXPECT_THAT(why_not(facts("DELETE")), "") << "without a target there is nothing to change";
  EXPECT_THAT(why_not(facts("TRUNCATE")), HasSubstr("only one INSERT"));
  EXPECT_THAT(why_not(facts("SELECT")), HasSubstr("only one INSERT"));
  EXPECT_THAT(why_not(facts("DELETE", sql::ActionKind::kNotify)), HasSubstr("notify"));
  EXPECT_THAT(why_not(facts("DELETE", sql::ActionKind::kSessionSetting)), HasSubstr("not taken"));
  EXPECT_THAT(why_not(facts("DELETE"), true), HasSubstr("parameters"));
  EXPECT_THAT(why_not(facts("DELETE"), false, true), HasSubstr("transaction has begun"));
  auto two = facts("DELETE");
  two.statements = 2;
  EXPECT_THAT(why_not(two), HasSubstr("only one INSERT"));
  auto dynamic = facts("DELETE");
  dynamic.dynamic_sql = true;
  EXPECT_THAT(why_not(dynamic), HasSubstr("put together"));
  auto calls = facts("DELETE");
  calls.functions.push_back({7, "public", "f", 'v', sql::FunctionRisk::kUnknown, false});
  EXPECT_THAT(why_not(calls), HasSubstr("public.f"));
  auto unknown = facts("DELETE");
  unknown.actions[0].targets.emplace_back().oid = 4711;
  EXPECT_THAT(why_not(unknown), HasSubstr("not known"));
  config::DatabaseConfig named;
  named.identity.settings = true;
  EXPECT_THAT(why_not(facts("DELETE"), false, false, named), HasSubstr("the server is told"));
}

TEST(DryRun, Threat69_ItIsRolledBackAndWhatFollowsACommentToo) {
  const std::string text = dry_run_text("DELETE FROM t -- all of it");
  EXPECT_TRUE(text.starts_with("BEGIN; SET LOCAL lock_timeout = '1s'"));
  EXPECT_TRUE(text.ends_with("; ROLLBACK"));
  EXPECT_THAT(text, HasSubstr("DELETE FROM t -- all of it\n; SET CONSTRAINTS ALL IMMEDIATE"));
}

TEST(DryRun, CountsAllThatChanged) {
  std::vector<catalog::Rows> answer(9);
  answer[4] = {{"session"}};
  answer[7] = {{"public.a", "1", "0", "2", "on"}, {"public.b", "0", "4", "0", "on"}};
  const auto run = read_dry_run(answer, "session");
  EXPECT_EQ(run.rows, 7U) << run.why_not;
  EXPECT_THAT(run.tables, ElementsAre("public.a: 1 inserted, 0 updated, 2 deleted",
                                      "public.b: 0 inserted, 4 updated, 0 deleted"));
  EXPECT_THAT(read_dry_run(answer, "another").why_not, HasSubstr("not those of a fresh one"));
  answer[7][0][4] = "off";
  EXPECT_FALSE(read_dry_run(answer, "session").rows);
  answer.pop_back();
  EXPECT_FALSE(read_dry_run(answer, "session").rows);
}

TEST(DryRun, CountsWhatEachStepOfAScriptChangesBehindThoseBeforeIt) {
  const std::string text =
      dry_run_text(std::vector<std::string>{"DELETE FROM a -- all", "UPDATE b SET i = 1"});
  EXPECT_TRUE(text.starts_with("BEGIN; SET LOCAL lock_timeout = '1s'"));
  EXPECT_TRUE(text.ends_with("; ROLLBACK"));
  EXPECT_THAT(text, HasSubstr("DELETE FROM a -- all\n; SELECT"));
  EXPECT_THAT(text, HasSubstr("UPDATE b SET i = 1\n; SET CONSTRAINTS ALL IMMEDIATE; SELECT"));
  std::vector<catalog::Rows> answer(10);
  answer[5] = {{"public.a", "0", "0", "2", "on"}};
  answer[8] = {{"public.a", "0", "1", "2", "on"}, {"public.b", "0", "4", "0", "on"}};
  auto runs = read_dry_run(answer, 2);
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].rows, 2U) << runs[0].why_not;
  EXPECT_EQ(runs[1].rows, 5U) << runs[1].why_not;
  EXPECT_THAT(runs[1].tables, ElementsAre("public.a: 0 inserted, 1 updated, 0 deleted",
                                          "public.b: 0 inserted, 4 updated, 0 deleted"));
  answer[8][0][4] = "off";
  EXPECT_FALSE(read_dry_run(answer, 2)[1].rows);
  EXPECT_TRUE(read_dry_run(answer, 2)[0].rows);
  for (const auto& run : read_dry_run(answer, 3)) EXPECT_FALSE(run.rows);
}

TEST(HumanPresence, Threat68_OnlyALoginOfTheirOwnCounts) {
  constexpr int64_t kNow = 1'000'000'000;
  identity::User dora, robot;
  dora.name = "dora";
  robot.name = "robot";
  robot.kind = identity::UserKind::kAgent;
  const auto credential = [](std::string id, std::string user, int64_t at) {
    identity::Credential out;
    out.id = out.digest = std::move(id);
    out.user = std::move(user);
    out.expires_micros = 2 * kNow;
    out.assurance.authenticated_micros = at;
    return out;
  };
  auto own = credential("a", "dora", 500);
  auto handed = credential("b", "dora", 900);
  handed.actors = {"dora", "erin"};
  auto token = credential("c", "dora", 950);
  token.kind = identity::CredentialKind::kToken;
  auto revoked = credential("d", "dora", 970);
  revoked.revoked_micros = 980;
  const identity::Directory directory({dora, robot}, {own, handed, token, revoked}, 1);
  policy::Principal principal;
  principal.user = "robot";
  principal.kind = policy::PrincipalKind::kAgent;
  principal.authenticated_micros = 999;
  policy::Proofs alone;
  find_human(principal, directory, kNow, alone);
  EXPECT_EQ(alone.human, "") << "an agent that acts for itself is nobody";
  principal.actors = {"robot", "dora"};
  policy::Proofs proofs;
  find_human(principal, directory, kNow, proofs);
  EXPECT_EQ(proofs.human, "dora");
  EXPECT_EQ(proofs.human_authenticated_micros, 500);
  policy::Proofs herself;
  principal.actors.clear();
  principal.kind = policy::PrincipalKind::kHuman;
  find_human(principal, directory, kNow, herself);
  EXPECT_EQ(herself.human_authenticated_micros, 999);
}

std::shared_ptr<const policy::Decision> decided(policy::Effect effect, bool may_be_tried = false) {
  auto out = std::make_shared<policy::Decision>();
  out->effect = effect;
  out->rule = "r";
  if (effect == policy::Effect::kHold) {
    auto spec = std::make_shared<policy::ApprovalSpec>();
    spec->rule = "r";
    spec->dry_run = may_be_tried;
    out->holds.push_back(std::move(spec));
  }
  return out;
}

TEST(DryRun, Threat69_ForShowNothingIsAllowedButSettings) {
  using policy::Effect;
  for (const char* kind : {"SELECT", "TRUNCATE", "BEGIN", "COPY", "EXECUTE", "EXPLAIN", "DO", ""})
    EXPECT_EQ(for_show(decided(Effect::kAllow), facts(kind))->effect, Effect::kDeny) << kind;
  for (const char* kind : {"INSERT", "UPDATE", "DELETE", "MERGE"}) {
    const auto held = for_show(decided(Effect::kAllow), facts(kind));
    EXPECT_EQ(held->effect, Effect::kHold) << kind;
    ASSERT_EQ(held->holds.size(), 1U);
    EXPECT_TRUE(held->holds[0]->dry_run);
  }
  EXPECT_TRUE(for_show(decided(Effect::kAllow), facts("SET"))->allowed());
  auto two = facts("SET");
  two.statements = 2;
  EXPECT_EQ(for_show(decided(Effect::kAllow), two)->effect, Effect::kDeny);
  EXPECT_EQ(for_show(decided(Effect::kDeny), facts("DELETE"))->rule, "r");
  EXPECT_EQ(for_show(decided(Effect::kHold, true), facts("DELETE"))->effect, Effect::kHold);
  const auto refused = for_show(decided(Effect::kHold), facts("DELETE"));
  EXPECT_EQ(refused->effect, Effect::kDeny);
  EXPECT_TRUE(refused->holds.empty());
}

TEST(DryRun, WhatItChangedIsTold) {
  using policy::Effect;
  auto held =
      std::make_shared<policy::Decision>(*for_show(decided(Effect::kAllow), facts("DELETE")));
  held->limits.rows_changed = {1, "few"};
  const auto told = shown(*held, {2, {"public.t: 0 inserted, 0 updated, 2 deleted"}, ""});
  EXPECT_EQ(told->effect, Effect::kDeny);
  EXPECT_EQ(told->sqlstate, "SLDRY");
  EXPECT_THAT(told->message, HasSubstr("changed 2 rows"));
  EXPECT_THAT(told->detail, HasSubstr(R"("rows":2,)"));
  EXPECT_THAT(told->detail, HasSubstr(R"("decision":"allow","most_rows":1)"));
  EXPECT_THAT(told->hint, HasSubstr("\"few\" lets it change 1 rows"));
  const auto asks = shown(*for_show(decided(Effect::kHold, true), facts("DELETE")), {0, {}, ""});
  EXPECT_THAT(asks->detail, HasSubstr(R"("decision":"hold")"));
  EXPECT_EQ(shown(*held, {{}, {}, "it has parameters"})->sqlstate, "0A000");
}

}  // namespace
}  // namespace sluice::gateway
