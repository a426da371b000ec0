#include "stream/filter.h"

#include <algorithm>
#include <cctype>
#include <string>

#include <fmt/format.h>

namespace sluice::stream {
namespace {

bool named(const std::vector<std::string>& list, std::string_view name) {
  return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
}

bool begins_alike(std::string_view text, std::string_view beginning) {
  const auto alike = [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  };
  return text.size() >= beginning.size() &&
         std::equal(beginning.begin(), beginning.end(), text.begin(), alike);
}

/// The names of all types there are.
std::vector<std::string> known_types() {
  std::vector<std::string> names;
  for (int i = 1; i <= UINT8_MAX; ++i) {
    const auto name = audit::name_of(static_cast<audit::EventType>(i));
    if (name != "unknown") names.emplace_back(name);
  }
  return names;
}

}  // namespace

Result<> check_filter(const config::StreamFilter& filter) {
  const auto known = known_types();
  for (const auto& type : filter.types) {
    if (named(known, type)) continue;
    return fail(ErrorCode::kInvalidInput,
                fmt::format("filter: no record has the type \"{}\"; known: {}", type,
                            fmt::join(known, ", ")));
  }
  return {};
}

bool passes(const config::StreamFilter& filter, const audit::Record& record) {
  if (!named(filter.types, audit::name_of(record.type)) ||
      !named(filter.users, record.context.user) ||
      !named(filter.databases, record.context.database)) {
    return false;
  }
  if (filter.decisions.empty() && filter.kinds.empty()) return true;
  if (record.type != audit::EventType::kStatement) return false;
  return named(filter.decisions, audit::name_of(record.outcome)) &&
         (filter.kinds.empty() ||
          std::any_of(filter.kinds.begin(), filter.kinds.end(),
                      [&](const std::string& kind) { return begins_alike(record.kind, kind); }));
}

}  // namespace sluice::stream
