#include "gateway/password_seal.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.h"
#include "undo/seal.h"

namespace sluice::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PasswordSealTest : public ::testing::Test {
 protected:
  PasswordSealTest() {
    row_.name = "orders";
    row_.url = "postgres://db/orders";
    row_.user = "sluice";
    row_.sealed = *seal_.close(SecretString("correct horse"), row_);
  }
  TestFolder folder_;
  std::filesystem::path key_ = folder_ / "databases.key";
  PasswordSeal seal_{key_};
  store::KeptDatabase row_;
};

TEST_F(PasswordSealTest, OpensWhatItHasSealed) {
  EXPECT_THAT(row_.sealed, Not(HasSubstr("correct")));
  const auto opened = PasswordSeal(key_).open(row_);
  ASSERT_TRUE(opened) << opened.error().text;
  EXPECT_EQ(opened->reveal(), "correct horse");
  EXPECT_EQ(std::filesystem::status(key_).permissions(), std::filesystem::perms(0600));
}

TEST_F(PasswordSealTest, Threat102_NoChangeOfTheStoreSendsItElsewhere) {
  for (std::string store::KeptDatabase::* part :
       {&store::KeptDatabase::name, &store::KeptDatabase::url, &store::KeptDatabase::user,
        &store::KeptDatabase::authority}) {
    auto moved = row_;
    moved.*part += "x";
    const auto opened = seal_.open(moved);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::kDenied);
  }
  // What says nothing of where it goes, or who sees what comes, may change.
  auto other = row_;
  other.pool_size = 7;
  other.stamp_writes = true;
  EXPECT_TRUE(seal_.open(other));
}

TEST_F(PasswordSealTest, Threat102_NoChangeOfTheStoreTakesItOutFromUnderThePolicy) {
  auto moved = row_;
  moved.environment = "staging";
  EXPECT_FALSE(seal_.open(moved));
  moved = row_;
  moved.masking = false;
  EXPECT_FALSE(seal_.open(moved));
}

TEST_F(PasswordSealTest, OneOfBeforeIsSealedAnewOnce) {
  const auto before = undo::Seal::open(key_)->close(
      "correct horse", "password of a database 6:orders 20:postgres://db/orders 6:sluice 0:");
  auto old = row_;
  old.sealed = before;
  EXPECT_FALSE(seal_.open(old)) << "as it is, it is good for nothing";
  EXPECT_FALSE(seal_.renewed(row_)) << "it is sealed as it should be";
  const auto renewed = seal_.renewed(old);
  ASSERT_TRUE(renewed);
  auto next = old;
  next.sealed = *renewed;
  EXPECT_EQ(seal_.open(next)->reveal(), "correct horse");
  ASSERT_TRUE(seal_.note_renewed());
  old.masking = false;
  EXPECT_FALSE(seal_.renewed(old)) << "whoever writes the store cannot begin again";
}

TEST_F(PasswordSealTest, PartsCannotBeShifted) {
  auto shifted = row_;
  shifted.url = row_.url + " 6:sluice";
  shifted.user = "";
  EXPECT_FALSE(seal_.open(shifted));
}

TEST_F(PasswordSealTest, AnotherKeyOrNoneSaysWhatToDo) {
  const PasswordSeal elsewhere(folder_ / "none.key");
  const auto opened = elsewhere.open(row_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().text, HasSubstr("copy it from the gateway where it was added"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "none.key")) << "reading makes no key";
  ASSERT_TRUE(elsewhere.close(SecretString("x"), row_));
  EXPECT_THAT(elsewhere.open(row_).error().text, HasSubstr("is not the key"));
}

}  // namespace
}  // namespace sluice::gateway
