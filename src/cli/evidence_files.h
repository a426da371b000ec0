#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "cli/commands.h"
#include "tlog/note.h"

namespace sluice::cli {

/// The folder with `log/` and `tlog/`: what was given, or that of the configured state.
Result<std::filesystem::path> audit_folder(const Common& common, const EvidenceOptions& options);

/// The key that lies beside the log, for those who have no other.
Result<tlog::VerifierKey> own_key(const Common& common, const std::filesystem::path& audit);

/// A receipt; of what was recorded just now, once a checkpoint covers it, which takes a moment.
Result<std::string> receipt_of(const std::filesystem::path& audit, uint64_t id);

}  // namespace sluice::cli
