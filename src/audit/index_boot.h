#pragma once

#include <filesystem>

namespace sluice::audit {

// The index is written without waiting for the disk. `<state>/audit/index.boot` has the boot of the
// machine in which it was written last, `index.closed` is there where all of it is on disk.

/// Deletes an index that a power failure may have spoiled: SQLite need not notice, and a search
/// would miss what it has lost. To be called before it is opened to be written.
void drop_index_of_power_failure(const std::filesystem::path& audit_directory);

/// Notes that the index has reached the disk. To be called when nobody writes it any more.
void note_index_closed(const std::filesystem::path& audit_directory);

}  // namespace sluice::audit
