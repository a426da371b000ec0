#pragma once

#include <filesystem>

#include "base/unique_fd.h"

namespace sluice::audit {

// The index's files are read by any process, and deleted where the index is to be made anew.
// Deleted under somebody who opens them, SQLite finds one of them without the others, and calls
// that damage. Both return the file `index.lock`, which holds the lock until it is closed. Who
// waits longer than ten seconds goes on without it: a reader that is stopped holds up nobody for
// good.

/// For as long as the index is open.
UniqueFd lock_index_files(const std::filesystem::path& audit_directory);

/// While they are deleted: once those who read are done, and before those who come.
UniqueFd lock_index_files_alone(const std::filesystem::path& audit_directory);

}  // namespace sluice::audit
