#include "stream/streams.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "stream/filter.h"
#include "stream/sink.h"

namespace sluice::stream {
namespace {

Error within(const std::string& name, Error error) {
  return std::move(error).within(fmt::format("stream \"{}\"", name));
}

}  // namespace

Result<std::unique_ptr<Streams>> Streams::start(const std::vector<config::StreamConfig>& configs,
                                                Options options) {
  SLUICE_TRY(check(configs));
  std::unique_ptr<Streams> streams(new Streams(std::move(options)));
  const std::lock_guard lock(streams->mutex_);
  SLUICE_TRY(streams->launch(configs));
  return streams;
}

/// A log that has been put back to an earlier state gives its numbers out a second time: what bears
/// them gets new names, lest receivers take it for what they have already.
Result<> Streams::prepare() {
  std::error_code error;
  std::filesystem::create_directories(folder(), error);
  if (error) return fail(ErrorCode::kIo, "create " + folder().string() + ": " + error.message());
  std::filesystem::permissions(folder(), std::filesystem::perms::owner_all, error);
  uint64_t furthest = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder(), error)) {
    if (file.path().extension() != ".json") continue;
    if (const auto cursor = CursorFile(folder(), file.path().stem()).load())
      furthest = std::max(furthest, cursor->position);
  }
  const bool put_back = furthest > options_.last_sequence();
  if (put_back) {
    log::warn("the audit log ends at record {}, but {} have been streamed: records get new ids",
              options_.last_sequence(), furthest);
  }
  SLUICE_ASSIGN(auto id, log_id(folder(), put_back));
  source_ = this_source(std::move(id), options_.version);
  return {};
}

Result<> Streams::check(const std::vector<config::StreamConfig>& configs) {
  const std::atomic<bool> stopping{false};
  for (const auto& config : configs) {
    if (auto filter = check_filter(config.filter); !filter)
      return fail(within(config.name, std::move(filter.error())));
    if (auto sink = make_sink(config, Source(), stopping); !sink)
      return fail(within(config.name, std::move(sink.error())));
  }
  return {};
}

Result<> Streams::launch(const std::vector<config::StreamConfig>& configs) {
  if (configs.empty()) return {};
  if (source_.id.empty()) SLUICE_TRY(prepare());
  const Pump::Surroundings surroundings{options_.state / "audit" / "log", folder(), source_,
                                        options_.last_sequence};
  for (const auto& config : configs) {
    auto& counters = counters_[config.name];
    if (!counters) counters = std::make_shared<Counters>();
    auto pump = Pump::start(config, surroundings, counters);
    if (!pump) {
      log::error("stream {} does not run: {}", config.name, pump.error().text);
      counters->working = false;
      counters->set_error(pump.error().text, wall_micros());
    }
    running_.push_back({config, counters, pump ? std::move(*pump) : nullptr});
  }
  return {};
}

Result<> Streams::reload(const std::vector<config::StreamConfig>& configs) {
  SLUICE_TRY(check(configs));
  stop();
  const std::lock_guard lock(mutex_);
  return launch(configs);
}

void Streams::stop() {
  std::vector<Running> ending;
  {
    const std::lock_guard lock(mutex_);
    ending.swap(running_);
  }
  // All are told before any is waited for.
  for (auto& running : ending) {
    if (running.pump) running.pump->stop();
  }
}

std::vector<State> Streams::states() const {
  const uint64_t last = options_.last_sequence();
  const std::lock_guard lock(mutex_);
  std::vector<State> out;
  for (const auto& running : running_) {
    const Counters& counters = *running.counters;
    State state;
    state.name = running.config.name;
    state.type = config::name_of(running.config.type);
    state.target = running.config.path.empty() ? running.config.url : running.config.path;
    state.working = counters.working;
    state.sent = counters.sent;
    state.filtered = counters.filtered;
    state.rejected = counters.rejected;
    state.failures = counters.failures;
    state.position = counters.position;
    state.lag = last - std::min(last, state.position);
    state.last_success_micros = counters.last_success_micros;
    std::tie(state.last_error, state.last_error_micros) = counters.error();
    out.push_back(std::move(state));
  }
  return out;
}

}  // namespace sluice::stream
