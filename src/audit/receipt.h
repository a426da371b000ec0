#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "audit/record.h"
#include "base/result.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

namespace sluice::audit {

// A receipt proves with nothing but the log's public key that a record stands in the log, and what
// it says. It is a proof of c2sp.org/tlog-proof whose extra line is the record's salt and the
// record; the entry that is proven is 0x01 || SHA-256(extra).

/// The receipt of a record that the last checkpoint covers. kUnavailable: it does not yet;
/// kNotFound: there is no such record, or it has been erased.
Result<std::string> make_receipt(const std::filesystem::path& audit, uint64_t sequence);

struct VerifiedReceipt {
  Record record;
  tlog::Checkpoint checkpoint;
  std::vector<std::string> signers;  ///< names of those of the keys that have signed the checkpoint
};

/// An error says what does not hold. One of `keys` is the log's; others may be witnesses'.
Result<VerifiedReceipt> verify_receipt(std::string_view text,
                                       const std::vector<tlog::VerifierKey>& keys);

}  // namespace sluice::audit
