#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::audit {

enum class EventType : uint8_t {
  kGatewayStart = 1,
  kGatewayStop = 2,
  kSessionStart = 3,
  kSessionEnd = 4,
  kLoginFailed = 5,
  kStatement = 6,
  kCancel = 7,
  kAdmin = 8,        ///< user, database, policy and configuration changes, session kills
  kSchemaDrift = 9,  ///< the schema changed, and no recorded statement made it
  kEvidence = 10,    ///< of the log itself: records lost or erased, a key changed, a clock set
  kAuditRead = 11,   ///< somebody read, searched, exported or verified the audit trail
  kSeen = 12,        ///< sensitive values that a statement under way has returned so far
  kApproval = 13,    ///< a request: asked for, voted on, approved, used, over
  kGrant = 14,       ///< access for a while: begun, extended, over, reviewed; a decision on access
  kPrompt = 15,      ///< what an agent was asked: who, in which run, its digest and length
  kProvenance = 34,  ///< a receipt for data that left to train a model
  kCaptured = 40,    ///< a part of a result that was kept, encrypted
};

/// "statement", "session_start", …: the names used in search and JSON.
std::string_view name_of(EventType type);

/// How a statement came over the wire.
enum class Phase : uint8_t { kSimple = 1, kParse = 2, kExecute = 3, kFunctionCall = 4 };

enum class Outcome : uint8_t {
  kAllowed = 1,  ///< ran; sqlstate is empty on success, set when the server failed it
  kDenied = 2,   ///< refused by a rule; never reached the server
  kSkipped = 3,  ///< allowed, but the server skipped it after an earlier error in the pipeline
  kLost = 4,     ///< sent, but the connection ended before its completion was seen
  kLimited = 5,  ///< ran, and was ended or undone because it passed a limit of its rule
};

/// How the transaction ended that a record belongs to, on the record that ended it.
enum class TransactionOutcome : uint8_t {
  kOpen = 0,  ///< goes on, or its end was not known when the record was written
  kCommitted = 1,
  kRolledBack = 2,
  kPrepared = 3,  ///< PREPARE TRANSACTION: who commits it later stands in a record of its own
};

/// Who and where, the same for every record of a session. Encoded once per session.
struct SessionContext {
  uint64_t session_id = 0;
  std::string user;
  std::string database;
  std::string environment;
  std::string application;
  std::string client_address;
  std::string authentication;  ///< "scram-sha-256", "scram-sha-256-plus"
  std::vector<std::string> groups;
  std::string kind;                     ///< of principal: "human", "service", "agent"
  std::vector<std::string> attributes;  ///< "key=value"
  std::string driver;                   ///< what its start-up message looks like; a claim, or empty
  std::string issuer;                   ///< who vouches for the user; empty: this installation
  /// From the one who connects to the person for whom it acts; empty: for itself.
  std::vector<std::string> actors;
  std::string acr;                  ///< authentication context class, as the issuer calls it
  std::vector<std::string> amr;     ///< authentication methods references (RFC 8176)
  std::string credential;           ///< id of what was shown in place of a password
  std::string role;                 ///< at the server; empty: the one that the gateway logs in as
  std::string end_user;             ///< for whom a service acts, as it has proved
  std::vector<std::string> grants;  ///< in force, theirs and those of `actors`: "12 writer"
  std::string run;                  ///< of an agent, as its client says
  std::string prompt;    ///< of that run, as registered here: its id, which holds its digest
  std::string call;      ///< of a tool, as its client says
  bool tainted = false;  ///< it, its run or its credential had read free text by then
  int64_t authenticated_micros = 0;  ///< wall clock, when they proved who they are; 0: not known
};

/// One record, as views that are copied by `append`; empty or zero means absent.
struct Event {
  EventType type = EventType::kStatement;
  int64_t time_micros = 0;  ///< start of the statement, wall clock
  // kStatement
  Phase phase = Phase::kSimple;
  Outcome outcome = Outcome::kAllowed;
  std::string_view text;         ///< redacted; cut by `append` at the configured limit
  std::string_view text_digest;  ///< SHA-256 of the whole `text`, kept when it is cut
  std::string_view kind;         ///< StatementFacts::kind; of kGrant: "break_glass", or empty
  const std::vector<std::string>* tables = nullptr;
  /// What it does, as `encode_details` made it, with its tables; `tables` is then null.
  std::string_view details;
  const std::vector<std::string>* tags = nullptr;  ///< "key=value" of its sqlcommenter comment
  std::string_view statement_name;                 ///< protocol-level prepared statement name
  /// Raw Bind body from the parameter format codes to before the result format codes, i.e. Int16
  /// n, n × Int16 formats, Int16 m, m × (Int32 length, bytes); cut at the configured limit.
  std::string_view parameters;
  std::string_view parameters_digest;                 ///< of the whole when it was cut
  std::string_view rule;                              ///< that decided
  const std::vector<std::string>* matched = nullptr;  ///< every enforced rule that matched
  const std::vector<std::string>* shadow = nullptr;   ///< "rule: effect" of shadow rules
  std::string_view policy_version;                    ///< policy::Policy::version
  std::string_view approval;                          ///< of what was held: "12 by dora"
  std::string_view change;                            ///< that it is a step of: "3 step 1 of 7"
  std::string_view ticket;  ///< why it is done: the change's, or what its comment says
  /// What of the result was hidden: "schema.table.column class rule values".
  const std::vector<std::string>* masked = nullptr;
  /// Sensitive columns that a rule showed as they are: "schema.table.column class rule".
  const std::vector<std::string>* released = nullptr;
  std::string_view sqlstate;
  std::string_view message;  ///< error or refusal text; for kAdmin and others: what happened
  uint64_t rows = 0;
  uint64_t bytes = 0;            ///< of result messages sent to the client, or copied in
  uint64_t duration_micros = 0;  ///< from when it was forwarded
  uint64_t server_micros = 0;    ///< of `duration_micros`: until the server had completed it
  uint64_t waited_micros = 0;    ///< before it was forwarded: for a connection, names, estimates
  uint64_t planner_cost = 0;     ///< that the planner expected, where a budget counts it
  std::optional<uint64_t> estimated_rows;        ///< that it expected, where a rule asked
  uint64_t input_tokens = 0, output_tokens = 0;  ///< of kPrompt: a model's answer
  /// Rows changed by table, "schema.table 42", where the server was asked.
  const std::vector<std::string>* changed = nullptr;
  /// The one table that it changed `rows` of, where its command tag tells.
  std::string_view changed_table;
  /// Digests of the sensitive values that were shown as they are, and masked: `encode_set`.
  std::string_view seen_shown, seen_masked;
  /// How many values were shown, where `seen_shown` tells of the last of them only.
  uint64_t subjects = 0;
  uint64_t transaction = 0;  ///< counted within the session; 0: none, or not known
  TransactionOutcome transaction_outcome = TransactionOutcome::kOpen;
  std::string_view purpose;  ///< as the client has stated it
  /// Of data that left to train a model: the receipt's id, and where it is made its SHA-256 ("id
  /// sha256:…"); of kProvenance the envelope, and the names of data set and model.
  std::string_view receipt, envelope, dataset, model;
  /// What of a result is kept (audit/captured.h); of kCaptured also the part itself, encrypted.
  std::string_view captured, content;
  uint64_t stamp = 0;               ///< Stamp::token of its transaction in the server's WAL
  uint64_t server_transaction = 0;  ///< the server's own number of that transaction (xid8)
};

}  // namespace sluice::audit
