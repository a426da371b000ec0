#pragma once

#include <vector>

#include <boost/json.hpp>
#include <prometheus/metric_family.h>

#include "outside/state.h"

namespace sluice::control {

/// For /readyz: those that do not get through, and why.
void add_webhook_warnings(const std::vector<outside::State>& states, boost::json::object& warnings);

/// sluice_webhook_…, with the label `webhook`.
void add_webhook_metrics(const std::vector<outside::State>& states,
                         std::vector<prometheus::MetricFamily>& all);

}  // namespace sluice::control
