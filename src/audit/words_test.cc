#include "audit/words.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/test_folder.h"
#include "store/database.h"

namespace sluice::audit {
namespace {

TEST(Words, AreFoundInAnyCaseAndOrder) {
  const Bytes text = "SELECT email FROM Customers WHERE note = 'Ünal_1 o''Brien' AND id=4711";
  EXPECT_TRUE(has_words(text, "customers EMAIL"));
  EXPECT_TRUE(has_words(text, "47*"));
  EXPECT_TRUE(has_words(text, "Ünal_1"));
  EXPECT_TRUE(has_words(text, "o'brien"));
  EXPECT_TRUE(has_words(text, ""));
  EXPECT_FALSE(has_words(text, "customer"));
  EXPECT_FALSE(has_words(text, "ünal_1")) << "letters beyond ASCII are taken as they are";
  EXPECT_FALSE(has_words(text, "email missing"));
}

TEST(Words, LongOnesAreCutAlike) {
  const std::string word(1000, 'x');
  EXPECT_TRUE(has_words("a " + word + "yz", word));
  EXPECT_EQ(match_expression(word), '"' + word.substr(0, kLongestWord) + '"');
}

/// The index finds by SQLite's words what is then checked by ours: they must be the same.
RC_GTEST_PROP(Words, AreSqlitesWords, ()) {
  const auto texts = rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("aZ09_ .*'\"\xC3\x9C\n\x80\x01-")));
  const std::string text = *texts, query = *texts;
  const std::string expression = match_expression(query);
  RC_PRE(!expression.empty());
  static const TestFolder folder;
  static auto database = *store::Database::open(folder / "words.db");
  RC_ASSERT(database
                .execute("DROP TABLE IF EXISTS words; CREATE VIRTUAL TABLE words USING fts5("
                         "text, content='', columnsize=0, detail=none, "
                         "tokenize=\"ascii tokenchars '_'\")")
                .has_value());
  auto insert = *database.prepare("INSERT INTO words (rowid, text) VALUES (1, ?)");
  RC_ASSERT(insert.bind(1, Bytes(text)).run().has_value());
  auto query_it = *database.prepare("SELECT rowid FROM words WHERE words MATCH ?");
  query_it.bind(1, Bytes(expression));
  RC_ASSERT(*query_it.step() == has_words(text, query));
}

}  // namespace
}  // namespace sluice::audit
