#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/attribution.h"
#include "gateway/stated.h"
#include "sql/statement_facts.h"

namespace sluice::gateway {

/// What a client has said by SET of the gateway's own settings, which the server takes back with a
/// transaction, too.
struct Said {
  std::string end_user;
  agents::Attribution attribution;
  Stated stated;
};

/// What it had said where a transaction and its savepoints began. Pure.
class SaidSettings {
 public:
  /// A statement of these effects is sent, with `now` said before it; `text` is the statement's
  /// where it stands alone. Returns what is said from then on, where that is something else.
  std::optional<Said> sent(const std::vector<sql::TransactionEffect>& effects,
                           std::string_view text, const Said& now);
  /// More is about to be said than `now`, with so many ReadyForQuery to come up to the one behind
  /// it (itself included): outside of a block what fails before that takes it back.
  void changes(const Said& now, size_t readies);
  /// A statement outside of a block has failed. Returns what had been said before its pipeline or
  /// text.
  std::optional<Said> failed();
  /// ReadyForQuery: what was said before it stands, outside of a block.
  void ready();
  /// What was sent to commit has rolled back. Returns what had been said before it.
  std::optional<Said> not_committed();
  /// All that was sent is answered, and no transaction is open.
  void ended();
  bool empty() const { return places_.empty(); }

 private:
  struct Place {
    std::string savepoint;  ///< empty: the transaction
    Said said;
  };
  std::optional<Said> back_to(std::string_view savepoint);

  struct Implicit {
    size_t readies = 0;
    Said said;  ///< before it
  };

  std::vector<Place> places_;
  std::deque<Implicit> implicit_;  ///< transactions that are no blocks, in which more was said
  std::optional<Said> before_;     ///< the transaction that a commit was sent for
};

/// The name in SAVEPOINT x, RELEASE x and ROLLBACK TO x; empty where it cannot be told.
std::string savepoint_in(std::string_view text);

}  // namespace sluice::gateway
