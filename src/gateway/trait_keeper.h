#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/diff.h"
#include "catalog/traits.h"

namespace sluice::gateway {

/// Watches what somebody may set past the gateway and no statement is judged by: owners,
/// privileges, options, publications of one database, or the roles of one server. Knows no
/// connection: `Ask` runs a query at the server. Thread-safe; callbacks come without its lock.
class TraitKeeper {
 public:
  using Answered = std::function<void(Result<std::vector<catalog::Rows>>)>;
  using Ask = std::function<void(std::string_view text, Answered)>;
  /// What no statement through this gateway has made.
  using Drift = std::function<void(const std::vector<catalog::Change>&)>;
  using Explains = std::function<bool(const catalog::Change&)>;

  /// `query` answers with traits. `fingerprint`: one value that tells whether they have changed;
  /// empty where the owner says by `may_have_changed` when to read.
  TraitKeeper(std::string_view query, std::string_view fingerprint, Ask ask, Drift drift)
      : query_(query), fingerprint_(fingerprint), ask_(std::move(ask)), drift_(std::move(drift)) {}

  /// A statement that may change traits has been sent to the server. To be paired with one
  /// `change_ended`; in between nothing is read.
  void change_started();
  /// It is over. `explains` (null: it was rolled back, or another one tells) says whether a change
  /// it is shown is one that the statement made.
  void change_ended(Explains explains);

  /// Somebody has seen that the database is not what it was.
  void may_have_changed();
  /// Looks whether there is something to read; called every now and then.
  void look();

 private:
  void fingerprinted(Result<std::vector<catalog::Rows>> answer);
  void read();
  void have_read(uint64_t asked, uint64_t changes, Result<std::vector<catalog::Rows>> answer);

  const std::string_view query_, fingerprint_;
  const Ask ask_;
  const Drift drift_;
  std::mutex mutex_;
  std::optional<std::vector<catalog::Trait>> traits_;  ///< as last read
  std::string seen_;                                   ///< the fingerprint before that
  uint64_t wanted_ = 1;                                ///< counts reasons to read
  uint64_t read_ = 0;                                  ///< the last of them that is answered
  bool asking_ = false;
  unsigned changing_ = 0;  ///< changes under way
  uint64_t changes_ = 0;   ///< changes ever started or ended
  std::vector<Explains> explanations_;
};

}  // namespace sluice::gateway
