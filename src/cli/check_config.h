#pragma once

#include <cstdint>

#include "base/result.h"
#include "config/config.h"

namespace sluice::cli {

/// What a configuration is to be good for.
enum class Wanted : uint8_t {
  kStart,
  kReload,  ///< the log's key, say, is in use already
};

/// Reads all that the configuration names (policy, certificates, keys, authorities, the console) as
/// the gateway will, and changes nothing. The error is every problem, one a line, with the place of
/// the key in the configuration. What is in the store is not looked at, and nobody is asked.
Result<> check_config(const config::Config& config, Wanted wanted);

}  // namespace sluice::cli
