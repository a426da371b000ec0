#include "cli/open_store.h"

#include "cli/elsewhere.h"
#include "config/config.h"
#include "store/state.h"

namespace sluice::cli {

Result<store::Database> open_store(const Common& common) {
  SLUICE_TRY(only_here(common));
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  return store::open_state(config);
}

}  // namespace sluice::cli
