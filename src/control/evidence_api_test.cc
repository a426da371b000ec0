#include "control/evidence_api.h"

#include <gtest/gtest.h>

#include "base/test_folder.h"

namespace sluice::control {
namespace {

/// Each of these may take seconds, and the socket has one thread.
TEST(EvidenceApi, WhatTakesItsTimeIsAnsweredLater) {
  const TestFolder folder;
  const auto log = *audit::Log::open({.directory = folder / "audit"}, 1);
  audit::Upkeep upkeep(folder / "audit", {}, audit::Upkeep::callbacks_of(*log, [] {
                         return std::vector<audit::LegalHold>();
                       }));
  EvidenceApi api(*log, folder / "audit");
  api.set_upkeep(upkeep);
  const auto number = log->append_admin({}, {});
  ASSERT_TRUE(number);
  const auto before = log->key();
  const auto ask = [&](const char* method, const std::string& path) {
    const auto at_once = api.answer_local({method, "/api/v1/audit/" + path, ""});
    EXPECT_TRUE(at_once && at_once->later) << path;
    return at_once && at_once->later ? at_once->later() : HttpResponse();
  };
  EXPECT_EQ(ask("GET", "retention").status, 200);
  EXPECT_EQ(ask("POST", "retention").status, 200);
  EXPECT_EQ(ask("GET", "receipts/" + std::to_string(*number)).status, 200);
  EXPECT_EQ(ask("GET", "receipts/nonsense").status, 400);
  EXPECT_EQ(log->key(), before);
  EXPECT_EQ(ask("POST", "key/rotate").status, 200);
  EXPECT_NE(log->key(), before);
  EXPECT_FALSE(api.answer_local({"GET", "/api/v1/audit/key", ""})->later);
  upkeep.stop();
  log->close();
}

}  // namespace
}  // namespace sluice::control
