#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/changes.h"

namespace sluice::gateway {

/// What its client has been sent of a result, and how long the server has run for it.
struct Taken {
  uint64_t rows = 0, bytes = 0, micros = 0;

  void add(const Taken& more) {
    rows += more.rows;
    bytes += more.bytes;
    micros += more.micros;
  }
  /// The larger of each.
  static Taken most(const Taken& a, const Taken& b) {
    return {std::max(a.rows, b.rows), std::max(a.bytes, b.bytes), std::max(a.micros, b.micros)};
  }
};

/// What has been taken from each cursor of a session, by its name: all that is taken from one is
/// bounded together, in whatever pieces. Of more than kMost at once only the most that was taken
/// from one is kept, and counts for each.
class CursorUse {
 public:
  static constexpr size_t kMost = 1000;

  Taken of(std::string_view name) const {
    const auto found = by_name_.find(std::string(name));
    return found == by_name_.end() ? rest_ : found->second.taken;
  }
  void take(std::string_view name, const Taken& more) { at(name).taken.add(more); }
  /// Rows that have changed as it was taken from. Of more than kMost at once the gateway forgets.
  Changes& changed(std::string_view name) { return at(name).changed; }
  /// DECLARE has opened it anew. `held`: it outlives the transaction.
  void opened(std::string_view name, bool held) { at(name) = {{}, held, {}}; }
  /// Cursors end with their transaction, but for those that are held.
  void end_transaction() {
    if (by_name_.empty()) return;
    std::erase_if(by_name_, [](const auto& entry) { return !entry.second.held; });
    if (by_name_.empty()) rest_ = {};
  }

 private:
  struct Use {
    Taken taken;
    bool held = false;
    Changes changed;
  };
  Use& at(std::string_view name) {
    const auto found = by_name_.find(std::string(name));
    if (found != by_name_.end()) return found->second;
    if (by_name_.size() >= kMost) {
      for (const auto& [other, use] : by_name_) rest_ = Taken::most(rest_, use.taken);
      by_name_.clear();
    }
    return by_name_.emplace(std::string(name), Use{rest_, false, {}}).first->second;
  }

  std::unordered_map<std::string, Use> by_name_;
  Taken rest_;  ///< of any other: at most this
};

}  // namespace sluice::gateway
