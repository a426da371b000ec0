#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/database.h"
#include "net/reactor.h"
#include "net/stream.h"
#include "wire/postgres/backend.h"
#include "wire/postgres/framer.h"
#include "wire/postgres/scram.h"

namespace sluice::gateway {

/// The value of `name` in `parameters`, or empty.
std::string_view parameter(const ParameterList& parameters, std::string_view name);
/// Sets `name`, keeping the order.
/// False: there are more parameters than any honest server reports (14, and those of extensions).
[[nodiscard]] bool set_parameter(ParameterList& parameters, std::string_view name,
                                 std::string_view value);

/// What a session hears from the server connection it holds. Same rules as net::StreamHandler.
class ServerUser {
 public:
  virtual ~ServerUser() = default;
  virtual void on_server_receive(net::Slice data) = 0;
  virtual void on_server_drained() = 0;
  virtual void on_server_closed(const Error& reason) = 0;
};

/// One connection to a PostgreSQL server, from connect through TLS, authentication and start-up to
/// use by a session and reset between sessions. Knows nothing of statements.
class ServerConnection : private net::StreamHandler {
 public:
  /// How far connecting had come.
  enum class Stage : uint8_t { kConnecting, kAskingForTls, kHandshake, kLogin };
  /// Why connecting failed: `error` is for the operator, `server` what the server itself said.
  struct Failure {
    Error error;
    std::optional<wire::postgres::ErrorFields> server;
    Stage stage = Stage::kConnecting;
  };
  using ConnectDone = std::function<void(std::optional<Failure>)>;
  /// Called with whether the connection is clean and may serve another session.
  using ResetDone = std::function<void(bool clean)>;

  ServerConnection(net::Reactor& reactor, std::shared_ptr<Database> database);
  ~ServerConnection() override;

  /// Connects, authenticates and waits for the first ReadyForQuery. `application_name` becomes the
  /// value that a reset returns to.
  void connect(std::string application_name, ConnectDone done);

  /// Gives the connection to a session, until `reset` or destruction.
  void attach(ServerUser* user) { user_ = user; }

  /// Sends DISCARD ALL and checks that everything reported is as it was at the start.
  void reset(ResetDone done);

  /// Called, on an idle connection, when the server closes it.
  void on_idle_close(std::function<void()> callback) { idle_closed_ = std::move(callback); }

  net::Stream& stream() { return *stream_; }
  const std::shared_ptr<Database>& database() const { return database_; }
  const std::string& application_name() const { return application_name_; }
  /// As reported up to the last reset; the session keeps its own from then on.
  const ParameterList& parameters() const { return baseline_; }
  uint32_t process_id() const { return key_.pid; }
  const std::string& cancel_secret() const { return key_.secret; }
  /// The address it is connected to, for cancel requests.
  const net::Address& peer() const { return stream_->peer(); }
  std::string tls_description() const { return stream_->tls_description(); }
  Clock::time_point idle_since() const { return idle_since_; }

 private:
  enum class State : uint8_t {
    kConnecting,
    kSslAnswer,
    kHandshake,
    kAuthenticating,
    kStarting,
    kIdle,
    kResetting,
    kBroken
  };

  void on_receive(net::Slice data) override;
  void on_drained() override;
  void on_secured() override;
  void on_closed(const Error& reason) override;

  void reconnect();
  void renew_password(std::function<void()> then);
  void password_refused(wire::postgres::ErrorFields fields);
  void try_next_address();
  void connected(Result<std::unique_ptr<net::Stream>> stream);
  void ssl_answer(Bytes data);
  void send_startup();
  void receive_messages(Bytes data);
  bool on_message(char type, Bytes body);
  bool on_authentication(Bytes body);
  bool send_password(std::string_view password);
  /// Whether the url lets the server do with this much; where not, the connection has failed.
  bool may_ask_for(std::string_view method);
  bool start_scram(const wire::postgres::AuthenticationRequest& request);
  bool continue_scram(const wire::postgres::AuthenticationRequest& request);
  void ready(char status);
  void fail_connect(Error error, std::optional<wire::postgres::ErrorFields> server = {});
  Stage stage() const;
  void finish_reset(bool clean);
  bool settings_are_baseline() const;

  net::Reactor& reactor_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< for posted tasks
  std::shared_ptr<Database> database_;
  std::string application_name_;
  State state_ = State::kConnecting;
  std::unique_ptr<net::Reactor::PendingConnect> pending_;
  std::shared_ptr<const std::vector<net::Address>> addresses_;
  size_t next_address_ = 0;
  std::unique_ptr<net::Stream> stream_;
  net::Timer deadline_;
  ServerUser* user_ = nullptr;
  ConnectDone connect_done_;
  ResetDone reset_done_;
  std::function<void()> idle_closed_;

  wire::postgres::Framer framer_;
  std::optional<wire::postgres::ScramClient> scram_;
  bool authenticated_ = false;
  bool password_sent_ = false;
  std::shared_ptr<const Database::Password> password_;
  bool renewed_ = false;    ///< the password has been asked for anew
  ParameterList baseline_;  ///< as after start-up
  ParameterList current_;   ///< while resetting
  bool discarded_ = false;
  wire::postgres::BackendKeyData key_;
  Clock::time_point idle_since_{};
};

}  // namespace sluice::gateway
