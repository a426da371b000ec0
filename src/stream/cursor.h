#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"

namespace sluice::stream {

/// Where reading of one writer's segments has got to. All earlier segments of it are done.
struct Place {
  std::string segment;  ///< file name
  uint64_t offset = 0;
  bool operator==(const Place&) const = default;
};

/// Where a stream has got to in the log. Everything before it has been taken by the receiver, or
/// was not for it.
struct Cursor {
  std::map<uint32_t, Place> places;  ///< by writer of the log
  uint64_t after = 0;     ///< records up to this one are not for the stream: it began later
  uint64_t position = 0;  ///< highest sequence that is done; for people
  bool operator==(const Cursor&) const = default;
};

/// Keeps a stream's cursor in `<folder>/<name>.json`.
class CursorFile {
 public:
  CursorFile(const std::filesystem::path& folder, const std::string& name)
      : file_(folder / (name + ".json")) {}

  /// kNotFound for a stream that has never run. A file that cannot be understood is an error and is
  /// not written over: whoever runs the gateway decides whether all is sent again.
  Result<Cursor> load() const;
  Result<> save(const Cursor& cursor) const;

 private:
  std::filesystem::path file_;
};

}  // namespace sluice::stream
