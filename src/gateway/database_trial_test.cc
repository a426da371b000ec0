#include "gateway/database_trial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using Stage = ServerConnection::Stage;
using ::testing::HasSubstr;

config::DatabaseConfig config() {
  config::DatabaseConfig out;
  out.host = "db";
  out.server_database = "orders";
  out.user = "sluice";
  return out;
}

std::string reason(Stage stage, ErrorCode code, const std::string& text) {
  const auto trial = explain_failure({{code, text}, {}, stage}, config());
  EXPECT_FALSE(trial.problem.empty());
  EXPECT_FALSE(trial.next.empty()) << "each says what to do";
  return trial.reason;
}

std::string server_says(std::string_view sqlstate) {
  wire::postgres::ErrorFields said;
  said.set('C', sqlstate);
  said.set('M', "no way");
  const auto trial =
      explain_failure({{ErrorCode::kUnavailable, "x"}, said, Stage::kLogin}, config());
  EXPECT_THAT(trial.problem, HasSubstr("no way"));
  EXPECT_FALSE(trial.next.empty());
  return trial.reason;
}

TEST(DatabaseTrial, TellsWhereItEnded) {
  EXPECT_EQ(reason(Stage::kConnecting, ErrorCode::kUnavailable, "connect to x: Connection refused"),
            "refused");
  EXPECT_EQ(reason(Stage::kConnecting, ErrorCode::kTimeout, "connect to x: Connection timed out"),
            "timeout");
  EXPECT_EQ(reason(Stage::kConnecting, ErrorCode::kUnavailable, "connect to x: No route to host"),
            "unreachable");
  EXPECT_EQ(reason(Stage::kAskingForTls, ErrorCode::kDenied, "no TLS"), "tls");
  EXPECT_EQ(reason(Stage::kAskingForTls, ErrorCode::kTimeout, "late"), "timeout");
  EXPECT_EQ(reason(Stage::kAskingForTls, ErrorCode::kProtocol, "HTTP/1.1"), "not_postgresql");
  EXPECT_EQ(reason(Stage::kAskingForTls, ErrorCode::kIo, "closed"), "not_postgresql");
  EXPECT_EQ(reason(Stage::kHandshake, ErrorCode::kAuthentication, "self-signed"), "certificate");
  EXPECT_EQ(reason(Stage::kHandshake, ErrorCode::kProtocol, "TLS: x"), "tls");
  EXPECT_EQ(reason(Stage::kLogin, ErrorCode::kProtocol, "unexpected message"), "not_postgresql");
  EXPECT_EQ(reason(Stage::kLogin, ErrorCode::kTimeout, "late"), "timeout");
  EXPECT_EQ(
      reason(Stage::kLogin, ErrorCode::kDenied,
             "server wants no proof of the password, which is not in require_auth of the url"),
      "no_password");
  EXPECT_EQ(reason(Stage::kLogin, ErrorCode::kDenied, "server wants md5"), "login");
}

TEST(DatabaseTrial, TellsWhatTheServerSays) {
  EXPECT_EQ(server_says("28P01"), "login");
  EXPECT_EQ(server_says("28000"), "login");
  EXPECT_EQ(server_says("3D000"), "database");
  EXPECT_EQ(server_says("42501"), "privilege");
  EXPECT_EQ(server_says("53300"), "busy");
  EXPECT_EQ(server_says("57P03"), "busy");
  EXPECT_EQ(server_says("XX000"), "server");
}

TEST(DatabaseTrial, Threat102_NothingOfWhatElseAnswersIsTold) {
  const auto trial = explain_failure(
      {{ErrorCode::kProtocol, "secrets of a metadata service"}, {}, Stage::kLogin}, config());
  EXPECT_EQ(trial.reason, "not_postgresql");
  EXPECT_THAT(trial.problem + trial.next, ::testing::Not(HasSubstr("secrets")));
}

TEST(DatabaseTrial, AHostWithoutAnAddress) {
  auto none = config();
  none.host = "nowhere.invalid";
  none.sslmode = config::SslMode::kDisable;
  const auto trial = try_database(none, {"127.0.0.1", 1});
  EXPECT_EQ(trial.reason, "dns");
  EXPECT_THAT(trial.problem, HasSubstr("nowhere.invalid"));
}

TEST(DatabaseTrial, Threat102_NotWhereTheGatewayItselfListens) {
  auto own = config();
  own.host = "2130706433";
  own.sslmode = config::SslMode::kDisable;
  const auto trial = try_database(own, {"0.0.0.0", own.port});
  EXPECT_EQ(trial.reason, "invalid");
  EXPECT_THAT(trial.problem, HasSubstr("where the gateway itself listens"));
}

}  // namespace
}  // namespace sluice::gateway
