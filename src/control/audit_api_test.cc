#include "control/audit_api.h"

#include <future>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/count.h"
#include "audit/subject_set.h"
#include "base/test_folder.h"
#include "mask/sightings.h"
#include "store/state.h"

namespace sluice::control {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

class AuditApiTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = audit::Log::open({.directory = folder / "audit", .segment_bytes = 1 << 20}, 1);
    ASSERT_TRUE(opened) << opened.error().text;
    log = std::move(*opened);
    api.emplace(*log, folder / "audit", [this] { return store::open_local(folder.path()); });
  }
  void write(const std::string& user, const std::string& text, uint64_t duration,
             std::string_view seen = {}) {
    audit::SessionContext context;
    context.session_id = 1;
    context.user = user;
    audit::Event event;
    event.time_micros = 1'000'000 + 10 * static_cast<int64_t>(++written);
    event.text = text;
    event.kind = "SELECT";
    event.duration_micros = duration;
    event.seen_shown = seen;
    ASSERT_TRUE(log->writer(0).append(audit::EncodedContext(context), event));
  }
  HttpResponse ask(const std::string& method, const std::string& path,
                   const std::string& body = {}) {
    auto response = api->answer({method, path, body}, {});
    EXPECT_TRUE(response) << path;
    if (!response) return {};
    return response->later ? response->later() : *response;
  }
  json::value get(const std::string& path) {
    const auto response = ask("GET", path);
    EXPECT_EQ(response.status, 200) << response.body;
    return json::parse(response.body);
  }

  TestFolder folder;
  std::unique_ptr<audit::Log> log;
  std::optional<AuditApi> api;
  int written = 0;
};

TEST_F(AuditApiTest, RecordsInPages) {
  for (int i = 0; i < 5; ++i) write(i % 2 == 0 ? "alice" : "bob", "SELECT one", 10 + i);
  auto page = get("/api/v1/audit/records?user=alice&order=duration&limit=2").as_object();
  ASSERT_EQ(page["records"].as_array().size(), 2U);
  EXPECT_EQ(page["records"].as_array()[0].at("duration_us"), 14);
  const std::string cursor(page["next"].as_string());
  page =
      get("/api/v1/audit/records?user=alice&order=duration&limit=2&cursor=" + cursor).as_object();
  ASSERT_EQ(page["records"].as_array().size(), 1U);
  EXPECT_EQ(page["records"].as_array()[0].at("duration_us"), 10);
  EXPECT_TRUE(page["next"].is_null());
}

TEST_F(AuditApiTest, WhoeverReadsIsOnTheRecord) {
  get("/api/v1/audit/records?user=nobody");
  const auto reads = get("/api/v1/audit/records?type=audit_read").as_object();
  ASSERT_EQ(reads.at("records").as_array().size(), 2U) << "that search is one too";
}

TEST_F(AuditApiTest, Counts) {
  for (int i = 0; i < 5; ++i) write(i % 2 == 0 ? "alice" : "bob", "SELECT one", 10);
  const auto counts = get("/api/v1/audit/counts?by=user,kind&over=1h&type=statement").as_object();
  EXPECT_EQ(counts.at("records"), 5);
  const auto& all = counts.at("counts").as_array();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].at("records"), 3);
  EXPECT_EQ(all[0].at("values"), (json::object{{"user", "alice"}, {"kind", "SELECT"}}));
  EXPECT_EQ(all[0].at("time"), "1970-01-01T00:00:00.000000Z");
}

TEST_F(AuditApiTest, TailGivesNewRecordsAsEvents) {
  write("alice", "SELECT old", 1);
  const auto response = ask("GET", "/api/v1/audit/tail?user=alice");
  ASSERT_EQ(response.content_type, "text/event-stream");
  ASSERT_TRUE(response.stream);
  EXPECT_EQ(response.stream(), "");
  write("bob", "SELECT other", 1);
  write("alice", "SELECT new", 1);
  const auto events = response.stream();
  ASSERT_TRUE(events);
  EXPECT_THAT(*events, HasSubstr("SELECT new"));
  EXPECT_THAT(*events, Not(HasSubstr("SELECT other")));
  EXPECT_TRUE(events->starts_with("data: {") && events->ends_with("\n\n")) << *events;
}

TEST_F(AuditApiTest, ATailThatIsCutOffLosesNothing) {
  const auto publish = [&] {
    std::promise<bool> published;
    log->when_published(log->health().last_sequence,
                        [&](bool signed_one) { published.set_value(signed_one); });
    ASSERT_TRUE(published.get_future().get());
  };
  const auto follow = [&](const std::string& id) {
    HttpRequest request{"GET", "/api/v1/audit/tail", {}};
    if (!id.empty()) request.headers["last-event-id"] = id;
    auto response = api->answer(request, {});
    return response->later().stream;
  };
  std::set<std::string> texts;
  std::string id;
  const auto take = [&](const std::string& events) {
    for (size_t at = 0, end = 0; (end = events.find("\n\n", at)) != std::string::npos;
         at = end + 2) {
      const std::string event = events.substr(at, end - at);
      if (event.starts_with("id: ")) id = event.substr(4);
      if (!event.starts_with("data: ")) continue;
      const json::object record = json::parse(event.substr(6)).as_object();
      for (const char* field : {"text", "message"}) {
        const auto* value = record.if_contains(field);
        const std::string words(value != nullptr ? value->as_string() : json::string());
        if (words.find("followed_") != std::string::npos) texts.insert(words);
      }
    }
  };
  write("alice", "SELECT before", 1);
  publish();
  auto stream = follow({});
  take(*stream());
  ASSERT_NE(id, "");
  // Two segments: that of sessions, and that of what is not one's.
  for (int i = 0; i < 3000; ++i) write("alice", "SELECT followed_" + std::to_string(i), 1);
  for (int i = 3000; i < 3010; ++i) {
    audit::Event event;
    event.type = audit::EventType::kAdmin;
    const std::string words = "followed_" + std::to_string(i);
    event.message = words;
    ASSERT_TRUE(log->append_admin({}, event));
  }
  publish();
  take(*stream());
  ASSERT_LT(texts.size(), 3010U) << "not all of it is one piece";
  stream = follow(id);
  for (int i = 0; i < 10 && texts.size() < 3010; ++i) take(*stream());
  EXPECT_EQ(texts.size(), 3010U);
}

TEST_F(AuditApiTest, SavedSearches) {
  write("alice", "SELECT one", 1);
  write("bob", "SELECT two", 1);
  const std::string path = "/api/v1/audit/searches/alice%27s";
  EXPECT_EQ(ask("PUT", path, R"({"query": "user=alice&type=statement", "author": "carol"})").status,
            200);
  EXPECT_EQ(ask("PUT", path, R"({"query": "colour=red"})").status, 400);
  const auto saved = get("/api/v1/audit/searches").as_array();
  ASSERT_EQ(saved.size(), 1U);
  EXPECT_EQ(saved[0].at("name"), "alice's");
  EXPECT_EQ(saved[0].at("author"), "carol");
  const auto found = get("/api/v1/audit/records?saved=alice%27s");
  EXPECT_EQ(found.at("records").as_array().size(), 1U);
  const auto other = get("/api/v1/audit/records?user=bob&saved=alice%27s");
  EXPECT_EQ(other.at("records").as_array().at(0).at("user"), "bob") << "given besides, it replaces";
  EXPECT_EQ(ask("DELETE", path).status, 200);
  EXPECT_EQ(ask("DELETE", path).status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/audit/records?saved=gone").status, 404);
}

TEST_F(AuditApiTest, WhatIsWrongIsSaid) {
  for (const char* query : {"colour=red", "limit=many", "limit=10001", "order=size", "cursor=x",
                            "since=yesterday", "decision=maybe", "user=%"}) {
    const auto response = ask("GET", std::string("/api/v1/audit/records?") + query);
    EXPECT_EQ(response.status, 400) << query;
    EXPECT_THAT(response.body, HasSubstr("title"));
  }
  EXPECT_EQ(ask("GET", "/api/v1/audit/counts?by=colour").status, 400);
  EXPECT_EQ(ask("GET", "/api/v1/audit/counts?by=user,user").status, 400) << "each once";
  EXPECT_EQ(ask("GET", "/api/v1/audit/counts?by=user,kind,rule,table,column,class").status, 400);
  EXPECT_EQ(ask("GET", "/api/v1/audit/counts?over=0s").status, 400);
  EXPECT_EQ(ask("POST", "/api/v1/audit/records").status, 405);
  EXPECT_EQ(ask("GET", "/api/v1/audit/other").status, 404);
  EXPECT_FALSE(api->answer({"GET", "/api/v1/sessions", {}}, {}));
}

TEST_F(AuditApiTest, SaysThatMoreHaveSeenAValueThanAreTold) {
  auto database = store::open_local(folder.path());
  ASSERT_TRUE(database);
  const auto secret = store::installation_secret(*database);
  ASSERT_TRUE(secret);
  const auto digest = mask::sighting(mask::sighting_key(*secret), "alice@example.com");
  ASSERT_TRUE(digest);
  const std::string seen = audit::encode_set({*digest});
  for (const auto* user : {"first", "second", "third"}) write(user, "SELECT one", 1, seen);
  const auto asked = [&](int limit) {
    const auto response =
        ask("POST", "/api/v1/audit/who-saw",
            json::serialize(json::object{{"value", "alice@example.com"}, {"limit", limit}}));
    EXPECT_EQ(response.status, 200) << response.body;
    return json::parse(response.body).as_object();
  };
  const auto some = asked(2);
  EXPECT_TRUE(some.at("truncated").as_bool());
  const auto& told = some.at("records").as_array();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].at("user"), "second");
  EXPECT_EQ(told[1].at("user"), "third");
  const auto all = asked(3);
  EXPECT_FALSE(all.at("truncated").as_bool());
  EXPECT_EQ(all.at("records").as_array().size(), 3U);
}

TEST_F(AuditApiTest, AnswersMoreThanSearches) {
  for (int i = 0; i < 3; ++i) write("alice", "SELECT one", 1);
  const auto page = get("/api/v1/audit/transcripts/1?limit=2").as_object();
  ASSERT_EQ(page.at("records").as_array().size(), 2U);
  const std::string next(page.at("next").as_string());
  EXPECT_EQ(get("/api/v1/audit/transcripts/1?cursor=" + next).at("records").as_array().size(), 1U);
  EXPECT_EQ(ask("GET", "/api/v1/audit/transcripts/99").status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/audit/transcripts/x").status, 400);
  EXPECT_TRUE(get("/api/v1/audit/history?table=orders").at("records").as_array().empty());
  EXPECT_EQ(ask("GET", "/api/v1/audit/history").status, 400);
  EXPECT_TRUE(
      get("/api/v1/audit/subjects?user=alice&day=2026-11-27").at("subjects").as_array().empty());
  EXPECT_EQ(ask("GET", "/api/v1/audit/subjects?since=2000-01-01").status, 400);
  EXPECT_EQ(ask("GET", "/api/v1/audit/subjects?day=2026-13-01").status, 400);
  EXPECT_EQ(ask("GET", "/api/v1/audit/history?table=t&where=id").status, 400);
  const auto seen = ask("POST", "/api/v1/audit/who-saw", R"({"value": "alice@example.com"})");
  EXPECT_EQ(seen.status, 200) << seen.body;
  EXPECT_EQ(ask("POST", "/api/v1/audit/who-saw", R"({"value": "--"})").status, 400);
  EXPECT_EQ(ask("GET", "/api/v1/audit/who-saw").status, 405);
  const auto verified = ask("POST", "/api/v1/audit/verification");
  EXPECT_EQ(verified.status, 200);
  EXPECT_THAT(verified.body, HasSubstr("\"good\":true"));
  EXPECT_EQ(ask("GET", "/api/v1/audit/verification").status, 405);
  const auto reads = get("/api/v1/audit/records?type=audit_read");
  EXPECT_GE(reads.at("records").as_array().size(), 5U) << "whoever asks is on the record";
}

TEST_F(AuditApiTest, DescriptionHasEveryFilterAndField) {
  const auto description = audit_openapi();
  EXPECT_EQ(description.at("openapi"), "3.1.0");
  const auto& paths = description.at("paths").as_object();
  EXPECT_EQ(paths.size(), 16U);
  for (const char* path : {"/api/v1/audit/records", "/api/v1/audit/counts",
                           "/api/v1/audit/subjects", "/api/v1/audit/tail"}) {
    std::set<std::string> names;
    for (const auto& parameter : paths.at(path).at("get").at("parameters").as_array()) {
      names.emplace(parameter.at("name").as_string());
      EXPECT_TRUE(parameter.at("schema").is_object());
    }
    for (const auto& filter : audit::filters()) {
      EXPECT_TRUE(names.contains(std::string(filter.name))) << path << " " << filter.name;
    }
  }
  const std::string text = json::serialize(description);
  for (const auto field : audit::fields()) {
    EXPECT_THAT(text, HasSubstr(std::string(audit::name_of(field))));
  }
}

}  // namespace
}  // namespace sluice::control
