#include "gateway/server_identity.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "gateway/attributed.h"
#include "gateway/refusals.h"
#include "gateway/stated.h"

namespace sluice::gateway {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool fits(const config::RoleRule& rule, const policy::Identity& principal) {
  const auto& groups = principal.groups;
  return (rule.users.empty() || contains(rule.users, principal.user)) &&
         (rule.kinds.empty() || contains(rule.kinds, policy::name_of(principal.kind))) &&
         (rule.groups.empty() ||
          std::any_of(groups.begin(), groups.end(),
                      [&](const std::string& group) { return contains(rule.groups, group); }));
}

/// Whether it is for one of those for whom the principal acts, or for itself alone.
bool fits_some(const config::RoleRule& rule, const policy::Principal& principal) {
  return principal.chain &&
         std::any_of(principal.chain->begin(), principal.chain->end(),
                     [&](const policy::Identity& each) { return fits(rule, each); });
}

Result<std::string> no_role(const policy::Principal& principal, const config::RoleRule& before,
                            const std::string& role) {
  return fail(ErrorCode::kDenied,
              fmt::format("role \"{}\" of this database is for somebody for whom \"{}\" acts, or "
                          "for it alone, and stands before {}: an operator lists the role of "
                          "agents first in identity.roles (kinds: [agent])",
                          before.role, principal.user,
                          role.empty() ? "any that is for all of them" : "\"" + role + "\""));
}

std::shared_ptr<const policy::Decision> refused(std::string message, std::string hint) {
  return refusal("identity-at-server", "42501", std::move(message), std::move(hint));
}

constexpr std::string_view kEndUser = "sluice.end_user";

/// Words of a text with blanks between them, and whatever stands in quotes as one.
std::vector<std::string> plain_words(std::string_view text) {
  std::vector<std::string> words;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';') {
      ++i;
      continue;
    }
    const bool quoted = c == '\'';
    const bool alone = c == '=';
    size_t end = alone ? i + 1 : text.find_first_of(quoted ? "'" : " \t\r\n;='", i + 1);
    end = end == std::string_view::npos ? text.size() : end + (quoted ? 1 : 0);
    words.emplace_back(text.substr(i, end - i));
    if (!quoted) {
      for (char& letter : words.back()) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter + ('a' - 'A'));
      }
    }
    i = end;
  }
  return words;
}

/// "*": one that cannot be known beforehand.
std::shared_ptr<const policy::Decision> objection_to(const config::ServerIdentityConfig& config,
                                                     std::string_view setting) {
  if (setting == "*") {
    return refused("which setting this changes cannot be known beforehand",
                   "Write its name as a plain literal: set_config('work_mem', …).");
  }
  // They say nothing of who it is, and the gateway has looked at them.
  if (is_attribution(setting)) return nullptr;
  if (setting.starts_with("sluice.")) {
    return refused(fmt::format("{} is set by the gateway alone", setting), "");
  }
  if (config.maps_roles() && (setting == "role" || setting == "session_authorization")) {
    return refused("the role of this session is set by the gateway alone",
                   "An operator maps users to roles: identity.roles of the database.");
  }
  return nullptr;
}

/// A function that is trusted by its name must stay the one that is meant: it is not replaced, and
/// none gets its name.
bool touches_trusted(const config::ServerIdentityConfig& config, const sql::Action& action) {
  const bool routine = action.object_kind == "function" || action.object_kind == "procedure" ||
                       action.object_kind == "routine" || action.object_kind == "aggregate";
  if (!routine || config.trusted_functions.empty()) return false;
  if (action.kind == sql::ActionKind::kAlter) return true;  // What it is called then is not told.
  if (action.kind != sql::ActionKind::kCreate && action.kind != sql::ActionKind::kDrop)
    return false;
  return std::any_of(action.targets.begin(), action.targets.end(), [&](const auto& target) {
    return std::any_of(
        config.trusted_functions.begin(), config.trusted_functions.end(),
        [&](const std::string& trusted) { return trusted.ends_with("." + target.name); });
  });
}

}  // namespace

Result<std::string> role_at_server(const config::ServerIdentityConfig& config,
                                   const policy::Principal& principal) {
  if (!config.maps_roles()) return std::string();
  // What stands before the role that fits, and is for one of a chain alone.
  const config::RoleRule* before = nullptr;
  std::string role = config.default_role;
  for (const auto& rule : config.roles) {
    if (fits(rule, principal)) {
      role = rule.role;
      break;
    }
    if (before == nullptr && fits_some(rule, principal)) before = &rule;
  }
  if (before != nullptr && before->role != role) return no_role(principal, *before, role);
  if (!role.empty()) return role;
  return fail(ErrorCode::kDenied,
              fmt::format("no role of this database is for user \"{}\"", principal.user));
}

std::string array_literal(const std::vector<std::string>& items) {
  std::string out = "{";
  for (const auto& item : items) {
    out += out.size() > 1 ? ",\"" : "\"";
    for (const char c : item) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    out.push_back('"');
  }
  return out + "}";
}

std::vector<std::pair<std::string, std::string>> identity_settings(
    const config::ServerIdentityConfig& config, const policy::Principal& principal,
    const std::string& role) {
  std::vector<std::pair<std::string, std::string>> settings;
  if (config.settings) {
    settings = {{"sluice.user", principal.user},
                {"sluice.groups", array_literal(principal.groups)},
                {"sluice.kind", std::string(policy::name_of(principal.kind))},
                {"sluice.end_user", principal.end_user}};
  }
  if (!role.empty()) settings.emplace_back("role", role);
  return settings;
}

bool always_accepted(const std::vector<std::pair<std::string, std::string>>& settings) {
  return std::all_of(settings.begin(), settings.end(), [](const auto& setting) {
    return setting.first != "role" &&
           std::all_of(setting.second.begin(), setting.second.end(),
                       [](char c) { return c > 0 && static_cast<unsigned char>(c) < 0x80; });
  });
}

bool names_end_user(const sql::StatementFacts& facts) {
  return std::any_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
    return action.kind == sql::ActionKind::kSessionSetting &&
           std::any_of(action.targets.begin(), action.targets.end(),
                       [](const sql::Object& target) { return target.name == kEndUser; });
  });
}

std::optional<std::string> end_user_set(std::string_view text) {
  return plainly_set(text, kEndUser);
}

std::optional<std::string> plainly_set(std::string_view text, std::string_view name) {
  auto words = plain_words(text);
  if (words == std::vector<std::string>{"reset", std::string(name)}) return "";
  if (words.size() == 5 && words[0] == "set" && words[1] == "session") {
    words.erase(words.begin() + 1);
  }
  if (words.size() != 4 || words[0] != "set" || words[1] != name ||
      (words[2] != "=" && words[2] != "to")) {
    return std::nullopt;
  }
  if (words[3] == "default") return "";
  const std::string& value = words[3];
  // SET x TO support: a name is taken as the text, in small letters.
  const auto in_name = [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_';
  };
  if (!value.empty() && std::islower(static_cast<unsigned char>(value[0])) != 0 &&
      std::all_of(value.begin(), value.end(), in_name))
    return value;
  // Neither an assertion nor an id has anything to be escaped.
  if (value.size() < 2 || value.front() != '\'' || value.back() != '\'' ||
      value.find('\\') != std::string::npos) {
    return std::nullopt;
  }
  return value.substr(1, value.size() - 2);
}

std::shared_ptr<const policy::Decision> changes_identity(const config::ServerIdentityConfig& config,
                                                         const sql::StatementFacts& facts,
                                                         bool may_assert) {
  if (!config.guarded()) return nullptr;
  for (const auto& action : facts.actions) {
    if (touches_trusted(config, action)) {
      return refused("functions that are trusted by name are not changed through the gateway",
                     "An operator changes them, and identity.trusted_functions of the database.");
    }
    if (action.kind != sql::ActionKind::kSessionSetting &&
        action.kind != sql::ActionKind::kRoleChange) {
      continue;
    }
    for (const auto& target : action.targets) {
      // Then it has been looked at, and is alone.
      if (may_assert && target.name == kEndUser && !target.reached) continue;
      if (is_stated(target.name) && !target.reached) continue;
      if (auto why = objection_to(config, target.name)) return why;
    }
  }
  if (facts.resets_in_body || (facts.resets_settings && facts.statements > 1)) {
    return refused("RESET ALL and DISCARD ALL have to be sent alone",
                   "They would reset what tells the server whose session this is; sent alone, the "
                   "gateway tells it again.");
  }
  if (!facts.dynamic_sql) return nullptr;
  for (const auto& function : facts.dynamic_in) {
    if (contains(config.trusted_functions, function)) continue;
    return refused(
        function.empty()
            ? "this runs SQL that cannot be known beforehand and might change whose session it is"
            : fmt::format("function {} runs SQL that cannot be known beforehand and might change "
                          "whose session this is",
                          function),
        function.empty() ? "Write the statement itself."
                         : "An operator can name functions that do not in "
                           "identity.trusted_functions of the database.");
  }
  return nullptr;
}

}  // namespace sluice::gateway
