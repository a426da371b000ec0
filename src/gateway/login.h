#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/login_certificate.h"
#include "gateway/login_gate.h"
#include "gateway/runtime.h"
#include "net/reactor.h"
#include "wire/postgres/framer.h"
#include "wire/postgres/scram.h"
#include "wire/postgres/startup.h"
#include "wire/postgres/startup_parameters.h"

namespace sluice::gateway {

struct Admission;
class Worker;

/// A connection from its first byte to the end of authentication: TLS, start-up packet, cancel
/// requests (login.cc), client certificate or SASL (login_proof.cc). Whoever proves who they are
/// becomes a Session.
class Login : private net::StreamHandler {
 public:
  Login(Worker& worker, std::unique_ptr<net::Stream> stream, LoginGate::Pass pass);
  ~Login() override;

 private:
  enum class Phase : uint8_t {
    kStartup,
    kHandshake,
    kSaslInitial,
    kSaslFinal,
    kVerifying,  ///< a token, elsewhere
    kRefused,    ///< a token; the client says one word more
    kCancelling,
    kOver
  };

  void on_receive(net::Slice data) override;
  void on_drained() override {}
  void on_secured() override;
  void on_closed(const Error& reason) override;

  void receive_startup(net::Slice data);
  void on_packet(Bytes packet, net::Slice rest);
  void on_ssl_request(bool trailing);
  void on_gss_request(bool trailing);
  void on_cancel(const wire::postgres::CancelRequest& request);
  void refuse_startup(const wire::postgres::StartupMessage& message, std::string_view sqlstate,
                      std::string_view text, std::string_view hint);
  void on_startup(wire::postgres::StartupMessage message);
  bool admit_by_certificate();
  void offer_sasl();
  void receive_sasl(net::Slice data);
  bool on_sasl_initial(Bytes body);
  void on_sasl_final(Bytes body, net::Slice rest);
  void on_oauthbearer(Bytes data);
  void on_verified(const Result<std::string>& credential);
  void refuse_token(const Error& error);
  void admit(net::Slice rest);
  bool full(unsigned max_sessions);
  void begin_session(Admission admission, net::Slice rest);
  bool nobody_known(const identity::Directory& directory);
  std::optional<std::string> unwelcome(const identity::Directory& directory,
                                       const identity::User*& user,
                                       const identity::Credential*& credential) const;
  void reject(std::string_view sqlstate, std::string_view message, std::string_view hint = {});
  void record_failure(std::string_view why);
  void fail_login(const Error& error);
  void over();

  Worker& worker_;
  std::shared_ptr<const Runtime> runtime_;
  std::unique_ptr<net::Stream> stream_;
  LoginGate::Pass pass_;
  net::Timer deadline_;
  Phase phase_ = Phase::kStartup;
  bool asked_ssl_ = false;
  bool asked_gss_ = false;
  bool direct_tls_ = false;
  std::string startup_;  ///< start-up packet that has not arrived whole
  uint32_t minor_ = 0;
  std::string driver_;
  wire::postgres::StartupParameters parameters_;
  wire::postgres::Framer framer_;
  std::optional<wire::postgres::ScramServer> scram_;
  /// What the candidates of scram_ are, of runtime_'s directory: the password (null), credentials.
  std::vector<const identity::Credential*> offered_;
  Proof proof_;
  Error why_refused_;  ///< kRefused
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sluice::gateway
