#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

namespace sluice::policy {

/// How many names of runs something has to remember, of each who chose them and in all: agents
/// choose as many as they like. Nobody's names keep others from their first few. Its owner locks.
class RunNames {
 public:
  struct Most {
    size_t of_one = 20'000, in_all = 100'000;
    size_t always = 100;  ///< of one, however many others have
  };

  RunNames() = default;
  explicit RunNames(Most most) : most_(most) {}
  /// Whether `whose` may choose one more.
  bool room(const std::string& whose) const;
  void add(const std::string& whose);
  void clear();

 private:
  Most most_;
  size_t all_ = 0;
  std::unordered_map<std::string, size_t> of_;
};

}  // namespace sluice::policy
