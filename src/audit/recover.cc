#include "audit/recover.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "audit/excess.h"
#include "audit/key_chain.h"
#include "audit/segment.h"
#include "audit/segment_file.h"
#include "audit/sequencer.h"
#include "audit/torn_segment.h"
#include "audit/tree_files.h"
#include "base/log.h"

namespace sluice::audit {
namespace {

/// Numbers that may have been given out and whose segments did not reach the disk.
constexpr uint64_t kMostVanished = 1 << 20;

/// A segment and what it says of itself; nobody has looked whether that is true.
struct Claim {
  std::filesystem::path file;
  Result<SegmentHeader> header;

  /// Of a segment whose header did not reach the disk, its name's.
  uint64_t first() const {
    return header && header->first_sequence != 0 ? header->first_sequence : number_in_name(file);
  }
  /// Every number up to there has been given out.
  uint64_t last() const {
    if (!header) return number_in_name(file);
    return std::max(header->last_sequence, first() == 0 ? 0 : first() - 1);
  }
};

/// The highest number that could have been given out: the records before it must have had room.
uint64_t highest_believable(const std::vector<Claim>& claims, uint64_t covered) {
  uint64_t room = 0;
  for (const auto& claim : claims) {
    // Behind what is covered of a closed one there may be a tear, and numbers that were believed.
    std::error_code ignored;
    if (claim.last() > covered || std::filesystem::exists(claim.file, ignored))
      room += segment_size(claim.file) / kFrameHeader;
  }
  const uint64_t most = room + kMostVanished;
  return covered > UINT64_MAX - most ? UINT64_MAX : covered + most;
}

/// A header's checksum is no signature, and a name can be anything: a number that they speak of is
/// believed where the records before it could be in the log.
Result<> check_room(uint64_t highest, uint64_t believable) {
  if (highest <= believable) return {};
  return fail(ErrorCode::kIo,
              fmt::format("a segment's name, header or record speaks of {} records, "
                          "and that is more records than there is room for",
                          highest));
}

/// A tree that was taken away would pass for one that has not begun, and all would be signed anew.
Result<> check_begun(const LogOptions& options) {
  const auto text = tree_files(options.directory).read_checkpoint();
  if (text || text.error().code != ErrorCode::kNotFound) return {};
  std::error_code ignored;
  const bool has_key = !options.key_file.empty() ||
                       std::filesystem::exists(options.directory / "log-key.pem", ignored);
  if (!has_key) return {};
  return fail(ErrorCode::kNotFound, "tlog/checkpoint is not there, though there are records");
}

/// After a clean stop the checkpoint covers all there is.
Result<> check_closed(const LogOptions& options, const tlog::Checkpoint& head) {
  if (!head.closed) return {};
  SLUICE_ASSIGN(const auto excess, find_excess(log_directory(options.directory), head.size));
  if (!excess) return {};
  return fail(ErrorCode::kIo, fmt::format("it was closed with {} records, and {}: somebody has put "
                                          "it there since; with that file moved away, as "
                                          "evidence, this log goes on",
                                          head.size, excess->text()));
}

/// The head that a note is about, whoever signed it; nothing where it is about something else.
std::optional<tlog::Checkpoint> head_of(const Result<std::string>& text, int lines_before) {
  const auto note = text ? tlog::parse_note(*text) : fail(text.error());
  if (!note) return std::nullopt;
  std::string_view rest = note->text;
  for (int line = 0; line < lines_before; ++line) tlog::take_line(rest);
  const auto head = tlog::parse_checkpoint(rest);
  return head ? std::optional(*head) : std::nullopt;
}

/// An old checkpoint that was put back would have what it does not cover looked at anew, and so
/// written over. What was signed besides says how far the log had got.
Result<> check_not_older(const TreeFiles& files, uint64_t covered) {
  const auto own = head_of(files.read_checkpoint(), 0);
  if (!own) return {};
  const auto check = [&](const std::filesystem::path& file, int lines_before) -> Result<> {
    const auto head = head_of(read_file(file), lines_before);
    if (!head || head->origin != own->origin || head->size <= covered) return {};
    return fail(ErrorCode::kIo, fmt::format("its checkpoint covers {} records, and {} is about {}: "
                                            "an old one was put back",
                                            covered, file.string(), head->size));
  };
  constexpr int kKeys = 3;  // Lines of a change of the key before its head.
  for (size_t number = 1;; ++number) {
    const auto file = rotation_file(files, number);
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) break;
    SLUICE_TRY(check(file, kKeys));
  }
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(files.directory() / "cosigned", error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    SLUICE_TRY(check(it->path(), 0));
  }
  return {};
}

/// Completes one; returns the highest number that it speaks of.
Result<uint64_t> recover(const Claim& claim, bool doubtful, uint64_t believable,
                         std::vector<std::string>& found) {
  const auto& file = claim.file;
  SLUICE_ASSIGN(const Recovery recovery, recover_segment(file, believable));
  uint64_t last = std::max({claim.last(), recovery.last_sequence, recovery.highest});
  const bool whole = recovery.last_sequence >= claim.header->last_sequence && !recovery.torn;
  if (doubtful && whole) {
    found.push_back(fmt::format("taken over: {}, with records up to {}, more than was signed",
                                file.filename().string(), last));
    return last;
  }
  found.push_back(fmt::format("{}: {} with {} records",
                              doubtful ? "not whole, though closed" : "not closed",
                              file.filename().string(), recovery.records));
  if (const auto& torn = recovery.torn) {
    found.back() += fmt::format(", then {} torn bytes with the SHA-256 {}, kept in {}", torn->bytes,
                                torn->sha256, torn->file);
  }
  log::warn("audit log: {}", found.back());
  if (recovery.records > 0) return last;
  // It would be taken for one still being written; what is torn keeps its name for itself.
  std::error_code ignored;
  if (recovery.torn) last = std::max(last, claim.first());
  std::filesystem::remove(file, ignored);
  return last;
}

}  // namespace

Result<> not_what_was_signed(const std::filesystem::path& audit, const Error& error) {
  return fail(ErrorCode::kIo,
              fmt::format("the audit log in {} is not what was signed: {}. `sluice audit verify` "
                          "tells where. Keep the folder as evidence; a new log begins when it "
                          "is moved away",
                          audit.string(), error.text));
}

Result<RecoveredLog> recover_log(const LogOptions& options) {
  const auto refuse = [&](const Error& error) {
    return fail(not_what_was_signed(options.directory, error).error());
  };
  SLUICE_ASSIGN(const auto files, list_segments(log_directory(options.directory)));
  const auto head = tree_files(options.directory).claimed_head();
  // What has been signed is not looked at anew, and so not written over, where nobody knows what
  // that is.
  if (!head) return refuse(head.error());
  const uint64_t covered = head->size;
  if (!files.empty()) {
    if (const auto begun = check_begun(options); !begun) return refuse(begun.error());
  }
  if (const auto newest = check_not_older(tree_files(options.directory), covered); !newest)
    return refuse(newest.error());
  std::vector<Claim> claims;
  for (const auto& file : files) {
    claims.push_back({file, read_segment_header(file)});
    // What cannot be read just now may hold records whose numbers would be given out again.
    const auto& header = claims.back().header;
    if (!header && header.error().code == ErrorCode::kIo && !is_covered_archive(file, covered))
      return fail(header.error());
  }
  uint64_t highest = 0;
  for (const auto& claim : claims) highest = std::max(highest, claim.last());
  const uint64_t believable = highest_believable(claims, covered);
  if (const auto room = check_room(highest, believable); !room) return refuse(room.error());
  if (const auto closed = check_closed(options, *head); !closed) return refuse(closed.error());
  RecoveredLog log;
  for (const auto& claim : claims) {
    uint64_t last = claim.last();
    if (!claim.header && is_covered_archive(claim.file, covered)) {
      log::error(
          "audit log: {}; what it holds cannot be shown, searched or erased until it can be "
          "read",
          claim.header.error().text);
      last = std::max(last, covered);
    } else if (!claim.header) {
      // Its process died before the header was there. Its name is not to be given out again.
      log::warn("audit log: {}", claim.header.error().text);
      if (never_begun(claim.file)) put_aside(claim.file);
    } else {
      // What no checkpoint covers may not have reached the disk before power failed, though its
      // header has: it is looked at as if it had not been closed.
      const bool doubtful =
          claim.header->last_sequence > covered && std::filesystem::exists(claim.file);
      if (claim.header->last_sequence == 0 || doubtful) {
        SLUICE_ASSIGN(last, recover(claim, doubtful, believable, log.found));
      }
    }
    log.last_sequence = std::max(log.last_sequence, last);
  }
  // A whole record, too, can have been put there by somebody.
  if (const auto room = check_room(log.last_sequence, believable); !room)
    return refuse(room.error());
  return log;
}

}  // namespace sluice::audit
