#pragma once

#include <filesystem>
#include <memory>

#include "audit/log.h"
#include "base/result.h"
#include "tlog/note.h"

namespace sluice::audit {

/// The key in this file, or in a token that has it.
Result<std::unique_ptr<tlog::Signer>> open_key(const std::filesystem::path& key);

/// The key that signs the log.
struct FoundLogKey {
  std::unique_ptr<tlog::Signer> signer;  ///< null: none is there, since the log has not begun
  bool is_next = false;                  ///< it has not got the old one's name yet
};
/// Looks for it as `open_log_key` does, and changes nothing.
Result<FoundLogKey> find_log_key(const LogOptions& options);

/// The key that signs the log, also where a change of key was broken off. Made when the log begins;
/// one that has signed already is never made anew.
Result<std::unique_ptr<tlog::Signer>> open_log_key(const LogOptions& options);

/// A key to take over from the present one, on disk when it returns; its file does not count until
/// a note says that it has. `open_log_key` gives it the old one's name then.
Result<std::unique_ptr<tlog::Signer>> create_next_log_key(const LogOptions& options);

/// The key that `create_next_log_key` gave, once more, for somebody else who signs.
Result<std::unique_ptr<tlog::Signer>> open_next_log_key(const LogOptions& options);

/// Gives the next key's file the name of the old one's once it has taken over. At every moment one
/// of the two names has the key in force. Nothing where both are where they are named.
Result<> replace_log_key(const LogOptions& options);

}  // namespace sluice::audit
