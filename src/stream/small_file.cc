#include "stream/small_file.h"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <unistd.h>

namespace sluice::stream {

bool write_and_sync(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return fdatasync(fd) == 0;
}

Result<> replace_file(const std::filesystem::path& file, Bytes bytes) {
  const std::string fresh = file.string() + ".new";
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return fail(io_error("open " + fresh, errno));
  const bool written = write_and_sync(fd, bytes);
  const int error = errno;
  close(fd);
  if (!written) return fail(io_error("write " + fresh, error));
  if (rename(fresh.c_str(), file.c_str()) != 0)
    return fail(io_error("rename " + fresh + " to " + file.string(), errno));
  return {};
}

Result<std::string> read_small_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    const int error = errno;
    if (error == ENOENT) return fail(ErrorCode::kNotFound, "there is no " + file.string());
    return fail(io_error("read " + file.string(), error));
  }
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace sluice::stream
