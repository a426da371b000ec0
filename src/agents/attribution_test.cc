#include "agents/attribution.h"

#include <gtest/gtest.h>

namespace sluice::agents {
namespace {

const SecretString kSecret("the installation's");

TEST(Attribution, RunsAreWordsOfBoundedSize) {
  EXPECT_TRUE(is_run("conv_5j66UpCpwteGg4YSxUnt7lPY"));
  EXPECT_TRUE(is_run("urn:uuid:2f0e/step=1"));
  EXPECT_TRUE(is_run(std::string(kLongestRun, 'a')));
  EXPECT_TRUE(is_run(make_run()));
  EXPECT_NE(make_run(), make_run());
  for (const char* bad : {"", "a b", "a'b", "a\\b", "a\"b", "a\nb", "a;b", "\xc3\xa4", "a%27"})
    EXPECT_FALSE(is_run(bad)) << bad;
  EXPECT_FALSE(is_run(std::string(kLongestRun + 1, 'a')));
  EXPECT_FALSE(is_run(std::string_view("a\0b", 3)));
}

TEST(Attribution, TraceStatesAreMembersOfBoundedSize) {
  for (const char* good :
       {"rojo=00f067aa0ba902b7", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "a=1 ,\tb=2, ,c=3,",
        "fw529a3039@dt=FfAAAAAAAAAAAA", "dd=s:2;o:rum;t.dm:-4;p:00f067aa0ba902b7"})
    EXPECT_TRUE(is_trace_state(good)) << good;
  for (const char* bad : {"", "a", "=1", "a=", "A=1", "a=1=2", "a='1'", "a=\\", "a=1;DROP\nb=2",
                          "a=\xc3\xa4", "a b=1"})
    EXPECT_FALSE(is_trace_state(bad)) << bad;
  EXPECT_TRUE(is_trace_state("a=" + std::string(510, '1')));
  EXPECT_FALSE(is_trace_state("a=" + std::string(511, '1')));
  std::string many = "k=1";
  for (int i = 1; i < 32; ++i) many += ",k=1";
  EXPECT_TRUE(is_trace_state(many));
  EXPECT_FALSE(is_trace_state(many + ",k=1"));
}

TEST(Attribution, APromptIsOfOneUserInOneRun) {
  const auto digest = digest_of_prompt("0123456789abcdef", "How many orders are open?");
  const auto id = prompt_id(kSecret, "helper", "run-1", digest);
  EXPECT_EQ(id.size(), 64U);
  EXPECT_EQ(digest_of(id), digest);
  EXPECT_TRUE(is_prompt_of(kSecret, "helper", "run-1", id));
  EXPECT_FALSE(is_prompt_of(kSecret, "other", "run-1", id));
  EXPECT_FALSE(is_prompt_of(kSecret, "helper", "run-2", id));
  EXPECT_FALSE(is_prompt_of(kSecret, "helper\nrun", "1", id));
  EXPECT_FALSE(is_prompt_of(SecretString("another's"), "helper", "run-1", id));
}

TEST(Attribution, Threat77_NoOtherIdIsBelieved) {
  const auto id =
      prompt_id(kSecret, "helper", "run-1", digest_of_prompt("0123456789abcdef", "text"));
  for (size_t i = 0; i < id.size(); ++i) {
    std::string altered = id;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(is_prompt_of(kSecret, "helper", "run-1", altered)) << i;
  }
  for (const std::string& bad : {std::string(), std::string("AAAA"), std::string(64, '+'),
                                 std::string(64, 'A'), id + "A", id.substr(1), "=" + id.substr(1)})
    EXPECT_FALSE(is_prompt_of(kSecret, "helper", "run-1", bad)) << bad;
  EXPECT_TRUE(digest_of("not an id").empty());
}

TEST(Attribution, EqualPromptsHaveDifferentDigests) {
  EXPECT_NE(digest_of_prompt("0123456789abcdef", "yes"),
            digest_of_prompt("fedcba9876543210", "yes"));
}

}  // namespace
}  // namespace sluice::agents
