#pragma once

#include <vector>

#include <boost/json.hpp>
#include <prometheus/metric_family.h>

#include "stream/anchor_state.h"

namespace sluice::control {

/// What /readyz warns of: anchors that refuse, and those that have been failing for long.
void add_anchor_warnings(const std::vector<stream::AnchorState>& states,
                         boost::json::object& warnings);

/// Their metrics, one series for each anchor; none without anchors.
void add_anchor_metrics(const std::vector<stream::AnchorState>& states,
                        std::vector<prometheus::MetricFamily>& all);

}  // namespace sluice::control
