#include "gateway/said_settings.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using enum sql::TransactionEffect;

Said purpose(const char* name) {
  Said said;
  said.stated.purpose = name;
  return said;
}

TEST(SaidSettings, AreTakenBackWithTheTransaction) {
  SaidSettings settings;
  EXPECT_FALSE(settings.sent({kBegin}, "BEGIN", purpose("a")));
  EXPECT_EQ(settings.sent({kRollback}, "ROLLBACK", purpose("b"))->stated.purpose, "a");
  EXPECT_FALSE(settings.sent({kBegin}, "BEGIN", purpose("a")));
  EXPECT_FALSE(settings.sent({kCommit}, "COMMIT", purpose("b")));
  EXPECT_EQ(settings.not_committed()->stated.purpose, "a") << "the server had rolled back";
  EXPECT_FALSE(settings.not_committed());
}

TEST(SaidSettings, AreTakenBackToASavepoint) {
  SaidSettings settings;
  settings.sent({kBegin}, "BEGIN", purpose("a"));
  settings.sent({kSavepoint}, "SAVEPOINT One", purpose("b"));
  settings.sent({kSavepoint}, "savepoint \"Two\";", purpose("c"));
  EXPECT_EQ(settings.sent({kRollbackTo}, "ROLLBACK TO one ;", purpose("d"))->stated.purpose, "b");
  // What came behind it has gone: of an unknown place all is taken back.
  EXPECT_EQ(settings.sent({kRollbackTo}, "ROLLBACK TO \"Two\"", purpose("d"))->stated.purpose, "a");
  EXPECT_EQ(settings.sent({kRollbackTo}, "ROLLBACK TO SAVEPOINT one", purpose("d"))->stated.purpose,
            "b")
      << "it stays";
}

TEST(SaidSettings, OutsideOfATransactionStay) {
  SaidSettings settings;
  EXPECT_FALSE(settings.sent({kRollback}, "ROLLBACK", purpose("b")));
  EXPECT_FALSE(settings.sent({kRollbackTo}, "ROLLBACK TO a", purpose("b")));
  EXPECT_FALSE(settings.sent({kSavepoint}, "SAVEPOINT a", purpose("b")));
  EXPECT_TRUE(settings.empty());
}

TEST(SaidSettings, AreTakenBackWithAPipelineThatFails) {
  SaidSettings settings;
  settings.changes(purpose("a"), 1);
  settings.changes(purpose("b"), 1);
  EXPECT_EQ(settings.failed()->stated.purpose, "a");
  EXPECT_FALSE(settings.failed()) << "once";
  settings.changes(purpose("a"), 1);
  EXPECT_EQ(settings.sent({kRollback}, "ROLLBACK", purpose("b"))->stated.purpose, "a");
  settings.ready();
  EXPECT_FALSE(settings.failed()) << "it stands";
}

TEST(SaidSettings, OfAPipelineBeforeStay) {
  SaidSettings settings;
  settings.changes(purpose("a"), 1);
  settings.ready();
  settings.changes(purpose("b"), 2);
  EXPECT_FALSE(settings.failed()) << "what fails is a pipeline before it";
  settings.ready();
  EXPECT_EQ(settings.failed()->stated.purpose, "b");
}

TEST(SaidSettings, BeforeABlockInAPipelineGoWithIt) {
  SaidSettings settings;
  settings.changes(purpose("a"), 1);
  settings.sent({kBegin}, "BEGIN", purpose("b"));
  EXPECT_EQ(settings.sent({kRollback}, "ROLLBACK", purpose("b"))->stated.purpose, "a");
}

TEST(SaidSettings, NamesOfSavepoints) {
  EXPECT_EQ(savepoint_in("SAVEPOINT a;"), "a");
  EXPECT_EQ(savepoint_in("rollback to\n A_1 "), "a_1");
  EXPECT_EQ(savepoint_in("RELEASE \"My Point\""), "My Point");
  EXPECT_EQ(savepoint_in("SAVEPOINT a -- b"), "");
  EXPECT_EQ(savepoint_in("SAVEPOINT \"a\"\"b\""), "");
  EXPECT_EQ(savepoint_in("\""), "");
  EXPECT_EQ(savepoint_in(""), "");
}

}  // namespace
}  // namespace sluice::gateway
