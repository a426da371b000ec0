#include "outside/tickets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/webhook_signature.h"

namespace sluice::outside {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNow = 1'700'000'000'000'000;

config::TicketSystemConfig jira() {
  config::TicketSystemConfig out;
  out.name = "jira";
  out.secret = SecretString("a secret of some length");
  return out;
}

http::HttpAnswer signed_answer(const std::string& body, const std::string& id = "q-1",
                               int64_t at = kNow / 1'000'000,
                               const std::string& secret = "a secret of some length") {
  http::HttpAnswer out;
  out.status = 200;
  out.body = body;
  out.signature_headers = http::webhook_headers(SecretString(secret), id, at, body);
  return out;
}

policy::TicketState read(const http::HttpAnswer& answer) {
  return read_ticket_answer(jira(), "OPS-12", "q-1", answer, kNow);
}

TEST(Tickets, ASignedAnswerTellsTheState) {
  const auto said = read(signed_answer(R"({"ticket":"OPS-12","state":"approved"})"));
  EXPECT_EQ(said.problem, "");
  EXPECT_EQ(said.state, "approved");
}

TEST(Tickets, Threat68_NothingElseIsBelieved) {
  const std::string good = R"({"ticket":"OPS-12","state":"approved"})";
  EXPECT_THAT(read(signed_answer(good, "q-2")).problem, HasSubstr("not to this question"));
  EXPECT_THAT(read(signed_answer(good, "q-1", kNow / 1'000'000 - 400)).problem,
              HasSubstr("5 minutes"));
  EXPECT_THAT(
      read(signed_answer(good, "q-1", kNow / 1'000'000, "another secret of length")).problem,
      HasSubstr("signature"));
  auto altered = signed_answer(R"({"ticket":"OPS-12","state":"rejected"})");
  altered.body = good;
  EXPECT_THAT(read(altered).problem, HasSubstr("signature"));
  EXPECT_THAT(read(signed_answer(R"({"ticket":"OPS-13","state":"approved"})")).problem,
              HasSubstr("no such ticket"));
  EXPECT_THAT(read(signed_answer(R"({"ticket":"OPS-12"})")).problem, HasSubstr("no state"));
  EXPECT_THAT(read(signed_answer("x")).problem, HasSubstr("no such ticket"));
  auto failed = signed_answer(good);
  failed.status = 503;
  EXPECT_THAT(read(failed).problem, HasSubstr("answered 503"));
  auto bare = signed_answer(good);
  bare.signature_headers.clear();
  EXPECT_NE(read(bare).problem, "");
  EXPECT_EQ(read(bare).state, "");
}

}  // namespace
}  // namespace sluice::outside
