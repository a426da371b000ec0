#include "stream/file_sink.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/test_folder.h"
#include "stream/test_records.h"

namespace sluice::stream {
namespace {

using ::testing::HasSubstr;

class FileSinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    config.path = folder / "audit.jsonl";
    sink = *make_file_sink(config, test_source());
  }
  Delivery send(uint64_t sequence) {
    const Entry entries[] = {statement_entry(sequence)};
    return sink->send(entries);
  }
  static std::string contents(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static size_t lines(const std::string& text) {
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  TestFolder folder;
  config::StreamConfig config;
  std::unique_ptr<Sink> sink;
};

TEST_F(FileSinkTest, AppendsLinesThatOnlyTheOwnerReads) {
  EXPECT_EQ(send(1).taken, 1U);
  EXPECT_EQ(send(2).taken, 1U);
  const std::string text = contents(config.path);
  EXPECT_EQ(lines(text), 2U);
  EXPECT_THAT(text, HasSubstr("\"uid\":\"0123456789abcdef-2\""));
  struct stat info{};
  stat(config.path.c_str(), &info);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(FileSinkTest, IsMadeAnewAfterRotation) {
  send(1);
  std::filesystem::rename(config.path, config.path + ".1");
  send(2);
  EXPECT_EQ(lines(contents(config.path)), 1U);
  std::filesystem::remove(config.path);
  send(3);
  EXPECT_THAT(contents(config.path), HasSubstr("abcdef-3"));
  std::filesystem::resize_file(config.path, 0);  // copytruncate
  send(4);
  EXPECT_EQ(contents(config.path).front(), '{');
}

TEST_F(FileSinkTest, ALineThatWasTornIsEnded) {
  std::ofstream(config.path) << "{\"half\":";
  send(1);
  EXPECT_THAT(contents(config.path), HasSubstr("{\"half\":\n{\"id\":1"));
}

TEST_F(FileSinkTest, SaysWhatIsInTheWay) {
  config.path = folder / "missing" / "audit.jsonl";
  sink = *make_file_sink(config, test_source());
  const auto nowhere = send(1);
  EXPECT_EQ(nowhere.taken, 0U);
  EXPECT_THAT(nowhere.error->text, HasSubstr("No such file"));
  config.path = folder / "pipe";
  mkfifo(config.path.c_str(), 0600);
  sink = *make_file_sink(config, test_source());
  EXPECT_THAT(send(1).error->text, HasSubstr("not a regular file"));
}

TEST_F(FileSinkTest, AFullDiskLeavesNoHalfLine) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP();
  std::filesystem::create_symlink("/dev/full", folder / "full");
  config.path = folder / "full";
  sink = *make_file_sink(config, test_source());
  EXPECT_EQ(send(1).taken, 0U);
}

}  // namespace
}  // namespace sluice::stream
