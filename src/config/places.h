#pragma once

#include <filesystem>

#include "yaml/places.h"

namespace sluice::config {

/// Where the keys of a configuration stand, for what turns out to be wrong once it is used. Reads
/// the file again.
yaml::Places places_of(const std::filesystem::path& file);

}  // namespace sluice::config
