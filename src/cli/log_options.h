#pragma once

#include "audit/log.h"
#include "config/config.h"

namespace sluice::cli {

/// How the audit log of a configuration is opened.
audit::LogOptions log_options(const config::Config& config);

}  // namespace sluice::cli
