#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "config/webhooks.h"
#include "http/transport.h"
#include "identity/directory.h"
#include "outside/message.h"
#include "outside/state.h"
#include "store/database.h"

namespace sluice::outside {

/// What all webhooks of a gateway have in common.
struct Surroundings {
  std::function<Result<store::Database>()> open_store;
  std::function<std::shared_ptr<const identity::Directory>()> directory;
  std::string gateway;       ///< its name among those that share the store
  std::string installation;  ///< what begins the ids of messages
};

/// One webhook: a thread that reads what there is to tell from the store, where it stays until the
/// receiver has taken it. Nobody waits for it; of gateways that share a store one tells at a time.
class Teller {
 public:
  /// `console`: where browsers reach it, without a slash at its end; empty: nobody has said.
  Teller(config::WebhookConfig config, std::string console,
         std::shared_ptr<const Surroundings> surroundings);
  /// Ends what is under way; the rest is told after the next start.
  ~Teller();
  Teller(const Teller&) = delete;
  Teller& operator=(const Teller&) = delete;

  /// Whether this could be used, without asking anybody.
  static Result<> check(const config::WebhookConfig& config);
  /// Does not wait for its end.
  void stop();
  State state() const;

 private:
  enum class Outcome : uint8_t { kTold, kDropped, kTryAgain };

  void run();
  /// Tells what there is; false where it has to wait before it tries again.
  Result<bool> look();
  Result<Message> message_of(const store::Notice& notice);
  Outcome tell(const Message& message);
  Outcome failed(const Message& message, std::string why, bool for_good);
  void rest(Duration pause);

  const config::WebhookConfig config_;
  const std::string console_;
  const std::shared_ptr<const Surroundings> surroundings_;
  SecretString key_;  ///< kJson
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<http::HttpClient> client_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> sent_{0}, dropped_{0}, failures_{0};
  std::atomic<bool> working_{true};
  mutable std::mutex mutex_;  ///< guards what follows
  std::condition_variable wake_;
  std::string last_error_;
  std::thread thread_;
};

}  // namespace sluice::outside
