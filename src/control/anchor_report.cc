#include "control/anchor_report.h"

#include <functional>

#include "base/bytes.h"

namespace sluice::control {

void add_anchor_warnings(const std::vector<stream::AnchorState>& states,
                         boost::json::object& warnings) {
  for (const auto& state : states) {
    if (state.alarming()) warnings["anchor " + state.name] = to_printable_utf8(state.last_error);
  }
}

void add_anchor_metrics(const std::vector<stream::AnchorState>& states,
                        std::vector<prometheus::MetricFamily>& all) {
  using prometheus::MetricType;
  const auto add = [&](const char* name, const char* help, MetricType type,
                       const std::function<double(const stream::AnchorState&)>& value) {
    prometheus::MetricFamily family;
    family.name = name;
    family.help = help;
    family.type = type;
    for (const auto& state : states) {
      prometheus::ClientMetric metric;
      metric.label = {{"name", state.name}};
      metric.counter.value = metric.gauge.value = value(state);
      family.metric.push_back(metric);
    }
    if (!family.metric.empty()) all.push_back(std::move(family));
  };
  constexpr double kMicros = 1e6;
  add("sluice_audit_anchor_last_size", "Audit records that the last checkpoint it took covers.",
      MetricType::Gauge, [](const auto& s) { return static_cast<double>(s.last_size); });
  add("sluice_audit_anchor_last_success_timestamp_seconds",
      "When a checkpoint was last taken, since 1970; 0 for never.", MetricType::Gauge,
      [](const auto& s) { return static_cast<double>(s.last_success_micros) / kMicros; });
  add("sluice_audit_anchor_failures_total", "Checkpoints that were not taken.", MetricType::Counter,
      [](const auto& s) { return static_cast<double>(s.failures); });
  add("sluice_audit_anchor_refused", "1 if it knows another history of the log: a fork.",
      MetricType::Gauge, [](const auto& s) { return s.refused ? 1.0 : 0.0; });
}

}  // namespace sluice::control
