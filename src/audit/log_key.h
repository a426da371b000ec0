#pragma once

#include <filesystem>
#include <memory>

#include "audit/log.h"
#include "base/result.h"
#include "tlog/note.h"

namespace sluice::audit {

/// The key in this file, or in a token that has it.
Result<std::unique_ptr<tlog::Signer>> open_key(const std::filesystem::path& key);

/// The key that signs the log. Made when the log begins; one that has signed already is never made
/// anew.
Result<std::unique_ptr<tlog::Signer>> open_log_key(const LogOptions& options);

/// A key to take over from the present one; its file does not count until `replace_log_key`.
Result<std::unique_ptr<tlog::Signer>> create_next_log_key(const LogOptions& options);

/// Puts the next key's file in the place of the old one's, which is gone.
Result<> replace_log_key(const LogOptions& options);

}  // namespace sluice::audit
