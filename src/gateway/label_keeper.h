#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "gateway/catalog_keeper.h"
#include "gateway/label_sample.h"
#include "privacy/labels.h"

namespace sluice::gateway {

/// Knows what the columns of one database hold, for all workers: classifies relations before their
/// first result leaves, and again when they have changed. Reads their samples through `Ask`, and
/// keeps none of them. Thread-safe; callbacks come without its lock, on whatever thread brought the
/// news.
class LabelKeeper {
 public:
  using Ask = CatalogKeeper::Ask;
  using Elsewhere = CatalogKeeper::Elsewhere;
  using Catalog = std::shared_ptr<const catalog::Catalog>;

  /// How long anybody waits for a relation to be classified.
  static constexpr auto kPatience = std::chrono::seconds(5);

  LabelKeeper(Ask ask, Elsewhere elsewhere, std::vector<privacy::Correction> corrections);

  /// Changes whenever `current` does: one load tells that nothing has happened.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  /// Never null. Of views it knows only those of the system.
  std::shared_ptr<const privacy::Labels> current() const;

  /// Calls `then` (at once, or later from any thread) when all of `relations`, as they are in
  /// `catalog`, are classified; with false when that has taken longer than kPatience: what
  /// `current` does not know then counts as sensitive. What cannot be sampled is classified by
  /// names alone. Views and what is not in the catalog are not waited for. Not `urgent`: in the
  /// order of the background, behind whatever is waited for.
  void when_known(const Catalog& catalog, const std::vector<catalog::Oid>& relations,
                  std::function<void(bool)> then, bool urgent = true);

  /// Classifies in the background whatever in a new catalog is not known yet; forgets what is gone.
  void follow(const Catalog& catalog);

  /// What a statement is about to put into other columns takes its class along, from now on.
  void carry(const std::vector<privacy::Copy>& copies);
  /// Those among them that no correction says yet, of columns that are known. `more`: there are
  /// some of tables that are not, until the catalog is read again.
  std::vector<privacy::Copy> carried(bool& more) const;

  /// People's words from now on, in place of the former ones.
  void set_corrections(std::vector<privacy::Correction> corrections);

  /// Looks which tables' contents have changed much since they were sampled, and samples those
  /// again; called every now and then.
  void look(const Catalog& catalog);

  /// Tells those who have waited too long; called every second.
  void tick(Clock::time_point now = Clock::now());

 private:
  /// What was found out about one relation, and from what.
  struct Known {
    std::shared_ptr<const privacy::TableLabels> found;  ///< before relatives and corrections
    std::string comment;                                ///< of the relation
    std::vector<std::string> comments;                  ///< of its columns
    std::string surroundings;                           ///< foreign keys, parts of composites
    bool sampled = false;                               ///< else by names alone
    bool whole = false;                                 ///< with all columns
    uint64_t written = 0;                               ///< Sample::written
    Clock::time_point since, retry;                     ///< retry: of what is not whole
    Duration pause{};                                   ///< till the retry after the next
  };
  /// A relation that is to be classified.
  struct Wanted {
    Catalog catalog;
    bool urgent = false;  ///< somebody waits
  };
  struct Batch {
    Catalog catalog;
    bool urgent = false;
    std::vector<catalog::Oid> relations;  ///< in the order in which they are to be decided
  };
  struct Waiter {
    Catalog catalog;
    std::vector<catalog::Oid> relations;
    Clock::time_point deadline;
    std::function<void(bool)> then;
  };
  struct Found {
    std::shared_ptr<const privacy::TableLabels> labels;
    bool sampled = false, whole = false;
    uint64_t written = 0;
  };
  using Samples = std::unordered_map<catalog::Oid, std::pair<SampleWish, Sample>>;

  // With the lock held:
  bool is_known(const Catalog& catalog, catalog::Oid oid) const;
  void want(const Catalog& catalog, catalog::Oid oid, bool urgent);
  bool next_batch(Batch& batch);
  void add_with_references(catalog::Oid oid, Batch& batch,
                           std::unordered_set<catalog::Oid>& visited, int depth);
  void add_built_in(const catalog::Relation& relation);
  void add_built_in(const catalog::Catalog& catalog);
  void forget_gone(const catalog::Catalog& catalog);
  void take(const catalog::Catalog& catalog, const catalog::Relation& relation, Found found);
  /// What is found, with its relatives' and people's word.
  std::shared_ptr<const privacy::TableLabels> finish(const catalog::Catalog* catalog,
                                                     catalog::Oid oid) const;
  std::vector<privacy::Copy> copies_of(const catalog::Catalog& catalog,
                                       const catalog::Relation& relation) const;
  void keep_words(const catalog::Relation& relation);
  void finish_families(const catalog::Catalog& catalog, const std::vector<catalog::Oid>& relations);
  void want_referencing(const std::vector<catalog::Oid>& changed);
  /// After a change of what is said from outside: of all that is known.
  void finish_all();
  void publish();
  std::vector<std::function<void(bool)>> who_knows_now();

  void pump();
  void sample(const Batch& batch);
  void ask_rights(const Batch& batch);
  void sample_alone(const Batch& batch, std::vector<SampleWish> wishes, size_t next,
                    std::shared_ptr<Samples> samples);
  void classify(const Batch& batch, std::shared_ptr<const Samples> samples);
  void classified(const Batch& batch, std::vector<Found> found);
  void looked(const Catalog& catalog, Result<std::vector<catalog::Rows>> answer);

  const Ask ask_;
  const Elsewhere elsewhere_;
  std::atomic<uint64_t> version_{1};
  mutable std::mutex mutex_;
  std::shared_ptr<const privacy::Labels> labels_;
  privacy::Labels::Tables tables_;  ///< what is published next
  bool changed_ = false;            ///< `tables_` differs from `labels_`
  std::unordered_map<catalog::Oid, Known> known_;
  std::vector<privacy::Correction> corrections_;
  std::vector<privacy::Copy> copies_;  ///< that are no correction yet
  Catalog catalog_;                    ///< the last one followed
  bool built_in_ = false;
  std::unordered_map<catalog::Oid, Wanted> wanted_;
  std::deque<catalog::Oid> urgent_, later_;  ///< of `wanted_`; may name what is wanted no more
  bool working_ = false, working_urgently_ = false;  ///< a batch of them is under way
  bool looking_ = false;
  std::vector<Waiter> waiting_;
};

}  // namespace sluice::gateway
