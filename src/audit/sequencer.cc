#include "audit/sequencer.h"

#include <algorithm>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "audit/leaf.h"

namespace sluice::audit {
namespace {

/// A record whose number is out is in its segment within microseconds, unless the machine halts.
constexpr auto kPatience = std::chrono::seconds(30);
/// Beyond as many files it costs less to flush the file system.
constexpr size_t kManyFiles = 64;

Result<tlog::TileTree> resume(const TreeFiles& files, const tlog::Checkpoint& head) {
  SLUICE_ASSIGN(auto tree, tlog::TileTree::resume(head.size, files.reader()));
  if (tree.root() == head.root) return tree;
  return fail(ErrorCode::kInvalidInput, "its tiles do not add up to the last checkpoint");
}

/// The last bundle of a tree; width 0 where it is full.
tlog::TileId partial_bundle(uint64_t size) {
  return {tlog::kEntries, size / tlog::kTileWidth, size % tlog::kTileWidth};
}

}  // namespace

Sequencer::Sequencer(const std::filesystem::path& audit, std::string origin,
                     std::unique_ptr<tlog::Signer> signer, tlog::TileTree tree, uint64_t given_out)
    : audit_(audit),
      files_(tree_files(audit)),
      origin_(std::move(origin)),
      signer_(std::move(signer)),
      tree_(std::move(tree)),
      reader_(log_directory(audit), tree_.size() + 1, tree_.size()),
      given_out_(given_out) {}

Result<std::unique_ptr<Sequencer>> Sequencer::open(const std::filesystem::path& audit,
                                                   const std::string& origin,
                                                   std::unique_ptr<tlog::Signer> signer,
                                                   uint64_t given_out) {
  const TreeFiles files = tree_files(audit);
  std::error_code error;
  std::filesystem::create_directories(files.directory(), error);
  const auto text = files.read_checkpoint();
  if (!text && text.error().code == ErrorCode::kNotFound) {
    std::unique_ptr<Sequencer> fresh(
        new Sequencer(audit, origin, std::move(signer), {}, given_out));
    SLUICE_TRY(fresh->sign());
    return fresh;
  }
  if (!text) return fail(text.error());
  SLUICE_ASSIGN(const auto note, tlog::parse_note(*text));
  SLUICE_ASSIGN(const auto claimed, tlog::parse_checkpoint(note.text));
  SLUICE_ASSIGN(const auto chain, KeyChain::load(files, {claimed.origin, tlog::KeyType::kEd25519,
                                                         signer->public_key()}));
  SLUICE_ASSIGN(const auto head, chain.open(note));
  if (head.size > given_out) {
    return fail(ErrorCode::kIo,
                fmt::format("the last checkpoint covers {} records, and the log ends at {}",
                            head.size, given_out));
  }
  if (chain.periods().back().key.public_key != signer->public_key())
    return fail(ErrorCode::kInvalidInput, "its key has been replaced by another one");
  SLUICE_ASSIGN(auto tree, resume(files, head));
  if (const auto conflict = chain.conflict(head, files.reader())) {
    return fail(ErrorCode::kInvalidInput,
                rotation_file(files, conflict->number).string() + ": " + conflict->text);
  }
  std::unique_ptr<Sequencer> sequencer(
      new Sequencer(audit, head.origin, std::move(signer), std::move(tree), given_out));
  if (const auto bundle = partial_bundle(head.size); bundle.width != 0) {
    SLUICE_ASSIGN(sequencer->bundle_, files.read(bundle));
  }
  sequencer->published_ = head.size;
  sequencer->closed_ = head.closed;
  return sequencer;
}

tlog::VerifierKey Sequencer::key() const {
  return {origin_, tlog::KeyType::kEd25519, signer_->public_key()};
}

Result<size_t> Sequencer::advance(size_t limit) {
  Frame frame;
  bool rescanned = false;
  // Under load there is always something new by the time all segments have been looked at.
  constexpr size_t kMostRescans = 4;
  size_t rescans = 0;
  for (size_t count = 0; count < limit;) {
    SLUICE_TRY(write_full_tiles());
    SLUICE_ASSIGN(const auto status, reader_.next(frame));
    if (status == OrderedReader::Status::kFrame) {
      add(view(record_entry(frame.salt, frame.payload)));
      rescanned = false;
      ++count;
      continue;
    }
    if (!rescanned && rescans == kMostRescans) return count;
    if (!std::exchange(rescanned, true)) {
      ++rescans;
      SLUICE_TRY(reader_.rescan());
      continue;
    }
    if (reader_.wanted() <= given_out_) {
      lost_.push_back(reader_.wanted());
      add(kLostEntry);
      reader_.skip();
      ++count;
      continue;
    }
    if (!reader_.ahead()) {
      missing_since_ = {};
    } else if (missing_since_ == Clock::time_point{}) {
      missing_since_ = Clock::now();
    } else if (Clock::now() - missing_since_ > kPatience) {
      return fail(ErrorCode::kIo, fmt::format("record {} is not in the log, though later ones are",
                                              reader_.wanted()));
    }
    return count;
  }
  return limit;
}

void Sequencer::add(Bytes entry) {
  tlog::append_entry(bundle_, entry);
  tree_.append(tlog::leaf_hash(entry), [this](const tlog::TileId& tile, Bytes hashes) {
    if (tile.level == 0) {
      full_.emplace_back(tlog::TileId{tlog::kEntries, tile.index}, std::exchange(bundle_, {}));
    }
    full_.emplace_back(tile, hashes);
  });
}

/// What cannot be written stays, and nothing more is taken in until it can.
Result<> Sequencer::write_full_tiles() {
  for (; !full_.empty(); full_.pop_front()) {
    const auto& [tile, bytes] = full_.front();
    SLUICE_TRY(files_.write(tile, bytes));
    superseded_.push_back(tile);
    unsynced_.push_back(files_.directory() / tlog::tile_path(tile));
  }
  return {};
}

Result<> Sequencer::publish() {
  if (unsynced_problem_) return fail(*unsynced_problem_);
  if (tree_.size() == published() && !sign_anew_) return {};
  return publish_as(false);
}

Result<> Sequencer::close() {
  if (unsynced_problem_) return fail(*unsynced_problem_);
  if (tree_.size() == published())
    return fail(ErrorCode::kInvalidInput, "the log has not grown since its last checkpoint");
  return publish_as(true);
}

Result<> Sequencer::reopen() { return closed_ ? sign() : Result<>(); }

Result<> Sequencer::publish_as(bool closed) {
  SLUICE_TRY(write_full_tiles());
  for (const auto& [tile, bytes] : tree_.partial_tiles()) {
    SLUICE_TRY(files_.write(tile, bytes));
    unsynced_.push_back(files_.directory() / tlog::tile_path(tile));
  }
  if (const auto bundle = partial_bundle(tree_.size()); bundle.width != 0) {
    SLUICE_TRY(files_.write(bundle, bundle_));
    unsynced_.push_back(files_.directory() / tlog::tile_path(bundle));
  }
  SLUICE_TRY(sync());
  SLUICE_TRY(sign(closed));
  // Until then the checkpoint before this one stands on them.
  for (const auto& tile : std::exchange(superseded_, {})) files_.remove_partial(tile);
  return {};
}

/// A checkpoint that outlives what it covers would look as if the log had been cut.
Result<> Sequencer::sync() {
  auto done = sync_files();
  // The kernel tells of what it could not write once, and a second try would succeed. A file that
  // could not even be opened is tried again.
  if (!done && done.error().code == ErrorCode::kIo) unsynced_problem_ = done.error();
  return done;
}

Result<> Sequencer::sync_files() {
  unsynced_segments_.merge(reader_.take_read());
  // A segment gets its name when it is begun: what it holds is on disk only with it.
  const bool all_named = std::all_of(unsynced_segments_.begin(), unsynced_segments_.end(),
                                     [this](const auto& file) { return named_.contains(file); });
  if (!all_named) SLUICE_TRY(sync_(log_directory(audit_)));
  for (const auto& segment : unsynced_segments_) {
    const auto synced = sync_(segment);
    // One that has been archived since is on disk as its archive.
    if (!synced && synced.error().code != ErrorCode::kNotFound) return synced;
  }
  if (unsynced_.size() > kManyFiles) {
    const int fd = ::open(audit_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail(ErrorCode::kUnavailable, "the audit folder cannot be opened");
    const int failed = syncfs(fd);
    const int error = errno;
    ::close(fd);
    if (failed != 0) return fail(io_error("sync " + audit_.string(), error));
  } else {
    for (const auto& file : unsynced_) {
      // A partial tile of a checkpoint that failed may have become full, and gone.
      const auto synced = sync_(file);
      if (!synced && synced.error().code != ErrorCode::kNotFound) return synced;
    }
  }
  unsynced_.clear();
  if (!unsynced_segments_.empty()) named_ = std::exchange(unsynced_segments_, {});
  return {};
}

Result<> Sequencer::sign(bool closed) {
  tlog::Note note{tlog::format_checkpoint({origin_, tree_.size(), tree_.root(), closed}), {}};
  SLUICE_ASSIGN(auto signature, tlog::sign_note(note.text, origin_, *signer_));
  note.signatures.push_back(std::move(signature));
  SLUICE_TRY(files_.write_checkpoint(tlog::format_note(note)));
  sign_anew_ = false;
  closed_ = closed;
  published_.store(tree_.size(), std::memory_order_release);
  return {};
}

Result<> Sequencer::rotate(std::unique_ptr<tlog::Signer> next) {
  SLUICE_TRY(publish());
  auto changed = rotate_key(files_, {origin_, tree_.size(), tree_.root()}, *signer_, *next);
  if (!changed) {
    // Which of the two is in force when the machine fails now is not known: the next start sees.
    if (is_rotated(files_, {origin_, tlog::KeyType::kEd25519, next->public_key()}))
      unsynced_problem_ = changed.error();
    return changed;
  }
  signer_ = std::move(next);
  // The last checkpoint holds, too: where there is no room for another now, the next round makes
  // it.
  sign_anew_ = true;
  (void)sign();
  return {};
}

}  // namespace sluice::audit
