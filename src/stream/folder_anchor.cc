#include "stream/folder_anchor.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "stream/small_file.h"

namespace sluice::stream {
namespace {

class FolderAnchor : public AnchorTarget {
 public:
  explicit FolderAnchor(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Pushed push(const SignedCheckpoint& checkpoint) override {
    const auto file = folder_ / file_name(checkpoint.head);
    // What stands there of the same size, by the other name, is of the same tree.
    auto other = checkpoint.head;
    other.closed = !other.closed;
    if (const auto beside = folder_ / file_name(other); std::filesystem::exists(beside)) {
      if (auto differs = compare(beside, checkpoint); differs.refused) return differs;
    }
    // Never the folder itself: where the share is not mounted, its files would land on this disk.
    const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    if (fd < 0 && errno == EEXIST) return compare(file, checkpoint);
    if (fd < 0) {
      const int error = errno;
      Error told = io_error("create " + file.string(), error);
      if (error == ENOENT) told.text += ": mount or make the folder";
      return {.error = std::move(told)};
    }
    const bool written = write_and_sync(fd, checkpoint.note);
    const int error = errno;
    close(fd);
    if (!written) return {.error = io_error("write " + file.string(), error)};
    return {};
  }

 private:
  /// What stands there may be this checkpoint, pushed before the gateway was started anew.
  static Pushed compare(const std::filesystem::path& file, const SignedCheckpoint& checkpoint) {
    auto kept = read_small_file(file);
    if (!kept) return {.error = std::move(kept.error())};
    const auto there = SignedCheckpoint::parse(std::move(*kept));
    if (!there) {
      return {.error =
                  Error{ErrorCode::kExists, file.string() + " is no checkpoint (" +
                                                there.error().text + "): move it out of the way"}};
    }
    auto head = there->head;
    head.closed = checkpoint.head.closed;
    if (head == checkpoint.head) return {};
    if (there->head.origin != checkpoint.head.origin) {
      return {.error = Error{ErrorCode::kExists,
                             fmt::format("{} is of another log, {}: give each log a folder",
                                         file.string(), there->head.origin)}};
    }
    return {
        .error = Error{ErrorCode::kDenied,
                       fmt::format("FORK: {} is of another history of {} records: the log has been "
                                   "rewritten; compare with `sluice audit verify --checkpoint "
                                   "{}`",
                                   file.string(), checkpoint.head.size, file.string())},
        .refused = true};
  }

  std::filesystem::path folder_;
};

}  // namespace

std::unique_ptr<AnchorTarget> make_folder_anchor(std::filesystem::path folder) {
  return std::make_unique<FolderAnchor>(std::move(folder));
}

}  // namespace sluice::stream
