#pragma once

#include <string>

#include <boost/json.hpp>

#include "config/streams.h"
#include "stream/source.h"

namespace sluice::stream {

/// The record with the field names of docs/audit.md. Every text in it is UTF-8, whatever stood in a
/// statement: a receiver that cannot read a body would refuse it for ever.
boost::json::object plain_json(const audit::Record& record);

/// The same with "uid", for receivers that remove duplicates.
boost::json::object record_json(const Entry& entry);

/// The record in one of the JSON formats (kRecord, kOcsf).
boost::json::object formatted(config::StreamFormat format, const Source& source,
                              const Entry& entry);

/// The record on one line for people: who, where, what, how it ended. Control characters are
/// escaped.
std::string text_line(const audit::Record& record);

/// How a record ended, in the terms that other systems have for it.
enum class Ending : uint8_t { kSuccess, kFailure, kRefused, kUnknown };
Ending ending_of(const audit::Record& record);

/// How much it matters, by RFC 5424: 4 warning, 5 notice, 6 informational.
int syslog_severity(const audit::Record& record);

/// The address without its port, or "" for what is none (a Unix-domain socket), and the port or 0.
struct Peer {
  std::string address;
  int port = 0;
};
Peer peer_of(const std::string& client_address);

}  // namespace sluice::stream
