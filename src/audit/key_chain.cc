#include "audit/key_chain.h"

#include <algorithm>

#include <fmt/format.h>

namespace sluice::audit {
namespace {

constexpr std::string_view kHeader = "sluice key rotation v1";

struct Rotation {
  tlog::VerifierKey old_key, new_key;
  tlog::Checkpoint head;
};

std::filesystem::path rotation_file(const TreeFiles& files, size_t number) {
  return files.directory() / "rotation" / std::to_string(number);
}

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
    if (tlog::verify(note, key) != tlog::Verdict::kValid) {
      return fail(ErrorCode::kInvalidInput, "a key has not signed it: " + key.text());
    }
  }
  return rotation;
}

}  // namespace

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
    if (chain.periods_.back().key != rotation->old_key) {
      return fail(ErrorCode::kInvalidInput, file.string() + " does not follow the one before it");
    }
    chain.periods_.back().until = rotation->head.size;
    chain.periods_.push_back({rotation->new_key});
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
  for (const auto& [key, until] : periods_) {
    const auto verdict = tlog::verify(note, key);
    if (verdict == tlog::Verdict::kInvalid) {
      return fail(ErrorCode::kInvalidInput,
                  "the checkpoint is forged: it is not what the key " + key.text() + " signed");
    }
    if (verdict == tlog::Verdict::kValid && checkpoint.origin == key.name &&
        checkpoint.size <= until) {
      return checkpoint;
    }
  }
  return fail(ErrorCode::kInvalidInput, "the checkpoint of " + checkpoint.origin +
                                            " carries no signature of the key " +
                                            periods_.back().key.text());
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
  tlog::Note note{format(rotation), {}};
  for (tlog::Signer* signer : {&old, &next}) {
    SLUICE_ASSIGN(auto signature, tlog::sign_note(note.text, head.origin, *signer));
    note.signatures.push_back(std::move(signature));
  }
  std::error_code error;
  std::filesystem::create_directories(files.directory() / "rotation", error);
  return replace_file(rotation_file(files, chain.periods().size()), tlog::format_note(note));
}

}  // namespace sluice::audit
