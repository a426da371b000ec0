#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tlog/merkle.h"
#include "tlog/note.h"

namespace sluice::tlog {

/// The head of a log's tree (c2sp.org/tlog-checkpoint).
struct Checkpoint {
  std::string origin;  ///< which log
  uint64_t size = 0;
  Hash root{};
  /// Its owner says that nothing follows until it says otherwise: an extension line, for itself.
  bool closed = false;
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// The text of a note, without signatures.
std::string format_checkpoint(const Checkpoint& checkpoint);
/// Other extension lines are let through and ignored.
Result<Checkpoint> parse_checkpoint(std::string_view text);

/// A proof that stands by itself (c2sp.org/tlog-proof).
struct InclusionProof {
  std::string extra;  ///< opaque; not authenticated by the proof
  uint64_t index = 0;
  std::vector<Hash> hashes;
  std::string checkpoint;  ///< the signed note as it was issued
};

std::string format_proof(const InclusionProof& proof);
Result<InclusionProof> parse_proof(std::string_view text);

/// A hash in base64.
Result<Hash> parse_hash(std::string_view text);

/// A number without leading zeros and signs.
Result<uint64_t> parse_size(std::string_view text);

/// Takes the first line off `text`, without its newline; nothing where there is none.
std::optional<std::string_view> take_line(std::string_view& text);

}  // namespace sluice::tlog
