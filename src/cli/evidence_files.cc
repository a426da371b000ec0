#include "cli/evidence_files.h"

#include <chrono>
#include <thread>

#include "audit/log_key.h"
#include "audit/receipt.h"
#include "audit/tree_files.h"
#include "cli/elsewhere.h"
#include "config/config.h"
#include "tlog/checkpoint.h"

namespace sluice::cli {

Result<std::filesystem::path> audit_folder(const Common& common, const EvidenceOptions& options) {
  if (!options.log.empty()) return std::filesystem::path(options.log);
  SLUICE_TRY(
      only_here(common, "on a copy of its log: sluice audit verify --log DIR --public-key KEY"));
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  return config.state / "audit";
}

Result<tlog::VerifierKey> own_key(const Common& common, const std::filesystem::path& audit) {
  std::filesystem::path file = audit / "log-key.pem";
  if (const auto config = config::load(common.config_file, false);
      config && !config->audit.key.empty()) {
    file = config->audit.key;
  }
  auto signer = audit::open_key(file);
  if (!signer) {
    return fail(
        std::move(signer.error()).within("give --public-key, or run this where the key is"));
  }
  SLUICE_ASSIGN(const auto text, audit::tree_files(audit).read_checkpoint());
  SLUICE_ASSIGN(const auto note, tlog::parse_note(text));
  SLUICE_ASSIGN(const auto head, tlog::parse_checkpoint(note.text));
  return tlog::VerifierKey{head.origin, tlog::KeyType::kEd25519, (*signer)->public_key()};
}

Result<std::string> receipt_of(const std::filesystem::path& audit, uint64_t id) {
  for (int tries = 0;; ++tries) {
    auto text = audit::make_receipt(audit, id);
    if (text || text.error().code != ErrorCode::kUnavailable || tries == 30) return text;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace sluice::cli
