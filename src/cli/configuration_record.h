#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.h"
#include "base/result.h"
#include "config/config.h"

namespace sluice::cli {

/// Puts on the record which configuration comes into force, as it was read: its SHA-256, and which
/// keys are added, removed or changed since the last one that was. Names only; of switches also
/// what they are set to. Then `take` puts it in force; where it cannot be recorded it does not, and
/// where it fails that is on the record, too. What was in force is kept in
/// `<state>/configuration.json` as digests, keyed with the installation's `secret`.
Result<> record_configuration(audit::Log& log, const config::Config& config,
                              std::string_view secret, const std::function<Result<>()>& take);

/// What the record says, in as many messages as it takes: a message holds 1024 bytes. `before` is
/// what was kept, empty for nothing; `kept` what is to be kept now.
struct ConfigurationWords {
  std::string head;  ///< "configuration sha256:…:"
  std::vector<std::string> messages;
  std::string kept;
};
Result<ConfigurationWords> configuration_words(const std::string& text, std::string_view before,
                                               std::string_view secret);

}  // namespace sluice::cli
