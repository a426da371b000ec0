#include "gateway/trait_keeper.h"

#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kNull = std::nullopt;

/// A server with one role, whose attributes a test sets. Questions wait to be answered.
struct Server {
  explicit Server(std::string_view fingerprint) : keeper("traits", fingerprint, ask(), drift()) {}

  TraitKeeper::Ask ask() {
    return [this](std::string_view text, TraitKeeper::Answered answered) {
      asked.emplace_back(std::string(text), std::move(answered));
    };
  }
  TraitKeeper::Drift drift() {
    return [this](const std::vector<catalog::Change>& changes) {
      for (const auto& change : changes) drifts.push_back(change.to_string());
    };
  }

  /// Answers the oldest question; tells what it was.
  std::string answer() {
    auto [text, answered] = std::move(asked.front());
    asked.pop_front();
    if (fails) {
      answered(fail(ErrorCode::kUnavailable, "gone"));
    } else if (text == "traits") {
      answered(std::vector<catalog::Rows>{
          {{"role", "", "bob", "16400", "attributes", "attributes", attributes, kNull}}});
    } else {
      answered(std::vector<catalog::Rows>{{{attributes}}});
    }
    return text;
  }
  void answer_all() {
    while (!asked.empty()) answer();
  }

  std::string attributes = "LOGIN";
  bool fails = false;
  std::deque<std::pair<std::string, TraitKeeper::Answered>> asked;
  std::vector<std::string> drifts;
  TraitKeeper keeper;
};

constexpr auto kDrift = "role bob altered: attributes LOGIN -> SUPERUSER";

TraitKeeper::Explains all() {
  return [](const catalog::Change&) { return true; };
}

TEST(TraitKeeper, TellsWhatNoStatementMade) {
  Server server("");
  server.keeper.may_have_changed();
  server.answer_all();
  server.attributes = "SUPERUSER";
  server.keeper.look();
  EXPECT_THAT(server.asked, IsEmpty()) << "nobody has seen a change";
  server.keeper.may_have_changed();
  server.answer_all();
  EXPECT_THAT(server.drifts, ElementsAre(kDrift));
}

TEST(TraitKeeper, LooksAtTheFingerprintFirst) {
  Server server("fingerprint");
  server.keeper.look();
  EXPECT_EQ(server.answer(), "fingerprint");
  EXPECT_EQ(server.answer(), "traits");
  server.keeper.look();
  EXPECT_EQ(server.answer(), "fingerprint");
  EXPECT_THAT(server.asked, IsEmpty());
  server.attributes = "SUPERUSER";
  server.keeper.look();
  server.answer_all();
  EXPECT_THAT(server.drifts, ElementsAre(kDrift));
}

TEST(TraitKeeper, AStatementExplainsOnlyWhatCameBeforeItEnded) {
  Server server("");
  server.keeper.may_have_changed();
  server.answer_all();
  server.keeper.change_started();
  server.attributes = "SUPERUSER";
  server.keeper.may_have_changed();
  EXPECT_THAT(server.asked, IsEmpty()) << "it is changing";
  server.keeper.change_ended(all());
  server.keeper.look();
  server.answer_all();
  EXPECT_THAT(server.drifts, IsEmpty());
  server.attributes = "LOGIN";
  server.keeper.may_have_changed();
  server.answer_all();
  EXPECT_THAT(server.drifts, SizeIs(1));
}

TEST(TraitKeeper, AStatementThatChangedNothingExplainsNothingLater) {
  Server server("");
  server.keeper.may_have_changed();
  server.answer_all();
  server.keeper.change_started();
  server.keeper.change_ended(all());
  server.keeper.look();
  server.answer_all();
  server.attributes = "SUPERUSER";
  server.keeper.may_have_changed();
  server.answer_all();
  EXPECT_THAT(server.drifts, ElementsAre(kDrift));
}

TEST(TraitKeeper, ReadsAgainWhatChangedMeanwhileOrFailed) {
  Server server("");
  server.keeper.may_have_changed();
  server.answer_all();
  server.attributes = "SUPERUSER";
  server.keeper.may_have_changed();
  server.keeper.change_started();
  server.answer();
  server.keeper.change_ended(nullptr);
  EXPECT_THAT(server.drifts, IsEmpty());
  server.fails = true;
  server.keeper.look();
  server.answer();
  server.fails = false;
  server.keeper.look();
  server.answer_all();
  EXPECT_THAT(server.drifts, ElementsAre(kDrift));
}

}  // namespace
}  // namespace sluice::gateway
