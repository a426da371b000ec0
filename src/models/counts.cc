#include "models/counts.h"

#include <algorithm>

namespace sluice::models {

std::optional<uint64_t> count_of(const boost::json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* whole = value->if_uint64()) return std::min(*whole, kMostCounted);
  if (const auto* whole = value->if_int64()) {
    if (*whole < 0) return std::nullopt;
    return std::min(static_cast<uint64_t>(*whole), kMostCounted);
  }
  const auto* number = value->if_double();
  // Doubles are exact up to more than what is counted.
  if (number == nullptr || !(*number >= 0)) return std::nullopt;
  return static_cast<uint64_t>(std::min(*number, double{kMostCounted}));
}

}  // namespace sluice::models
