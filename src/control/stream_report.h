#pragma once

#include <vector>

#include <boost/json.hpp>
#include <prometheus/metric_family.h>

#include "stream/state.h"

namespace sluice::control {

/// The streams as the local API and `sluice audit streams` show them.
boost::json::array stream_states(const std::vector<stream::State>& states);

/// Their metrics, one series for each stream; none without streams.
void add_stream_metrics(const std::vector<stream::State>& states,
                        std::vector<prometheus::MetricFamily>& all);

}  // namespace sluice::control
