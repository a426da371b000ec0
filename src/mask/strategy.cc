#include "mask/strategy.h"

#include <array>
#include <cstddef>

namespace sluice::mask {
namespace {

constexpr std::array<std::string_view, 6> kStrategies = {"redact",     "partial", "pseudonym",
                                                         "generalise", "null",    "hash"};
constexpr std::array<std::string_view, 14> kKinds = {
    "any", "name", "email", "phone",    "card", "iban",   "date",
    "ip",  "mac",  "uuid",  "postcode", "geo",  "secret", "free_text"};

template <typename T, size_t N>
std::optional<T> find(const std::array<std::string_view, N>& names, std::string_view wanted) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == wanted) return static_cast<T>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(Strategy strategy) { return kStrategies.at(static_cast<size_t>(strategy)); }
std::string_view name(Kind kind) { return kKinds.at(static_cast<size_t>(kind)); }
std::optional<Strategy> find_strategy(std::string_view name) {
  return find<Strategy>(kStrategies, name);
}
std::optional<Kind> find_kind(std::string_view name) { return find<Kind>(kKinds, name); }

}  // namespace sluice::mask
