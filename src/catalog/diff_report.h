#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/diff.h"

namespace sluice::catalog {

/// Collects what a diff finds; internal to catalog/diff.
class DiffReport {
 public:
  /// For what has no definitions.
  DiffReport() = default;
  /// Both must outlive this.
  DiffReport(const Catalog& before, const Catalog& after);

  void add(Change::What what, std::string_view kind, std::string_view schema, std::string name,
           std::string detail);

  /// Whether two renderings of a definition mean the same. Definitions that were rendered for
  /// different paths (Catalog::definition_path) are compared without the names of these paths'
  /// schemas.
  bool same(std::string_view before, std::string_view after) const;

  std::vector<Change> take_sorted() &&;

 private:
  std::string unqualified(std::string_view definition) const;

  /// "schema." as definitions spell it, where the paths differ; else empty.
  std::vector<std::string> qualifiers_;
  std::vector<Change> changes_;
};

/// The same object before and after; null where it is not there.
template <typename T>
using BeforeAfter = std::pair<const T*, const T*>;

/// Pairs objects by `id` (nothing pairs by id 0), and what then remains by `key`.
template <typename T, typename Id, typename Key>
std::vector<BeforeAfter<T>> pair_up(const std::vector<const T*>& before,
                                    const std::vector<const T*>& after, Id id, Key key) {
  std::unordered_map<Oid, const T*> by_id;
  std::multimap<std::string, const T*> by_key;
  for (const T* item : before) {
    if (id(*item) == 0 || !by_id.emplace(id(*item), item).second) by_key.emplace(key(*item), item);
  }
  std::vector<BeforeAfter<T>> pairs;
  std::vector<const T*> unpaired;
  for (const T* item : after) {
    const auto found = by_id.find(id(*item));
    if (found == by_id.end()) {
      unpaired.push_back(item);
    } else {
      pairs.emplace_back(found->second, item);
      by_id.erase(found);
    }
  }
  for (const auto& [oid, item] : by_id) by_key.emplace(key(*item), item);
  for (const T* item : unpaired) {
    const auto found = by_key.find(key(*item));
    const T* old = found == by_key.end() ? nullptr : found->second;
    if (old != nullptr) by_key.erase(found);
    pairs.emplace_back(old, item);
  }
  for (const auto& [text, item] : by_key) pairs.emplace_back(item, nullptr);
  return pairs;
}

/// The addresses of all items for which `wanted` holds.
template <typename T, typename Wanted>
std::vector<const T*> pick(const std::vector<T>& items, Wanted wanted) {
  std::vector<const T*> out;
  for (const T& item : items) {
    if (wanted(item)) out.push_back(&item);
  }
  return out;
}

/// "a -> b", with "none" for an empty text.
std::string arrow(std::string_view before, std::string_view after);

/// Relations with their columns, indexes, constraints, triggers, rules and comments; composite
/// types among them.
void diff_relations(const Catalog& before, const Catalog& after, DiffReport& report);

}  // namespace sluice::catalog
