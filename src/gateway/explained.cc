#include "gateway/explained.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>

namespace sluice::gateway {
namespace {

using Names = std::set<std::string, std::less<>>;

bool in_name(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || c == '$' || byte >= 0x80;
}

/// The words of a text as PostgreSQL reads names: folded to lower case, but for quoted ones.
Names names_of(std::string_view text) {
  Names names;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    if (text[at] == '"') {
      end = std::min(text.find('"', at + 1), text.size());
      names.emplace(text.substr(at + 1, end - at - 1));
      at = end + 1;
      continue;
    }
    while (end < text.size() && in_name(text[end])) ++end;
    if (end == at) {
      ++at;
      continue;
    }
    std::string name(text.substr(at, end - at));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    names.insert(std::move(name));
    at = end;
  }
  return names;
}

/// "f" of "f(integer)", "orders" of "orders.status".
std::string_view object_of(const catalog::Change& change) {
  return std::string_view(change.name).substr(0, change.name.find_first_of("(."));
}

bool changes_schema(const sql::Action& action) {
  using enum sql::ActionKind;
  return action.kind == kCreate || action.kind == kAlter || action.kind == kDrop;
}

/// Grants, and what is done to all that somebody owns, name roles and schemas where a change names
/// what lies in them.
bool explained_by_grant(const Statement& statement, const catalog::Change& change) {
  const auto& actions = statement.facts().actions;
  const Names words = names_of(statement.recorded.text);
  return std::any_of(actions.begin(), actions.end(), [&](const sql::Action& action) {
    if (action.object_kind == "owned objects") {
      const Names told = names_of(change.detail);
      return std::any_of(told.begin(), told.end(),
                         [&](const std::string& name) { return words.contains(name); });
    }
    if (action.kind != sql::ActionKind::kGrant && action.kind != sql::ActionKind::kRevoke)
      return false;
    if (change.object_kind == "default privileges") return true;
    const bool granted =
        change.detail.starts_with("privileges of ") || change.detail.starts_with("member of ");
    return granted && (words.contains(object_of(change)) || words.contains(change.schema));
  });
}

/// What the facts do not name: a domain that is made, the name that something gets and stands under
/// from then on in the definitions of what uses it, and what lies in a schema that is renamed.
bool explained_by_words(const Statement& statement, const catalog::Change& change) {
  const auto& actions = statement.facts().actions;
  const Names words = names_of(statement.recorded.text);
  const bool renames = words.contains("rename");
  return std::any_of(actions.begin(), actions.end(), [&](const sql::Action& action) {
    if (!changes_schema(action)) return false;
    if (!renames && !action.targets.empty()) return false;
    if (words.contains(object_of(change))) return true;
    if (!renames) return false;
    if (action.object_kind == "schema" && words.contains(change.schema)) return true;
    // The new name, among the words of a definition that was printed anew.
    const Names told = names_of(change.detail);
    return change.what == catalog::Change::What::kAltered &&
           change.detail.starts_with("definition changed") &&
           std::any_of(told.begin(), told.end(), [&](const std::string& name) {
             return name != "to" && name != "table" && name != "view" && words.contains(name);
           });
  });
}

}  // namespace

bool explained_by(const std::vector<std::shared_ptr<const Statement>>& statements,
                  const catalog::Change& change) {
  const auto names = [&](const std::string& target) {
    return !target.empty() &&
           (change.name.starts_with(target) || change.detail.find(target) != std::string::npos);
  };
  return std::any_of(statements.begin(), statements.end(), [&](const auto& statement) {
    const sql::StatementFacts& facts = statement->facts();
    if (facts.dynamic_sql) return true;
    const bool named =
        std::any_of(facts.actions.begin(), facts.actions.end(), [&](const sql::Action& action) {
          if (action.cascade || action.object_kind == "extension") return true;
          if (action.targets.empty()) return action.kind == sql::ActionKind::kCall;
          return std::any_of(action.targets.begin(), action.targets.end(),
                             [&](const sql::Object& target) { return names(target.name); });
        });
    return named || explained_by_words(*statement, change) ||
           explained_by_grant(*statement, change);
  });
}

}  // namespace sluice::gateway
