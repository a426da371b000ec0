#include "audit/key_chain.h"

#include <algorithm>

#include <fmt/format.h>

#include "tlog/proof.h"

namespace sluice::audit {
namespace {

constexpr std::string_view kHeader = "sluice key rotation v1";

struct Rotation {
  tlog::VerifierKey old_key, new_key;
  tlog::Checkpoint head;
};

/// A checkpoint with the keys' lines before it.
std::string format(const Rotation& rotation) {
  return fmt::format("{}\n{}\n{}\n{}", kHeader, rotation.old_key.text(), rotation.new_key.text(),
                     format_checkpoint(rotation.head));
}

Result<Rotation> parse(const std::string& text) {
  SLUICE_ASSIGN(const auto note, tlog::parse_note(text));
  std::string_view rest = note.text;
  const auto header = tlog::take_line(rest);
  const auto old_key = tlog::take_line(rest);
  const auto new_key = tlog::take_line(rest);
  if (header != kHeader || !new_key) return fail(ErrorCode::kInvalidInput, "it is no rotation");
  Rotation rotation;
  SLUICE_ASSIGN(rotation.old_key, tlog::VerifierKey::parse(*old_key));
  SLUICE_ASSIGN(rotation.new_key, tlog::VerifierKey::parse(*new_key));
  SLUICE_ASSIGN(rotation.head, tlog::parse_checkpoint(rest));
  for (const auto& key : {rotation.old_key, rotation.new_key}) {
    if (key.name != rotation.head.origin)
      return fail(ErrorCode::kInvalidInput, "it is about a key of another log: " + key.text());
    if (tlog::verify(note, key) != tlog::Verdict::kValid) {
      return fail(ErrorCode::kInvalidInput, "a key has not signed it: " + key.text());
    }
  }
  return rotation;
}

}  // namespace

std::filesystem::path rotation_file(const TreeFiles& files, size_t number) {
  return files.directory() / "rotation" / std::to_string(number);
}

Result<std::string> read_rotation(const TreeFiles& files, size_t number) {
  return read_file(rotation_file(files, number));
}

Result<KeyChain> KeyChain::load(const TreeFiles& files, const tlog::VerifierKey& trusted) {
  KeyChain chain;
  for (size_t number = 1;; ++number) {
    const auto file = rotation_file(files, number);
    const auto text = read_file(file);
    if (!text && text.error().code == ErrorCode::kNotFound) break;
    if (!text) return fail(text.error());
    auto rotation = parse(*text);
    if (!rotation) return fail(std::move(rotation.error()).within(file.string()));
    if (chain.periods_.empty()) chain.periods_.push_back({rotation->old_key});
    auto& before = chain.periods_.back();
    if (before.key != rotation->old_key || rotation->head.size < before.from) {
      return fail(ErrorCode::kInvalidInput, file.string() + " does not follow the one before it");
    }
    before.until = rotation->head.size;
    chain.periods_.push_back({rotation->new_key, rotation->head.size});
    chain.changes_.push_back(std::move(rotation->head));
  }
  if (chain.periods_.empty()) chain.periods_.push_back({trusted});
  if (std::none_of(chain.periods_.begin(), chain.periods_.end(),
                   [&](const KeyPeriod& period) { return period.key == trusted; })) {
    return fail(ErrorCode::kInvalidInput,
                "the log has never been signed with the key " + trusted.text());
  }
  return chain;
}

Result<tlog::Checkpoint> KeyChain::open(const tlog::Note& note) const {
  SLUICE_ASSIGN(auto checkpoint, tlog::parse_checkpoint(note.text));
  for (const auto& [key, from, until] : periods_) {
    const auto verdict = tlog::verify(note, key);
    if (verdict == tlog::Verdict::kInvalid) {
      return fail(ErrorCode::kInvalidInput,
                  "the checkpoint is forged: it is not what the key " + key.text() + " signed");
    }
    if (verdict != tlog::Verdict::kValid || checkpoint.origin != key.name) continue;
    if (checkpoint.size >= from && checkpoint.size <= until) return checkpoint;
    return fail(ErrorCode::kInvalidInput,
                fmt::format("the checkpoint covers {} records, and its key {} counts only from {} "
                            "to {} of them",
                            checkpoint.size, key.text(), from, until));
  }
  return fail(ErrorCode::kInvalidInput, "the checkpoint of " + checkpoint.origin +
                                            " carries no signature of the key " +
                                            periods_.back().key.text());
}

std::optional<KeyConflict> KeyChain::conflict(const tlog::Checkpoint& head,
                                              const tlog::ReadTile& read) const {
  for (size_t i = 0; i < changes_.size(); ++i) {
    const auto& change = changes_[i];
    if (head.size < change.size) {
      return KeyConflict{i + 1, true, head.size + 1, change.size,
                         fmt::format("the log's key was changed behind {} records, and the log has "
                                     "{}: its end has been cut off, or it was signed anew with a "
                                     "key that was replaced",
                                     change.size, head.size)};
    }
    const auto proof = tlog::consistency_proof(change.size, head.size, read);
    if (proof && change.origin == head.origin &&
        tlog::verify_consistency(change.size, change.root, head.size, head.root, *proof)) {
      continue;
    }
    return KeyConflict{
        i + 1, false, i == 0 ? 1 : std::min(changes_[i - 1].size + 1, change.size), change.size,
        fmt::format("the log's key was changed over another tree of {} records than this one "
                    "begins with: the log has been rewritten before there{}",
                    change.size, proof ? "" : " (" + proof.error().text + ")")};
  }
  return std::nullopt;
}

Result<> rotate_key(const TreeFiles& files, const tlog::Checkpoint& head, tlog::Signer& old,
                    tlog::Signer& next) {
  using tlog::KeyType;
  const Rotation rotation{{head.origin, KeyType::kEd25519, old.public_key()},
                          {head.origin, KeyType::kEd25519, next.public_key()},
                          head};
  SLUICE_ASSIGN(const auto chain, KeyChain::load(files, rotation.old_key));
  if (chain.periods().back().key != rotation.old_key) {
    return fail(ErrorCode::kInvalidInput, "only the key in use can be replaced");
  }
  // Its signatures count for the span that it had; of two spans nobody could tell which.
  if (std::any_of(chain.periods().begin(), chain.periods().end(),
                  [&](const KeyPeriod& period) { return period.key == rotation.new_key; })) {
    return fail(ErrorCode::kInvalidInput,
                "this key has signed the log before: a key that was replaced does not come back");
  }
  tlog::Note note{format(rotation), {}};
  for (tlog::Signer* signer : {&old, &next}) {
    SLUICE_ASSIGN(auto signature, tlog::sign_note(note.text, head.origin, *signer));
    note.signatures.push_back(std::move(signature));
  }
  const auto file = rotation_file(files, chain.periods().size());
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  // The folder first: a checkpoint by the next key is worth nothing without the note.
  SLUICE_TRY(sync_file(files.directory()));
  return replace_file(file, tlog::format_note(note));
}

bool is_rotated(const TreeFiles& files, const tlog::VerifierKey& next) {
  const auto chain = KeyChain::load(files, next);
  return chain && chain->periods().size() > 1 && chain->periods().back().key == next;
}

}  // namespace sluice::audit
