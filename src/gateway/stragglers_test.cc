#include "gateway/stragglers.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using std::chrono::seconds;

/// A server that answers when it is told to.
struct Server {
  std::vector<std::string> asked;
  std::vector<OwnQuery::Done> waiting;
  std::vector<std::pair<uint32_t, bool>> told;
  Clock::time_point begin{seconds(1000)};
  Stragglers stragglers{
      [this](const auto&, std::string text, OwnQuery::Done done) {
        asked.push_back(std::move(text));
        waiting.push_back(std::move(done));
      },
      [this](const auto&, uint32_t pid, bool ended) { told.emplace_back(pid, ended); }};

  void add(uint32_t pid) {
    stragglers.add(nullptr, pid, begin - seconds(60), begin + Stragglers::kPatience);
  }
  void answer(const std::vector<std::string>& there) {
    catalog::Rows rows;
    for (const auto& pid : there) rows.push_back({pid, "t"});
    const auto done = std::move(waiting.back());
    waiting.pop_back();
    done(std::vector<catalog::Rows>{rows});
  }
};

TEST(Stragglers, AreGivenTheTimeThatACancelTakes) {
  Server server;
  server.add(7);
  server.stragglers.tick(server.begin + seconds(1));
  EXPECT_TRUE(server.asked.empty());
  server.stragglers.tick(server.begin + seconds(2));
  ASSERT_EQ(server.asked.size(), 1);
  server.answer({});
  EXPECT_TRUE(server.stragglers.empty());
  EXPECT_TRUE(server.told.empty()) << "it had ended by itself";
}

TEST(Stragglers, AreTerminatedTogetherAndNobodyElse) {
  Server server;
  server.add(7);
  server.add(9);
  server.stragglers.tick(server.begin + seconds(3));
  ASSERT_EQ(server.asked.size(), 1);
  EXPECT_NE(server.asked[0].find("pg_terminate_backend"), std::string::npos);
  EXPECT_NE(server.asked[0].find("(7, 63.000::pg_catalog.float8), (9, 63.000::pg_catalog.float8)"),
            std::string::npos)
      << "whoever has come to the number since is younger: " << server.asked[0];
  server.stragglers.tick(server.begin + seconds(9));
  EXPECT_EQ(server.asked.size(), 1) << "one question at a time";
  server.answer({"9"});
  EXPECT_TRUE(server.told.empty()) << "whether it ends is seen at the next look";
  server.stragglers.tick(server.begin + seconds(9));
  ASSERT_EQ(server.asked.size(), 2);
  EXPECT_EQ(server.asked[1].find("(7,"), std::string::npos);
  server.answer({});
  EXPECT_EQ(server.told, (std::vector<std::pair<uint32_t, bool>>{{9, true}}));
  EXPECT_TRUE(server.stragglers.empty());
}

TEST(Stragglers, ThatNobodyCanEndAreGivenUpAndTold) {
  Server server;
  server.add(7);
  for (int look = 0; look < Stragglers::kMostLooks; ++look) {
    EXPECT_TRUE(server.told.empty());
    server.stragglers.tick(server.begin + seconds(100 * (look + 1)));
    ASSERT_EQ(server.waiting.size(), 1);
    if (look % 2 == 0) {
      server.answer({"7"});
    } else {
      const auto done = std::move(server.waiting.back());
      server.waiting.clear();
      done(fail(ErrorCode::kUnavailable, "no connection"));
    }
  }
  EXPECT_EQ(server.told, (std::vector<std::pair<uint32_t, bool>>{{7, false}}));
  EXPECT_TRUE(server.stragglers.empty());
}

}  // namespace
}  // namespace sluice::gateway
