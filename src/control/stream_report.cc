#include "control/stream_report.h"

#include <functional>

#include "base/bytes.h"
#include "base/clock.h"

namespace sluice::control {

boost::json::array stream_states(const std::vector<stream::State>& states) {
  boost::json::array all;
  for (const auto& s : states) {
    const auto time = [](int64_t micros) {
      return micros == 0 ? boost::json::value(nullptr) : boost::json::value(format_time(micros));
    };
    all.push_back(boost::json::object{{"name", s.name},
                                      {"type", s.type},
                                      {"target", s.target},
                                      {"working", s.working},
                                      {"lag", s.lag},
                                      {"position", s.position},
                                      {"sent", s.sent},
                                      {"filtered", s.filtered},
                                      {"rejected", s.rejected},
                                      {"failures", s.failures},
                                      {"last_success", time(s.last_success_micros)},
                                      {"last_error_time", time(s.last_error_micros)},
                                      {"last_error", to_printable_utf8(s.last_error)}});
  }
  return all;
}

void add_stream_metrics(const std::vector<stream::State>& states,
                        std::vector<prometheus::MetricFamily>& all) {
  using prometheus::MetricType;
  const auto add = [&](const char* name, const char* help, MetricType type,
                       const std::function<double(const stream::State&)>& value) {
    prometheus::MetricFamily family;
    family.name = name;
    family.help = help;
    family.type = type;
    for (const auto& state : states) {
      prometheus::ClientMetric metric;
      metric.label = {{"stream", state.name}};
      metric.counter.value = metric.gauge.value = value(state);
      family.metric.push_back(metric);
    }
    if (!family.metric.empty()) all.push_back(std::move(family));
  };
  constexpr double kMicros = 1e6;
  add("sluice_audit_stream_sent_records_total", "Audit records that the receiver has taken.",
      MetricType::Counter, [](const auto& s) { return static_cast<double>(s.sent); });
  add("sluice_audit_stream_filtered_records_total", "Audit records that the filter kept back.",
      MetricType::Counter, [](const auto& s) { return static_cast<double>(s.filtered); });
  add("sluice_audit_stream_rejected_records_total",
      "Audit records that the receiver refused to keep.", MetricType::Counter,
      [](const auto& s) { return static_cast<double>(s.rejected); });
  add("sluice_audit_stream_failures_total", "Deliveries that failed and are tried again.",
      MetricType::Counter, [](const auto& s) { return static_cast<double>(s.failures); });
  add("sluice_audit_stream_lag_records", "Audit records that the stream is behind the log.",
      MetricType::Gauge, [](const auto& s) { return static_cast<double>(s.lag); });
  add("sluice_audit_stream_working", "1 if the last delivery succeeded.", MetricType::Gauge,
      [](const auto& s) { return s.working ? 1.0 : 0.0; });
  add("sluice_audit_stream_last_success_timestamp_seconds",
      "When records were last delivered, since 1970; 0 for never.", MetricType::Gauge,
      [](const auto& s) { return static_cast<double>(s.last_success_micros) / kMicros; });
}

}  // namespace sluice::control
