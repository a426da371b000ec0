#include "cli/leave_word.h"

#include "cli/actor.h"
#include "config/config.h"
#include "store/state.h"

namespace sluice::cli {

Result<> leave_word(const Common& common, std::string_view message, std::string_view type) {
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  SLUICE_ASSIGN(auto database, store::open_state(config.state));
  return store::leave_event(database, type, actor(), message);
}

}  // namespace sluice::cli
