#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "audit/event.h"
#include "base/clock.h"
#include "gateway/capturing.h"
#include "gateway/exporting.h"
#include "gateway/masking.h"
#include "gateway/own_query.h"
#include "gateway/prepared.h"
#include "gateway/ring_queue.h"
#include "gateway/statement.h"
#include "gateway/taken.h"
#include "policy/decision.h"
#include "policy/ledger.h"

namespace sluice::gateway {

/// A request that was sent to the server and what its answer is expected to be.
enum class RequestKind : uint8_t {
  kQuery,              ///< simple query: results, then ReadyForQuery
  kFunctionCall,       ///< FunctionCallResponse, then ReadyForQuery
  kParse,              ///< ParseComplete
  kBind,               ///< BindComplete
  kDescribeStatement,  ///< ParameterDescription, then RowDescription or NoData
  kDescribePortal,     ///< RowDescription or NoData
  kExecute,            ///< rows, then CommandComplete, EmptyQueryResponse or PortalSuspended
  kClose,              ///< CloseComplete
  kSync,               ///< ReadyForQuery
  kOwn,                ///< a statement of the gateway's own: Parse, Bind, Execute, Close
};

/// Statements of the gateway's own on a session's connection, between those of the client. The
/// client sees nothing of them.
struct OwnRun {
  OwnAnswer answer;
  size_t unanswered = 0;  ///< entries of the queue that are still to come
  bool skipped = false;   ///< not run: something of the client's before it has failed
  std::function<void(OwnRun&)> done;
};

/// Statements of our own are sent behind all that was sent, with a Sync, in a pipeline with a
/// Flush. kBehindMe: neither, since something follows that is to be skipped should they fail.
enum class OwnEnd : uint8_t { kAnswered, kBehindMe };

/// What EXECUTE runs.
struct Executed {
  std::string name;
  std::shared_ptr<const Statement> text;
  size_t result = 0;  ///< Prepared::result
};

/// One entry of the session's queue of expected responses. The server answers in order, so the
/// front entry says what the next message may be and what to do about it; there is no other
/// per-statement state. Slots are reused: `start` sets every field.
struct Expected {
  RequestKind kind = RequestKind::kSync;
  bool of_cursor = false;    ///< it takes from a cursor: what it returns adds to what was fetched
  bool refused = false;      ///< made to fail at the server; its error is replaced by `decision`'s
  bool silent = false;       ///< refused, and the client has been told already
  bool may_copy_in = false;  ///< the server may ask for COPY data
  bool in_steps = false;     ///< kQuery, sent as Parse, Bind, Describe, Execute, Close and Sync
  bool described = false;    ///< RowDescription came, rows may follow
  bool copying_out = false;
  bool failed = false;        ///< the server's error for it has been seen and recorded
  bool malformed = false;     ///< kBind: its names could not be read
  bool close_portal = false;  ///< kClose of a portal, else of a statement
  bool limited = false;       ///< `decision` bounds what it may return
  bool writes = false;        ///< kBind: it, or a statement that it EXECUTEs, may change rows
  bool counted = false;       ///< what it changes is counted before its completion is shown
  bool by_tag = false;        ///< its command tag tells what it changes
  bool unseen = false;        ///< kDescribePortal of the gateway's own, for the kExecute behind it
  bool veiled =
      false;  ///< rows of it may hold something hidden: none goes on unless `rows` is there
  int16_t columns = -1;                   ///< of the last RowDescription; -1 unknown
  uint32_t completed = 0;                 ///< answers seen, of a kQuery or kFunctionCall
  uint32_t prepared_uses = 0;             ///< how many of facts().prepared have been followed
  std::shared_ptr<const Statement> text;  ///< kQuery, kParse, kBind, kExecute
  std::shared_ptr<const policy::Decision> decision;
  std::shared_ptr<const policy::Decision> cut;  ///< a limit was passed: what the client is told
  std::shared_ptr<OwnRun> own;                  ///< kOwn, and the kSync behind it
  std::vector<Executed> executed;               ///< by EXECUTEs of `text`
  AudiencePtr audience;                         ///< null: nothing of it is hidden
  std::shared_ptr<const Masking> masking;       ///< of `text`, for `audience`
  std::unique_ptr<MaskedRows> masked;           ///< the result that is under way
  std::unique_ptr<policy::Spending> spending;   ///< of budgets; null: none counts it
  std::shared_ptr<const ExportTerms> terms;     ///< kBind: of data that are to leave for training
  std::unique_ptr<Exporting> exported;          ///< kQuery, kExecute: data that do
  std::unique_ptr<Capturing> captured;          ///< kQuery, kExecute: what is returned is kept
  std::string statement;                        ///< kParse, kBind, kClose: prepared statement name
  std::string portal;                           ///< kBind, kExecute, kClose
  std::string parameters;                       ///< kBind: as audit::Event::parameters
  std::string parameters_digest;                ///< when cut
  std::string source;      ///< kParse, and kQuery that prepares: the text as sent
  std::string types;       ///< kParse: those it declares, as Prepared::types
  uint64_t scope = 0;      ///< SessionScope::id that `text` was understood in
  uint64_t principal = 0;  ///< kQuery, kExecute: SessionPrincipal::id that `decision` is for
  BoundAt bound;           ///< kBind
  std::string held;        ///< counted: the completion, kept back
  Moment started;
  uint64_t rows = 0;
  uint64_t bytes = 0;
  /// What counts for its bounds besides: of its portal, of its text, of the cursor it takes from.
  Taken before;
  Taken said;     ///< messages of the server's on the way, each like a row
  Taken of_text;  ///< kQuery: by the statements of its text that have completed
  // For the record.
  bool tagged = false;            ///< its command tag has told `rows`
  uint32_t transaction_uses = 0;  ///< how many of facts().transaction have completed
  uint64_t transaction = 0;       ///< TransactionTrack::Place
  audit::TransactionOutcome transaction_outcome = audit::TransactionOutcome::kOpen;
  uint64_t server_micros = 0;  ///< counted: till the server had completed it; else 0
  uint64_t waited_micros = 0;
  std::vector<std::string> changed;  ///< counted: audit::Event::changed
  uint64_t stamp = 0;                ///< audit::Event::stamp of the transaction it runs in

  void start(RequestKind what) {
    kind = what;
    of_cursor = refused = silent = may_copy_in = described = copying_out = failed = malformed =
        false;
    close_portal = limited = writes = counted = by_tag = unseen = veiled = false;
    columns = -1;
    completed = prepared_uses = 0;
    text.reset();
    decision.reset();
    cut.reset();
    own.reset();
    executed.clear();
    audience.reset();
    masking.reset();
    masked.reset();
    spending.reset();
    terms.reset();
    exported.reset();
    captured.reset();
    statement.clear();
    portal.clear();
    parameters.clear();
    parameters_digest.clear();
    source.clear();
    types.clear();
    held.clear();
    bound = {};
    rows = bytes = scope = principal = 0;
    before = said = of_text = {};
    tagged = false;
    transaction_uses = 0;
    transaction = server_micros = waited_micros = stamp = 0;
    transaction_outcome = audit::TransactionOutcome::kOpen;
    changed.clear();
  }

  /// Its place in the queue is free.
  void leave() { spending.reset(); }

  /// The next completion of a text of several is recorded by itself.
  void next_completion() {
    rows = bytes = server_micros = waited_micros = 0;
    tagged = false;
    changed.clear();
  }

  /// Each row is looked at, whole.
  bool row_by_row() const { return exported != nullptr || captured != nullptr; }

  /// What its client is told is kept (`captured` may still have to be made).
  bool keeps() const { return !refused && decision != nullptr && decision->limits.capture; }

  /// Answered by ReadyForQuery.
  bool ends_with_ready() const {
    return kind == RequestKind::kQuery || kind == RequestKind::kFunctionCall ||
           kind == RequestKind::kSync;
  }
};

using ExpectedQueue = RingQueue<Expected>;

/// A session that waits for so many answers takes no more requests until half of them have come:
/// one of 5 bytes costs 300 here. Half is more than a server can hold back: it sends what it has
/// once its buffer of 8 KiB is full, and no answer is shorter than 5 bytes.
inline constexpr size_t kMostExpected = 4096;

}  // namespace sluice::gateway
