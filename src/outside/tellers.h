#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "outside/teller.h"

namespace sluice::outside {

/// All webhooks of a gateway. Its methods may be called from any thread.
class Tellers {
 public:
  explicit Tellers(Surroundings surroundings)
      : surroundings_(std::make_shared<const Surroundings>(std::move(surroundings))) {}

  /// Whether these could be used; the error names the webhook.
  static Result<> check(const std::vector<config::WebhookConfig>& configs);
  /// Runs these in place of those that run; each goes on where one of its name has ended. What they
  /// tell links to `console` (config::ApiConfig::url), if it is not empty.
  Result<> run(const std::vector<config::WebhookConfig>& configs, const std::string& console);
  void stop();

  /// In the order of the configuration.
  std::vector<State> states() const;
  /// The one of this name, if there is one.
  std::shared_ptr<const config::WebhookConfig> find(std::string_view name) const;

 private:
  const std::shared_ptr<const Surroundings> surroundings_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const config::WebhookConfig>> configs_;
  std::vector<std::unique_ptr<Teller>> running_;
};

}  // namespace sluice::outside
