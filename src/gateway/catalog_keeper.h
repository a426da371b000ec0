#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "catalog/diff.h"
#include "catalog/loader.h"

namespace sluice::gateway {

/// Keeps what one database holds current, for all workers: reads it at first use, reads it again
/// after a schema change that passed through and when its fingerprint shows one that did not.
/// Knows no connection: `Ask` runs a query at the server. Thread-safe; callbacks come without its
/// lock, on whatever thread brought the news.
class CatalogKeeper {
 public:
  using Known = Result<std::shared_ptr<const catalog::Catalog>>;
  using Waiting = std::function<void(Known)>;
  /// Runs a simple query at the server, on a connection of the gateway's own. An error of kNotFound
  /// says that an object vanished under it (catalog::may_read_again).
  using Answered = std::function<void(Result<std::vector<catalog::Rows>>)>;
  using Ask = std::function<void(std::string_view text, Answered)>;
  /// Builds away from the workers: reading a large catalog takes a while.
  using Elsewhere = std::function<void(std::function<void()>)>;
  /// A change that no statement through this gateway made.
  using Drift = std::function<void(const std::vector<catalog::Change>&)>;

  CatalogKeeper(Ask ask, Elsewhere elsewhere, Drift drift)
      : ask_(std::move(ask)), elsewhere_(std::move(elsewhere)), drift_(std::move(drift)) {}

  /// Who hears of each catalog that is read; to be set before the first is.
  void tell(std::function<void(std::shared_ptr<const catalog::Catalog>)> news) {
    news_ = std::move(news);
  }

  /// Changes whenever `current` does: one load tells a session that nothing has happened.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  /// Null while it is not known: not read yet, or out of date.
  std::shared_ptr<const catalog::Catalog> current() const;
  /// The last one read, current or not; null before the first.
  std::shared_ptr<const catalog::Catalog> latest() const;

  /// Calls `waiting` once the catalog is current (at once if it is), or cannot be read.
  void when_current(Waiting waiting);

  /// A statement that may change the schema has been sent to the server. To be paired with one
  /// `change_ended`; in between, what the fingerprint shows is not taken for drift.
  void change_started();
  /// It is over. `committed`: the change may have taken effect, to objects that `explains` tells:
  /// whether a change it is shown is one that the statement made. Nobody is judged by the old
  /// catalog from now on.
  void change_ended(bool committed, std::function<bool(const catalog::Change&)> explains);

  /// Looks whether the schema has changed behind our back; called every now and then.
  void look();
  /// Somebody names what the catalog does not have. True: `waiting` is called once it is known
  /// whether the server has it by now. False: that was looked at a moment ago.
  bool doubt(Waiting waiting, Clock::time_point now = Clock::now());

 private:
  void read();
  void read_finished(uint64_t asked, Result<std::vector<catalog::Rows>> answer);
  void publish(uint64_t asked, Known built);
  void looked(uint64_t changes, Result<std::vector<catalog::Rows>> answer);

  const Ask ask_;
  const Elsewhere elsewhere_;
  const Drift drift_;
  std::function<void(std::shared_ptr<const catalog::Catalog>)> news_;
  std::atomic<uint64_t> version_{1};
  mutable std::mutex mutex_;
  std::shared_ptr<const catalog::Catalog> catalog_;   ///< last read
  std::shared_ptr<const catalog::Catalog> complete_;  ///< last read whole, for differences
  uint64_t wanted_ = 1;                               ///< counts reasons to read
  uint64_t read_ = 0;                                 ///< the last of them that `catalog_` answers
  bool reading_ = false;
  int vanished_ = 0;  ///< reads in a row that failed since something was dropped meanwhile
  bool looking_ = false;
  unsigned changing_ = 0;  ///< changes under way
  uint64_t changes_ = 0;   ///< changes ever started or ended
  std::vector<Waiting> waiting_;
  std::vector<Waiting> doubting_;   ///< until what is looked at has been seen
  Clock::time_point doubted_ = {};  ///< when it was last looked at for them
  std::vector<std::function<bool(const catalog::Change&)>> explanations_;
};

}  // namespace sluice::gateway
