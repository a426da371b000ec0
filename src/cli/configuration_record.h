#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/log.h"
#include "base/result.h"
#include "config/config.h"

namespace sluice::cli {

/// Puts on the record which configuration file has come into force: its SHA-256, and which keys are
/// added, removed or changed since the last one that was. Names only; of switches also what they
/// are set to. What was in force is kept in `<state>/configuration.json` as digests, keyed with the
/// installation's `secret`.
Result<> record_configuration(audit::Log& log, const config::Config& config,
                              std::string_view secret);

/// What the record says, in as many messages as it takes: a message holds 1024 bytes. `before` is
/// what was kept, empty for nothing; `kept` what is to be kept now.
struct ConfigurationWords {
  std::vector<std::string> messages;
  std::string kept;
};
Result<ConfigurationWords> configuration_words(const std::string& text, std::string_view before,
                                               std::string_view secret);

}  // namespace sluice::cli
