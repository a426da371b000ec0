#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/principal.h"
#include "policy/run_names.h"

namespace sluice::gateway {

/// Of what has read text that anybody may have written: runs, credentials, and users who log in
/// with a password. Nothing takes it back before its time. Any thread.
class Taints {
 public:
  Taints() = default;
  explicit Taints(policy::RunNames::Most most) : runs_(most) {}

  /// Told once of each that is new, or lasts longer than before; must not wait.
  using Keep = std::function<void(const std::string& whose, int64_t until_micros)>;

  void keep_by(Keep keep);
  /// What was known before, or is known at another gateway.
  void recall(const std::string& whose, int64_t until_micros);
  /// All has been recalled; until then everything counts as tainted.
  void known();
  /// `user`: who has chosen the name of the run.
  void mark(const std::vector<std::string>& whose, const std::string& user, int64_t now_micros);
  /// Whether all of them could be marked: a run of a new name must not begin where its taint could
  /// not be remembered.
  bool has_room(const std::vector<std::string>& whose, const std::string& user, int64_t now_micros);
  bool any(const std::vector<std::string>& whose, int64_t now_micros) const;

  /// Whose taint a session shares: of its credential or, without one, its user, and of its run.
  static std::vector<std::string> whose(const policy::Principal& principal, const std::string& run);

 private:
  struct Taint {
    int64_t until_micros = 0;
    std::string user;  ///< who has chosen the name; empty: it is not known any more
  };
  void add(const std::string& whose, const std::string& user, int64_t until_micros);
  void tidy(int64_t now_micros);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, Taint> taints_;
  policy::RunNames runs_;  ///< that are in taints_
  int64_t tidied_micros_ = 0;
  Keep keep_;
  bool known_ = false;
};

}  // namespace sluice::gateway
