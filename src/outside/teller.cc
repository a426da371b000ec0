#include "outside/teller.h"

#include <algorithm>

#include <fmt/format.h>

#include "approval/quorum.h"
#include "approval/request_store.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/random.h"
#include "http/webhook_signature.h"

namespace sluice::outside {
namespace {

constexpr auto kLook = std::chrono::milliseconds(500);
/// Read at once, so that what waits is in the store and not in memory.
constexpr size_t kBatch = 20;
/// Another gateway that has not come back for so long is gone.
constexpr auto kAbandoned = std::chrono::minutes(2);

int64_t micros(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

http::Options transport(const config::WebhookConfig& config) {
  const auto& delivery = config.delivery;
  return {.tls = {delivery.tls.ca, delivery.tls.certificate, delivery.tls.key},
          .headers = delivery.headers,
          .authorization = delivery.authorization,
          .timeout = delivery.timeout,
          .longest_answer = 1 << 10};
}

/// Whether trying the same again can come to nothing else.
bool for_good(int status) {
  return status == 400 || status == 410 || status == 413 || status == 415 || status == 422;
}

}  // namespace

Result<> Teller::check(const config::WebhookConfig& config) {
  if (!config.secret.empty() && config.format != config::WebhookFormat::kSlack) {
    SLUICE_ASSIGN([[maybe_unused]] const auto key, http::webhook_key(config.secret));
  }
  const std::atomic<bool> stopping{false};
  SLUICE_ASSIGN([[maybe_unused]] const auto client,
                http::HttpClient::create(transport(config), stopping));
  return {};
}

Teller::Teller(config::WebhookConfig config, std::string console,
               std::shared_ptr<const Surroundings> surroundings)
    : config_(std::move(config)),
      console_(std::move(console)),
      surroundings_(std::move(surroundings)) {
  if (config_.format == config::WebhookFormat::kJson) {
    if (auto key = http::webhook_key(config_.secret)) key_ = std::move(*key);
  }
  thread_ = std::thread([this] { run(); });
}

Teller::~Teller() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void Teller::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

State Teller::state() const {
  State out{config_.name,
            config::name_of(config_.format),
            config_.target(),
            working_,
            sent_,
            dropped_,
            failures_,
            ""};
  const std::lock_guard lock(mutex_);
  out.last_error = last_error_;
  return out;
}

void Teller::rest(Duration pause) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, pause, [this] { return stopping_.load(); });
}

void Teller::run() {
  pthread_setname_np(pthread_self(), "webhook");
  Duration pause = config_.delivery.retry_initial;
  while (!stopping_) {
    const auto looked = look();
    if (!looked) {
      // The store is away, or was; the next look opens it anew.
      log::warn("webhook {}: {}", config_.name, looked.error().text);
      database_.reset();
    }
    if (looked && *looked) {
      pause = config_.delivery.retry_initial;
      rest(kLook);
      continue;
    }
    // Half of it by chance, so that many who failed together do not come back together.
    const auto half = static_cast<uint64_t>(pause.count()) / 2;
    rest(Duration(static_cast<int64_t>(half + random_u64() % (half + 1))));
    pause = std::min<Duration>(pause * 2, config_.delivery.retry_maximum);
  }
}

Result<bool> Teller::look() {
  if (!database_) {
    SLUICE_ASSIGN(auto database, surroundings_->open_store());
    database_ = std::make_unique<store::Database>(std::move(database));
  }
  if (!client_) {
    SLUICE_ASSIGN(client_, http::HttpClient::create(transport(config_), stopping_));
  }
  SLUICE_ASSIGN(const auto place, store::webhook_place(*database_, config_.name));
  SLUICE_ASSIGN(const auto notices, store::notices_after(*database_, place.told, kBatch));
  // What is not to be told is passed over together with what is told next: looking writes nothing.
  int64_t passed = 0;
  bool taken = false;
  for (const auto& notice : notices) {
    if (stopping_) return true;
    SLUICE_ASSIGN(const auto message, message_of(notice));
    if (!wanted(config_, message)) {
      passed = notice.id;
      continue;
    }
    if (!taken) {
      const int64_t now = wall_micros();
      SLUICE_ASSIGN(taken, store::take_webhook(*database_, config_.name, surroundings_->gateway,
                                               now, now - micros(kAbandoned)));
      if (!taken) return true;
      // Another one may have told it since the place was read.
      SLUICE_ASSIGN(const auto again, store::webhook_place(*database_, config_.name));
      if (again.told != place.told) return true;
    }
    const Outcome outcome = tell(message);
    if (outcome == Outcome::kTryAgain) return false;
    passed = 0;
    SLUICE_TRY(store::move_webhook(*database_, config_.name, notice.id, wall_micros()));
  }
  // A batch of what is not wanted must not be read over and over.
  if (passed != 0 && notices.size() == kBatch)
    SLUICE_TRY(store::move_webhook(*database_, config_.name, passed, wall_micros()));
  return true;
}

Result<Message> Teller::message_of(const store::Notice& notice) {
  Message out;
  out.id = fmt::format("{}-{}-{}", surroundings_->installation, config_.name, notice.id);
  out.notice = notice;
  if (notice.request == 0) return out;
  if (!console_.empty()) out.link = fmt::format("{}/approvals/{}", console_, notice.request);
  SLUICE_ASSIGN(out.request, approval::RequestStore(*database_).find(notice.request));
  if (out.request->state == approval::State::kWaiting) {
    const int64_t now = wall_micros();
    SLUICE_ASSIGN(const auto delegations,
                  approval::DelegationStore(*database_).list(out.request->created_micros));
    out.missing =
        approval::standing(*out.request, {*surroundings_->directory(), delegations, now}).missing;
  }
  return out;
}

Teller::Outcome Teller::tell(const Message& message) {
  const std::string body = body_of(config_, message);
  std::map<std::string, std::string> headers;
  if (config_.format == config::WebhookFormat::kJson)
    headers = http::webhook_headers(key_, message.id, wall_micros() / 1'000'000, body);
  headers["Content-Type"] = "application/json";
  const auto answer = client_->post(std::string(config_.url.reveal()), headers, body);
  if (stopping_ && !answer) return Outcome::kTryAgain;
  // An error of the connection may name the address, of which the path may be a secret.
  if (!answer) {
    return failed(message,
                  answer.error().code == ErrorCode::kTimeout
                      ? "the receiver did not answer in time"
                      : "the receiver cannot be reached: check its address and certificate",
                  false);
  }
  if (!answer->good())
    return failed(message, fmt::format("the receiver answered {}", answer->status),
                  for_good(answer->status));
  ++sent_;
  working_ = true;
  return Outcome::kTold;
}

Teller::Outcome Teller::failed(const Message& message, std::string why, bool for_good) {
  ++failures_;
  const bool too_old = wall_micros() - message.notice.time_micros > micros(config_.give_up);
  if (working_ || for_good || too_old) {
    log::warn("webhook {} ({}): {}{}", config_.name, config_.target(), why,
              for_good || too_old ? fmt::format("; message {} is dropped", message.id) : "");
  }
  // One that is refused says nothing of the others.
  if (!for_good) working_ = false;
  {
    const std::lock_guard lock(mutex_);
    last_error_ = std::move(why);
  }
  if (!for_good && !too_old) return Outcome::kTryAgain;
  ++dropped_;
  return Outcome::kDropped;
}

}  // namespace sluice::outside
