#pragma once

#include <string_view>

#include <spdlog/spdlog.h>

namespace sluice {

/// Sends the process log to standard error at `level` (trace, debug, info, warn, error), as text
/// or as one JSON object a line. The log is for operators; what statements did stands in the audit
/// log. Nothing secret may be passed to it.
void init_log(std::string_view level, bool json);

namespace log = spdlog;

}  // namespace sluice
