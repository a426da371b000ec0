#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/secret.h"
#include "config/streams.h"
#include "tlog/note.h"

namespace sluice::config {

/// What keeps signed checkpoints elsewhere (docs/audit.md, "Anchors").
enum class AnchorType : uint8_t { kFolder, kHttp, kWitness, kS3, kSyslog };

/// One entry of `audit.anchors`.
struct AnchorConfig {
  std::string name;
  AnchorType type = AnchorType::kFolder;
  Duration every = std::chrono::seconds(10);  ///< at most so often, and only what has grown

  std::string path;         ///< kFolder
  tlog::VerifierKey key;    ///< kWitness: whose cosignatures are believed
  std::string region;       ///< kS3
  std::string access_key;   ///< kS3
  SecretString secret_key;  ///< kS3
  /// Of all but kFolder: url, tls, headers, authorization, facility, timeout and waits between
  /// tries, as streams have them.
  StreamConfig delivery;

  /// The folder or address.
  const std::string& target() const { return path.empty() ? delivery.url : path; }
};

/// "folder", "http", …: as in the configuration.
const char* name_of(AnchorType type);

}  // namespace sluice::config
