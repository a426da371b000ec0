#include "audit/torn_segment.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "audit/segment.h"
#include "audit/segment_file.h"
#include "audit/tree_files.h"
#include "base/hash.h"

namespace sluice::audit {
namespace {

constexpr size_t kBlock = size_t{64} * 1024;
/// Of the digest, in the name of a file.
constexpr size_t kShownDigest = 16;

/// Hands over what a segment has from `offset` on in pieces, until `each` has enough.
template <typename Each>
void for_each_piece(SegmentFile& file, uint64_t offset, const Each& each) {
  std::string piece(kBlock, '\0');
  bool more = true;
  while (more) {
    const size_t got = file.read(offset, piece.data(), 1, piece.size());
    if (got == 0) return;
    more = each(offset, Bytes(piece).substr(0, got));
    offset += got;
  }
}

}  // namespace

uint64_t number_in_name(const std::filesystem::path& file) {
  const std::string name = file.filename();
  int64_t number = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
  return read.ec == std::errc() && *read.ptr == '-' && number > 0 ? static_cast<uint64_t>(number)
                                                                  : 0;
}

bool never_begun(const std::filesystem::path& file) {
  const auto bytes = read_file(file);
  const auto header = bytes ? Bytes(*bytes).substr(0, kSegmentHeader) : Bytes("?");
  return std::all_of(header.begin(), header.end(), [](char c) { return c == 0; });
}

void put_aside(const std::filesystem::path& file) {
  auto aside = file;
  aside += ".torn";
  std::error_code ignored;
  std::filesystem::rename(file, aside, ignored);
}

Result<std::optional<TornTail>> keep_tail(const std::filesystem::path& segment, uint64_t offset) {
  SLUICE_ASSIGN(auto file, SegmentFile::open(segment));
  uint64_t end = offset;
  for_each_piece(file, offset, [&](uint64_t at, Bytes piece) {
    const size_t last = piece.find_last_not_of('\0');
    if (last != piece.npos) end = at + last + 1;
    return true;
  });
  if (end == offset) return std::optional<TornTail>();
  // What was preallocated is given back first: a disk that is full needs room for the copy.
  std::error_code ignored;
  std::filesystem::resize_file(segment, end, ignored);
  std::string bytes(end - offset, '\0');
  if (file.read(offset, bytes.data(), bytes.size(), bytes.size()) != bytes.size())
    return fail(ErrorCode::kIo, "read what is torn at the end of " + segment.string());
  const auto digest = sha256(bytes);
  TornTail tail{.bytes = bytes.size(), .sha256 = to_hex({digest.data(), digest.size()})};
  tail.file = segment.filename().string() + "." + tail.sha256.substr(0, kShownDigest) + ".torn";
  if (auto kept = replace_file(segment.parent_path() / tail.file, bytes); !kept) {
    return fail(std::move(kept.error())
                    .within("what is torn at the end of " + segment.string() +
                            " cannot be kept in a file beside it, so the log is not opened"));
  }
  return tail;
}

std::optional<uint64_t> first_byte_behind(const std::filesystem::path& segment, uint64_t offset) {
  auto file = SegmentFile::open(segment);
  std::optional<uint64_t> found;
  if (!file) return found;
  for_each_piece(*file, offset, [&](uint64_t at, Bytes piece) {
    const size_t first = piece.find_first_not_of('\0');
    if (first != piece.npos) found = at + first;
    return !found;
  });
  return found;
}

}  // namespace sluice::audit
