// The one place that includes libnats.
#include "stream/nats_sink.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <nats/nats.h>
#include <unistd.h>

#include "stream/format.h"

namespace sluice::stream {
namespace {

struct Closer {
  void operator()(natsOptions* options) const { natsOptions_Destroy(options); }
  void operator()(natsConnection* connection) const { natsConnection_Destroy(connection); }
  void operator()(jsCtx* context) const { jsCtx_Destroy(context); }
};
template <typename T>
using Owned = std::unique_ptr<T, Closer>;

int64_t millis(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

/// What to do about it, where that is known. `details`: OpenSSL's words, if it is about TLS.
const char* next_step(natsStatus status, std::string_view details) {
  for (const std::string_view over : {"certificate has expired", "certificate is not yet valid"}) {
    if (details.find(over) != details.npos)
      return "; let the server have a valid certificate, or set this machine's clock";
  }
  switch (status) {
    case NATS_NO_SERVER:
      return "; check url, and that the server runs";
    case NATS_CONNECTION_AUTH_FAILED:
      return "; check user and password_file, token_file or credentials_file";
    case NATS_SSL_ERROR:
      return "; name the certificate of the authority that signed the server's (PEM) in tls.ca, "
             "and "
             "address the server by a name of its certificate; where it asks for one, "
             "tls.certificate and tls.key are yours";
    default:
      return "";
  }
}

Error failed(const char* what, natsStatus status) {
  natsStatus last = NATS_OK;
  const char* last_error = nats_GetLastError(&last);
  const std::string_view name = natsStatus_GetText(status);
  std::string text = fmt::format("{}: {}", what, name);
  std::string_view details = last == status && last_error != nullptr ? last_error : "";
  // It begins with a place in the library's source.
  if (const size_t place = details.find("): "); details.starts_with('(') && place != details.npos)
    details.remove_prefix(place + 3);
  if (!details.empty() && details != name) text += fmt::format(" ({})", details);
  text += next_step(status, details);
  return {status == NATS_TIMEOUT ? ErrorCode::kTimeout : ErrorCode::kUnavailable, text};
}

/// Publications of a batch that the server did not take. The library tells of them on a thread of
/// its own.
class Refusals {
 public:
  void clear() {
    const std::lock_guard lock(mutex_);
    ids_.clear();
    text_.clear();
  }
  void add(const jsPubAckErr& refusal, const std::string& subject) {
    const std::lock_guard lock(mutex_);
    const char* id = nullptr;
    if (natsMsgHeader_Get(refusal.Msg, "Nats-Msg-Id", &id) == NATS_OK && id != nullptr)
      ids_.insert(id);
    if (!text_.empty()) return;
    text_ = refusal.ErrText != nullptr && *refusal.ErrText != '\0'
                ? refusal.ErrText
                : natsStatus_GetText(refusal.Err);
    if (id != nullptr) text_ = fmt::format("record {}: {}", id, text_);
    if (refusal.ErrCode == JSStreamStoreFailedErr) {
      text_ += "; raise the limits of the JetStream stream, or let it discard old messages";
    } else if (refusal.ErrCode == JSStreamMessageExceedsMaximumErr) {
      text_ += "; raise max_msg_size of the JetStream stream";
    } else if (refusal.Err == NATS_NO_RESPONDERS) {
      text_ = fmt::format(
          "no JetStream stream takes the subject {0}; make one, for instance: "
          "nats stream add --subjects {0}",
          subject);
    }
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }
  bool has(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    return ids_.contains(id);
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> ids_;
  std::string text_;  ///< about the first
};

class NatsSink : public Sink {
 public:
  NatsSink(config::StreamConfig config, Source source, const std::atomic<bool>& stopping)
      : config_(std::move(config)), source_(std::move(source)), stopping_(stopping) {}
  ~NatsSink() override { disconnect(); }
  NatsSink(const NatsSink&) = delete;
  NatsSink& operator=(const NatsSink&) = delete;

  Delivery send(std::span<const Entry> batch) override {
    // One that is never taken would have all behind it stored anew with each try, once the
    // stream's duplicate window has passed.
    if (wary_) batch = batch.first(1);
    auto delivery = attempt(batch);
    wary_ = delivery.error.has_value();
    // What was under way may have arrived; the ids keep it from being stored twice.
    if (delivery.error) disconnect();
    return delivery;
  }

 private:
  Result<> connected() {
    if (connection_ && natsConnection_Status(connection_.get()) == NATS_CONN_STATUS_CONNECTED)
      return {};
    disconnect();
    SLUICE_ASSIGN(const auto options, make_options());
    natsConnection* connection = nullptr;
    if (const auto status = natsConnection_Connect(&connection, options.get()); status != NATS_OK)
      return fail(failed("cannot connect", status));
    connection_.reset(connection);
    jsOptions settings;
    jsOptions_Init(&settings);
    settings.Wait = millis(config_.timeout);
    settings.PublishAsync.MaxPending = static_cast<int64_t>(config_.batch_records) + 1;
    settings.PublishAsync.ErrHandler = [](jsCtx*, jsPubAckErr* refusal, void* self) {
      auto& sink = *static_cast<NatsSink*>(self);
      sink.refusals_.add(*refusal, sink.config_.subject);
    };
    settings.PublishAsync.ErrHandlerClosure = this;
    jsCtx* context = nullptr;
    if (const auto status = natsConnection_JetStream(&context, connection, &settings);
        status != NATS_OK) {
      return fail(failed("cannot use JetStream", status));
    }
    context_.reset(context);
    return {};
  }

  Result<Owned<natsOptions>> make_options() {
    natsOptions* made = nullptr;
    if (natsOptions_Create(&made) != NATS_OK) return fail(ErrorCode::kInternal, "no memory");
    Owned<natsOptions> options(made);
    natsStatus status = natsOptions_SetURL(made, config_.url.c_str());
    const auto then = [&](auto&& set) {
      if (status == NATS_OK) status = set();
    };
    const bool tls = config_.url.starts_with("tls:");
    then([&] { return natsOptions_SetName(made, ("sluice " + config_.name).c_str()); });
    // Connecting cannot be interrupted, and the end of the gateway waits for it.
    constexpr Duration kLongest = std::chrono::seconds(3);
    then([&] { return natsOptions_SetTimeout(made, millis(std::min(config_.timeout, kLongest))); });
    // A connection that broke is made anew by the next try, so that its end is noticed.
    then([&] { return natsOptions_SetAllowReconnect(made, false); });
    if (tls) then([&] { return natsOptions_SetSecure(made, true); });
    if (tls && !config_.tls.ca.empty())
      then([&] { return natsOptions_LoadCATrustedCertificates(made, config_.tls.ca.c_str()); });
    if (tls && !config_.tls.certificate.empty()) {
      then([&] {
        return natsOptions_LoadCertificatesChain(made, config_.tls.certificate.c_str(),
                                                 config_.tls.key.c_str());
      });
    }
    if (tls) then([&] { return natsOptions_SetExpectedHostname(made, host().c_str()); });
    if (!config_.password.empty()) {
      then([&] {
        return natsOptions_SetUserInfo(made, config_.user.c_str(),
                                       std::string(config_.password.reveal()).c_str());
      });
    }
    if (!config_.token.empty()) {
      then([&] { return natsOptions_SetToken(made, std::string(config_.token.reveal()).c_str()); });
    }
    if (!config_.credentials_file.empty()) {
      then([&] {
        return natsOptions_SetUserCredentialsFromFiles(made, config_.credentials_file.c_str(),
                                                       nullptr);
      });
    }
    if (status != NATS_OK) return fail(failed("cannot set up the connection", status));
    return options;
  }

  /// The host in the address: what a certificate must name.
  std::string host() const {
    std::string_view rest = std::string_view(config_.url).substr(config_.url.find("://") + 3);
    rest = rest.substr(0, rest.rfind(':'));
    if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
    return std::string(rest);
  }

  Delivery attempt(std::span<const Entry> batch) {
    if (auto ready = connected(); !ready) return {.error = std::move(ready.error())};
    refusals_.clear();
    std::optional<Error> error;
    size_t sent = 0;
    while (sent < batch.size() && !error) {
      if (auto published = publish(batch[sent]); published) {
        ++sent;
      } else {
        error = std::move(published.error()).within("record " + batch[sent].uid);
      }
    }
    auto answered = wait_for_acknowledgements();
    if (const std::string refusal = refusals_.text(); !refusal.empty())
      error = Error{ErrorCode::kUnavailable, refusal};
    // Of those that are not answered nobody knows.
    if (!answered) return {.error = error ? std::move(error) : std::move(answered.error())};
    const auto first = std::find_if(batch.begin(), batch.begin() + static_cast<ptrdiff_t>(sent),
                                    [&](const Entry& entry) { return refusals_.has(entry.uid); });
    return {.taken = static_cast<size_t>(first - batch.begin()), .error = std::move(error)};
  }

  Result<> publish(const Entry& entry) {
    const std::string body = boost::json::serialize(formatted(config_.format, source_, entry));
    natsMsg* message = nullptr;
    if (const auto status = natsMsg_Create(&message, config_.subject.c_str(), nullptr, body.data(),
                                           static_cast<int>(body.size()));
        status != NATS_OK) {
      return fail(failed("cannot make a message", status));
    }
    jsPubOptions options;
    jsPubOptions_Init(&options);
    options.MsgId = entry.uid.c_str();
    const auto status = js_PublishMsgAsync(context_.get(), &message, &options);
    natsMsg_Destroy(message);  // Null when the library has taken it.
    if (status == NATS_MAX_PAYLOAD) {
      return fail(ErrorCode::kUnavailable,
                  fmt::format("its {} bytes are more than the server's max_payload; raise that",
                              body.size()));
    }
    if (status != NATS_OK) return fail(failed("cannot publish", status));
    return {};
  }

  Result<> wait_for_acknowledgements() {
    constexpr int64_t kSlice = 100;
    const auto deadline = Clock::now() + config_.timeout;
    natsStatus status = NATS_TIMEOUT;
    while (status == NATS_TIMEOUT && Clock::now() < deadline && !stopping_ &&
           natsConnection_Status(connection_.get()) == NATS_CONN_STATUS_CONNECTED) {
      jsPubOptions options;
      jsPubOptions_Init(&options);
      options.MaxWait = kSlice;
      status = js_PublishAsyncComplete(context_.get(), &options);
      // The server says so once, and never answers what it did not let pass.
      const char* text = nullptr;
      if (status == NATS_TIMEOUT &&
          natsConnection_GetLastError(connection_.get(), &text) == NATS_NOT_PERMITTED) {
        return fail(ErrorCode::kUnavailable,
                    fmt::format("{}; let the gateway publish to {} and subscribe to _INBOX.>",
                                text == nullptr ? "not permitted" : text, config_.subject));
      }
    }
    if (status != NATS_OK) return fail(failed("no acknowledgement", status));
    return {};
  }

  void disconnect() {
    context_.reset();
    connection_.reset();
  }

  config::StreamConfig config_;
  Source source_;
  const std::atomic<bool>& stopping_;
  Refusals refusals_;
  bool wary_ = false;  ///< the last try failed
  Owned<natsConnection> connection_;
  Owned<jsCtx> context_;
};

}  // namespace

Result<std::unique_ptr<Sink>> make_nats_sink(const config::StreamConfig& config,
                                             const Source& source,
                                             const std::atomic<bool>& stopping) {
  for (const auto* file :
       {&config.tls.ca, &config.tls.certificate, &config.tls.key, &config.credentials_file}) {
    if (file->empty() || access(file->c_str(), R_OK) == 0) continue;
    Error error = io_error("cannot read " + *file, errno);
    error.code = ErrorCode::kInvalidInput;
    return fail(std::move(error));
  }
  return std::make_unique<NatsSink>(config, source, stopping);
}

}  // namespace sluice::stream
