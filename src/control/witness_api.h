#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "audit/log.h"
#include "base/clock.h"
#include "control/http_server.h"
#include "store/database.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

namespace sluice::control {

/// Watches other logs: cosigns each of their checkpoints that the one before begins, and refuses
/// those that tell another history (c2sp.org/tlog-witness).
class WitnessApi {
 public:
  /// `state` holds the witness's key, made on first use, and what it has cosigned. `logs` are the
  /// public keys of the logs that are watched; `log` is told of forks and of logs that were set
  /// back.
  static Result<std::unique_ptr<WitnessApi>> open(const std::filesystem::path& state,
                                                  std::string name,
                                                  std::vector<tlog::VerifierKey> logs,
                                                  audit::Log& log);

  /// POST /witness/add-checkpoint.
  std::optional<HttpResponse> answer(const HttpRequest& request);
  /// Whose cosignatures these are.
  tlog::VerifierKey key() const;

 private:
  WitnessApi(store::Database database, std::unique_ptr<tlog::Signer> signer, std::string name,
             std::vector<tlog::VerifierKey> logs, audit::Log& log);
  HttpResponse add_checkpoint(const std::string& body);
  void record(const std::string& message);
  void record_rollback(const tlog::Checkpoint& head, uint64_t cosigned);

  std::mutex mutex_;
  std::map<std::string, Clock::time_point> rollbacks_;  ///< by log, when one was last recorded
  store::Database database_;
  std::unique_ptr<tlog::Signer> signer_;
  std::string name_;
  std::vector<tlog::VerifierKey> logs_;
  audit::Log& log_;
};

}  // namespace sluice::control
