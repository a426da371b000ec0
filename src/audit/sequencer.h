#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "audit/key_chain.h"
#include "audit/ordered_reader.h"
#include "audit/tree_files.h"
#include "base/clock.h"
#include "base/result.h"
#include "tlog/note.h"

namespace sluice::audit {

inline std::filesystem::path log_directory(const std::filesystem::path& audit) {
  return audit / "log";
}

/// Makes the tree over the log: takes the records of all writers in the order of their numbers,
/// adds a leaf for each, and publishes signed checkpoints. For one thread.
class Sequencer {
 public:
  /// `audit` is `<state>/audit`; a log that is not signed yet gets the name `origin`. `given_out`
  /// is the highest number that records had when the process started: one up to there that is not
  /// in the log is lost. An error: the log is not what the last checkpoint says.
  static Result<std::unique_ptr<Sequencer>> open(const std::filesystem::path& audit,
                                                 const std::string& origin,
                                                 std::unique_ptr<tlog::Signer> signer,
                                                 uint64_t given_out);

  /// Takes in at most `limit` records that have been logged since. Returns how many.
  Result<size_t> advance(size_t limit);
  /// Signs the tree, if it has grown since last time. What the checkpoint covers is on disk first.
  Result<> publish();
  /// Signs it with the word that nothing follows: whoever has seen no checkpoint of before cannot
  /// add anything until `reopen`. An error: it has not grown since the last checkpoint, which did
  /// not say so and could be put back.
  Result<> close();
  /// Takes that word back, where it was given; before anything is logged.
  Result<> reopen();
  /// Signs from now on with another key; where it fails, with the present one, or not at all.
  Result<> rotate(std::unique_ptr<tlog::Signer> next);

  const std::string& origin() const { return origin_; }
  tlog::VerifierKey key() const;
  uint64_t size() const { return tree_.size(); }
  /// Records that the last checkpoint covers. From any thread.
  uint64_t published() const { return published_.load(std::memory_order_acquire); }
  /// In place of fsync, for tests of what cannot be made to fail.
  using Sync = std::function<Result<>(const std::filesystem::path& file)>;
  void sync_by(Sync sync) { sync_ = std::move(sync); }
  /// Numbers of records that were lost, since last asked.
  std::vector<uint64_t> take_lost() { return std::exchange(lost_, {}); }

 private:
  Sequencer(const std::filesystem::path& audit, std::string origin,
            std::unique_ptr<tlog::Signer> signer, tlog::TileTree tree, uint64_t given_out);
  void add(Bytes entry);
  Result<> write_full_tiles();
  Result<> sync();
  Result<> sync_files();
  Result<> sign(bool closed = false);
  Result<> publish_as(bool closed);

  std::filesystem::path audit_;
  TreeFiles files_;
  std::string origin_;
  std::unique_ptr<tlog::Signer> signer_;
  tlog::TileTree tree_;
  std::string bundle_;  ///< the last, partial entry bundle
  OrderedReader reader_;
  uint64_t given_out_;
  std::vector<uint64_t> lost_;
  std::deque<std::pair<tlog::TileId, std::string>> full_;  ///< tiles to be written
  std::vector<std::filesystem::path> unsynced_;        ///< tiles written since the last checkpoint
  std::set<std::filesystem::path> unsynced_segments_;  ///< read since then
  std::set<std::filesystem::path> named_;  ///< of those of before, whose names are on disk
  std::vector<tlog::TileId> superseded_;   ///< full by now, and partial in the last checkpoint
  std::optional<Error> unsynced_problem_;  ///< something has not reached the disk, for good
  bool sign_anew_ = false;                 ///< the last checkpoint is by the key before
  bool closed_ = false;                    ///< it says that nothing follows
  Sync sync_ = sync_file;
  std::atomic<uint64_t> published_{0};
  Clock::time_point missing_since_{};
};

}  // namespace sluice::audit
