#include "outside/tellers.h"

#include <fmt/format.h>

namespace sluice::outside {

Result<> Tellers::check(const std::vector<config::WebhookConfig>& configs) {
  for (const auto& config : configs) {
    if (auto usable = Teller::check(config); !usable) {
      return fail(std::move(usable.error()).within(fmt::format("webhook \"{}\"", config.name)));
    }
  }
  return {};
}

Result<> Tellers::run(const std::vector<config::WebhookConfig>& configs,
                      const std::string& console) {
  SLUICE_TRY(check(configs));
  stop();
  const std::lock_guard lock(mutex_);
  for (const auto& config : configs) {
    configs_.push_back(std::make_shared<const config::WebhookConfig>(config));
    running_.push_back(std::make_unique<Teller>(config, console, surroundings_));
  }
  return {};
}

void Tellers::stop() {
  std::vector<std::unique_ptr<Teller>> ending;
  {
    const std::lock_guard lock(mutex_);
    ending.swap(running_);
    configs_.clear();
  }
  // All are told before any is waited for.
  for (const auto& teller : ending) teller->stop();
}

std::vector<State> Tellers::states() const {
  const std::lock_guard lock(mutex_);
  std::vector<State> out;
  for (const auto& teller : running_) out.push_back(teller->state());
  return out;
}

std::shared_ptr<const config::WebhookConfig> Tellers::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  for (const auto& config : configs_) {
    if (config->name == name) return config;
  }
  return nullptr;
}

}  // namespace sluice::outside
