#include "audit/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/answers_json.h"
#include "audit/details.h"
#include "audit/log.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HistoryTest : public ::testing::Test {
 protected:
  HistoryTest() : log(*Log::open({.directory = folder.path()}, 1)) {}
  ~HistoryTest() override { log->close(); }

  struct Ran {
    std::string text;
    Phase phase = Phase::kSimple;
    Outcome outcome = Outcome::kAllowed;
    std::string approval = {};
    std::string action = "update public.orders";
    std::string column = "public.orders.status";
  };
  void write(const Ran& ran) {
    const std::string details =
        encode_details({{"public.orders"}, {ran.action}, {}, {}, {ran.column}, {}});
    Event event;
    event.time_micros = ++time_;
    event.phase = ran.phase;
    event.outcome = ran.outcome;
    event.text = ran.text;
    event.kind = "UPDATE";
    event.details = details;
    event.approval = ran.approval;
    ASSERT_TRUE(log->writer(0).append(session, event));
  }
  void say(EventType type, std::string user, std::string message,
           const StatementDetails& about = {}) {
    const std::string details = encode_details(about);
    Event event;
    event.type = type;
    event.time_micros = ++time_;
    event.message = message;
    event.details = details;
    ASSERT_TRUE(log->append_admin({.user = std::move(user)}, event));
  }
  std::vector<Change> ask(HistoryQuery query = {}) {
    query.table = "public.orders";
    auto changes = history(folder.path(), query);
    EXPECT_TRUE(changes) << changes.error().text;
    return changes ? std::move(*changes) : std::vector<Change>();
  }
  std::vector<std::string> texts(const HistoryQuery& query = {}) {
    std::vector<std::string> out;
    for (const auto& change : ask(query)) {
      out.push_back(change.what == Change::What::kStatement ? change.record.text
                                                            : change.record.message);
    }
    return out;
  }

  TestFolder folder;
  std::unique_ptr<Log> log;
  EncodedContext session{{.session_id = 1, .user = "alice", .database = "shop"}};
  int64_t time_ = 0;
};

TEST_F(HistoryTest, WhatDidNotRunIsNoneOfIt) {
  write({"parsed", Phase::kParse});
  write({"denied", Phase::kSimple, Outcome::kDenied});
  write({"held, and never run", Phase::kParse, Outcome::kDenied});
  write({"skipped", Phase::kExecute, Outcome::kSkipped});
  write({"ran", Phase::kExecute});
  EXPECT_THAT(texts(), ElementsAre("ran"));
}

/// However much of it is left out, the newest that ran are there.
TEST_F(HistoryTest, WhatIsLeftOutTakesNobodysPlace) {
  for (int i = 0; i < 3; ++i) write({"ran " + std::to_string(i)});
  for (int i = 0; i < 450; ++i) write({"parsed", Phase::kParse});
  for (int i = 0; i < 250; ++i)
    write({"another column",
           Phase::kSimple,
           Outcome::kAllowed,
           {},
           "update public.orders",
           "public.orders.note"});
  EXPECT_THAT(texts({.column = "status", .limit = 2}), ElementsAre("ran 1", "ran 2"));
}

TEST_F(HistoryTest, DefinitionsAreOfAllTablesInPages) {
  const auto ran = [&](const std::string& text, const std::string& action) {
    write({text, Phase::kSimple, Outcome::kAllowed, {}, action});
  };
  ran("made", "create public.orders");
  ran("rows", "insert public.orders");
  ran("in this session", "create pg_temp.orders");
  ran("other", "alter public.lines");
  say(EventType::kSchemaDrift, "", "no recorded statement made this:\ntable public.old removed",
      {.tables = {"public.old"}});
  ran("gone", "drop public.orders");
  write({"refused", Phase::kSimple, Outcome::kDenied, {}, "drop public.orders"});
  const auto ask_all = [&](size_t limit, uint64_t before) {
    HistoryQuery query;
    query.definitions = true;
    query.limit = limit;
    query.before = before;
    auto changes = history(folder.path(), query);
    EXPECT_TRUE(changes) << changes.error().text;
    return changes ? std::move(*changes) : std::vector<Change>();
  };
  const auto newest = ask_all(2, 0);
  ASSERT_EQ(newest.size(), 2U);
  EXPECT_EQ(newest[0].what, Change::What::kDrift);
  EXPECT_THAT(std::string(to_json({}, newest[0]).at("text").as_string()),
              HasSubstr("table public.old removed"));
  EXPECT_EQ(newest[1].record.text, "gone");
  const auto older = ask_all(2, newest[0].record.sequence);
  ASSERT_EQ(older.size(), 2U);
  EXPECT_EQ(older[0].record.text, "made");
  EXPECT_EQ(older[1].record.text, "other");
  EXPECT_THAT(ask_all(2, older[0].record.sequence), IsEmpty());
  // Of one table, as ever; and nothing of its rows.
  EXPECT_THAT(texts({.definitions = true}), ElementsAre("made", "gone"));
}

TEST_F(HistoryTest, ThatItWasUndoneIsPartOfIt) {
  write({"UPDATE orders SET status = 'x'", Phase::kSimple, Outcome::kAllowed, "12 by dora"});
  write({"UPDATE orders SET status = 'y'", Phase::kSimple, Outcome::kAllowed, "1 by dora"});
  say(EventType::kApproval, "erin",
      "undone what ran under request 12 of \"alice\" at \"shop\": 1 row of public.orders");
  say(EventType::kApproval, "erin", "undone what ran under request 13 of \"bob\" at \"shop\"");
  say(EventType::kApproval, "erin", "approved request 1 of \"alice\"");
  const auto changes = ask();
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes[0].undone_by, "erin");
  EXPECT_EQ(changes[1].undone_by, "");
  EXPECT_EQ(changes[2].what, Change::What::kUndone);
  const auto told = to_json({}, changes[2]);
  EXPECT_EQ(told.at("kind"), "undone");
  EXPECT_THAT(told.at("text").as_string().c_str(), HasSubstr("undone by erin"));
  EXPECT_EQ(to_json({}, changes[0]).at("undone_by"), "erin");
  EXPECT_THAT(texts({.column = "note"}), IsEmpty()) << "what was undone is not about it";
  EXPECT_THAT(texts({.database = "other"}), IsEmpty());
}

TEST_F(HistoryTest, WhatChangedPastTheGatewayIsPartOfIt) {
  say(EventType::kSchemaDrift, "",
      "no recorded statement made this:\ncolumn public.orders.status altered: type text\n"
      "table public.other added",
      {{"public.orders", "public.other"},
       {},
       {},
       {},
       {"public.orders.status", "public.other.*"},
       {}});
  say(EventType::kSchemaDrift, "", "no recorded statement made this:\ntable public.other removed",
      {{"public.other"}, {}, {}, {}, {"public.other.*"}, {}});
  const auto changes = ask();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].what, Change::What::kDrift);
  HistoryQuery query;
  query.table = "public.orders";
  const auto told = to_json(query, changes[0]);
  EXPECT_EQ(told.at("kind"), "schema drift");
  EXPECT_EQ(told.at("text"),
            "no recorded statement made this: column public.orders.status altered: type text");
  EXPECT_EQ(ask({.column = "status"}).size(), 1U);
  EXPECT_THAT(texts({.column = "note"}), IsEmpty());
}

}  // namespace
}  // namespace sluice::audit
