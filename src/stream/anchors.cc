#include "stream/anchors.h"

#include <utility>

#include <fmt/format.h>

#include "base/log.h"

namespace sluice::stream {
namespace {

Error within(const std::string& name, Error error) {
  return std::move(error).within(fmt::format("anchor \"{}\"", name));
}

}  // namespace

Result<std::unique_ptr<Anchors>> Anchors::start(const std::vector<config::AnchorConfig>& configs,
                                                Anchor::Surroundings surroundings) {
  SLUICE_TRY(check(configs));
  std::unique_ptr<Anchors> anchors(new Anchors(std::move(surroundings)));
  const std::lock_guard lock(anchors->mutex_);
  SLUICE_TRY(anchors->launch(configs));
  return anchors;
}

Result<> Anchors::check(const std::vector<config::AnchorConfig>& configs) {
  const std::atomic<bool> stopping{false};
  for (const auto& config : configs) {
    if (auto target = make_anchor_target(config, {}, stopping); !target)
      return fail(within(config.name, std::move(target.error())));
  }
  return {};
}

Result<> Anchors::launch(const std::vector<config::AnchorConfig>& configs) {
  for (const auto& config : configs) {
    auto& counters = counters_[config.name];
    if (!counters) counters = std::make_shared<AnchorCounters>();
    auto anchor = Anchor::start(config, surroundings_, counters);
    if (!anchor) return fail(within(config.name, std::move(anchor.error())));
    running_.push_back({config, counters, std::move(*anchor)});
  }
  return {};
}

Result<> Anchors::reload(const std::vector<config::AnchorConfig>& configs) {
  SLUICE_TRY(check(configs));
  stop();
  const std::lock_guard lock(mutex_);
  return launch(configs);
}

std::vector<Anchors::Running> Anchors::take_running() {
  const std::lock_guard lock(mutex_);
  return std::exchange(running_, {});
}

void Anchors::stop() {
  const auto ending = take_running();
  // All are told before any is waited for.
  for (const auto& running : ending) running.anchor->stop();
}

void Anchors::finish(Duration longest) {
  const auto until = Clock::now() + longest;
  const auto ending = take_running();
  for (const auto& running : ending) running.anchor->finish();
  for (const auto& running : ending) {
    if (!running.anchor->finished_by(until)) {
      log::warn(
          "anchor {}: did not take the last checkpoint in time, which says that the log was "
          "closed",
          running.config.name);
    }
  }
  for (const auto& running : ending) running.anchor->stop();
}

std::vector<AnchorState> Anchors::states() const {
  constexpr int kPatience = 10;
  const auto now = Clock::now();
  const std::lock_guard lock(mutex_);
  std::vector<AnchorState> out;
  for (const auto& running : running_) {
    AnchorState state;
    state.name = running.config.name;
    state.type = config::name_of(running.config.type);
    state.target = running.config.target();
    running.counters->fill(state, running.config.every * kPatience, now);
    out.push_back(std::move(state));
  }
  return out;
}

}  // namespace sluice::stream
