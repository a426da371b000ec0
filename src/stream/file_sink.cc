#include "stream/file_sink.h"

#include <cerrno>

#include <boost/json.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stream/format.h"

namespace sluice::stream {
namespace {

class FileSink : public Sink {
 public:
  FileSink(config::StreamConfig config, Source source)
      : config_(std::move(config)), source_(std::move(source)) {}
  ~FileSink() override { close_file(); }
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  Delivery send(std::span<const Entry> batch) override {
    std::string lines;
    for (const auto& entry : batch)
      lines += boost::json::serialize(formatted(config_.format, source_, entry)) + "\n";
    auto written = reopen();
    if (written) written = append(lines);
    if (!written) return {.error = std::move(written.error())};
    return {.taken = batch.size()};
  }

 private:
  void close_file() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  /// Makes sure that `fd_` is what now has the file's name.
  Result<> reopen() {
    struct stat by_name{};
    struct stat open_one{};
    const bool same = fd_ >= 0 && stat(config_.path.c_str(), &by_name) == 0 &&
                      fstat(fd_, &open_one) == 0 && by_name.st_ino == open_one.st_ino &&
                      by_name.st_dev == open_one.st_dev;
    if (same) return {};
    close_file();
    // Not to wait for a reader, should it be a pipe.
    fd_ = open(config_.path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd_ < 0) return fail(io_error("open " + config_.path, errno));
    if (fstat(fd_, &open_one) != 0 || !S_ISREG(open_one.st_mode)) {
      close_file();
      return fail(ErrorCode::kInvalidInput, config_.path + " is not a regular file");
    }
    return end_torn_line(open_one.st_size);
  }

  /// A process that died in the middle of a line leaves a piece of one; what follows must not be
  /// glued to it.
  Result<> end_torn_line(off_t size) {
    char last = '\n';
    if (size == 0 || pread(fd_, &last, 1, size - 1) != 1 || last == '\n') return {};
    if (write(fd_, "\n", 1) != 1) return fail(io_error("write " + config_.path, errno));
    return {};
  }

  Result<> append(std::string_view lines) {
    struct stat before{};
    if (fstat(fd_, &before) != 0) return fail(io_error("stat " + config_.path, errno));
    while (!lines.empty()) {
      const ssize_t written = write(fd_, lines.data(), lines.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        const int error = errno;
        [[maybe_unused]] const int rc = ftruncate(fd_, before.st_size);
        return fail(io_error("write " + config_.path, error));
      }
      lines.remove_prefix(static_cast<size_t>(written));
    }
    if (fdatasync(fd_) != 0) {
      const int error = errno;
      close_file();
      return fail(io_error("sync " + config_.path, error));
    }
    return {};
  }

  config::StreamConfig config_;
  Source source_;
  int fd_ = -1;
};

}  // namespace

Result<std::unique_ptr<Sink>> make_file_sink(const config::StreamConfig& config,
                                             const Source& source) {
  return std::make_unique<FileSink>(config, source);
}

}  // namespace sluice::stream
