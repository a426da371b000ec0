#include "stream/cursor.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.h"
#include "stream/source.h"

namespace sluice::stream {
namespace {

using ::testing::HasSubstr;

TEST(CursorFile, IsReadAsItWasWritten) {
  const TestFolder folder;
  const CursorFile file(folder.path(), "siem");
  EXPECT_EQ(file.load().error().code, ErrorCode::kNotFound);
  const Cursor cursor{{{0, {"00000000000000000001-0.seg", 64}},
                       {255, {"00000000000000000009-255.seg", UINT64_MAX}}},
                      UINT64_MAX,
                      12};
  ASSERT_TRUE(file.save(cursor));
  const auto loaded = file.load();
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(*loaded, cursor);
  EXPECT_FALSE(std::filesystem::exists(folder / "siem.json.new"));
}

TEST(CursorFile, ADamagedOneIsNotTakenForNone) {
  const TestFolder folder;
  const CursorFile file(folder.path(), "siem");
  for (const char* text :
       {"", "{", "[]", "{}", R"({"after":0,"position":0})",
        R"({"after":0,"position":0,"segments":{"x":{}}})",
        R"({"after":-1,"position":0,"segments":{}})",
        R"({"after":0,"position":0,"segments":{"0":{"segment":1,"offset":2}}})"}) {
    std::ofstream(folder / "siem.json") << text;
    const auto loaded = file.load();
    ASSERT_FALSE(loaded) << text;
    EXPECT_EQ(loaded.error().code, ErrorCode::kInvalidInput) << text;
    EXPECT_THAT(loaded.error().text, HasSubstr("remove it to send the whole log again"));
  }
}

TEST(LogId, StaysUntilAFreshOneIsWanted) {
  const TestFolder folder;
  const auto id = log_id(folder.path());
  ASSERT_TRUE(id) << id.error().text;
  EXPECT_EQ(id->size(), 16U);
  EXPECT_EQ(*log_id(folder.path()), *id);
  const auto fresh = log_id(folder.path(), true);
  EXPECT_NE(*fresh, *id);
  EXPECT_EQ(*log_id(folder.path()), *fresh);
}

}  // namespace
}  // namespace sluice::stream
