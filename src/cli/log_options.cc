#include "cli/log_options.h"

namespace sluice::cli {

audit::LogOptions log_options(const config::Config& config) {
  audit::LogOptions options;
  options.directory = config.state / "audit";
  options.durability = config.audit.durability == config::Durability::kDisk
                           ? audit::Durability::kDisk
                           : audit::Durability::kProcess;
  options.segment_bytes = config.audit.segment_bytes;
  options.text_limit = config.audit.text_limit;
  options.parameters_limit = config.audit.parameters_limit;
  options.origin = config.audit.origin;
  options.key_file = config.audit.key;
  options.next_key = config.audit.next_key;
  options.checkpoint_interval = config.audit.checkpoint_interval;
  options.low_water = config.audit.low_water;
  return options;
}

}  // namespace sluice::cli
