#include "control/repeated_requests.h"

#include <stdexcept>

#include <gtest/gtest.h>

#include "control/problem.h"

namespace sluice::control {
namespace {

HttpRequest asks(std::string user, std::string key, std::string body = "{}") {
  HttpRequest request{"POST", "/api/v1/changes", std::move(body)};
  request.user = std::move(user);
  if (!key.empty()) request.headers["idempotency-key"] = std::move(key);
  return request;
}

TEST(RepeatedRequests, OnceForAUserAndAKey) {
  RepeatedRequests repeated;
  int done = 0;
  const auto ask = [&] { return json_response(201, ++done); };
  EXPECT_EQ(repeated.once(asks("alice", "k"), ask).body, "1\n");
  EXPECT_EQ(repeated.once(asks("alice", "k"), ask).body, "1\n");
  EXPECT_EQ(repeated.once(asks("bob", "k"), ask).body, "2\n");
  EXPECT_EQ(repeated.once(asks("alice", "other"), ask).body, "3\n");
  EXPECT_EQ(repeated.once(asks("alice", ""), ask).body, "4\n");
  EXPECT_EQ(repeated.once(asks("alice", ""), ask).body, "5\n");
}

TEST(RepeatedRequests, AnswersAreForOneCredentialAndNobodyPushesOthersOut) {
  RepeatedRequests repeated;
  int done = 0;
  const auto ask = [&] { return json_response(201, ++done); };
  const auto with = [](const std::string& secret) {
    auto request = asks("robot", "k");
    request.authorization = "Bearer " + secret;
    return request;
  };
  EXPECT_EQ(repeated.once(with("for alice"), ask).body, "1\n");
  EXPECT_EQ(repeated.once(with("for bob"), ask).body, "2\n");
  EXPECT_EQ(repeated.once(with("for alice"), ask).body, "1\n");
  for (int i = 0; i < 6000; ++i)
    (void)repeated.once(asks("mallory", std::to_string(i)), [] { return json_response(200, 1); });
  EXPECT_EQ(repeated.once(with("for alice"), ask).body, "1\n");
}

TEST(RepeatedRequests, ALongAnswerIsNotKeptAndNotAskedForAgain) {
  RepeatedRequests repeated;
  int done = 0;
  const auto ask = [&] {
    ++done;
    return HttpResponse{200, "application/json", std::string(100'000, 'x')};
  };
  EXPECT_EQ(repeated.once(asks("alice", "k"), ask).status, 200);
  EXPECT_EQ(repeated.once(asks("alice", "k"), ask).status, 409);
  EXPECT_EQ(done, 1);
}

TEST(RepeatedRequests, AKeyIsForOneRequest) {
  RepeatedRequests repeated;
  int done = 0;
  const auto ask = [&] { return json_response(201, ++done); };
  (void)repeated.once(asks("alice", "k"), ask);
  EXPECT_EQ(repeated.once(asks("alice", "k", "{\"more\": 1}"), ask).status, 422);
  EXPECT_EQ(done, 1);
}

TEST(RepeatedRequests, NotTwiceAtTheSameTime) {
  RepeatedRequests repeated;
  int inner = 0;
  (void)repeated.once(asks("alice", "k"), [&] {
    inner = repeated.once(asks("alice", "k"), [] { return json_response(200, 1); }).status;
    return json_response(200, 1);
  });
  EXPECT_EQ(inner, 409);
}

TEST(RepeatedRequests, WhatFailedIsNoLongerUnderWay) {
  RepeatedRequests repeated;
  int asked = 0;
  const auto ask = [&]() -> HttpResponse {
    ++asked;
    throw std::runtime_error("no memory");
  };
  EXPECT_THROW((void)repeated.once(asks("alice", "k"), ask), std::runtime_error);
  EXPECT_EQ(repeated.once(asks("alice", "k"), ask).status, 500);
  EXPECT_EQ(asked, 1) << "what it may have done is not done again";
  EXPECT_EQ(repeated.once(asks("alice", "other"), [] { return json_response(201, 1); }).status,
            201);
}

TEST(RepeatedRequests, WhatTheGatewayCouldNotDoIsDoneWhenItIsAskedAgain) {
  RepeatedRequests repeated;
  EXPECT_EQ(repeated.once(asks("alice", "k"), [] { return problem(503, "no store"); }).status, 503);
  EXPECT_EQ(repeated.once(asks("alice", "k"), [] { return json_response(201, 1); }).status, 201);
  EXPECT_EQ(repeated.once(asks("alice", "k"), [] { return json_response(201, 2); }).body, "1\n");
}

TEST(RepeatedRequests, WhereThereAreTooManyWhoHasMostLosesOne) {
  RepeatedRequests repeated({.of_one = 4, .in_all = 5});
  int done = 0;
  const auto ask = [&] { return json_response(201, ++done); };
  (void)repeated.once(asks("alice", "k"), ask);
  for (int i = 0; i < 4; ++i) (void)repeated.once(asks("mallory", std::to_string(i)), ask);
  (void)repeated.once(asks("bob", "k"), ask);
  EXPECT_EQ(repeated.once(asks("alice", "k"), ask).body, "1\n") << "hers was the oldest";
  EXPECT_EQ(repeated.once(asks("mallory", "0"), ask).body, "7\n");
}

TEST(RepeatedRequests, WhatIsUnderWayIsNotForgotten) {
  RepeatedRequests repeated({.of_one = 1, .in_all = 1});
  int inner = 0;
  (void)repeated.once(asks("alice", "k"), [&] {
    (void)repeated.once(asks("alice", "other"), [] { return json_response(200, 1); });
    inner = repeated.once(asks("alice", "k"), [] { return json_response(200, 1); }).status;
    return json_response(200, 1);
  });
  EXPECT_EQ(inner, 409);
}

TEST(RepeatedRequests, MemoryIsBounded) {
  RepeatedRequests repeated;
  const auto ask = [] { return json_response(200, 1); };
  for (int i = 0; i < 3000; ++i) (void)repeated.once(asks("alice", std::to_string(i)), ask);
  int again = 0;
  // The last is known still, the first is not.
  (void)repeated.once(asks("alice", "2999"), [&] { return json_response(200, ++again); });
  EXPECT_EQ(again, 0);
  (void)repeated.once(asks("alice", "0"), [&] { return json_response(200, ++again); });
  EXPECT_EQ(again, 1);
  EXPECT_EQ(repeated.once(asks("alice", std::string(300, 'k')), ask).status, 400);
}

}  // namespace
}  // namespace sluice::control
