// What is decided about facts, rule by rule.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/judge_fixture.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "policy/test_facts.h"

namespace sluice::policy {
namespace {

TEST(Judge, WhatNoRuleAllowsIsRefused) {
  const auto decision = decide(kReadPublic, deleting_orders());
  EXPECT_EQ(decision->effect, Effect::kDeny);
  EXPECT_EQ(decision->rule, "default-deny");
  EXPECT_EQ(decision->sqlstate, "42501");
  EXPECT_THAT(decision->message, HasSubstr("deleting from \"public.orders\" is not allowed"));
  EXPECT_TRUE(decide(kReadPublic, reading_orders())->allowed());
  EXPECT_EQ(decide(kReadPublic, reading_orders())->rule, "reads");
}

TEST(Judge, EveryTargetMustBeCovered) {
  FactsOf both = reading_orders().act(ActionKind::kRead, "hr.salaries", kSalaries);
  EXPECT_FALSE(decide(kReadPublic, both)->allowed());
  EXPECT_TRUE(
      decide(kReadPublic + "- {name: hr, effect: allow, on: {schemas: [hr]}, do: [read]}\n", both)
          ->allowed());
  // Reached through a view counts as well.
  FactsOf view = reading("public.recent", kView);
  EXPECT_TRUE(decide(kReadPublic, view)->allowed());
  view.act(ActionKind::kRead, "hr.salaries", kSalaries).reached();
  EXPECT_FALSE(decide(kReadPublic, view)->allowed());
}

TEST(Judge, DenyBeatsHoldBeatsAllow) {
  const std::string hold =
      "- {name: wait, effect: hold, do: [delete], on: {tables: [public.orders]}}\n";
  const std::string deny =
      "- {name: never, effect: deny, do: [delete], on: {tables: [public.orders]}}\n";
  EXPECT_EQ(decide(kAll, deleting_orders())->effect, Effect::kAllow);
  EXPECT_EQ(decide(kAll + hold, deleting_orders())->effect, Effect::kHold);
  EXPECT_EQ(decide(kAll + hold, deleting_orders())->rule, "wait");
  const auto decision =
      decide(kAll + "- {name: wait, effect: hold, do: [delete, read]}\n" + deny, deleting_orders());
  EXPECT_EQ(decision->effect, Effect::kDeny);
  EXPECT_EQ(decision->rule, "never");
  EXPECT_THAT(decision->matched, ElementsAre("all", "wait", "never"));
}

TEST(Judge, AHoldDoesNotCarryWhatNoRuleAllows) {
  const std::string rules = kReadPublic + "- {name: ddl, effect: hold, do: [schema_change]}\n";
  FactsOf create =
      FactsOf("CREATE TABLE AS").act(ActionKind::kCreate, "public.copy").object_kind("table");
  EXPECT_EQ(decide(rules, create)->effect, Effect::kHold);
  create.act(ActionKind::kRead, "hr.salaries", kSalaries);
  EXPECT_EQ(decide(rules, create)->rule, "default-deny");
}

TEST(Judge, DenyFiresWhenAnythingMatches) {
  const std::string rules =
      kAll + "- {name: secret, effect: deny, on: {tables: [\"*.salaries\"]}}\n";
  EXPECT_TRUE(decide(rules, reading_orders())->allowed());
  EXPECT_FALSE(
      decide(rules, reading_orders().act(ActionKind::kRead, "hr.salaries", kSalaries).reached())
          ->allowed());
  EXPECT_FALSE(
      decide(rules, FactsOf("DROP SCHEMA").act(ActionKind::kDrop, "hr").object_kind("schema"))
          ->allowed());
  EXPECT_FALSE(decide(rules, FactsOf("TRUNCATE").act(ActionKind::kTruncate))->allowed());
  EXPECT_FALSE(
      decide(rules, FactsOf("DROP OWNED").act(ActionKind::kDrop).object_kind("owned objects"))
          ->allowed());
  EXPECT_TRUE(decide(rules, FactsOf("DROP ROLE").act(ActionKind::kDrop, "r").object_kind("role"))
                  ->allowed());
}

TEST(Judge, DroppingAColumnIsDoneToItsTable) {
  const std::string rules =
      kAll + "- {name: no, effect: deny, on: {tables: [public.orders]}, do: [drop]}\n";
  EXPECT_FALSE(decide(rules, FactsOf("ALTER TABLE")
                                 .act(ActionKind::kDrop, "public.orders.email")
                                 .object_kind("column"))
                   ->allowed());
  EXPECT_FALSE(decide(rules, FactsOf("ALTER TABLE")
                                 .act(ActionKind::kDrop, "public.orders", kOrders)
                                 .object_kind("column"))
                   ->allowed());
}

TEST(Judge, PartitionsAreRefusedWithTheirTable) {
  const std::string rules =
      kAll + "- {name: no, effect: deny, on: {tables: [public.orders]}, do: [read]}\n";
  EXPECT_FALSE(decide(rules, reading("public.orders_2025", kOrders2025))->allowed());
  // But a rule that allows the table says nothing of a partition read by its own name.
  EXPECT_FALSE(decide("- {name: a, effect: allow, on: {tables: [public.orders]}, do: [read]}\n",
                      reading("public.orders_2025", kOrders2025))
                   ->allowed());
}

TEST(Judge, WhatIsNotResolvedCountsAgainstTheStatement) {
  FactsOf ghost = reading("public.ghost", 0).unresolved();
  EXPECT_FALSE(decide(kReadPublic, ghost)->allowed());
  EXPECT_TRUE(decide(kAll, ghost)->allowed());
  EXPECT_TRUE(
      decide("- {name: a, effect: allow, on: {tables: [\"*\"]}, do: [read]}\n", ghost)->allowed());
  const std::string deny = kAll + "- {name: d, effect: deny, on: {tables: [hr.salaries]}}\n";
  EXPECT_TRUE(decide(deny, ghost)->allowed());
  EXPECT_FALSE(decide(deny, reading("salaries", 0).unresolved())->allowed());
  EXPECT_FALSE(decide(deny, reading("hr.salaries", 0).unresolved())->allowed());
  // A table made earlier in the same text is known by its name.
  EXPECT_TRUE(decide(kReadPublic, reading("public.made", 0))->allowed());
}

TEST(Judge, TablesThatNoActionNamesAreRead) {
  FactsOf facts;
  facts.act(ActionKind::kRead);
  EXPECT_TRUE(decide(kReadPublic, facts)->allowed());
  EXPECT_EQ(decide(kReadPublic, facts)->rule, "harmless");
  facts.facts().tables = {"hr.salaries"};
  EXPECT_FALSE(decide(kReadPublic, facts)->allowed());
}

TEST(Judge, HarmlessThingsNeedNoRuleButCanBeNamed) {
  for (const auto kind : {ActionKind::kTransaction, ActionKind::kSessionSetting,
                          ActionKind::kReadCatalog, ActionKind::kCursor, ActionKind::kPrepare}) {
    EXPECT_TRUE(decide(kReadPublic, FactsOf("X").act(kind, "pg_catalog.pg_class"))->allowed());
    EXPECT_TRUE(decide("- {name: no, effect: deny}\n", FactsOf("X").act(kind))->allowed());
  }
  EXPECT_TRUE(decide(kReadPublic, FactsOf("SHOW").act(ActionKind::kOther))->allowed());
  EXPECT_FALSE(decide(kReadPublic, FactsOf("LOAD").act(ActionKind::kOther))->allowed());
  EXPECT_FALSE(
      decide(kReadPublic, FactsOf("SHOW; LOAD").act(ActionKind::kOther).act(ActionKind::kOther))
          ->allowed());
  EXPECT_TRUE(
      decide(kReadPublic, FactsOf("SET").act(ActionKind::kSessionSetting, "work_mem"))->allowed());
  for (const char* guarded :
       {"session_replication_role", "Allow_System_Table_Mods", "log_statement", "*"})
    EXPECT_FALSE(
        decide(kReadPublic, FactsOf("SET").act(ActionKind::kSessionSetting, guarded))->allowed())
        << guarded;
  EXPECT_FALSE(decide("- {name: no, effect: deny, do: [session_setting]}\n",
                      FactsOf("SET").act(ActionKind::kSessionSetting))
                   ->allowed());
  EXPECT_FALSE(
      decide("- {name: no, effect: deny, do: [read_catalog], on: {tables: [pg_catalog.*]}}\n",
             FactsOf().act(ActionKind::kReadCatalog, "pg_catalog.pg_class", 1259))
          ->allowed());
}

TEST(Judge, RiskyFunctionsMustBeNamed) {
  const auto sleeping =
      FactsOf().act(ActionKind::kRead).calls("pg_catalog.pg_sleep", FunctionRisk::kSleep);
  EXPECT_FALSE(decide(kAll, sleeping)->allowed());
  for (const char* names : {"sleep", "pg_catalog.pg_sleep", "pg_catalog.*", "\"*\""}) {
    EXPECT_TRUE(decide(kAll + "- {name: f, effect: allow, do: [function], on: {functions: [" +
                           names + "]}}\n",
                       sleeping)
                    ->allowed())
        << names;
  }
  EXPECT_FALSE(
      decide(kAll + "- {name: f, effect: allow, do: [function], on: {functions: [file]}}\n",
             sleeping)
          ->allowed());
  // One that is understood is judged by what it does; a rule may still name it.
  const auto own = FactsOf().act(ActionKind::kRead).calls("public.f", FunctionRisk::kNone);
  EXPECT_TRUE(decide(kReadPublic, own)->allowed());
  EXPECT_FALSE(
      decide(kAll + "- {name: f, effect: deny, do: [function], on: {functions: [public.f]}}\n", own)
          ->allowed());
  // A marked call of which nothing else is told.
  EXPECT_FALSE(decide(kAll, FactsOf().act(ActionKind::kFunction))->allowed());
}

TEST(Judge, ATemporaryThingThatReachesOutIsASchemaChange) {
  const std::string own = "- {name: t, effect: allow, do: [temporary]}\n";
  const auto create = [](const std::string& kind) {
    return FactsOf("CREATE").act(ActionKind::kCreate, "pg_temp.x").object_kind(kind).temporary();
  };
  for (const char* kind : {"table", "view", "sequence", "index"})
    EXPECT_TRUE(decide(own, create(kind))->allowed()) << kind;
  for (const char* kind : {"foreign table", "function", "type", "domain", "cast", "object"})
    EXPECT_FALSE(decide(own, create(kind))->allowed()) << kind;
}

TEST(Judge, CopyOfAQueryCopiesOutWhatItReads) {
  const auto query =
      FactsOf("COPY").act(ActionKind::kCopyOut).act(ActionKind::kRead, "public.orders", kOrders);
  EXPECT_FALSE(decide(kReadPublic, query)->allowed());
  const std::string copy = "- {name: c, effect: allow, do: [copy_out], on: {tables: [public.*]}}\n";
  EXPECT_TRUE(decide(kReadPublic + copy, query)->allowed());
  const std::string deny =
      "- {name: d, effect: deny, do: [copy_out], on: {tables: [public.orders]}}\n";
  EXPECT_FALSE(decide(kAll + deny, query)->allowed());
  // A rule about other tables has nothing to say.
  const std::string other =
      "- {name: d, effect: deny, do: [copy_out], on: {tables: [public.cards]}}\n";
  EXPECT_TRUE(decide(kAll + other, query)->allowed());
}

TEST(Judge, CopyNeedsTheRightToReadOrInsertToo) {
  const std::string copy = "- {name: c, effect: allow, do: [copy_out, copy_in]}\n";
  const auto out = FactsOf("COPY").act(ActionKind::kCopyOut, "public.orders", kOrders);
  EXPECT_FALSE(decide(copy, out)->allowed());
  EXPECT_TRUE(decide(copy + kReadPublic, out)->allowed());
  const auto in = FactsOf("COPY").act(ActionKind::kCopyIn, "public.orders", kOrders);
  EXPECT_FALSE(decide(copy, in)->allowed());
  const auto program =
      FactsOf("COPY").act(ActionKind::kCopyOut, "public.orders", kOrders).object_kind("program");
  EXPECT_FALSE(decide(kAll, program)->allowed());
  EXPECT_TRUE(
      decide(kAll + "- {name: f, effect: allow, do: [function], on: {functions: [program]}}\n",
             program)
          ->allowed());
}

TEST(Judge, DynamicSqlMayTouchAnything) {
  const auto dynamic = FactsOf("DO").act(ActionKind::kCall).dynamic();
  const std::string allow = kAll + "- {name: dyn, effect: allow, do: [dynamic_sql]}\n";
  EXPECT_FALSE(decide(kAll, dynamic)->allowed());
  EXPECT_TRUE(decide(allow, dynamic)->allowed());
  EXPECT_FALSE(
      decide(allow + "- {name: d, effect: deny, on: {tables: [hr.*]}, do: [read]}\n", dynamic)
          ->allowed());
  EXPECT_TRUE(decide(allow + "- {name: d, effect: deny, do: [truncate]}\n", dynamic)->allowed());
}

TEST(Judge, StatisticsShowValuesOfAnyTable) {
  const auto reading = [](const char* name) {
    return FactsOf().act(ActionKind::kRead, name, 2619);
  };
  for (const std::string on :
       {"{columns: [hr.salaries.amount]}", "{tables: [hr.*]}", "{classes: [financial]}"}) {
    const std::string rules = kAll + "- {name: d, effect: deny, do: [read], on: " + on + "}\n";
    EXPECT_FALSE(decide(rules, reading("pg_catalog.pg_statistic"))->allowed()) << on;
    // Of a table of users' own it is not known here what its columns hold.
    const bool by_name = on.find("classes") == std::string::npos;
    EXPECT_EQ(decide(rules, reading("public.pg_stats"))->allowed(), by_name) << on;
  }
  const std::string writes =
      kAll + "- {name: d, effect: deny, do: [write], on: {tables: [hr.*]}}\n";
  EXPECT_TRUE(decide(writes, reading("pg_catalog.pg_statistic"))->allowed());
}

TEST(Judge, TemporaryTablesAreASessionsOwn) {
  const auto insert = FactsOf("INSERT").act(ActionKind::kInsert, "pg_temp.t").temporary();
  EXPECT_FALSE(decide(kReadPublic, insert)->allowed());
  EXPECT_TRUE(decide("- {name: t, effect: allow, do: [temporary]}\n"
                     "- {name: w, effect: deny, do: [insert, create]}\n",
                     insert)
                  ->allowed());
}

struct ColumnCase {
  const char* rules;
  FactsOf facts;
  bool allowed;
};
TEST(Judge, Columns) {
  const std::string deny =
      kAll + "- {name: pii, effect: deny, on: {columns: [public.orders.email]}, do: [read]}\n";
  EXPECT_TRUE(decide(deny, reading_orders().uses(kOrders, 1, sql::kUsedInOutput))->allowed());
  for (const int use : {sql::kUsedInOutput, sql::kUsedInPredicate, sql::kUsedInJoin,
                        sql::kUsedInGrouping, sql::kUsedInOrdering})
    EXPECT_FALSE(decide(deny, reading_orders().uses(kOrders, 3, use))->allowed()) << use;
  EXPECT_FALSE(decide(deny, reading_orders().uses(kOrders, 0, sql::kUsedInOutput))->allowed());
  EXPECT_TRUE(decide(deny, reading_orders())->allowed());  // SELECT count(*)
  EXPECT_TRUE(decide(deny, reading("hr.salaries", kSalaries).uses(kSalaries, 0, 1))->allowed());
  // ON CONFLICT (email) tells whether a value is there.
  EXPECT_FALSE(decide(deny, FactsOf("INSERT")
                                .act(ActionKind::kInsert, "public.orders", kOrders)
                                .uses(kOrders, 3, sql::kWritten | sql::kArbiter))
                   ->allowed());
  EXPECT_TRUE(decide(deny, FactsOf("INSERT")
                               .act(ActionKind::kInsert, "public.orders", kOrders)
                               .uses(kOrders, 3, sql::kWritten))
                  ->allowed());
  // In a WHERE of an UPDATE, or where columns cannot be told.
  EXPECT_FALSE(decide(deny, FactsOf("UPDATE")
                                .act(ActionKind::kUpdate, "public.orders", kOrders)
                                .uses(kOrders, 3, sql::kUsedInPredicate))
                   ->allowed());
  EXPECT_FALSE(
      decide(deny, FactsOf("COPY").act(ActionKind::kCopyOut, "public.orders", kOrders))->allowed());

  const std::string write =
      kAll + "- {name: pii, effect: deny, on: {columns: [public.orders.price]}, do: [update]}\n";
  const auto update = FactsOf("UPDATE").act(ActionKind::kUpdate, "public.orders", kOrders);
  EXPECT_FALSE(decide(write, FactsOf(update).uses(kOrders, 2, sql::kWritten))->allowed());
  EXPECT_TRUE(decide(write, FactsOf(update).uses(kOrders, 3, sql::kWritten))->allowed());
  EXPECT_FALSE(decide(write, update)->allowed());

  const std::string allow =
      "- {name: some, effect: allow, do: [read], on: {columns: [public.orders.id, "
      "public.orders.pri*]}}\n";
  EXPECT_TRUE(decide(allow, reading_orders().uses(kOrders, 1, 1).uses(kOrders, 2, 2))->allowed());
  EXPECT_FALSE(decide(allow, reading_orders().uses(kOrders, 1, 1).uses(kOrders, 3, 2))->allowed());
  EXPECT_FALSE(decide(allow, reading_orders().uses(kOrders, 0, 1))->allowed());
  EXPECT_TRUE(decide(allow, reading_orders())->allowed());
}

TEST(Judge, ShadowRulesAreOnlyRecorded) {
  const auto decision = decide(kReadPublic +
                                   "- {name: try, effect: deny, mode: shadow, do: [read]}\n"
                                   "- {name: try-all, effect: allow, mode: shadow, do: [delete]}\n",
                               reading_orders());
  EXPECT_TRUE(decision->allowed());
  EXPECT_THAT(decision->shadow, ElementsAre("try: deny"));
  EXPECT_THAT(decision->matched, ElementsAre("reads"));
  EXPECT_FALSE(
      decide(kReadPublic + "- {name: try-all, effect: allow, mode: shadow, do: [delete]}\n",
             deleting_orders())
          ->allowed());
}

TEST(Judge, RefusalsTeach) {
  const auto decision =
      decide(kAll +
                 "- {name: bounded, effect: deny, do: [delete], when: {without_where: true}, "
                 "message: \"Say which rows.\", hint: \"Add \\\"WHERE\\\".\"}\n",
             deleting_orders().without_where());
  EXPECT_EQ(decision->message,
            "deleting from \"public.orders\" is denied by rule \"bounded\": Say which rows.");
  EXPECT_EQ(decision->hint, "Add \"WHERE\".");
  const size_t last = decision->detail.rfind('\n');
  EXPECT_THAT(decision->detail.substr(0, last), HasSubstr("it has no limiting WHERE clause"));
  EXPECT_EQ(
      decision->detail.substr(last + 1),
      R"({"rule":"bounded","effect":"deny","policy":")" + decision->policy_version +
          R"(","reason":"Say which rows.","facts":{"user":"bob","kind":"human","database":"shop",)"
          R"("environment":"staging","statement":"DELETE","actions":[{"do":"delete","object":)"
          R"("public.orders","without_where":true}]},"next":"Add \"WHERE\"."})");
}

TEST(Judge, UnanalysableTextsAreRefused) {
  FactsOf facts("");
  facts.facts().unanalysable = "syntax error at or near \"x\"";
  facts.facts().unanalysable_sqlstate = "42601";
  facts.facts().error_position = 7;
  const auto decision = decide(kAll, facts);
  EXPECT_EQ(decision->effect, Effect::kDeny);
  EXPECT_EQ(decision->sqlstate, "42601");
  EXPECT_EQ(decision->position, 7);
  EXPECT_EQ(decision->rule, "unparsed-statement");
  EXPECT_EQ(decision->message, "syntax error at or near \"x\"");
}

TEST(Explain, SaysWhyEachRuleMatchedOrNot) {
  const auto policy = policy_of(
      "- {name: sales, effect: allow, who: {groups: [sales]}}\n"
      "- {name: hr, effect: allow, on: {tables: [hr.*]}, do: [delete]}\n"
      "- {name: reads, effect: allow, do: [read]}\n"
      "- {name: bounded, effect: deny, do: [delete], when: {without_where: true}}\n"
      "- {name: night, effect: deny, mode: shadow, when: {in_transaction: true}}\n");
  const auto explanation = explain(*policy, deleting_orders().without_where(), &test_catalog(),
                                   bob(), {"shop", "staging"}, {});
  ASSERT_EQ(explanation.rules.size(), 5);
  EXPECT_THAT(explanation.rules[0].reasons,
              ElementsAre("who: bob is in engineering, the rule wants sales"));
  EXPECT_THAT(explanation.rules[1].reasons,
              ElementsAre("on: delete public.orders is not what the rule names"));
  EXPECT_THAT(explanation.rules[2].reasons, ElementsAre("do: the rule is not about delete"));
  EXPECT_TRUE(explanation.rules[3].matched);
  EXPECT_THAT(explanation.rules[3].reasons,
              ElementsAre("do: delete public.orders", "when without_where: true"));
  EXPECT_FALSE(explanation.rules[4].matched);
  EXPECT_TRUE(explanation.rules[4].shadow);
  EXPECT_EQ(explanation.decision->rule, "bounded");
}

}  // namespace
}  // namespace sluice::policy
