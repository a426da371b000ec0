#pragma once

#include "stream/sink.h"

namespace sluice::stream {

/// Appends JSON lines to a file. A batch is taken when it is on the disk; one that could not be
/// written whole leaves nothing behind. A file that was moved away or removed, as logrotate does,
/// is made anew.
Result<std::unique_ptr<Sink>> make_file_sink(const config::StreamConfig& config,
                                             const Source& source);

}  // namespace sluice::stream
