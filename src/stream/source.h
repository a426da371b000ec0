#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "audit/record.h"
#include "base/result.h"

namespace sluice::stream {

/// Who sends: what all records of one gateway have in common.
struct Source {
  std::string id;       ///< of this audit log; 16 hexadecimal digits
  std::string version;  ///< of the program
  std::string host;     ///< the machine's name
  int process = 0;      ///< its process id

  /// What a receiver knows a record by, the same each time it is sent: "<log>-<sequence>".
  std::string uid(uint64_t sequence) const { return id + "-" + std::to_string(sequence); }
};

/// A record on its way out.
struct Entry {
  std::string uid;
  audit::Record record;
};

/// The id of this log, kept in `<folder>/id` and made at first use. A `fresh` one replaces it.
Result<std::string> log_id(const std::filesystem::path& folder, bool fresh = false);

/// This process on this machine.
Source this_source(std::string id, std::string version);

}  // namespace sluice::stream
