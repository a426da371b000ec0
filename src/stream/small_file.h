#pragma once

#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::stream {

/// Writes all of `bytes` and makes them reach the disk; errno tells what went wrong.
bool write_and_sync(int fd, Bytes bytes);

/// Replaces a small file so that after a crash it holds either the old bytes or the new ones.
Result<> replace_file(const std::filesystem::path& file, Bytes bytes);

/// The bytes of a small file; kNotFound if there is none.
Result<std::string> read_small_file(const std::filesystem::path& file);

}  // namespace sluice::stream
