#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/log.h"
#include "base/hash.h"
#include "gateway/expected.h"
#include "gateway/gateway.h"
#include "gateway/pool.h"
#include "gateway/prepared.h"
#include "gateway/runtime.h"
#include "gateway/server_connection.h"
#include "net/stream.h"
#include "wire/postgres/framer.h"
#include "wire/postgres/messages.h"

namespace sluice::gateway {

class CancelTicket;
class Worker;
struct Analysis;

/// Somebody who has proved who they are and what they asked for at start-up.
struct Admission {
  std::shared_ptr<const Runtime> runtime;
  std::shared_ptr<Database> database;
  std::string user;
  std::vector<std::string> groups;
  std::string authentication;  ///< "scram-sha-256" or "scram-sha-256-plus"
  std::string application_name;
  /// Settings from the start-up message other than application_name, to be applied at the server.
  std::vector<std::pair<std::string, std::string>> settings;
  uint32_t protocol_minor = 0;
};

/// One logged-in client and, while it has one, its server connection. Client messages are
/// understood, decided on and forwarded (session_client.cc); server messages are matched against
/// the queue of expected responses, recorded and forwarded (session_server.cc).
class Session : private net::StreamHandler, private ServerUser {
 public:
  Session(Worker& worker, std::unique_ptr<net::Stream> client, Admission admission);
  ~Session() override;

  /// Answers the login with parameters, cancel key and ReadyForQuery; `received` is what the
  /// client sent right behind its last login message.
  void start(net::Slice received);

  uint64_t id() const { return id_; }
  const std::string& user() const { return admission_.user; }
  SessionInfo info() const;

  /// The client, or somebody with its key, wants the running statement stopped. `ticket` is
  /// released once the server has been told.
  void cancel(std::shared_ptr<CancelTicket> ticket);
  /// Ends the session with an error, as pg_terminate_backend does.
  void terminate(std::string_view sqlstate, std::string_view message, std::string_view hint = {});
  /// Ends it now if it is idle, else after the running transaction.
  void drain();
  /// The audit log has this session's last record on disk.
  void output_durable();

 private:
  enum class Pass : uint8_t { kForward, kDrop, kReplace, kStop };
  /// Why client messages are not being taken; several may hold at once.
  enum Suspension : uint8_t {
    kNoServer = 1,
    kAnalysing = 2,
    kCopyBarrier = 4,  ///< a COPY FROM STDIN was sent, the server has not answered yet
    kServerFull = 8,
    kQueueFull = 16,  ///< as many answers are expected as one session may wait for
  };
  using Piece = wire::postgres::Framer::Piece;

  // net::StreamHandler: the client.
  void on_receive(net::Slice data) override;
  void on_drained() override;
  void on_closed(const Error& reason) override;
  // ServerUser: the server.
  void on_server_receive(net::Slice data) override;
  void on_server_drained() override;
  void on_server_closed(const Error& reason) override;

  // session.cc: life cycle.
  void greet();
  void acquire_server();
  void server_acquired(tl::expected<std::unique_ptr<ServerConnection>, Pool::Refusal> result);
  void apply_settings();
  void setup_finished();
  void report_changed_parameters();
  std::string greeting_key() const;
  void suspend(Suspension why);
  void resume(Suspension why);
  void release_server();
  void finish(std::string_view reason);
  void fatal(std::string_view sqlstate, std::string_view message, std::string_view hint = {});
  bool at_rest() const;

  // session_client.cc: client to server.
  void process(net::Slice data);
  void process_pending();
  Pass on_client_piece(const Piece& piece);
  Pass on_statement(const Piece& piece);
  Pass judge(Bytes raw, const std::shared_ptr<const Statement>& statement);
  void analyse_later(Bytes raw, Bytes text, const sql::Settings& settings);
  void analysed(const sql::Settings& settings, Analysis analysis);
  Pass on_oversized(const Piece& piece);
  Pass on_bind(const Piece& piece);
  void capture_bind(Expected& entry, Bytes body, Bytes digest);
  Pass on_execute(const Piece& piece);
  Pass on_describe_or_close(const Piece& piece);
  Pass on_sync();
  Pass on_function_call();
  Pass on_copy_message(const Piece& piece);
  Pass reject_client(std::string_view message);
  Pass refuse_query(audit::Phase phase, const Statement* statement,
                    const std::shared_ptr<const policy::Decision>& decision);
  Pass refuse_extended(std::string_view name, const Statement* statement,
                       const std::shared_ptr<const policy::Decision>& decision);
  Expected& expect(RequestKind kind);
  sql::Settings settings_for_analysis(Bytes text) const;
  std::string refusal_response(const policy::Decision& decision) const;

  // session_server.cc: server to client.
  Pass on_server_piece(const Piece& piece);
  Pass on_setup_piece(const Piece& piece);
  Pass on_row(const Piece& piece);
  Pass on_row_description(const Piece& piece);
  Pass on_command_complete(const Piece& piece);
  Pass on_execution_end(std::string_view command);
  Pass on_simple_answer(const Piece& piece);
  Pass on_copy_response(const Piece& piece);
  Pass on_parameter_status(const Piece& piece);
  bool take_parameter(ParameterList& parameters, const Piece& piece);
  Pass on_error(const Piece& piece);
  Pass on_ready(const Piece& piece);
  Pass server_violation(std::string_view what);
  void skip_rows(Bytes& in);
  void skip_to_sync();
  void lift_copy_barrier();
  bool parse_completed(Expected& entry);

  // session_record.cc: what goes into the audit log. False: it could not be written, and the
  // session has ended.
  bool record(const audit::Event& event);
  bool record_statement(const Expected& entry, audit::Outcome outcome, std::string_view sqlstate,
                        std::string_view message, std::string_view kind = {});
  bool record_execution(const Expected& entry, audit::Outcome outcome, std::string_view sqlstate,
                        std::string_view message);
  bool record_bind(const Expected& entry, audit::Outcome outcome, std::string_view sqlstate,
                   std::string_view message);
  bool record_parse(Prepared& prepared, std::string_view name);
  bool record_failure(const Expected& entry, std::string_view sqlstate, std::string_view message);
  bool record_refusal(audit::Phase phase, std::string_view name, const Statement* statement,
                      const policy::Decision& decision);
  void record_lost();
  void record_end(std::string_view reason);

  Worker& worker_;
  const uint64_t id_;
  std::unique_ptr<net::Stream> client_;
  Admission admission_;
  audit::EncodedContext context_;
  std::string cancel_key_;  ///< pid and secret as sent in BackendKeyData
  wire::postgres::Framer client_framer_;
  wire::postgres::Framer server_framer_;

  std::unique_ptr<ServerConnection> server_;
  std::unique_ptr<Pool::Waiter> waiter_;
  ParameterList parameters_;        ///< what the client has been told
  ParameterList setup_parameters_;  ///< as at the server while it is being set up
  std::vector<net::Slice> pending_;
  std::string deferred_;  ///< the message being analysed on another thread
  std::string replacement_;
  uint8_t suspended_ = 0;
  bool greeted_ = false;
  bool setup_pending_ = false;  ///< the answer to our own SET batch is still to come
  bool finished_ = false;
  bool draining_ = false;

  ExpectedQueue expected_;
  PreparedStatements prepared_;
  char transaction_ = 'I';
  bool since_sync_ = false;          ///< extended messages were forwarded since the last Sync
  bool skip_until_sync_ = false;     ///< the server skips, or would: so do we
  bool local_sync_ = false;          ///< the Sync that ends the skipping is answered here
  bool settings_uncertain_ = false;  ///< something runs whose effect on settings is not yet known
  bool copying_in_ = false;
  bool copy_data_seen_ = false;
  bool copy_sync_dropped_ = false;
  bool copy_in_parsed_ = false;   ///< some prepared statement of this session is a COPY FROM STDIN
  bool dropping_ = false;         ///< the rest of a streamed message is to be dropped
  bool replacing_error_ = false;  ///< a long ErrorResponse of the server is being replaced
  std::string capture_;           ///< head of a Bind or over-long statement arriving in parts
  std::unique_ptr<Sha256> capture_digest_;

  std::shared_ptr<const Statement> last_statement_;
  /// When the bytes being worked on came: reading the clocks anew for each message would cost more
  /// than most of what is done to it.
  Moment now_;
  int64_t started_micros_;
  int64_t state_since_micros_;
  uint64_t statements_ = 0;
  int cancels_in_flight_ = 0;
};

}  // namespace sluice::gateway
