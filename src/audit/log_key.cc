#include "audit/log_key.h"

#include <cerrno>
#include <cstdio>

#include "audit/key_chain.h"
#include "audit/tree_files.h"
#include "tlog/pkcs11_key.h"

namespace sluice::audit {
namespace {

std::filesystem::path key_file(const LogOptions& options) {
  return options.key_file.empty() ? options.directory / "log-key.pem" : options.key_file;
}

/// Of a key whose file is not named, the next one's place.
std::filesystem::path next_key_file(const LogOptions& options) {
  if (!options.next_key.empty()) return options.next_key;
  auto file = key_file(options);
  if (tlog::is_pkcs11(file.native())) return {};
  file += ".new";
  return file;
}

/// How a key stands to the log: it has never signed it, or did, or does.
enum class Standing : uint8_t { kUnknown, kFormer, kPresent };

Standing standing_of(const LogOptions& options, const tlog::Signer& signer) {
  const TreeFiles files = tree_files(options.directory);
  const auto text = files.read_checkpoint();
  const auto note = text ? tlog::parse_note(*text) : fail(text.error());
  const auto head = note ? tlog::parse_checkpoint(note->text) : fail(note.error());
  if (!head) return Standing::kUnknown;
  const tlog::VerifierKey key{head->origin, tlog::KeyType::kEd25519, signer.public_key()};
  const auto chain = KeyChain::load(files, key);
  if (!chain) return Standing::kUnknown;
  // Where no key was ever changed, each would be the first and only one: the signature tells.
  if (chain->periods().size() == 1)
    return tlog::verify(*note, key) == tlog::Verdict::kValid ? Standing::kPresent
                                                             : Standing::kUnknown;
  return chain->periods().back().key == key ? Standing::kPresent : Standing::kFormer;
}

}  // namespace

Result<std::unique_ptr<tlog::Signer>> open_key(const std::filesystem::path& key) {
  return tlog::is_pkcs11(key.native()) ? tlog::open_pkcs11_key(key.native()) : tlog::load_key(key);
}

Result<FoundLogKey> find_log_key(const LogOptions& options) {
  // It has taken over already: the process died before the files did, or it is configured so.
  if (auto next = open_key(next_key_file(options));
      next && standing_of(options, **next) == Standing::kPresent) {
    return FoundLogKey{std::move(*next), true};
  }
  const auto file = key_file(options);
  const bool begun = tree_files(options.directory).read_checkpoint().has_value();
  std::error_code ignored;
  if (!begun && options.key_file.empty() && !std::filesystem::exists(file, ignored)) {
    return FoundLogKey{};
  }
  auto signer = open_key(file);
  if (!signer) {
    return fail(std::move(signer.error())
                    .within("the key of the audit log (without it nothing can be added; restore it "
                            "from a backup, or begin a new log by moving the state's audit folder "
                            "away)"));
  }
  // What it signs from now on nobody would believe.
  if (standing_of(options, **signer) == Standing::kFormer) {
    return fail(ErrorCode::kInvalidInput,
                "the audit log has gone over to another key than audit.key: name that one");
  }
  return FoundLogKey{std::move(*signer), false};
}

Result<std::unique_ptr<tlog::Signer>> open_log_key(const LogOptions& options) {
  SLUICE_ASSIGN(auto found, find_log_key(options));
  if (found.signer == nullptr) return tlog::create_key(key_file(options));
  // Where it cannot have the name it stays where it is, and is found there.
  if (found.is_next) (void)replace_log_key(options);
  return std::move(found.signer);
}

Result<std::unique_ptr<tlog::Signer>> create_next_log_key(const LogOptions& options) {
  if (!options.next_key.empty()) return open_key(options.next_key);
  if (next_key_file(options).empty()) {
    return fail(ErrorCode::kInvalidInput,
                "the log's key is in a token, where none is made: make one there, and name it in "
                "audit.next_key");
  }
  // What lies there may be the key in force, whose name could not be changed.
  if (const auto left = open_key(next_key_file(options));
      left && standing_of(options, **left) == Standing::kPresent) {
    SLUICE_TRY(replace_log_key(options));
  }
  std::error_code ignored;
  std::filesystem::remove(next_key_file(options), ignored);
  return tlog::create_key(next_key_file(options));
}

Result<std::unique_ptr<tlog::Signer>> open_next_log_key(const LogOptions& options) {
  return open_key(next_key_file(options));
}

Result<> replace_log_key(const LogOptions& options) {
  if (!options.next_key.empty()) return {};  // Both are where they are named.
  if (::rename(next_key_file(options).c_str(), key_file(options).c_str()) != 0)
    return fail(io_error("rename " + next_key_file(options).string(), errno));
  return sync_file(key_file(options).parent_path());
}

}  // namespace sluice::audit
