#include "audit/receipt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/erasure.h"
#include "audit/log.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ReceiptTest : public ::testing::Test {
 protected:
  ReceiptTest() {
    auto log = Log::open({.directory = folder.path()}, 1);
    for (int i = 1; i <= 300; ++i) {
      const std::string text = "SELECT " + std::to_string(i);
      Event event;
      event.text = text;
      EXPECT_TRUE((*log)->writer(0).append(context, event));
    }
    key = (*log)->key();
    (*log)->close();
  }

  TestFolder folder;
  EncodedContext context{{.session_id = 1, .user = "alice"}};
  tlog::VerifierKey key;
};

TEST_F(ReceiptTest, ProvesARecordWithThePublicKeyAlone) {
  for (const uint64_t number : {1U, 256U, 257U, 300U}) {
    const auto text = make_receipt(folder.path(), number);
    ASSERT_TRUE(text) << text.error().text;
    const auto receipt = verify_receipt(*text, {key});
    ASSERT_TRUE(receipt) << receipt.error().text;
    EXPECT_EQ(receipt->record.sequence, number);
    EXPECT_EQ(receipt->record.text, "SELECT " + std::to_string(number));
    EXPECT_EQ(receipt->record.context.user, "alice");
    EXPECT_EQ(receipt->checkpoint.size, 300U);
    EXPECT_THAT(receipt->signers, ElementsAre(key.name));
  }
}

TEST_F(ReceiptTest, NoCharacterOfItCanBeChanged) {
  const std::string good = *make_receipt(folder.path(), 77);
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = bad[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verify_receipt(bad, {key})) << "at " << at;
  }
}

TEST_F(ReceiptTest, OfAnotherRecordOrKeyItProvesNothing) {
  auto other = key;
  other.public_key[0] ^= 1;
  EXPECT_THAT(verify_receipt(*make_receipt(folder.path(), 1), {other}).error().text,
              HasSubstr("not signed with the public key"));
  EXPECT_EQ(make_receipt(folder.path(), 301).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(erase_records(folder.path(), {5, 5}, {}));
  EXPECT_THAT(make_receipt(folder.path(), 5).error().text, HasSubstr("erased"));
  EXPECT_TRUE(verify_receipt(*make_receipt(folder.path(), 6), {key})) << "its neighbours stand";
}

}  // namespace
}  // namespace sluice::audit
