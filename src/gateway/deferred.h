#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "approval/request.h"
#include "gateway/exporting.h"
#include "gateway/statement.h"
#include "net/stream.h"
#include "policy/decision.h"
#include "policy/proofs.h"
#include "wire/postgres/framer.h"

namespace sluice::gateway {

/// Why client messages are not being taken; several may hold at once.
enum Suspension : uint32_t {
  kNoServer = 1,
  kAnalysing = 2,
  kCopyBarrier = 4,  ///< a COPY FROM STDIN was sent, the server has not answered yet
  kServerFull = 8,
  kNaming = 16,          ///< what names mean is being found out
  kEstimating = 32,      ///< the planner is asked how many rows
  kCounting = 64,        ///< a statement runs whose changes are counted before anything else
  kQueue = 128,          ///< until all that has been sent is answered
  kQueueFull = 256,      ///< as many answers are expected as one session may wait for
  kSplit = 512,          ///< the statements of a text are sent one by one
  kLabelling = 1024,     ///< tables are looked at that nobody has looked at yet
  kRereading = 2048,     ///< the server is asked whether it has by now what the catalog has not
  kReceipt = 4096,       ///< a receipt is being made, or what one will say is asked for
  kHeld = 8192,          ///< people are asked to approve it
  kStamping = 16384,     ///< the server is writing a stamp, behind which a simple query stands
  kCountingUse = 65536,  ///< what was used of budgets before is being found out
};

/// Bytes of the slice being worked on that go on as they are, in one piece: [run, end).
struct Forwarding {
  const net::Slice* data = nullptr;
  size_t run = 0;
  size_t end = 0;
};

/// What the planner is to tell of a text, and under which key that is kept.
struct Wanted {
  bool rows = false, cost = false;
  std::string key;
  std::shared_ptr<const Meaning> meaning;  ///< of what is planned
};

/// A message put aside, with what is known of it by now.
struct Deferred {
  wire::postgres::Framer::Piece piece;
  std::string bytes;
  std::shared_ptr<const Statement> statement;  ///< analysed
  std::optional<double> estimate;
  std::optional<double> cost;  ///< that the planner expects
  bool estimated = false;
  bool asked = false;        ///< the server for what it has prepared
  bool unprepared = false;   ///< the server does not know what it EXECUTEs, and will say so
  bool reread = false;       ///< the catalog has been looked at for what it names
  bool labelled = false;     ///< its tables have been looked at, as far as possible
  bool paid = false;         ///< its rates have been taken
  bool use_counted = false;  ///< what was used of its budgets has been looked for
  bool receipt = false;      ///< the receipt that it shows has been made
  std::shared_ptr<const ExportTerms> terms;  ///< of the data that leave by it
  bool counted = false;  ///< what was put off until COMMIT has been done, and counted
  std::shared_ptr<const policy::Decision> refused;   ///< and was too much, or failed
  std::shared_ptr<const policy::Decision> approved;  ///< it was held, and may run now, once
  std::optional<uint64_t> approved_rows;             ///< that it may change at most
  int64_t request = 0;                               ///< by this approval
};

/// The deferred message, while people are asked to approve it.
struct Held {
  std::shared_ptr<const policy::Decision> decision;
  std::shared_ptr<const sql::StatementFacts> facts;
  approval::Subject subject;
  std::string values;                 ///< of Bind, for people to see
  std::vector<std::string> evidence;  ///< why it was not approved automatically
  std::optional<double> estimate;
  policy::Proofs proofs;
  bool tickets_asked = false;
  /// What is asked for it elsewhere comes back to nobody once it is gone.
  std::shared_ptr<const char> token = std::make_shared<const char>();
  int64_t number = 0;     ///< of the request; 0: it is being made
  uint64_t watch = 0;     ///< approval::Desk::watch
  bool deciding = false;  ///< it has been decided on; what was asked is compared
  bool cancelled = false;
};

}  // namespace sluice::gateway
