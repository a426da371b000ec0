#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/log.h"
#include "audit/record.h"
#include "audit/search.h"
#include "audit/segment.h"
#include "audit/tree_files.h"
#include "base/test_folder.h"

namespace sluice::audit {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

class LogTest : public ::testing::Test {
 protected:
  std::unique_ptr<Log> open(size_t writers = 1) {
    auto log = Log::open(options, writers);
    EXPECT_TRUE(log) << log.error().text;
    return log ? std::move(*log) : nullptr;
  }
  std::vector<std::string> texts() const {
    const auto found = search(folder.path(), {.type = "statement", .limit = 1'000'000});
    EXPECT_TRUE(found) << found.error().text;
    std::vector<std::string> out;
    for (const auto& record : *found) out.push_back(record.text);
    return out;
  }
  std::vector<std::string> evidence() const {
    std::vector<std::string> out;
    const auto found = search(folder.path(), {.type = "evidence", .limit = 1'000'000});
    EXPECT_TRUE(found) << found.error().text;
    for (const auto& record : *found) out.push_back(record.message);
    return out;
  }
  std::filesystem::path segments() const { return folder.path() / "log"; }
  /// What a start has put aside of segments.
  std::vector<std::filesystem::path> torn_files() const {
    std::vector<std::filesystem::path> out;
    for (const auto& entry : std::filesystem::directory_iterator(segments()))
      if (entry.path().extension() == ".torn") out.push_back(entry.path());
    return out;
  }
  static Event statement(std::string_view text) {
    Event event;
    event.text = text;
    event.time_micros = 1;
    return event;
  }
  /// What a killed process leaves: a segment with these records that was never sealed.
  void leave_behind(const std::vector<uint64_t>& numbers) {
    std::filesystem::create_directories(segments());
    char name[64];
    std::snprintf(name, sizeof name, "%020lu-0.seg", numbers.front());
    const size_t size = 64UL * 1024;
    std::string bytes(size, '\0');
    {
      auto writer = SegmentWriter::create(segments() / "made", 0, numbers.front(), size);
      std::string payload;
      encode_record(payload, context.bytes(), statement("before"), {});
      for (const uint64_t number : numbers) (*writer)->append(number, {}, payload);
      std::ifstream(segments() / "made", std::ios::binary)
          .read(bytes.data(), static_cast<std::streamsize>(size));
    }
    std::filesystem::remove(segments() / "made");
    std::ofstream(segments() / name, std::ios::binary) << bytes;
  }
  /// Ten records in a log that is closed; the file that they are in.
  std::filesystem::path write_ten() {
    const auto log = open();
    first_checkpoint = *tree_files(folder.path()).read_checkpoint();
    for (int i = 1; i <= 10; ++i)
      EXPECT_TRUE(log->writer(0).append(context, statement("SELECT " + std::to_string(i))));
    log->close();
    return list_segments(segments())->front();
  }
  static void flip(const std::filesystem::path& file, size_t at) {
    std::string bytes = *read_file(file);
    bytes[at] ^= 0x55;
    ASSERT_TRUE(replace_file(file, bytes));
  }
  static bool eventually(const std::function<bool()>& done, int tries = 5000) {
    for (int i = 0; i < tries; ++i) {
      if (done()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  /// As before the tree was signed over any record.
  void take_tree_back() const {
    std::filesystem::remove_all(folder / "tlog");
    std::filesystem::create_directories(folder / "tlog");
    ASSERT_TRUE(tree_files(folder.path()).write_checkpoint(first_checkpoint));
  }

  TestFolder folder;
  std::string first_checkpoint;
  LogOptions options{.directory = folder.path(), .segment_bytes = 64 * 1024};
  EncodedContext context{{.session_id = 1, .user = "alice"}};
};

}  // namespace sluice::audit
