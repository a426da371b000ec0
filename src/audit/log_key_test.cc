#include "audit/log_key.h"

#include <atomic>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/tree_files.h"
#include "base/test_folder.h"
#include "base/unique_fd.h"
#include "tlog/note.h"

namespace sluice::audit {
namespace {

/// A place that holds a key for who reads it first, and no key from then on.
class KeyThatGoes {
 public:
  KeyThatGoes(std::filesystem::path file, std::string key)
      : file_(std::move(file)), key_(std::move(key)) {
    EXPECT_EQ(mkfifo(file_.c_str(), 0600), 0);
    thread_ = std::thread([this] {
      for (std::string text = key_; !stop_; text = "gone\n") {
        const UniqueFd out(::open(file_.c_str(), O_WRONLY | O_CLOEXEC));
        EXPECT_GT(::write(out.get(), text.data(), text.size()), 0);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    });
  }
  ~KeyThatGoes() {
    stop_ = true;
    const UniqueFd reader(::open(file_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    thread_.join();
  }

 private:
  std::filesystem::path file_;
  std::string key_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

TEST(LogKey, Threat105_ANextKeyThatCannotBeOpenedTwiceChangesNothing) {
  const TestFolder folder;
  LogOptions options;
  options.directory = folder / "audit";
  options.next_key = folder / "next.pem";
  const auto opened = Log::open(options, 1);
  ASSERT_TRUE(opened) << opened.error().text;
  const auto& log = *opened;
  const auto before = log->key();
  ASSERT_TRUE(tlog::create_key(folder / "made.pem"));
  const KeyThatGoes place(options.next_key, *read_file(folder / "made.pem"));
  const auto changed = log->rotate_key();
  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().text, ::testing::HasSubstr("the old one stays in force"));
  EXPECT_EQ(log->key(), before);
  EXPECT_EQ(log->sign("a statement")->key, before);
}

}  // namespace
}  // namespace sluice::audit
