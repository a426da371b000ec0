#include "control/witness_api.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/search.h"
#include "audit/tree_files.h"
#include "base/test_folder.h"
#include "tlog/proof.h"
#include "tlog/witness.h"

namespace sluice::control {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

/// A witness that watches one log, which the test grows.
class WitnessTest : public ::testing::Test {
 protected:
  WitnessTest() {
    own = std::move(*audit::Log::open({.directory = folder / "own"}, 1));
    watched = std::move(*audit::Log::open({.directory = folder / "watched"}, 1));
    grow(3);
    open();
  }
  ~WitnessTest() override {
    own->close();
    watched->close();
  }
  void open() {
    auto made = WitnessApi::open(folder / "state", "witness.example/1", {watched->key()}, *own);
    ASSERT_TRUE(made) << made.error().text;
    witness = std::move(*made);
  }
  void grow(int records) {
    uint64_t last = 0;
    for (int i = 0; i < records; ++i)
      last = *watched->writer(0).append(audit::EncodedContext(), {});
    while (watched->health().published_sequence < last) {
      watched->when_published(last, [](bool) {});
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  std::string checkpoint() const { return *files().read_checkpoint(); }
  audit::TreeFiles files() const { return audit::tree_files(folder / "watched"); }
  HttpResponse send(uint64_t old_size, const std::string& note) {
    const auto head = *tlog::parse_checkpoint(tlog::parse_note(note)->text);
    auto proof =
        tlog::consistency_proof(std::min(old_size, head.size), head.size, files().reader());
    const std::string body = tlog::format_add_checkpoint({old_size, *proof, note});
    return *witness->answer({"POST", "/witness/add-checkpoint", body});
  }
  std::vector<std::string> evidence() {
    std::vector<std::string> out;
    const auto found = audit::search(folder / "own", {.type = "evidence"});
    for (const auto& record : *found) out.push_back(record.message);
    return out;
  }

  TestFolder folder;
  std::unique_ptr<audit::Log> own, watched;
  std::unique_ptr<WitnessApi> witness;
};

TEST_F(WitnessTest, CosignsWhatGrowsAndRemembersItOverRestarts) {
  const std::string first = checkpoint();
  const auto answer = send(0, first);
  ASSERT_EQ(answer.status, 200) << answer.body;
  auto note = tlog::parse_note(first + answer.body);
  ASSERT_TRUE(note) << note.error().text;
  EXPECT_EQ(tlog::verify(*note, witness->key()), tlog::Verdict::kValid);
  EXPECT_EQ(tlog::verify(*note, watched->key()), tlog::Verdict::kValid);
  open();
  grow(2);
  EXPECT_EQ(send(0, checkpoint()).status, 409);
  EXPECT_EQ(send(0, checkpoint()).body, "3\n");
  EXPECT_EQ(send(0, checkpoint()).content_type, "text/x.tlog.size");
  EXPECT_EQ(send(3, checkpoint()).status, 200);
  EXPECT_EQ(send(5, checkpoint()).status, 200) << "the same again";
}

TEST_F(WitnessTest, Threat57_AForkIsRefusedAndGoesOnTheRecord) {
  ASSERT_EQ(send(0, checkpoint()).status, 200);
  // The log's owner, key and all, writes another history of as many records.
  watched->close();
  std::filesystem::remove_all(folder / "watched" / "log");
  std::filesystem::remove_all(folder / "watched" / "tlog");
  const std::string origin = watched->key().name;
  watched = std::move(*audit::Log::open({.directory = folder / "watched", .origin = origin}, 1));
  grow(3);
  EXPECT_EQ(send(3, checkpoint()).status, 409);
  EXPECT_THAT(evidence(), Contains(HasSubstr("has signed two histories of 3 records")));
  grow(2);
  const auto refused = send(3, checkpoint());
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.body, HasSubstr("rewritten"));
  EXPECT_THAT(evidence(), Contains(HasSubstr("does not follow")));
}

/// An old copy of the log, state folder and all, or its end cut off.
TEST_F(WitnessTest, Threat57_ALogThatWasSetBackIsRefusedAndGoesOnTheRecord) {
  const std::string old = checkpoint();
  grow(2);
  const std::string latest = checkpoint();
  ASSERT_EQ(send(0, latest).status, 200);
  EXPECT_EQ(send(0, latest).status, 409) << "who has not heard of it yet";
  EXPECT_THAT(evidence(), testing::IsEmpty());
  EXPECT_EQ(send(0, old).status, 409);
  EXPECT_THAT(evidence(),
              testing::ElementsAre(HasSubstr("asked to cosign 3 records, fewer than the "
                                             "5 that were cosigned before")));
  EXPECT_EQ(send(3, old).status, 409);
  EXPECT_EQ(send(5, old).status, 400) << "what it was answered";
  EXPECT_EQ(evidence().size(), 1U) << "nobody fills the log with it";
}

/// It remembers what was cosigned, and so do its peers: the old size is beyond what it has.
TEST_F(WitnessTest, ALogThatKnowsHowFarItHadGotIsOnTheRecordToo) {
  const std::string old = checkpoint();
  grow(2);
  ASSERT_EQ(send(0, checkpoint()).status, 200);
  EXPECT_EQ(send(5, old).status, 400);
  EXPECT_THAT(evidence(), testing::ElementsAre(HasSubstr("fewer than the 5")));
}

TEST_F(WitnessTest, AnswersNothingElse) {
  EXPECT_FALSE(witness->answer({"POST", "/other", ""}));
  EXPECT_EQ(witness->answer({"GET", "/witness/add-checkpoint", ""})->status, 405);
  EXPECT_EQ(witness->answer({"POST", "/witness/add-checkpoint", "nonsense"})->status, 400);
}

}  // namespace
}  // namespace sluice::control
