#include "cli/tell_gateway.h"

#include <chrono>

#include "cli/elsewhere.h"
#include "config/config.h"
#include "control/api.h"
#include "control/http_call.h"

namespace sluice::cli {
namespace {

constexpr auto kPatience = std::chrono::seconds(5);

}  // namespace

void tell_gateway(const Common& common, const std::string& user) {
  const auto config = config::load(common.config_file, false);
  if (!config) return;
  // A change of nothing: the answer comes once the gateway has read who there is. Where none runs
  // or this user may not ask it, it looks by itself.
  (void)control::http_call(control::control_socket(config->state),
                           {"PATCH", "/api/v1/users/" + percent_encoded(user), "{}", ""},
                           kPatience);
}

}  // namespace sluice::cli
