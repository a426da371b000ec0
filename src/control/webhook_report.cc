#include "control/webhook_report.h"

#include <functional>

#include "base/bytes.h"

namespace sluice::control {

void add_webhook_warnings(const std::vector<outside::State>& states,
                          boost::json::object& warnings) {
  for (const auto& state : states) {
    if (!state.working) warnings["webhook " + state.name] = to_printable_utf8(state.last_error);
  }
}

void add_webhook_metrics(const std::vector<outside::State>& states,
                         std::vector<prometheus::MetricFamily>& all) {
  using prometheus::MetricType;
  const auto add = [&](const char* name, const char* help, MetricType type,
                       const std::function<double(const outside::State&)>& value) {
    prometheus::MetricFamily family;
    family.name = name;
    family.help = help;
    family.type = type;
    for (const auto& state : states) {
      prometheus::ClientMetric metric;
      metric.label = {{"webhook", state.name}};
      metric.counter.value = metric.gauge.value = value(state);
      family.metric.push_back(metric);
    }
    if (!family.metric.empty()) all.push_back(std::move(family));
  };
  add("sluice_webhook_sent_total", "Messages that the receiver has taken.", MetricType::Counter,
      [](const auto& s) { return static_cast<double>(s.sent); });
  add("sluice_webhook_dropped_total",
      "Messages that the receiver refused for good, or did not take for too long.",
      MetricType::Counter, [](const auto& s) { return static_cast<double>(s.dropped); });
  add("sluice_webhook_failures_total", "Tries that failed.", MetricType::Counter,
      [](const auto& s) { return static_cast<double>(s.failures); });
  add("sluice_webhook_working", "1 if the last try succeeded.", MetricType::Gauge,
      [](const auto& s) { return s.working ? 1.0 : 0.0; });
}

}  // namespace sluice::control
