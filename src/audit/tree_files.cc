#include "audit/tree_files.h"

#include <algorithm>

#include <fcntl.h>
#include <unistd.h>

#include "tlog/note.h"

namespace sluice::audit {
namespace {

Result<> write_file(const std::filesystem::path& file, Bytes bytes, bool sync) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return fail(io_error("create " + file.string(), errno));
  Result<> result;
  while (!bytes.empty() && result) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      result = fail(io_error("write " + file.string(), errno));
    } else {
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }
  if (result && sync && fsync(fd) != 0) result = fail(io_error("sync " + file.string(), errno));
  ::close(fd);
  return result;
}

/// Whoever reads `file`, or finds it after a kill or on a full disk, finds all of the old or all of
/// the new.
Result<> write_aside(const std::filesystem::path& file, Bytes bytes, bool sync) {
  auto fresh = file;
  fresh += ".new";
  auto done = write_file(fresh, bytes, sync);
  if (done && ::rename(fresh.c_str(), file.c_str()) != 0)
    done = fail(io_error("rename " + fresh.string(), errno));
  if (!done) ::unlink(fresh.c_str());
  return done;
}

Result<int> open_to_read(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0) return fd;
  const bool missing = errno == ENOENT;
  auto error = io_error("open " + file.string(), errno);
  error.code = missing ? ErrorCode::kNotFound : ErrorCode::kUnavailable;
  return fail(std::move(error));
}

/// The first `width` hashes or entries; `exact`: there may not be more.
Result<std::string> cut(const tlog::TileId& tile, bool exact, std::string bytes) {
  const auto fits = [&](size_t size, size_t wanted) {
    return exact ? size == wanted : size >= wanted;
  };
  if (tile.level != tlog::kEntries) {
    const size_t size = tile.width * sizeof(tlog::Hash);
    if (fits(bytes.size(), size)) return bytes.substr(0, size);
  } else if (const auto entries = tlog::split_bundle(bytes);
             entries && fits(entries->size(), tile.width)) {
    const Bytes last = (*entries)[tile.width - 1];
    return bytes.substr(0, static_cast<size_t>(last.data() + last.size() - bytes.data()));
  }
  return fail(ErrorCode::kInvalidInput, tlog::tile_path(tile) + " is not as long as it should be");
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& file) {
  SLUICE_ASSIGN(const int fd, open_to_read(file));
  std::string bytes;
  char buffer[16384];
  ssize_t got = 0;
  while ((got = ::read(fd, buffer, sizeof buffer)) > 0)
    bytes.append(buffer, static_cast<size_t>(got));
  const int error = errno;
  ::close(fd);
  if (got < 0) return fail(io_error("read " + file.string(), error));
  return bytes;
}

Result<> replace_file(const std::filesystem::path& file, Bytes bytes) {
  SLUICE_TRY(write_aside(file, bytes, true));
  return sync_file(file.parent_path());
}

Result<> sync_file(const std::filesystem::path& file) {
  SLUICE_ASSIGN(const int fd, open_to_read(file));
  const int failed = fsync(fd);
  const int error = errno;
  ::close(fd);
  if (failed != 0) return fail(io_error("sync " + file.string(), error));
  return {};
}

Result<std::string> TreeFiles::read(const tlog::TileId& tile) const {
  auto bytes = read_file(directory_ / tlog::tile_path(tile));
  const bool exact = bytes.has_value();
  if (!bytes && bytes.error().code == ErrorCode::kNotFound && tile.width < tlog::kTileWidth) {
    auto full = tile;
    full.width = tlog::kTileWidth;
    bytes = read_file(directory_ / tlog::tile_path(full));
  }
  if (!bytes) return fail(std::move(bytes.error()));
  return cut(tile, exact, std::move(*bytes));
}

Result<> TreeFiles::write(const tlog::TileId& tile, Bytes bytes) const {
  const auto file = directory_ / tlog::tile_path(tile);
  if (write_aside(file, bytes, false)) return {};
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  if (error) {
    return fail(ErrorCode::kIo, "create " + file.parent_path().string() + ": " + error.message());
  }
  return write_aside(file, bytes, false);
}

std::vector<tlog::TileId> TreeFiles::partials(const tlog::TileId& tile) const {
  std::vector<tlog::TileId> out;
  auto whole = tile;
  whole.width = tlog::kTileWidth;
  auto folder = directory_ / tlog::tile_path(whole);
  folder += ".p";
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(folder, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    const auto path = std::filesystem::relative(it->path(), directory_, error);
    if (const auto id = tlog::parse_tile_path(path.string())) out.push_back(*id);
  }
  return out;
}

void TreeFiles::remove_partial(const tlog::TileId& full) const {
  std::error_code ignored;
  auto folder = directory_ / tlog::tile_path(full);
  folder += ".p";
  std::filesystem::remove_all(folder, ignored);
}

Result<std::string> TreeFiles::read_checkpoint() const {
  return read_file(directory_ / "checkpoint");
}

Result<uint64_t> TreeFiles::claimed_size() const {
  SLUICE_ASSIGN(const auto head, claimed_head());
  return head.size;
}

Result<tlog::Checkpoint> TreeFiles::claimed_head() const {
  const auto text = read_checkpoint();
  if (!text && text.error().code == ErrorCode::kNotFound) return tlog::Checkpoint{};
  if (!text) return fail(text.error());
  SLUICE_ASSIGN(const auto note, tlog::parse_note(*text));
  return tlog::parse_checkpoint(note.text);
}

Result<> TreeFiles::write_checkpoint(std::string_view note) const {
  return replace_file(directory_ / "checkpoint", note);
}

}  // namespace sluice::audit
