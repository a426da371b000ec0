#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"
#include "base/hash.h"

namespace sluice {

/// A least-recently-used cache from byte strings to immutable shared values, bounded by the bytes
/// it holds. Not thread-safe: each worker has its own. Keys are compared in full, so two different
/// keys never share a value, whatever their hashes.
template <typename Value>
class BoundedCache {
 public:
  /// Holds at most `capacity` bytes, counting each entry as its key, its `weight` and overhead.
  explicit BoundedCache(size_t capacity) : capacity_(capacity) {}

  std::shared_ptr<const Value> find(Bytes key) {
    const auto it = index_.find(key);
    if (it == index_.end()) return nullptr;
    order_.splice(order_.begin(), order_, it->second);
    return it->second->value;
  }

  /// Inserts or replaces; evicts the least recently used until the bound holds again. An entry
  /// larger than the whole cache is not kept.
  void insert(Bytes key, std::shared_ptr<const Value> value, size_t weight) {
    erase(key);
    const size_t total = weight + 2 * key.size() + kOverhead;
    if (total > capacity_) return;
    while (used_ + total > capacity_) erase(order_.back().key);
    order_.push_front(Entry{std::string(key), std::move(value), total});
    index_.emplace(Bytes(order_.front().key), order_.begin());
    used_ += total;
  }

  void erase(Bytes key) {
    const auto it = index_.find(key);
    if (it == index_.end()) return;
    const auto entry = it->second;
    used_ -= entry->weight;
    index_.erase(it);
    order_.erase(entry);
  }

  void clear() {
    index_.clear();
    order_.clear();
    used_ = 0;
  }

  size_t size() const { return index_.size(); }
  size_t used_bytes() const { return used_; }

 private:
  static constexpr size_t kOverhead = 160;  // list node, hash node, control block
  struct Entry {
    std::string key;
    std::shared_ptr<const Value> value;
    size_t weight;
  };
  struct Hash {
    size_t operator()(Bytes key) const { return keyed_hash(key); }
  };
  size_t capacity_;
  size_t used_ = 0;
  std::list<Entry> order_;
  std::unordered_map<Bytes, typename std::list<Entry>::iterator, Hash> index_;
};

}  // namespace sluice
