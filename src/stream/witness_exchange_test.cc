#include "stream/witness_exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stream/test_checkpoints.h"

namespace sluice::stream {
namespace {

using Kind = WitnessStep::Kind;
using ::testing::HasSubstr;

class Exchange : public ::testing::Test {
 protected:
  std::string cosignature(TestKey& by, const SignedCheckpoint& of) {
    const auto note = tlog::parse_note(of.note).value();
    return tlog::format_signature(
        tlog::cosign(note.text, by.key().name, 1'700'000'000, by.signer()).value());
  }

  TestKey log_{"log.example/1", tlog::KeyType::kEd25519};
  TestKey witness_{"witness.example/1", tlog::KeyType::kCosignature};
  SignedCheckpoint checkpoint_ = test_checkpoint(log_, 10);
  WitnessExchange exchange_{checkpoint_, witness_.key(), 7};
};

TEST_F(Exchange, KeepsAValidCosignatureWithTheLogsOwn) {
  EXPECT_EQ(exchange_.old_size(), 7U);
  const auto step = exchange_.take(200, cosignature(witness_, checkpoint_));
  ASSERT_EQ(step.kind, Kind::kCosigned) << step.text;
  const auto note = tlog::parse_note(step.text).value();
  EXPECT_EQ(tlog::verify(note, log_.key()), tlog::Verdict::kValid);
  EXPECT_EQ(tlog::verify(note, witness_.key()), tlog::Verdict::kValid);
}

TEST_F(Exchange, LeavesOthersLinesOut) {
  TestKey other("other.example/1", tlog::KeyType::kCosignature);
  const auto step =
      exchange_.take(200, cosignature(other, checkpoint_) + cosignature(witness_, checkpoint_));
  ASSERT_EQ(step.kind, Kind::kCosigned) << step.text;
  EXPECT_EQ(tlog::parse_note(step.text)->signatures.size(), 2U);
}

TEST_F(Exchange, BelievesNoOtherSignature) {
  TestKey other("other.example/1", tlog::KeyType::kCosignature);
  EXPECT_THAT(exchange_.take(200, cosignature(other, checkpoint_)).text,
              HasSubstr("has no cosignature of witness.example/1"));
  const auto elsewhere = test_checkpoint(log_, 11);
  const auto step = exchange_.take(200, cosignature(witness_, elsewhere));
  EXPECT_EQ(step.kind, Kind::kFailed);
  EXPECT_THAT(step.text, HasSubstr("is not valid"));
  EXPECT_THAT(exchange_.take(200, "hello\n").text, HasSubstr("without a cosignature"));
}

TEST_F(Exchange, GoesOnFromWhatTheWitnessKnows) {
  EXPECT_EQ(exchange_.take(409, "4\n").kind, Kind::kAgain);
  EXPECT_EQ(exchange_.old_size(), 4U);
  EXPECT_EQ(exchange_.take(200, cosignature(witness_, checkpoint_)).kind, Kind::kCosigned);
}

TEST_F(Exchange, AsksOnlySoOften) {
  EXPECT_EQ(exchange_.take(409, "4\n").kind, Kind::kAgain);
  EXPECT_EQ(exchange_.take(409, "5\n").kind, Kind::kAgain);
  EXPECT_EQ(exchange_.take(409, "6\n").kind, Kind::kFailed);
}

TEST_F(Exchange, DoesNotRepeatItself) {
  EXPECT_EQ(exchange_.take(409, "7\n").kind, Kind::kFailed);
  EXPECT_EQ(exchange_.take(409, "").kind, Kind::kFailed);
  EXPECT_EQ(exchange_.take(409, "-1\n").kind, Kind::kFailed);
}

TEST_F(Exchange, CallsAForkAFork) {
  const auto rewritten = exchange_.take(422, "it has been rewritten\n");
  EXPECT_EQ(rewritten.kind, Kind::kRefused);
  EXPECT_THAT(rewritten.text, HasSubstr("FORK"));
  EXPECT_THAT(rewritten.text, HasSubstr(": it has been rewritten;"));
  const auto behind = exchange_.take(409, "11\n");
  EXPECT_EQ(behind.kind, Kind::kRefused);
  EXPECT_THAT(behind.text, HasSubstr("cosigned 11 records, this log has 10"));
}

TEST_F(Exchange, SameSizeIsAForkOnlyWhenItWasSaid) {
  EXPECT_EQ(exchange_.take(409, "10\n").kind, Kind::kAgain) << "it may be this very checkpoint";
  EXPECT_EQ(exchange_.take(409, "10\n").kind, Kind::kRefused);
}

TEST_F(Exchange, AsksFromNothingWhenTooMuchIsBelieved) {
  EXPECT_EQ(WitnessExchange(checkpoint_, witness_.key(), 11).old_size(), 0U);
  EXPECT_EQ(WitnessExchange(checkpoint_, witness_.key(), 10).old_size(), 10U);
}

TEST_F(Exchange, SaysWhatToDo) {
  EXPECT_THAT(exchange_.take(404, "").text, HasSubstr("does not know log.example/1"));
  EXPECT_THAT(exchange_.take(403, "").text, HasSubstr("audit.witness.logs"));
  EXPECT_THAT(exchange_.take(500, "x\xff").text, HasSubstr("answered 500: x\\xff"));
  EXPECT_EQ(exchange_.take(403, "").kind, Kind::kFailed);
}

}  // namespace
}  // namespace sluice::stream
