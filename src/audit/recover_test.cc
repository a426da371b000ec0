#include "audit/recover.h"

#include <fstream>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "audit/segment.h"
#include "audit/tree_files.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

/// A log of one record, and one behind it that is torn and holds bytes that are a frame by
/// themselves, with the number `forged`.
void write_torn(const std::filesystem::path& folder, uint64_t forged) {
  std::filesystem::create_directories(folder / "log");
  const auto file = folder / "log" / segment_name(1, 0);
  {
    const auto writer = SegmentWriter::create(file, 0, 1, 4096);
    ASSERT_TRUE(writer);
    (*writer)->append(1, Salt{}, "one");
    const auto frame = erased_frame(forged, 0);
    (*writer)->append(2, Salt{}, std::string(frame.data(), frame.size()));
  }
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(static_cast<std::streamoff>(kSegmentHeader + frame_size(3)));
  out.write("\0\0\0\0", 4);
}

LogOptions options_in(const TestFolder& folder) {
  LogOptions options;
  options.directory = folder.path();
  return options;
}

TEST(Recover, ANumberForgedInAStatementBehindATearIsNotBelieved) {
  const TestFolder folder;
  write_torn(folder.path(), uint64_t{1} << 60);
  const auto log = recover_log(options_in(folder));
  ASSERT_TRUE(log) << log.error().text;
  EXPECT_EQ(log->last_sequence, 2U) << "as its header says";
}

TEST(Recover, ANumberBehindATearThatCouldBeIsNotGivenOutAgain) {
  const TestFolder folder;
  write_torn(folder.path(), 7);
  const auto log = recover_log(options_in(folder));
  ASSERT_TRUE(log) << log.error().text;
  EXPECT_EQ(log->last_sequence, 7U);
}

RC_GTEST_PROP(Recover, NoForgedNumberKeepsTheLogFromReopening, (uint64_t number)) {
  const uint64_t forged = *rc::gen::element(number, number % (uint64_t{1} << 21), UINT64_MAX);
  const TestFolder folder;
  write_torn(folder.path(), forged);
  const auto first = recover_log(options_in(folder));
  RC_ASSERT(first.has_value());
  RC_ASSERT(first->last_sequence < uint64_t{1} << 22);
  // The next segment begins behind it, and power fails again.
  const uint64_t next = first->last_sequence + 1;
  {
    const auto writer =
        SegmentWriter::create(folder / "log" / segment_name(next, 0).c_str(), 0, next, 4096);
    RC_ASSERT(writer.has_value());
    (*writer)->append(next, Salt{}, "after");
  }
  const auto second = recover_log(options_in(folder));
  RC_ASSERT(second.has_value());
  RC_ASSERT(second->last_sequence == next);
}

}  // namespace
}  // namespace sluice::audit
