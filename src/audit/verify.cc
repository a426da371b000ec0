#include "audit/verify.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "audit/damage.h"
#include "audit/erasing.h"
#include "audit/erasure.h"
#include "audit/excess.h"
#include "audit/key_chain.h"
#include "audit/later_erasures.h"
#include "audit/leaf.h"
#include "audit/record_view.h"
#include "audit/segment.h"
#include "audit/tail_watch.h"
#include "audit/tree_entries.h"
#include "audit/tree_files.h"
#include "tlog/proof.h"

namespace sluice::audit {
namespace {

using Kind = Finding::Kind;

class Verifier {
 public:
  explicit Verifier(const VerifyOptions& options)
      : options_(options), files_(tree_files(options.audit)) {}

  Result<VerifyReport> run() {
    SLUICE_ASSIGN(const bool signed_by_it, read_head());
    if (!signed_by_it) return std::move(report_);
    check_tree();
    compare_with_key_changes();
    compare_with_checkpoints();
    SLUICE_TRY(check_records());
    return std::move(report_);
  }

 private:
  void found(Finding finding) {
    if (report_.findings.size() < kMaxFindings) {
      report_.findings.push_back(std::move(finding));
    } else {
      report_.more_findings = true;
    }
  }

  Result<bool> read_head();
  void check_tree();
  void check_tile(const tlog::TileId& tile, Bytes hashes);
  void compare_tile(const tlog::TileId& tile, Bytes hashes);
  void check_partial_bundles(uint64_t index);
  void compare_with_checkpoints();
  void compare_with_key_changes();
  bool is_part() const { return options_.first > 1 || options_.last < report_.head.size; }
  Result<> check_records();
  void check_segment(const std::filesystem::path& file);
  uint64_t read_segment(const std::filesystem::path& file, const SegmentHeader& header,
                        SegmentReader reader);
  std::optional<FramePlace> half_erased(const std::filesystem::path& file, uint64_t offset) const;
  bool check_record(const std::filesystem::path& file, const Frame& frame);
  bool is_logged(const Frame& frame);
  void take_explanation(const Frame& frame);
  void find_explanations(const std::filesystem::path& file);
  void note_damage(Damage damage);
  bool is_missing(uint64_t number);
  void locate_damages();
  void find_missing();
  void find_unexplained();
  void progress();

  const VerifyOptions& options_;
  TreeFiles files_;
  VerifyReport report_;
  std::optional<KeyChain> chain_;
  std::optional<TreeEntries> entries_;
  std::vector<bool> seen_;
  std::vector<Damage> damages_;
  TailWatch tails_;
  std::vector<uint64_t> erased_;
  std::vector<SegmentFrames> being_erased_;
  ErasureWords explained_;
};

/// A segment grows while it is read: what ended here may have gone on since.
bool is_record_now(const std::filesystem::path& file, uint64_t offset) {
  auto reader = SegmentReader::open(file, offset);
  Frame frame;
  return reader && reader->next(frame) == SegmentReader::Status::kFrame;
}

Result<bool> Verifier::read_head() {
  const auto forged = [this](const Error& error) {
    found({.kind = Kind::kForged,
           .file = (files_.directory() / "checkpoint").string(),
           .text = error.text});
    return false;
  };
  SLUICE_ASSIGN(const auto text, files_.read_checkpoint());
  auto chain = KeyChain::load(files_, options_.key);
  if (!chain) return forged(chain.error());
  chain_ = std::move(*chain);
  const auto note = tlog::parse_note(text);
  if (!note) return forged(note.error());
  const auto head = chain_->open(*note);
  if (!head) return forged(head.error());
  report_.head = *head;
  entries_.emplace(files_, head->size);
  return true;
}

/// Makes the tree anew from its entries, and compares all tiles with what comes out.
void Verifier::check_tree() {
  tlog::TileTree tree;
  const uint64_t size = report_.head.size;
  const auto full = [this](const tlog::TileId& tile, Bytes hashes) { check_tile(tile, hashes); };
  for (uint64_t index = 0; index * tlog::kTileWidth < size; ++index) {
    const auto* entries = entries_->bundle(index);
    if (entries == nullptr) {
      const uint64_t first = index * tlog::kTileWidth;
      found({.kind = Kind::kTree,
             .first = first + 1,
             .last = std::min(size, first + tlog::kTileWidth),
             .file = (files_.directory() / tlog::tile_path({tlog::kEntries, index})).string(),
             .text = "the bundle of these records' entries is missing or malformed"});
      return;
    }
    for (const Bytes entry : *entries) tree.append(tlog::leaf_hash(entry), full);
    check_partial_bundles(index);
  }
  for (const auto& [tile, hashes] : tree.partial_tiles()) check_tile(tile, hashes);
  if (tree.root() != report_.head.root) {
    found({.kind = Kind::kTree,
           .text = fmt::format("the entries of records 1 to {} do not add up to the signed "
                               "checkpoint",
                               size)});
  }
}

void Verifier::check_tile(const tlog::TileId& tile, Bytes hashes) {
  compare_tile(tile, hashes);
  // Those of earlier checkpoints.
  for (const auto& partial : files_.partials(tile)) {
    const size_t size = partial.width * sizeof(tlog::Hash);
    if (partial != tile && size <= hashes.size()) compare_tile(partial, hashes.substr(0, size));
  }
}

/// Of the earlier ones only the last entries are in question: they begin the present one.
void Verifier::check_partial_bundles(uint64_t index) {
  const auto whole = entries_->bundle(index);
  for (const auto& partial : files_.partials({tlog::kEntries, index})) {
    if (whole == nullptr || partial.width > whole->size()) continue;
    const auto bytes = files_.read(partial);
    const auto entries = bytes ? tlog::split_bundle(*bytes) : std::nullopt;
    if (entries && std::equal(entries->begin(), entries->end(), whole->begin())) continue;
    const uint64_t first = index * tlog::kTileWidth;
    found({.kind = Kind::kTree,
           .first = first + 1,
           .last = first + partial.width,
           .file = (files_.directory() / tlog::tile_path(partial)).string(),
           .text = "the bundle of an earlier checkpoint is not what the present one begins with"});
  }
}

void Verifier::compare_tile(const tlog::TileId& tile, Bytes hashes) {
  const auto stored = files_.read(tile);
  if (stored && *stored == hashes) return;
  size_t at = 0;
  while (stored && at + 1 < hashes.size() / sizeof(tlog::Hash) &&
         stored->compare(at * sizeof(tlog::Hash), sizeof(tlog::Hash),
                         hashes.substr(at * sizeof(tlog::Hash), sizeof(tlog::Hash))) == 0) {
    ++at;
  }
  const uint64_t span = uint64_t{1} << (8 * tile.level);
  const uint64_t first = (tile.index * tlog::kTileWidth + at) * span + 1;
  found(
      {.kind = Kind::kTree,
       .first = first,
       .last = first + span - 1,
       .file = (files_.directory() / tlog::tile_path(tile)).string(),
       .offset = at * sizeof(tlog::Hash),
       .text = stored ? "the hash in this tile is not that of the entries" : stored.error().text});
}

/// Whoever has a key that was replaced can sign a history that ends before it was.
void Verifier::compare_with_key_changes() {
  const auto conflict = chain_->conflict(report_.head, files_.reader());
  if (!conflict) return;
  found({.kind = conflict->cut ? Kind::kCut : Kind::kForked,
         .first = conflict->first,
         .last = conflict->last,
         .file = rotation_file(files_, conflict->number).string(),
         .text = conflict->text});
}

void Verifier::compare_with_checkpoints() {
  for (const auto& text : options_.checkpoints) {
    const auto note = tlog::parse_note(text);
    const auto head = note ? chain_->open(*note) : fail(note.error());
    if (!head) {
      found({.kind = Kind::kForged, .text = "a checkpoint from elsewhere: " + head.error().text});
      continue;
    }
    if (head->size > report_.head.size) {
      found({.kind = Kind::kCut,
             .first = report_.head.size + 1,
             .last = head->size,
             .text = fmt::format("a signed checkpoint from elsewhere covers {} records: the end of "
                                 "the log has been cut off",
                                 head->size)});
      if (auto added = added_beyond(options_.audit, *head)) found(std::move(*added));
      continue;
    }
    // By the tiles of the present tree: those of earlier checkpoints need not be there.
    const auto proof = tlog::consistency_proof(head->size, report_.head.size, files_.reader());
    if (!proof || head->origin != report_.head.origin ||
        !tlog::verify_consistency(head->size, head->root, report_.head.size, report_.head.root,
                                  *proof)) {
      found({.kind = Kind::kForked,
             .first = 1,
             .last = head->size,
             .text = fmt::format("a signed checkpoint from elsewhere, of {} records, is of another "
                                 "tree: the log has been rewritten or forked before there",
                                 head->size)});
    }
  }
}

Result<> Verifier::check_records() {
  seen_.assign(report_.head.size, false);
  SLUICE_ASSIGN(being_erased_, being_erased(options_.audit));
  SLUICE_ASSIGN(const auto segments, list_segments(options_.audit / "log"));
  progress();
  for (const auto& file : segments) check_segment(file);
  if (is_part() && !erased_.empty()) {
    for (const auto& file : segments) find_explanations(file);
  }
  locate_damages();
  find_missing();
  find_unexplained();
  if (report_.uncovered > 0) {
    if (auto added = added_since_closed(options_.audit, report_.head)) found(std::move(*added));
  }
  return {};
}

void Verifier::check_segment(const std::filesystem::path& file) {
  const auto header = read_segment_header(file);
  const bool beside =
      header && (header->first_sequence > options_.last ||
                 (header->last_sequence != 0 && header->last_sequence < options_.first));
  if (beside) return;
  if (header && !header->intact) {
    found({.kind = Kind::kDamaged,
           .file = segment_place(file).string(),
           .text = "the header of this segment is not what was written; its records are judged "
                   "by themselves"});
  }
  auto reader = SegmentReader::open(file);
  if (!reader) {
    found({.kind = Kind::kDamaged,
           .file = segment_place(file).string(),
           .text = reader.error().text});
    return;
  }
  tails_.wrote(header->writer, read_segment(file, *header, std::move(*reader)));
}

/// Returns the number of the last record that is genuine.
uint64_t Verifier::read_segment(const std::filesystem::path& file, const SegmentHeader& header,
                                SegmentReader reader) {
  Frame frame;
  const bool sealed = header.last_sequence != 0;
  uint64_t last = 0, genuine = 0;
  std::optional<Damage> damage;  // Until the next whole record is known.
  for (;;) {
    const auto status = reader.next(frame);
    if (status == SegmentReader::Status::kFrame) {
      if (damage) damage->behind = frame.sequence;
      if (damage) note_damage(*std::exchange(damage, std::nullopt));
      last = frame.sequence;
      if (sealed && header.intact && last > header.last_sequence)
        tails_.note(file, frame.offset, header.last_sequence);
      if (check_record(file, frame)) genuine = last;
      continue;
    }
    // Killed while it was erased: a record has to say so as of any other.
    if (const auto erased = half_erased(file, reader.offset())) {
      last = erased->sequence;
      check_record(file, {last, erased->offset, {}, true});
      auto behind = SegmentReader::open(file, erased->offset + frame_size(erased->length));
      if (!behind) return genuine;
      reader = std::move(*behind);
      continue;
    }
    if (sealed && last >= header.last_sequence) {
      if (const auto at = first_byte_behind(file, reader.offset())) tails_.note(file, *at, last);
      return genuine;
    }
    damage = {.segment = file, .from = reader.offset(), .before = last};
    const bool more = reader.find_next();
    damage->to = more ? reader.offset() : segment_size(file);
    damage->at_end = !sealed && !more;
    if (!more) {
      note_damage(*damage);
      return genuine;
    }
    // What is just being written or erased may have been read in pieces of before and after.
    if (is_record_now(file, damage->from)) {
      auto again = SegmentReader::open(file, damage->from);
      if (!again) return genuine;
      reader = std::move(*again);
      damage.reset();
    }
  }
}

/// Which records it was is told when all others have been found.
void Verifier::note_damage(Damage damage) {
  if (damages_.size() < kMaxFindings) {
    damages_.push_back(std::move(damage));
  } else {
    report_.more_findings = true;
  }
}

std::optional<FramePlace> Verifier::half_erased(const std::filesystem::path& file,
                                                uint64_t offset) const {
  for (const auto& [segment, frames] : being_erased_) {
    if (segment.filename() != file.filename()) continue;
    const auto at = std::find_if(frames.begin(), frames.end(),
                                 [&](const FramePlace& frame) { return frame.offset == offset; });
    if (at != frames.end()) return *at;
  }
  return std::nullopt;
}

/// Whether it is what the tree has.
bool Verifier::check_record(const std::filesystem::path& file, const Frame& frame) {
  if (frame.sequence < options_.first || frame.sequence > options_.last) return false;
  const auto at = [&](Kind kind, std::string_view text) {
    found({.kind = kind,
           .first = frame.sequence,
           .last = frame.sequence,
           .file = segment_place(file).string(),
           .offset = frame.offset,
           .text = std::string(text)});
    return false;
  };
  if (frame.stray != 0)
    at(Kind::kDamaged, fmt::format("byte {} behind this record is not zero", frame.stray));
  if (frame.sequence == 0) return at(Kind::kAltered, "records have numbers");
  if (frame.sequence > report_.head.size) {
    ++report_.uncovered;
    return false;
  }
  if (seen_[frame.sequence - 1]) return at(Kind::kRepeated, "this record is there already");
  seen_[frame.sequence - 1] = true;
  if (frame.erased) {
    erased_.push_back(frame.sequence);
    return false;
  }
  if (++report_.records % (1 << 16) == 0) progress();
  if (!is_logged(frame))
    return at(Kind::kAltered, "this record is not what was logged under its number");
  take_explanation(frame);
  return true;
}

bool Verifier::is_logged(const Frame& frame) {
  const auto entry = entries_->entry(frame.sequence - 1);
  return entry && *entry == view(record_entry(frame.salt, frame.payload));
}

/// Of a record that is genuine.
void Verifier::take_explanation(const Frame& frame) {
  const auto record = read_record(frame.payload);
  if (record && (record->type == EventType::kEvidence || record->type == EventType::kAdmin))
    explained_.add(frame.sequence, record->message);
  if (record) tails_.take(frame.sequence, *record);
}

/// Who erased a record of the range, and why, stands behind it, and mostly behind the range.
void Verifier::find_explanations(const std::filesystem::path& file) {
  auto reader = SegmentReader::open(file);
  if (!reader) return;
  Frame frame;
  for (;;) {
    const auto status = reader->next(frame);
    if (status != SegmentReader::Status::kFrame) {
      if (status == SegmentReader::Status::kEnd || !reader->find_next()) return;
      continue;
    }
    const bool looked_at = frame.sequence >= options_.first && frame.sequence <= options_.last;
    if (looked_at || frame.erased || frame.sequence == 0 || frame.sequence > report_.head.size)
      continue;
    const auto record = read_record(frame.payload);
    if (record && ErasureWords().add(frame.sequence, record->message) && is_logged(frame))
      take_explanation(frame);
  }
}

/// Of one of those looked at.
bool Verifier::is_missing(uint64_t number) {
  return !seen_[number - 1] && entries_->entry(number - 1) != kLostEntry;
}

void Verifier::locate_damages() {
  const MissingRecords missing{.first = options_.first,
                               .last = std::min<uint64_t>(options_.last, seen_.size()),
                               .all = !is_part(),
                               .has = [this](uint64_t number) { return is_missing(number); }};
  for (auto& damage : damages_) {
    damage.at_end = damage.at_end && !tails_.left_behind(damage);
    for (auto& finding : locate(damage, missing)) {
      if (finding.first != 0) seen_[finding.first - 1] = true;  // Not missing beyond that.
      found(std::move(finding));
    }
  }
  // Of the log as a whole: it is none of some records.
  if (is_part()) return;
  for (auto& finding : tails_.findings()) found(std::move(finding));
}

void Verifier::find_missing() {
  const uint64_t last = std::min<uint64_t>(options_.last, seen_.size());
  for (uint64_t number = options_.first; number <= last; ++number) {
    if (seen_[number - 1]) continue;
    if (entries_->entry(number - 1) == kLostEntry) {
      ++report_.lost;
      continue;
    }
    if (!report_.findings.empty()) {
      Finding& before = report_.findings.back();
      if (before.kind == Kind::kMissing && before.last + 1 == number) {
        before.last = number;
        continue;
      }
    }
    found({.kind = Kind::kMissing,
           .first = number,
           .last = number,
           .text = "the tree has this record, and the log has not"});
  }
}

void Verifier::find_unexplained() {
  std::vector<bool> told(seen_.size() + 1);
  const auto tell = [&] {
    for (const Erasure& range : explained_.standing()) {
      for (uint64_t n = range.first; n <= range.last && n < told.size(); ++n) told[n] = true;
    }
  };
  tell();
  // Erased since the head was read: who did is said behind it.
  const bool all = std::all_of(erased_.begin(), erased_.end(), [&](uint64_t n) { return told[n]; });
  if (!all) {
    explained_.add(
        later_erasures(options_.audit, options_.key, report_.head).value_or(ErasureWords()));
    tell();
  }
  for (const uint64_t number : erased_) {
    if (told[number]) {
      ++report_.erased;
      continue;
    }
    found({.kind = Kind::kErased,
           .first = number,
           .last = number,
           .text = "this record was erased, and no record says by whom and why"});
  }
}

void Verifier::progress() {
  if (options_.progress) options_.progress(report_.records, report_.head.size);
}

}  // namespace

std::string_view name_of(Finding::Kind kind) {
  static constexpr std::string_view kNames[] = {
      "altered", "missing", "damaged", "repeated", "erased", "tree", "forged", "cut", "forked"};
  const auto at = static_cast<size_t>(kind);
  return at < std::size(kNames) ? kNames[at] : "unknown";
}

Result<VerifyReport> verify_log(const VerifyOptions& options) { return Verifier(options).run(); }

}  // namespace sluice::audit
