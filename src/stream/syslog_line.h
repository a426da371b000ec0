#pragma once

#include <string>

#include "config/streams.h"
#include "stream/anchor_target.h"
#include "stream/source.h"

namespace sluice::stream {

/// A record as a message of RFC 5424, with what is searched for most as structured data. The text
/// behind it is JSON or, in kText, a line for people.
std::string syslog_message(const config::StreamConfig& stream, const Source& source,
                           const Entry& entry);

/// A signed checkpoint as a message of RFC 5424. The note stands in it whole, in base64, so that
/// the line alone is evidence.
std::string syslog_checkpoint(unsigned facility, const Source& source,
                              const SignedCheckpoint& checkpoint, int64_t time_micros);

/// The message with its length in front (octet counting, RFC 6587 3.4.1 and RFC 5425 4.3), so that
/// a line end within it ends nothing.
std::string syslog_frame(const std::string& message);

}  // namespace sluice::stream
