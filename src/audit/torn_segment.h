#pragma once

#include <cstdint>
#include <filesystem>

namespace sluice::audit {

/// The first sequence number of a segment by its name; 0 for a name that is none of ours.
uint64_t number_in_name(const std::filesystem::path& file);

/// Nothing but zeros where its header would be: its process died before that was there.
bool never_begun(const std::filesystem::path& file);

/// Keeps a file that is no segment, out of the way.
void put_aside(const std::filesystem::path& file);

}  // namespace sluice::audit
