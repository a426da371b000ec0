#include "agents/prompt_store.h"

#include <gtest/gtest.h>

#include "agents/attribution.h"
#include "store/test_store.h"

namespace sluice::agents {
namespace {

const SecretString kSecret("the installation's");
constexpr std::string_view kSalt = "0123456789abcdef";

Prompt prompt_of(const std::string& user, const std::string& run, std::string_view text,
                 int64_t when) {
  Prompt prompt;
  prompt.id = prompt_id(kSecret, user, run, digest_of_prompt(kSalt, text));
  prompt.user = user;
  prompt.person = "alice";
  prompt.run = run;
  prompt.model = "m";
  prompt.created_micros = when;
  prompt.length = text.size();
  return prompt;
}

class PromptStoreTest : public store::StoreTest {
 protected:
  std::unique_ptr<PromptStore> open(const std::string& key = "prompts.key") {
    auto store = PromptStore::open(store_.open(), folder_ / key);
    EXPECT_TRUE(store) << store.error().text;
    return std::move(*store);
  }
  TestFolder folder_;
};

TEST_P(PromptStoreTest, ARunIsItsPromptsInTheirOrder) {
  const auto store = open();
  for (const auto& [run, text, when] :
       {std::tuple{"r1", "second", 20}, std::tuple{"r1", "first", 10}, std::tuple{"r2", "x", 5}})
    ASSERT_TRUE(store->keep(prompt_of("helper", run, text, when), kSalt, text));
  ASSERT_TRUE(store->keep(prompt_of("other", "r1", "theirs", 15), kSalt, "theirs"));
  const auto prompts = store->of_run("r1", 10);
  ASSERT_EQ(prompts->size(), 3U);
  EXPECT_EQ(*store->text(prompts->front()), "first");
  EXPECT_EQ(*store->text(prompts->back()), "second");
  const auto runs = store->runs("", 10);
  ASSERT_EQ(runs->size(), 3U);
  EXPECT_EQ(runs->front().run, "r1");
  EXPECT_EQ(runs->front().prompts, 2U);
  EXPECT_EQ(runs->front().first_micros, 10);
  EXPECT_EQ(runs->front().last_micros, 20);
  EXPECT_EQ(store->runs("other", 10)->size(), 1U);
  EXPECT_EQ(store->runs("alice", 10)->size(), 3U) << "those of their agents";
  EXPECT_EQ(store->runs("carol", 10)->size(), 0U);
  EXPECT_EQ(store->find("none").error().code, ErrorCode::kNotFound);
}

TEST_P(PromptStoreTest, OnlyWhatWasKeptIsOpened) {
  const auto prompt = prompt_of("helper", "r1", "the text", 10);
  {
    const auto store = open();
    ASSERT_TRUE(store->keep(prompt, kSalt, "the text"));
    EXPECT_EQ(*store->text(*store->find(prompt.id)), "the text");
  }
  EXPECT_EQ(*open()->text(prompt), "the text") << "after a restart";
  EXPECT_EQ(open("another.key")->text(prompt).error().code, ErrorCode::kDenied);
  // Moved under another prompt's id by somebody who may write to the store.
  const auto other = prompt_of("helper", "r1", "another", 11);
  const auto store = open();
  ASSERT_TRUE(store->keep(other, kSalt, "another"));
  auto database = store_.open();
  auto swap = database.prepare(
      "UPDATE agent_prompts SET sealed = (SELECT sealed FROM agent_prompts "
      "WHERE id = ?1) WHERE id = ?2");
  ASSERT_TRUE(swap->bind(1, other.id).bind(2, prompt.id).run());
  EXPECT_EQ(store->text(prompt).error().code, ErrorCode::kDenied);
  // Kept with a text that its digest is not of.
  auto wrong = prompt_of("helper", "r1", "third", 12);
  ASSERT_TRUE(store->keep(wrong, kSalt, "not the third"));
  EXPECT_EQ(store->text(wrong).error().code, ErrorCode::kDenied);
}

TEST_P(PromptStoreTest, ErasedItIsGoneForGood) {
  const auto store = open();
  const auto prompt = prompt_of("helper", "r1", "the text", 10);
  ASSERT_TRUE(store->keep(prompt, kSalt, "the text"));
  ASSERT_TRUE(store->erase(prompt.id));
  EXPECT_TRUE(store->find(prompt.id)->erased);
  EXPECT_EQ(store->text(prompt).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->erase("none").error().code, ErrorCode::kNotFound);
}

SLUICE_FOR_EACH_STORE(PromptStoreTest);

}  // namespace
}  // namespace sluice::agents
