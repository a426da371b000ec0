#pragma once

#include <string>

#include "cli/commands.h"

namespace sluice::cli {

/// What was just written to the store about `user` counts when this returns: the gateway of the
/// configuration, where one runs, reads it now. Other gateways on the store do within a second.
void tell_gateway(const Common& common, const std::string& user);

}  // namespace sluice::cli
