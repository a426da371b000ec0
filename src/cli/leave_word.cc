#include "cli/leave_word.h"

#include <chrono>
#include <thread>

#include "cli/actor.h"
#include "config/config.h"
#include "store/state.h"

namespace sluice::cli {

Result<> leave_word(const Common& common, std::string_view message, std::string_view type) {
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  SLUICE_ASSIGN(auto database, store::open_local(config.state));
  return store::leave_event(database, type, actor(), message);
}

Result<> wait_until_recorded(const Common& common) {
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  SLUICE_ASSIGN(auto database, store::open_local(config.state));
  for (int tries = 0; tries < 100; ++tries) {
    SLUICE_ASSIGN(const auto waiting, store::waiting_admin_events(database));
    if (waiting.empty()) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return fail(ErrorCode::kUnavailable,
              "nothing was done, for it has to be on the record first: start the gateway");
}

}  // namespace sluice::cli
