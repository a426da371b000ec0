#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/decision.h"
#include "policy/principal.h"

namespace sluice::policy {

/// What became of a statement, or would.
enum class Fate : uint8_t { kAllow, kLimited, kHold, kDeny };

/// "allow", "limited", "hold", "deny".
std::string_view name_of(Fate fate);

/// A limit that was passed, or would be.
struct PassedLimit {
  std::string limit;  ///< as in `limit:`, with durations as "duration_ms"
  uint64_t most = 0;
  uint64_t got = 0;  ///< 0: more than `most`, nobody knows how much
};

/// How a statement came.
enum class Sent : uint8_t { kWhole, kParsed, kExecuted };

/// A statement as it was recorded, and what was decided then.
struct RecordedStatement {
  uint64_t id = 0;  ///< of the record
  int64_t time_micros = 0;
  Principal principal;
  bool claims_known = true;  ///< of the principal; the record does not keep them
  Target target;
  std::string text;
  /// The record kept less than the whole text: what it would be today cannot be told.
  bool cut = false;
  Sent sent = Sent::kWhole;
  bool controls = false;  ///< of a text of several the one that begins, ends or parts a transaction
  std::string client_address, application, purpose;
  bool in_transaction = false;
  bool run = false, prompt = false, tainted = false;  ///< of an agent: as Circumstances
  std::optional<double> estimated_rows;               ///< where the planner was asked then

  Fate fate = Fate::kAllow;  ///< then
  std::string rule;          ///< then
  /// Refused by the gateway itself, whatever the policy says: what it does with masked columns, for
  /// one.
  bool by_gateway = false;
  std::optional<PassedLimit> passed;  ///< that ended it then, where the record tells

  // What it used, where it ran; of one that a limit ended, at least that.
  bool ran = true;
  bool failed = false;  ///< at the server, which has undone it
  uint64_t rows = 0;    ///< returned, or as its command tag tells
  uint64_t bytes = 0;
  uint64_t duration_micros = 0;
  /// By table, cascades and triggers included; unset: not recorded.
  std::optional<std::vector<std::pair<std::string, uint64_t>>> changed;
};

}  // namespace sluice::policy
