#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.h"
#include "base/hash.h"
#include "gateway/acting.h"
#include "gateway/admission.h"
#include "gateway/changes.h"
#include "gateway/cutting.h"
#include "gateway/deferred.h"
#include "gateway/duration_watch.h"
#include "gateway/expected.h"
#include "gateway/gateway.h"
#include "gateway/masking.h"
#include "gateway/name_doubts.h"
#include "gateway/open_cursors.h"
#include "gateway/pool.h"
#include "gateway/prepared.h"
#include "gateway/server_connection.h"
#include "gateway/session_scope.h"
#include "gateway/split_text.h"
#include "gateway/stamping.h"
#include "gateway/taken.h"
#include "gateway/transaction_track.h"
#include "gateway/undoing.h"
#include "net/stream.h"
#include "wire/postgres/framer.h"
#include "wire/postgres/messages.h"

namespace sluice::gateway {

class CancelTicket;
class Worker;
struct Analysis;
struct Execution;
struct Reading;

/// One logged-in client and, while it has one, its server connection. Client messages are decided
/// on by what their names mean then; those of the server are matched against the queue.
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

  /// Its user acts with the rights of now from the next statement on, or the session ends.
  void identity_changed(const identity::Directory& before, const identity::Directory& now);
  /// The same where its credential or a grant has had its time by now.
  void end_expired(int64_t now_micros);

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
  void release_server(bool running);
  void finish(std::string_view reason);
  void fatal(std::string_view sqlstate, std::string_view message, std::string_view hint = {});
  bool at_rest() const;

  // session_client.cc: client to server.
  void process(net::Slice data);
  void process_pending();
  void flush_to_server();
  Pass on_client_piece(const Piece& piece);
  Pass on_describe_or_close(const Piece& piece);
  Pass on_sync();
  Pass on_copy_message(const Piece& piece);
  Pass reject_client(std::string_view message);
  Expected& expect(RequestKind kind);
  /// Puts a message aside until `why` is over; it is then looked at again as if it came just then.
  Pass defer(const Piece& piece, Suspension why);
  void take_deferred(Suspension why);

  // session_statement.cc: understanding and deciding; session_refusals.cc: saying no.
  using DecisionPtr = std::shared_ptr<const policy::Decision>;
  Pass on_statement(const Piece& piece);
  Pass judge(const Piece& piece, const std::shared_ptr<const Statement>& statement);
  DecisionPtr objection_beside(const Statement& statement, const policy::Decision& decision,
                               bool writes, Bytes text, const Piece* bind);
  Pass forward_query(const Piece& piece, const std::shared_ptr<const Statement>& statement,
                     DecisionPtr decision, bool writes);
  Pass forward_parse(const wire::postgres::ParseMessage& parse,
                     const std::shared_ptr<const Statement>& statement, DecisionPtr decision);
  DecisionPtr decide(const Statement& statement, std::optional<double> estimate) const;
  policy::Circumstances circumstances(const sql::StatementFacts* facts) const;
  /// Leaves what is run in `executing_`.
  DecisionPtr decide_prepared_uses(const Statement& statement, Bytes sent, DecisionPtr,
                                   bool& writes);
  bool ask_prepared_first(const Piece& piece, const sql::StatementFacts& facts);
  bool has_room(DecisionPtr& refused);
  bool within_rate(const Statement* text, DecisionPtr& decision, DecisionPtr& refused);
  DecisionPtr take_rates(const policy::Decision& decision, uint32_t count);
  bool reread_first(const Piece& piece, const sql::StatementFacts& facts);
  bool count_use_first(const Piece& piece);
  void analyse_later(const Piece& piece, Bytes text, const Reading& reading);
  void analysed(const Reading& reading, std::string text, Analysis analysis);
  void deferred_failed(const OwnRun& run);
  bool estimate_first(const Piece& piece, Bytes text, const Statement& statement, Bytes types);
  void ask_planner(Bytes text, const BoundTo& bound, uint32_t generic, Wanted wanted);
  const Prepared* executed(const sql::StatementFacts& facts, Prepared& pending);
  DecisionPtr once_estimated(const Statement& statement, Bytes types) const;
  Pass on_oversized(const Piece& piece);
  const Prepared* prepared_ahead(Bytes name, Prepared& pending);
  Pass on_function_call();
  Pass refuse_query(audit::Phase phase, const Statement* statement, const DecisionPtr& decision);
  /// `parsing`: it is the Parse that is refused, and the unnamed statement goes if it was to.
  Pass refuse_extended(std::string_view name, const Statement* statement,
                       const DecisionPtr& decision, bool parsing = false);
  sql::Settings settings_for_analysis(Bytes text) const;
  DecisionPtr with_step_up(const Statement& statement, DecisionPtr denied) const;
  std::string refusal_response(const policy::Decision& decision) const;

  // session_bind.cc: Bind, which decides on what was prepared.
  Pass on_bind(const Piece& piece);
  Pass begin_bind(const Piece& piece, size_t kept);
  void capture_bind(Expected& entry, Bytes body, Bytes digest);
  Pass judge_bind(const Piece& piece, Expected& entry, Bytes portal, Bytes name);
  Pass judge_bound(const Piece& piece, Expected& entry, Bytes name, const Prepared& prepared);
  std::optional<Pass> understand_bound(const Piece& piece, const Prepared& prepared, Bytes name,
                                       std::shared_ptr<const Statement>& statement);
  std::optional<Pass> settle_bound(const Piece&, const Prepared&, const Statement&);
  Pass hold_bound(const Piece&, const Prepared&, const Statement&, DecisionPtr decision);
  Pass refuse_bind(const Statement* statement, const DecisionPtr& decision);

  // session_execute.cc: Execute, which runs it if it is still allowed.
  Pass on_execute(const Piece& piece);
  DecisionPtr find_execution(Bytes name, Execution& run);
  DecisionPtr decide_execution(Execution& run);
  DecisionPtr decide_bound(Execution& run);
  DecisionPtr decide_anew(const Statement&, DecisionPtr, const BoundAt& bound, bool& writes);
  DecisionPtr means_otherwise(const Execution& run);
  Pass forward_execute(const Piece&, Bytes portal, Execution run, bool counted, bool by_tag);
  void expect_execution(Expected& entry, Execution run);
  void note_execution(Expected& entry, bool counted, bool writes);

  // session_identity.cc, session_server_identity.cc: who its client is, for us and the server.
  audit::SessionContext context() const;
  void take_over(const identity::Directory& now, const identity::User& user,
                 const identity::Credential* credential);
  void become(const identity::Directory& directory, const identity::User& user,
              const identity::Credential* credential);
  ParameterList server_identity() const;
  void doubt_identity();
  void tell_identity();

  // session_end_user.cc: for whom it acts.
  tl::expected<std::string, DecisionPtr> end_user_of(const Statement& statement, Bytes text,
                                                     bool& sets);
  std::optional<Pass> settle_end_user(const Piece& piece, const Statement& statement, Bytes text,
                                      size_t own);
  void act_for(const std::string& end_user, const agents::Attribution& said);

  // session_receipt.cc, session_provenance.cc: receipts, also for what leaves to train a model.
  std::string_view wanted_receipt(const Piece& piece, const Statement& statement) const;
  void make_receipt(const Piece& piece, std::string_view setting);
  void receipt_made(const Result<std::string>& receipt, std::string_view setting);
  std::optional<Pass> settle_stated(const Piece& piece, const Statement& statement, Bytes text,
                                    size_t own);
  bool ask_terms_first(const Piece& piece, const Statement& statement, size_t own);
  std::pair<const Statement*, size_t> result_of(const Expected& entry);
  bool begin_export(Expected& entry, const Piece& description);
  bool export_data(Expected& entry, Bytes data, bool last);
  bool export_failed(std::string_view why);
  bool end_export(const Expected& entry, audit::Event& event);
  Capturing* capturing(const Expected& entry);
  bool keep(const Expected& entry, char type, Bytes body);
  bool keep_words(Expected& entry);

  // session_hold.cc: what a rule holds.
  bool must_hold(const Piece& piece, const Statement& statement, Bytes text, DecisionPtr& decision);
  std::vector<std::string> persons() const;
  bool prove();
  bool must_show(const Piece& piece, const Statement& statement, Bytes text, DecisionPtr& decision);
  bool could_be_approved(const policy::Decision& decision) const;
  void hold(const Piece& piece, const Statement& statement, Bytes text, Bytes types, Bytes values,
            DecisionPtr decision);
  void ask_session(std::function<void()> then);
  approval::Request approval_request();
  void at_desk(auto work, auto then);
  void ask_approval();
  void approval_asked(Result<approval::Request> asked);
  void tell_of_hold(const approval::Request& request);
  void approval_decided();
  void use_approval();
  void approval_used(Result<approval::Request> used);
  void hold_timed_out();
  void refuse_held(const std::string& why, const std::string& hint);
  void cancel_hold();
  void end_hold();
  void forget_hold();
  void keep_pending();

  // session_undo.cc: what of an approved statement is kept, so that it can be undone.
  using UndoablePtr = std::shared_ptr<const policy::Undoable>;
  Result<UndoablePtr> to_be_kept(const policy::Decision& decision, const sql::StatementFacts& facts,
                                 int64_t request) const;
  DecisionPtr as_approved(const sql::StatementFacts& facts, DecisionPtr held, int64_t by) const;
  void keep_changed(const Changes& changed);
  void keep_rows(Result<std::vector<catalog::Rows>> old_rows);
  void keep(std::function<Result<int64_t>(undo::UndoStore&, undo::Entry)> work);

  // session_names.cc: what names mean, and the gateway's own statements that find it out.
  bool names_known() const;
  /// True: they are known, or `names_.problem` says why not. False: being found out, kNaming.
  bool settle_names();
  void find_names();
  void start_finding_names();
  void find_scope();
  void names_from(std::shared_ptr<const catalog::Catalog> catalog, uint64_t version);
  void read_own_catalog(const std::shared_ptr<const catalog::Catalog>& base, uint64_t version);
  void find_path(std::shared_ptr<const catalog::Catalog> catalog, uint64_t version);
  void names_found(const std::shared_ptr<const catalog::Catalog>& catalog, uint64_t version,
                   const std::vector<std::string>& path);
  void names_failed(std::string_view why, bool skipped = false);
  void note_effects(const std::shared_ptr<const Statement>& statement, bool counted);
  void note_doubts(uint8_t doubts);
  void note_transaction_end();
  void end_schema_changes();
  void run_own(const std::vector<std::string>& statements, std::function<void(OwnRun&)> done,
               OwnEnd end = OwnEnd::kAnswered, const BoundTo* bound = nullptr);
  Pass on_own_piece(const Piece& piece);
  void own_answered(const std::shared_ptr<OwnRun>& run);

  // session_split.cc: a text's statements one by one.
  bool may_split(Bytes text, const std::vector<Bytes>& statements);
  bool begin_split(Bytes text);
  void run_split();
  bool split_goes_on();

  // session_limits.cc, session_stopping.cc: what an allowed statement may at most do.
  bool tag_counts(const Statement* statement, const policy::Decision& decision) const;
  Pass begin_counted_query(const Piece& piece, const std::shared_ptr<const Statement>& statement,
                           const policy::Decision& decision, bool by_tag, bool& go_on);
  Pass begin_counted_execute(const Piece&, const policy::Decision&, bool by_tag, bool& go_on);
  void know_changes(bool open_transaction, const policy::Decision& decision, bool by_tag);
  void counting_failed(const wire::postgres::ErrorFields* error, bool simple);
  void count_changes();
  bool ends_bounded_transaction(const sql::StatementFacts& facts) const;
  bool count_deferred_first(const Piece& piece, const sql::StatementFacts& facts);
  void count_after(std::string completion, char status);
  DecisionPtr over_by_tag(const Expected& entry);
  Changes whole_change(const Expected& entry, Changes changed);
  void changes_counted(OwnRun& run);
  void settle(const DecisionPtr& over);
  void settle_failed(const wire::postgres::ErrorFields* error);
  void settle_query(const DecisionPtr& over);
  void settle_execution(const DecisionPtr& over);
  void finish_counted_query(bool undo);
  void fail_pipeline();
  void abort_transaction(std::function<void()> then);
  Pass end_own_pipeline(bool failed);
  bool own_pipeline_ended();
  void note_limits(Expected& entry);
  void cut_result(Expected& entry, DecisionPtr why);
  void stop_at_server(std::shared_ptr<CancelTicket> ticket = nullptr);
  void cancel_arrived();
  void watch_stopping();

  // session_taken.cc: what has been taken of results, and for how long they ran.
  uint64_t running_micros(const Expected& entry) const;
  bool within_limits(Expected& entry, size_t rows, size_t bytes);
  void note_taken(Expected& entry);
  void count_from(Expected& entry);
  void bound_commit(Expected& entry);
  void watch_duration(Duration most);
  void duration_passed();
  void watch_running(Expected& entry, bool waits);
  void stop_in_time(Expected& entry);
  void stop_clock_at_server();
  bool bound_at_server(const Statement* text, const policy::Decision*, bool bind = false);

  // session_stamps.cc: what says in the server's WAL that a change came from here.
  Pass begin_stamped_query(const Piece& piece, const Statement& statement, bool counted,
                           bool& go_on);
  void begin_stamped_execute(const Statement* statement);
  void write_stamp(bool simple, bool counted);
  void stamped(OwnRun& run, uint64_t token, bool simple);
  void note_stamp_effects(const sql::StatementFacts& facts);
  void stamp_ends_at_sync();

  // session_masking.cc, session_notices.cc: what its client may not see.
  using TextPlan = std::function<Result<RowPlanPtr>(const Statement&, size_t result)>;
  const AudiencePtr& audience(const sql::StatementFacts* facts = nullptr);
  std::shared_ptr<const Masking> masking_of(const Statement& statement);
  bool label_first(const Piece& piece, const Statement& statement);
  DecisionPtr objection(const Statement& statement);
  DecisionPtr masked_values_written(const Masking* masking, Bytes text, const Piece* bind);
  Pass find_by_pseudonym(const Piece& piece, Expected& entry);
  Pass bind_by_pseudonym(const Piece& piece, const Expected& entry);
  bool may_guess(const Masking* masking, DecisionPtr& refused);
  void carry(const Statement& statement, const Masking* masking);  // session_copies.cc
  void veil(Expected& entry, const Statement* statement);
  bool must_describe(const Statement* statement);
  Result<RowPlanPtr> row_plan(const Expected& entry, Bytes description);
  Result<RowPlanPtr> cursor_plan(const std::string& name, Bytes description, const TextPlan& of,
                                 const mask::Audience& audience);
  bool begin_masked_rows(Expected& entry, const Piece& description);
  bool begin_masked_copy(Expected& entry);
  void end_masked_rows(Expected& entry);
  bool unmaskable(std::string_view why);
  bool mask_rows(Bytes& in);
  void see_rows(MaskedRows& rows);
  bool record_sightings(Expected& entry);
  bool mask_message(Bytes body, Expected& entry);
  Pass on_masked_row(const Piece& piece, Expected& entry);
  Pass on_masked_copy(const Piece& piece, Expected& entry);
  wire::postgres::ErrorFields veiled_fields(const wire::postgres::ErrorFields& fields,
                                            const Expected* entry);
  Pass on_notice(const Piece& piece);
  Pass on_notification(const Piece& piece);

  // session_cursors.cc: what is taken from cursors, and by what it is bounded.
  DecisionPtr portal_as_cursor(const sql::StatementFacts& facts);
  DecisionPtr bounds_of_cursor(const std::string& name) const;
  DecisionPtr cursor_under_policy(const std::string& name);
  void note_opened(const Expected& entry, bool writes);
  void bound_by_cursors(const sql::StatementFacts& of, DecisionPtr& decision, bool& writes);
  void follow_cursors(const Expected& entry, std::string_view command);
  void follow_taken(const Expected& entry);

  // session_transactions.cc: in which transaction what was done, and how it ended.
  void transaction_completed(Expected& entry, std::string_view command);
  void transaction_failed(Expected& entry);

  // session_server.cc: server to client.
  void flush_to_client();
  void send_to_client(Bytes bytes);
  void continue_suspended();
  Pass on_server_piece(const Piece& piece);
  Pass on_setup_piece(const Piece& piece);
  Pass on_row(const Piece& piece);
  Pass on_row_description(const Piece& piece);
  Pass on_command_complete(const Piece& piece);
  Pass on_execution_end(const Piece& piece, std::string_view command);
  Pass on_simple_answer(const Piece& piece);
  Pass on_copy_response(const Piece& piece);
  bool take_parameter(ParameterList& parameters, const Piece& piece);
  Pass on_error(const Piece& piece);
  Pass on_ready(const Piece& piece);
  Pass server_violation(std::string_view what);
  void skip_rows(Bytes& in);
  void skip_to_sync();
  bool release_held(const Piece& piece);
  Pass on_cut_end();
  void at_ready();
  bool parse_completed(Expected& entry);
  void follow_prepared(Expected& entry, std::string_view command);

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
  bool record_limited(const Expected& entry, const policy::Decision& decision);
  void describe(audit::Event& event, const Statement* statement) const;
  void outcome_of(audit::Event& event, const Expected& entry, audit::Outcome outcome,
                  std::string_view sqlstate, std::string_view message) const;
  bool record_failed_sync(const Expected& entry, std::string_view sqlstate,
                          std::string_view message);
  void record_lost();
  void record_end(std::string_view reason);

  Worker& worker_;
  const uint64_t id_;
  std::string client_address_;
  std::unique_ptr<net::Stream> client_;
  Admission admission_;
  Acting acting_;
  audit::EncodedContext context_;
  std::string cancel_key_;  ///< pid and secret as sent in BackendKeyData
  wire::postgres::Framer client_framer_;
  wire::postgres::Framer server_framer_;

  std::unique_ptr<ServerConnection> server_;
  std::unique_ptr<Pool::Waiter> waiter_;
  ParameterList parameters_;        ///< what the client has been told
  ParameterList setup_parameters_;  ///< as at the server while it is being set up
  std::vector<net::Slice> pending_;
  Forwarding to_server_, to_client_;
  std::string own_row_;                          ///< a row for us that arrives in parts
  std::unique_ptr<Deferred> deferred_, redone_;  ///< the second is looked at again right now
  std::unique_ptr<Held> held_;
  std::shared_ptr<ChangeRun> change_run_;  ///< whose steps run here; null: none
  std::unique_ptr<net::Timer> hold_timer_;
  std::string replacement_;
  uint32_t suspended_ = 0;
  bool setup_pending_ = false;  ///< the answer to our own SET batch is still to come
  bool greeted_ = false, finished_ = false, draining_ = false;

  // What names mean.
  std::shared_ptr<const SessionPrincipal> principal_;
  SessionScope scope_;
  NameDoubts names_;
  std::vector<std::shared_ptr<const Statement>> schema_changes_;  ///< sent, not known to be over
  ParameterList forgotten_;  ///< forgotten_settings, to be set again before anything else
  Stamping stamping_;

  // Limits.
  std::unique_ptr<Expected> settling_;  ///< the counted statement that has run
  Changes changes_before_;              ///< of this transaction, before the counted statement
  std::shared_ptr<const policy::Decision> bounded_;  ///< the client's transaction, by the last one
  bool changes_known_ = false;       ///< changes_before_ is what the server counts now
  bool own_transaction_ = false;     ///< opened by the gateway around a counted statement
  std::vector<Executed> executing_;  ///< what EXECUTEs of a text run
  unsigned own_names_ = 0;           ///< own statements left at the server by failed runs
  Cutting cutting_;
  size_t executes_since_sync_ = 0;
  OpenCursors opened_;
  bool unseen_prepares_ = false;      ///< what cannot be looked into may have prepared statements
  bool dropping_row_ = false;         ///< the rest of a row in parts is not for the client
  bool own_pipeline_ending_ = false;  ///< its COMMIT has been sent with the client's Sync
  DurationWatch watch_;
  std::unique_ptr<Undoing> undoing_;

  // Masking.
  AudiencePtr audience_;
  AudienceOf audience_of_;                       ///< what audience_ was found for
  std::string masked_;                           ///< rows on their way to the client
  mask::Substitutes substitutes_;                ///< shown to this session
  std::vector<privacy::Copy> temporary_copies_;  ///< in its temporary tables
  bool opaque_transaction_ = false, hiding_transaction_ = false;  ///< as of veiled_fields
  SplitText split_;
  uint64_t epoch_ = 0;  ///< rises with what may change what a statement does, or its plan

  ExpectedQueue expected_;
  PreparedStatements prepared_;
  TransactionTrack transactions_;  ///< for the record
  bool unknown_end_ = false;       ///< something was under way when the session ended
  char transaction_ = 'I', transaction_ahead_ = 'I';  ///< now; once all that was sent is answered
  bool server_lost_ = false;                          ///< its connection has ended
  bool since_sync_ = false;          ///< extended messages were forwarded since the last Sync
  bool skip_until_sync_ = false;     ///< the server skips, or would: so do we
  bool local_sync_ = false;          ///< the Sync that ends the skipping is answered here
  bool settings_uncertain_ = false;  ///< something runs whose effect on settings is not yet known
  bool copying_in_ = false, copy_data_seen_ = false, copy_sync_dropped_ = false;
  bool copy_in_parsed_ = false;   ///< some prepared statement of this session is a COPY FROM STDIN
  bool dropping_ = false;         ///< the rest of a streamed message is to be dropped
  bool bind_held_ = false;        ///< a Bind's head is kept until its names have come
  bool replacing_error_ = false;  ///< a long ErrorResponse of the server is being replaced
  std::string capture_;           ///< head of a Bind or over-long statement arriving in parts
  std::unique_ptr<Sha256> capture_digest_;

  std::shared_ptr<const Statement> last_statement_;
  Moment now_;  ///< when the bytes being worked on came: read once for all their messages
  std::optional<Moment> waiting_since_;  ///< of the message looked at next; empty: it does not
  int64_t started_micros_, state_since_micros_;
  uint64_t statements_ = 0, last_recorded_ = 0;  ///< how many; number of the last one's record
};

}  // namespace sluice::gateway
