#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "catalog/loader.h"
#include "sql/statement_facts.h"

namespace sluice::gateway {

/// What a session has its server's `statement_timeout` be: behind the gateway's own watch of
/// `limit.duration`, the bound that still holds where the gateway is gone, or its cancel lost. What
/// the client has set itself stands. Pure: says what to tell the server, and hears what came of it.
class ServerTimeout {
 public:
  /// Later than the gateway's own watch, whose refusal says more.
  static constexpr Duration kMargin = std::chrono::seconds(1);

  /// `by_client`: it came with a statement_timeout of its own at start-up.
  explicit ServerTimeout(bool by_client = false) : at_start_(by_client), theirs_(by_client) {}

  /// The statement to run before one that may take as long as `most` (unset: without bound), which
  /// is sent in a transaction block or not; nothing if all is as it should be. Costs a compare.
  std::optional<std::string> before(const sql::StatementFacts& facts, std::optional<Duration> most,
                                    bool in_block);
  /// What the server has answered to that; `failed`: it was not run.
  void answered(const std::vector<catalog::Rows>& results, bool failed);

  /// Whether the server bounds what runs now, by our doing.
  bool holds() const { return set_here_.value_or(set_) != 0; }

  /// A statement of the client's is sent, in a block or not.
  void note(const sql::StatementFacts& facts, bool in_block);
  void transaction_ended();

 private:
  std::string setting(int64_t milliseconds, bool in_block) const;

  bool at_start_;
  bool theirs_;                       ///< the client's own stands
  bool theirs_here_ = false;          ///< up to the end of the transaction; not known what then
  bool doubtful_ = false;             ///< what is set may not be what is believed
  int64_t set_ = 0;                   ///< milliseconds asked for, in the session; 0: as found
  std::optional<int64_t> set_here_;   ///< the same up to the end of the transaction
  int64_t last_ = 0;                  ///< the last bound of a statement
  std::optional<std::string> found_;  ///< as the session began with
  std::string told_, told_here_;      ///< what the server has made of it
  bool asked_here_ = false;           ///< what is unanswered is of a block
  bool unanswered_ = false;
};

}  // namespace sluice::gateway
