#include "outside/message.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::outside {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Message asked() {
  Message out;
  out.id = "x-w-1";
  out.notice = {.id = 1,
                .time_micros = 1'700'000'000'000'000,
                .event = "asked",
                .request = 12,
                .actor = "alice"};
  approval::Request request;
  request.number = 12;
  request.subject = {"ALTER ROLE r PASSWORD 'hidden' /* <b>*bold*</b> */",
                     "secret value",
                     "alice",
                     "orders",
                     "s",
                     "s",
                     "p"};
  request.environment = "production";
  request.needs = {{"drops", {{{"dba"}, 1}}}};
  request.brief =
      R"({"why":"dropping is held","reason":"nobody uses it","ticket":"OPS-12","actions":[{"do":"drop","object":"public.t",
      "object_kind":"table","cascade":true}],"tables":[{"name":"public.t","rows":12}],
      "lint":[{"rule":"l","severity":"danger","message":"takes long"}],"parameters":["secret value"]})";
  out.request = request;
  out.missing = {"rule \"drops\": 1 more of dba"};
  return out;
}

config::WebhookConfig webhook(config::WebhookFormat format, bool text = true) {
  config::WebhookConfig out;
  out.name = "w";
  out.format = format;
  out.show_text = text;
  out.answers = true;
  return out;
}

constexpr config::WebhookFormat kAll[] = {
    config::WebhookFormat::kJson, config::WebhookFormat::kSlack, config::WebhookFormat::kTeams};

TEST(OutsideMessage, SaysWhatIsAskedAndNoSecret) {
  for (const auto format : kAll) {
    const auto body = body_of(webhook(format), asked());
    boost::json::error_code error;
    (void)boost::json::parse(body, error);
    EXPECT_FALSE(error) << body;
    for (const char* part : {"drop table public.t, with all that depends on it", "alice", "orders",
                             "12 rows", "takes long", "reason: nobody uses it", "ticket: OPS-12",
                             "1 more of dba", "ALTER ROLE r PASSWORD"})
      EXPECT_THAT(body, HasSubstr(part));
    EXPECT_THAT(body, Not(HasSubstr("hidden")));
    EXPECT_THAT(body, Not(HasSubstr("secret value"))) << "parameters stay inside";
    EXPECT_THAT(body_of(webhook(format, false), asked()), Not(HasSubstr("ALTER ROLE")));
  }
}

/// Whatever comes from people stands where nothing of it is markup.
TEST(OutsideMessage, NothingOfItIsMarkup) {
  auto message = asked();
  message.notice.event = "voted";
  message.notice.message = "approved: <!channel> *b* [x](http://evil)";
  const auto slack =
      boost::json::parse(slack_body(webhook(config::WebhookFormat::kSlack), message));
  EXPECT_THAT(std::string(slack.at("text").as_string()), HasSubstr("&lt;!channel&gt;"));
  for (const auto& block : slack.at("blocks").as_array()) {
    if (const auto* text = block.as_object().if_contains("text"))
      EXPECT_EQ(text->at("type").as_string(), "plain_text");
  }
  const auto teams =
      boost::json::parse(teams_body(webhook(config::WebhookFormat::kTeams), message));
  for (const auto& block : teams.at("attachments").at(0).at("content").at("body").as_array()) {
    if (block.at("type").as_string() == "TextBlock")
      EXPECT_EQ(block.at("text").as_string(), "Sluice: voted");
  }
}

TEST(OutsideMessage, ButtonsOnlyWhereAnswersAreTakenAndStillHelp) {
  const auto buttons = [](const config::WebhookConfig& config, const Message& message) {
    const auto body = body_of(config, message);
    return body.find("\"Approve\"") != std::string::npos;
  };
  for (const auto format : {config::WebhookFormat::kSlack, config::WebhookFormat::kTeams}) {
    auto config = webhook(format);
    auto message = asked();
    EXPECT_TRUE(buttons(config, message));
    message.request->state = approval::State::kRejected;
    EXPECT_FALSE(buttons(config, message));
    config.answers = false;
    EXPECT_FALSE(buttons(config, asked()));
    EXPECT_THAT(body_of(config, asked()), HasSubstr("sluice approval show 12"));
  }
}

TEST(OutsideMessage, LinksToTheConsoleWhereItIsKnown) {
  const std::string there = "https://gate.example/approvals/12";
  for (const auto format : kAll) {
    auto message = asked();
    EXPECT_THAT(body_of(webhook(format), message), Not(HasSubstr("/approvals/")));
    message.link = there;
    EXPECT_THAT(body_of(webhook(format), message), HasSubstr(there));
  }
}

TEST(OutsideMessage, FiltersKeepBackWhatIsNotFor) {
  config::WebhookConfig config;
  EXPECT_TRUE(wanted(config, asked()));
  config.events = {"approved", "break_glass"};
  EXPECT_FALSE(wanted(config, asked()));
  config.events = {"asked", "break_glass"};
  config.groups = {"dba"};
  config.rules = {"drops"};
  config.databases = {"orders"};
  config.environments = {"production"};
  EXPECT_TRUE(wanted(config, asked()));
  for (auto* list : {&config.groups, &config.rules, &config.databases, &config.environments}) {
    const auto before = *list;
    *list = {"other"};
    EXPECT_FALSE(wanted(config, asked()));
    *list = before;
  }
  Message glass;
  glass.notice.event = "break_glass";
  EXPECT_TRUE(wanted(config, glass));
}

TEST(OutsideMessage, TheTokenIsOfWhatWasShown) {
  const auto request = *asked().request;
  auto other = request;
  other.subject.statement += " ";
  EXPECT_NE(token_of(request), token_of(other));
  other = request;
  other.created_micros = 5;
  EXPECT_NE(token_of(request), token_of(other));
  EXPECT_EQ(token_of(request), token_of(*asked().request));
}

}  // namespace
}  // namespace sluice::outside
