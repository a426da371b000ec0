#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/principal.h"
#include "sql/statement_facts.h"

namespace sluice::policy {

/// The words of a rule's `do`: what a statement asks to do, as policies see it (docs/policy.md).
enum class Verb : uint8_t {
  kRead,
  kInsert,
  kUpdate,
  kDelete,
  kMerge,
  kTruncate,
  kCopyIn,
  kCopyOut,
  kCreate,
  kAlter,
  kDrop,
  kPrivileges,
  kRoleChange,
  kCall,
  kFunction,
  kDynamicSql,
  kMaintenance,
  kLock,
  kNotify,
  kTemporary,
  kOther,
  // Harmless ones: allowed unless a rule names them.
  kReadCatalog,
  kSessionSetting,
  kTransaction,
  kPrepare,
  kCursor,
  kShow,
};
inline constexpr size_t kVerbs = static_cast<size_t>(Verb::kShow) + 1;

/// A set of verbs.
using Verbs = uint32_t;
constexpr Verbs bit(Verb verb) { return Verbs{1} << static_cast<unsigned>(verb); }
inline constexpr Verbs kHarmless = bit(Verb::kReadCatalog) | bit(Verb::kSessionSetting) |
                                   bit(Verb::kTransaction) | bit(Verb::kPrepare) |
                                   bit(Verb::kCursor) | bit(Verb::kShow);
/// What a rule without `do` is about.
inline constexpr Verbs kAllVerbs = ((Verbs{1} << kVerbs) - 1) & ~kHarmless;
inline constexpr Verbs kWrite = bit(Verb::kInsert) | bit(Verb::kUpdate) | bit(Verb::kDelete) |
                                bit(Verb::kMerge) | bit(Verb::kCopyIn);
inline constexpr Verbs kSchemaChange = bit(Verb::kCreate) | bit(Verb::kAlter) | bit(Verb::kDrop);
/// Done to relations, so that schemas, tables and columns say something about them.
inline constexpr Verbs kOnRelations =
    kWrite | kSchemaChange | bit(Verb::kRead) | bit(Verb::kTruncate) | bit(Verb::kCopyOut) |
    bit(Verb::kPrivileges) | bit(Verb::kMaintenance) | bit(Verb::kLock) | bit(Verb::kTemporary) |
    bit(Verb::kReadCatalog);

std::string_view name_of(Verb verb);
/// The verbs of a word, a group ("write", "schema_change") or a single one; 0 if it is neither.
Verbs find_verbs(std::string_view word);
/// Every word of `do`.
const std::vector<std::string>& verb_words();

/// "file", "program", …; "" for kNone.
std::string_view risk_name(sql::FunctionRisk risk);
std::optional<sql::FunctionRisk> find_risk(std::string_view word);
/// "access_share" … "access_exclusive".
std::string_view lock_name(sql::LockLevel level);
std::optional<sql::LockLevel> find_lock(std::string_view word);
std::optional<PrincipalKind> find_kind(std::string_view word);

}  // namespace sluice::policy
