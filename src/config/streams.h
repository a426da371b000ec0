#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"

namespace sluice::config {

/// Where the records of a stream go (docs/streams.md).
enum class StreamType : uint8_t { kFile, kHttp, kSyslog, kNats, kOtlp, kWebhook };

/// How a record is written.
enum class StreamFormat : uint8_t {
  kRecord,       ///< JSON with the field names of `sluice audit search -o json`
  kOcsf,         ///< an OCSF event as JSON
  kText,         ///< a line for people; syslog only
  kOpenLineage,  ///< a RunEvent for each receipt of training data; http and file only
};

/// Which records a stream carries. An empty list lets everything pass; a record must be let pass by
/// all lists.
struct StreamFilter {
  std::vector<std::string> types;      ///< "statement", "login_failed", …
  std::vector<std::string> users;      ///< exact names
  std::vector<std::string> databases;  ///< exact names
  std::vector<std::string> decisions;  ///< of statements: "denied", …; nothing else has one
  std::vector<std::string> kinds;      ///< statement kinds, or their beginnings, in any case
};

/// Files for a TLS connection; empty names mean the system's authorities and no certificate.
struct StreamTls {
  std::string ca, certificate, key;
};

/// One entry of `audit.streams`.
struct StreamConfig {
  std::string name;
  StreamType type = StreamType::kFile;
  StreamFormat format = StreamFormat::kRecord;
  bool from_now = false;  ///< a new stream skips what is in the log already
  StreamFilter filter;

  std::string path;  ///< kFile
  std::string url;   ///< of all others
  StreamTls tls;
  std::map<std::string, std::string> headers;  ///< kHttp, kOtlp, kWebhook
  SecretString authorization;                  ///< value of the Authorization header
  bool lines = false;                          ///< kHttp: JSON lines in place of an array
  unsigned facility = 13;                      ///< kSyslog: log audit
  std::string subject;                         ///< kNats
  std::string user;                            ///< kNats
  SecretString password, token;                ///< kNats
  std::string credentials_file;                ///< kNats: a .creds file
  bool logs = true, traces = true;             ///< kOtlp
  SecretString secret;                         ///< kWebhook: signs

  unsigned batch_records = 500;
  size_t batch_bytes = size_t{1} << 20;
  Duration timeout = std::chrono::seconds(30);              ///< of one delivery
  Duration retry_initial = std::chrono::milliseconds(500);  ///< first wait after a failure
  Duration retry_maximum = std::chrono::minutes(1);         ///< longest wait between tries
};

/// "file", "http", …: as in the configuration.
const char* name_of(StreamType type);

}  // namespace sluice::config
