#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "gateway/ring_queue.h"
#include "gateway/statement.h"
#include "policy/decide.h"

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
};

/// One entry of the session's queue of expected responses. The server answers in order, so the
/// front entry says what the next message may be and what to do about it; there is no other
/// per-statement state. Slots are reused: `start` sets every field.
struct Expected {
  RequestKind kind = RequestKind::kSync;
  bool refused = false;      ///< made to fail at the server; its error is replaced by `decision`'s
  bool may_copy_in = false;  ///< the server may ask for COPY data
  bool described = false;    ///< RowDescription came, rows may follow
  bool copying_out = false;
  bool failed = false;                    ///< the server's error for it has been seen and recorded
  bool malformed = false;                 ///< kBind: its names could not be read
  bool close_portal = false;              ///< kClose of a portal, else of a statement
  int16_t columns = -1;                   ///< of the last RowDescription; -1 unknown
  uint32_t completed = 0;                 ///< answers seen, of a kQuery or kFunctionCall
  std::shared_ptr<const Statement> text;  ///< kQuery, kParse
  std::shared_ptr<const policy::Decision> decision;
  std::string statement;          ///< kParse, kBind, kClose: prepared statement name
  std::string portal;             ///< kBind, kExecute, kClose
  std::string parameters;         ///< kBind: as audit::Event::parameters
  std::string parameters_digest;  ///< when cut
  Moment started;
  uint64_t rows = 0;
  uint64_t bytes = 0;

  void start(RequestKind what) {
    kind = what;
    refused = may_copy_in = described = copying_out = failed = malformed = close_portal = false;
    columns = -1;
    completed = 0;
    text.reset();
    decision.reset();
    statement.clear();
    portal.clear();
    parameters.clear();
    parameters_digest.clear();
    rows = bytes = 0;
  }

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
