#pragma once

#include <cstdint>
#include <filesystem>

#include <boost/json.hpp>

#include "base/result.h"

namespace sluice::control {

/// The result that was kept of the statement with this record: {"record", "session", "user",
/// "database", "time", "text", "columns": [{"name", "type"}], "rows": [[…]],
/// "messages": [{"type": "error" or "notice", "after_rows", "severity", "sqlstate", "message",
/// "detail", "hint", "context"}], "copy", "bytes", "left_out"}. Values of binary format that are
/// not known stand as \x and hex.
///
/// kNotFound: nothing was kept, or it has been erased. kDenied: what is kept is not what was: a
/// part is altered, missing or of another place, or the key is another. `state` is the state
/// folder.
Result<boost::json::object> captured_result(const std::filesystem::path& state, uint64_t record);

}  // namespace sluice::control
