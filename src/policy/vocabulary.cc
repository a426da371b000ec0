#include "policy/vocabulary.h"

#include <array>

#include "policy/decision.h"

namespace sluice::policy {
namespace {

constexpr std::array<std::string_view, kVerbs> kVerbNames = {"read",
                                                             "insert",
                                                             "update",
                                                             "delete",
                                                             "merge",
                                                             "truncate",
                                                             "copy_in",
                                                             "copy_out",
                                                             "create",
                                                             "alter",
                                                             "drop",
                                                             "privileges",
                                                             "role_change",
                                                             "call",
                                                             "function",
                                                             "dynamic_sql",
                                                             "maintenance",
                                                             "lock",
                                                             "notify",
                                                             "temporary",
                                                             "other",
                                                             "read_catalog",
                                                             "session_setting",
                                                             "transaction",
                                                             "prepare",
                                                             "cursor",
                                                             "show"};

constexpr std::array<std::string_view, 10> kRiskNames = {
    "",        "file",  "program", "network",      "dynamic_sql",
    "setting", "sleep", "server",  "large_object", "statistics"};

constexpr std::array<std::string_view, 9> kLockNames = {
    "",      "access_share",        "row_share", "row_exclusive",   "share_update_exclusive",
    "share", "share_row_exclusive", "exclusive", "access_exclusive"};

template <typename Enum, size_t N>
std::optional<Enum> find_in(const std::array<std::string_view, N>& names, std::string_view word) {
  for (size_t i = 0; i < N; ++i) {
    if (!word.empty() && names[i] == word) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(Verb verb) { return kVerbNames.at(static_cast<size_t>(verb)); }

Verbs find_verbs(std::string_view word) {
  if (word == "write") return kWrite;
  if (word == "schema_change") return kSchemaChange;
  const auto verb = find_in<Verb>(kVerbNames, word);
  return verb ? bit(*verb) : 0;
}

const std::vector<std::string>& verb_words() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> all(kVerbNames.begin(), kVerbNames.end());
    all.insert(all.end(), {"write", "schema_change"});
    return all;
  }();
  return words;
}

std::string_view risk_name(sql::FunctionRisk risk) {
  const auto index = static_cast<size_t>(risk);
  return index < kRiskNames.size() ? kRiskNames[index] : "unknown";
}

std::optional<sql::FunctionRisk> find_risk(std::string_view word) {
  if (word == "unknown") return sql::FunctionRisk::kUnknown;
  return find_in<sql::FunctionRisk>(kRiskNames, word);
}

std::string_view lock_name(sql::LockLevel level) {
  return kLockNames.at(static_cast<size_t>(level));
}

std::optional<sql::LockLevel> find_lock(std::string_view word) {
  return find_in<sql::LockLevel>(kLockNames, word);
}

std::string_view name_of(PrincipalKind kind) {
  switch (kind) {
    case PrincipalKind::kHuman:
      return "human";
    case PrincipalKind::kService:
      return "service";
    case PrincipalKind::kAgent:
      return "agent";
  }
  return "human";
}

std::optional<PrincipalKind> find_kind(std::string_view word) {
  for (const auto kind : {PrincipalKind::kHuman, PrincipalKind::kService, PrincipalKind::kAgent}) {
    if (name_of(kind) == word) return kind;
  }
  return std::nullopt;
}

std::string_view name_of(Effect effect) {
  switch (effect) {
    case Effect::kAllow:
      return "allow";
    case Effect::kHold:
      return "hold";
    case Effect::kDeny:
      return "deny";
    case Effect::kMask:
      return "mask";
    case Effect::kUnmask:
      return "unmask";
  }
  return "deny";
}

}  // namespace sluice::policy
