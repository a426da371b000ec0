#include "audit/log_key.h"

#include "audit/key_chain.h"
#include "audit/tree_files.h"

namespace sluice::audit {
namespace {

std::filesystem::path key_file(const LogOptions& options) {
  return options.key_file.empty() ? options.directory / "log-key.pem" : options.key_file;
}

std::filesystem::path next_key_file(const LogOptions& options) {
  auto file = key_file(options);
  file += ".new";
  return file;
}

/// Whether the log has gone over to the next key already: the process died before the files did.
bool next_has_taken_over(const LogOptions& options, const tlog::Signer& next) {
  const TreeFiles files = tree_files(options.directory);
  const auto text = files.read_checkpoint();
  const auto note = text ? tlog::parse_note(*text) : fail(text.error());
  const auto head = note ? tlog::parse_checkpoint(note->text) : fail(note.error());
  if (!head) return false;
  const tlog::VerifierKey key{head->origin, tlog::KeyType::kEd25519, next.public_key()};
  const auto chain = KeyChain::load(files, key);
  return chain && chain->periods().size() > 1 && chain->periods().back().key == key;
}

}  // namespace

Result<std::unique_ptr<tlog::Signer>> open_log_key(const LogOptions& options) {
  if (const auto next = tlog::load_key(next_key_file(options));
      next && next_has_taken_over(options, **next)) {
    SLUICE_TRY(replace_log_key(options));
  }
  const auto file = key_file(options);
  const bool begun = tree_files(options.directory).read_checkpoint().has_value();
  if (!begun && options.key_file.empty() && !std::filesystem::exists(file)) {
    return tlog::create_key(file);
  }
  auto signer = tlog::load_key(file);
  if (!signer) {
    return fail(std::move(signer.error())
                    .within("the key of the audit log (without it nothing can be added; restore it "
                            "from a backup, or begin a new log by moving the state's audit folder "
                            "away)"));
  }
  return signer;
}

Result<std::unique_ptr<tlog::Signer>> create_next_log_key(const LogOptions& options) {
  std::error_code ignored;
  std::filesystem::remove(next_key_file(options), ignored);
  return tlog::create_key(next_key_file(options));
}

Result<> replace_log_key(const LogOptions& options) {
  std::error_code error;
  std::filesystem::rename(next_key_file(options), key_file(options), error);
  if (error) {
    return fail(ErrorCode::kIo,
                "rename " + next_key_file(options).string() + ": " + error.message());
  }
  return sync_file(key_file(options).parent_path());
}

}  // namespace sluice::audit
