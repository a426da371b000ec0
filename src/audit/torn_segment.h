#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace sluice::audit {

// What a crash has torn is kept: it may still tell somebody something. It is none of the log, and
// so stands in files of its own: whatever stood in a segment with records would look like what
// somebody has added.

/// The first sequence number of a segment by its name; 0 for a name that is none of ours.
uint64_t number_in_name(const std::filesystem::path& file);

/// Nothing but zeros where its header would be: its process died before that was there.
bool never_begun(const std::filesystem::path& file);

/// Keeps a file that is no segment, out of the way.
void put_aside(const std::filesystem::path& file);

/// Bytes behind the last whole record of a segment.
struct TornTail {
  uint64_t bytes = 0;       ///< up to the last one that is not zero
  std::string sha256 = {};  ///< of them, hexadecimal
  std::string file = {};    ///< the name of the one that they are kept in
};
/// Copies what stands behind `offset` to a file beside the segment, named after it and its digest.
/// It is on disk when this returns, and of the zeros behind it none is left. Nothing: there are
/// only zeros.
Result<std::optional<TornTail>> keep_tail(const std::filesystem::path& segment, uint64_t offset);

/// Where the first byte from `offset` on is that is not zero; nothing where all are.
std::optional<uint64_t> first_byte_behind(const std::filesystem::path& segment, uint64_t offset);

}  // namespace sluice::audit
