#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/principal.h"

namespace sluice::gateway {

/// Of what has read text that anybody may have written: runs, credentials, and users who log in
/// with a password. Nothing takes it back before its time. Any thread.
class Taints {
 public:
  /// Told once of each that is new, or lasts longer than before; must not wait.
  using Keep = std::function<void(const std::string& whose, int64_t until_micros)>;

  void keep_by(Keep keep);
  /// What was known before, or is known at another gateway.
  void recall(const std::string& whose, int64_t until_micros);
  /// All has been recalled; until then everything counts as tainted.
  void known();
  void mark(const std::vector<std::string>& whose, int64_t now_micros);
  bool any(const std::vector<std::string>& whose, int64_t now_micros) const;

  /// Whose taint a session shares: of its credential or, without one, its user, and of its run.
  static std::vector<std::string> whose(const policy::Principal& principal, const std::string& run);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, int64_t> until_;
  Keep keep_;
  bool known_ = false;
};

}  // namespace sluice::gateway
