#include "gateway/stated.h"

#include <algorithm>

#include "base/bytes.h"

namespace sluice::gateway {

std::string* Stated::member(std::string_view setting) {
  // In any case, as the server takes them.
  const auto is = [setting](std::string_view name) {
    return std::equal(setting.begin(), setting.end(), name.begin(), name.end(), [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
    });
  };
  if (is("sluice.purpose")) return &purpose;
  if (is("sluice.dataset")) return &dataset;
  if (is("sluice.model")) return &model;
  return nullptr;
}

bool is_stated(std::string_view setting) { return Stated().member(setting) != nullptr; }

std::string_view stated_in(const sql::StatementFacts& facts) {
  std::string_view found;
  for (const auto& action : facts.actions) {
    if (action.kind != sql::ActionKind::kSessionSetting) continue;
    for (const auto& target : action.targets) {
      if (!is_stated(target.name)) continue;
      if (!found.empty() && found != target.name) return "*";
      found = target.name;
    }
  }
  return found;
}

bool is_statable(std::string_view value) {
  constexpr size_t kLongest = 200;
  return value.size() <= kLongest && is_utf8(value) &&
         std::none_of(value.begin(), value.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace sluice::gateway
