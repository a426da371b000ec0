#include "identity/ldap_directory.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/authentication.h"
#include "base/bytes.h"
#include "identity/server_password.h"
#include "identity/words.h"

namespace sluice::identity {
namespace {

constexpr auto kDownFor = std::chrono::seconds(10);
constexpr size_t kMostGroups = 1000;
constexpr int kDeepestGroups = 10;

std::string fill(std::string text, std::string_view placeholder, const std::string& value) {
  for (size_t at = text.find(placeholder); at != std::string::npos;
       at = text.find(placeholder, at + value.size()))
    text.replace(at, placeholder.size(), value);
  return text;
}

std::string small(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// A directory takes names that differ in case and spaces for the same: those with spaces at odd
/// places are nobody's here.
bool usable_name(const std::string& user) {
  return check_word("a user name", user) && !user.starts_with(' ') && !user.ends_with(' ') &&
         user.find("  ") == std::string::npos;
}

bool away(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kTimeout;
}

/// What is wrong with the directory is no matter of who logs in.
Error unusable(Error error) {
  if (!away(error)) error.code = ErrorCode::kUnavailable;
  return error;
}

/// The one value of an attribute. Errors: kDenied.
Result<std::string> only(const LdapEntry& entry, const std::string& attribute) {
  const auto& values = entry.values(attribute);
  if (values.size() == 1 && !values.front().empty()) return values.front();
  return fail(ErrorCode::kDenied,
              fmt::format("the entry {} has {} values of {}, where one is needed",
                          to_printable_utf8(entry.dn), values.size(), attribute));
}

}  // namespace

std::string fill_filter(std::string filter, std::string_view placeholder, std::string_view value) {
  return fill(std::move(filter), placeholder, escape_filter(value));
}

std::string both_filters(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a + b;
  return fmt::format("(&{}{})", a, b);
}

std::string subject_of(std::string_view id) {
  const bool text =
      id.size() <= 200 && !id.starts_with("0x") &&
      std::all_of(id.begin(), id.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
  return text ? std::string(id) : "0x" + to_hex(id);
}

std::string id_of_subject(std::string_view subject) {
  if (!subject.starts_with("0x")) return std::string(subject);
  std::string out;
  for (size_t at = 2; at + 1 < subject.size(); at += 2) {
    const auto digit = [&](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    out += static_cast<char>(digit(subject[at]) * 16 + digit(subject[at + 1]));
  }
  return out;
}

std::optional<std::string> local_group(const config::LdapConfig& config, const std::string& dn,
                                       const std::string& name) {
  std::string local = name;
  if (!config.groups_map.empty()) {
    const auto normal = normal_dn(dn);
    const auto found =
        std::find_if(config.groups_map.begin(), config.groups_map.end(), [&](const auto& entry) {
          if (entry.first.find('=') == std::string::npos) return small(entry.first) == small(name);
          const auto wanted = normal_dn(entry.first);
          return normal && wanted && *wanted == *normal;
        });
    if (found == config.groups_map.end()) return std::nullopt;
    local = found->second;
  }
  local.insert(0, config.groups_prefix);
  // What cannot be a group's name here stands in no rule.
  if (!check_word("a group name", local)) return std::nullopt;
  return local;
}

LdapDirectory::LdapDirectory(config::LdapConfig config) : config_(std::move(config)) {}

std::vector<std::string> LdapDirectory::attributes() const {
  std::vector<std::string> names = {config_.user_attribute, config_.id_attribute};
  if (!config_.groups_attribute.empty()) names.push_back(config_.groups_attribute);
  return names;
}

Result<> LdapDirectory::check_reachable() {
  const std::lock_guard lock(mutex_);
  if (Clock::now() >= down_until_) return {};
  return fail(ErrorCode::kUnavailable, why_down_);
}

/// The first server that answers. One after another that is dead must not hold up everybody who
/// logs in: for some seconds nobody tries again.
Result<LdapConnection> LdapDirectory::connect() {
  std::string why;
  for (const auto& url : config_.urls) {
    auto connection = LdapConnection::open({url, config_.start_tls, config_.ca, config_.timeout});
    if (connection) return connection;
    why += (why.empty() ? "" : "; ") + connection.error().text;
  }
  const std::lock_guard lock(mutex_);
  down_until_ = Clock::now() + kDownFor;
  why_down_ = fmt::format("directory {}: {}", config_.name, why);
  return fail(ErrorCode::kUnavailable, why_down_);
}

Result<SecretString> LdapDirectory::own_password(bool anew) {
  if (config_.password_source.kind == config::PasswordSource::Kind::kGiven) return config_.password;
  if (!anew) {
    const std::lock_guard lock(mutex_);
    if (!own_password_.empty()) return own_password_;
  }
  SLUICE_ASSIGN(auto read, read_server_password(config_.password_source));
  const std::lock_guard lock(mutex_);
  own_password_ = read;
  return read;
}

Result<> LdapDirectory::bind_self(LdapConnection& connection) {
  if (config_.bind_dn.empty()) return {};
  const auto bind = [&](bool anew) -> Result<> {
    SLUICE_ASSIGN(const auto password, own_password(anew));
    return connection.bind(config_.bind_dn, password);
  };
  auto bound = bind(false);
  // It may have been changed since it was read.
  const bool given = config_.password_source.kind == config::PasswordSource::Kind::kGiven;
  if (!bound && bound.error().code == ErrorCode::kAuthentication && !given) bound = bind(true);
  if (bound) return {};
  return fail(unusable(std::move(bound.error()))
                  .within(fmt::format("directory {}: as {}", config_.name, config_.bind_dn)));
}

Result<LdapEntry> LdapDirectory::find(LdapConnection& connection, const std::string& user) {
  const std::string filter =
      both_filters(fill_filter(config_.user_filter, "{user}", user), config_.active_filter);
  auto found = connection.search(config_.base, LdapScope::kSubtree, filter, attributes(), 1);
  if (!found) {
    if (found.error().code == ErrorCode::kLimit) {
      return fail(ErrorCode::kDenied,
                  fmt::format("directory {}: several people answer to \"{}\"; ask your operator "
                              "to make identity.directories.user_filter narrower",
                              config_.name, user));
    }
    return fail(unusable(std::move(found.error())).within("directory " + config_.name));
  }
  if (found->empty()) return fail(ErrorCode::kNotFound, "the directory knows nobody of that name");
  return std::move(found->front());
}

/// The entry is the one whose password was taken, and no other that looks like it.
Result<LdapEntry> LdapDirectory::bind_by_template(LdapConnection& connection,
                                                  const std::string& user,
                                                  const SecretString& password) {
  const std::string dn = fill(config_.bind_template, "{user}", escape_dn(user));
  SLUICE_TRY(connection.bind(dn, password));
  SLUICE_TRY(bind_self(connection));
  const std::string filter = both_filters("(objectClass=*)", config_.active_filter);
  auto found = connection.search(dn, LdapScope::kBase, filter, attributes(), 1);
  if (!found) return fail(unusable(std::move(found.error())).within("directory " + config_.name));
  if (found->empty())
    return fail(ErrorCode::kAuthentication, "the entry cannot be read, or is not active");
  return std::move(found->front());
}

Result<VerifiedIdentity> LdapDirectory::authenticate(const std::string& user,
                                                     const SecretString& password) {
  // RFC 4513, section 5.1.2: a server takes a bind with an empty password for one that wants to
  // prove nothing, and says yes.
  if (password.empty()) return fail(ErrorCode::kAuthentication, "the password is empty");
  if (!usable_name(user)) return fail(ErrorCode::kNotFound, "that is nobody's name");
  SLUICE_TRY(check_reachable());
  SLUICE_ASSIGN(auto connection, connect());
  if (!config_.bind_template.empty()) {
    SLUICE_ASSIGN(const auto entry, bind_by_template(connection, user, password));
    return identity_of(connection, entry);
  }
  SLUICE_TRY(bind_self(connection));
  SLUICE_ASSIGN(const auto entry, find(connection, user));
  SLUICE_TRY(connection.bind(entry.dn, password));
  // What is read from here on, whoever looks at themselves may not be allowed to read.
  SLUICE_TRY(bind_self(connection));
  return identity_of(connection, entry);
}

Result<std::optional<VerifiedIdentity>> LdapDirectory::inspect(const std::string& user) {
  SLUICE_ASSIGN(auto connection, connect());
  SLUICE_TRY(bind_self(connection));
  if (user.empty()) return std::nullopt;
  if (config_.base.empty()) {
    return fail(ErrorCode::kInvalidInput,
                "without a base nobody can be looked for: the template makes a DN of a name");
  }
  auto entry = find(connection, user);
  if (!entry && entry.error().code == ErrorCode::kNotFound) return std::nullopt;
  if (!entry) return fail(std::move(entry.error()));
  SLUICE_ASSIGN(auto identity, identity_of(connection, *entry));
  return std::optional(std::move(identity));
}

Result<VerifiedIdentity> LdapDirectory::identity_of(LdapConnection& connection,
                                                    const LdapEntry& entry) {
  VerifiedIdentity identity;
  identity.issuer = issuer();
  SLUICE_ASSIGN(const auto id, only(entry, config_.id_attribute));
  identity.subject = subject_of(id);
  SLUICE_ASSIGN(identity.user, only(entry, config_.user_attribute));
  if (!usable_name(identity.user)) {
    return fail(ErrorCode::kDenied,
                fmt::format("\"{}\" in {} cannot be a user's name here",
                            to_printable_utf8(identity.user), config_.user_attribute));
  }
  identity.keep_groups = !config_.has_groups();
  if (config_.has_groups()) {
    SLUICE_ASSIGN(identity.groups, groups_of(connection, entry, identity.user));
  }
  identity.assurance.method = kByLdap;
  identity.assurance.issuer = issuer();
  identity.assurance.amr = {"pwd"};
  identity.assurance.authenticated_micros = wall_micros();
  return identity;
}

Result<std::vector<LdapEntry>> LdapDirectory::search_groups(LdapConnection& connection,
                                                            const std::string& dn,
                                                            const std::string& user) {
  const std::string filter =
      fill_filter(fill_filter(config_.groups_filter, "{dn}", dn), "{user}", user);
  auto found = connection.search(config_.groups_base, LdapScope::kSubtree, filter,
                                 {config_.groups_name}, kMostGroups);
  if (!found) return fail(unusable(std::move(found.error())).within("directory " + config_.name));
  return found;
}

Result<std::vector<std::string>> LdapDirectory::groups_of(LdapConnection& connection,
                                                          const LdapEntry& entry,
                                                          const std::string& user) {
  std::set<std::string> names;
  const auto take = [&](const std::string& dn, const std::string& name) {
    if (auto local = local_group(config_, dn, name)) names.insert(std::move(*local));
  };
  const auto result = [&] { return std::vector<std::string>(names.begin(), names.end()); };
  if (!config_.groups_attribute.empty()) {
    // Active Directory hands over long lists in pieces, and leaves the attribute itself empty.
    const std::string piece = small(config_.groups_attribute) + ";range=";
    const bool cut = std::any_of(entry.attributes.begin(), entry.attributes.end(),
                                 [&](const auto& each) { return each.first.starts_with(piece); });
    const auto& values = entry.values(config_.groups_attribute);
    if (cut || values.size() > kMostGroups)
      return fail(ErrorCode::kDenied, "the directory names too many groups; use groups_base");
    for (const auto& value : values) {
      const auto first = first_value_of_dn(value);
      take(value, first ? *first : value);
    }
    return result();
  }
  std::set<std::string> seen;
  std::vector<std::string> next = {entry.dn};
  for (int depth = 0; !next.empty() && depth < kDeepestGroups; ++depth) {
    std::vector<std::string> found;
    for (const auto& dn : next) {
      SLUICE_ASSIGN(const auto groups, search_groups(connection, dn, depth == 0 ? user : ""));
      for (const auto& group : groups) {
        if (!seen.insert(small(group.dn)).second) continue;
        if (seen.size() > kMostGroups)
          return fail(ErrorCode::kDenied, "the directory names too many groups");
        for (const auto& name : group.values(config_.groups_name)) take(group.dn, name);
        found.push_back(group.dn);
      }
    }
    next = config_.groups_nested ? std::move(found) : std::vector<std::string>();
  }
  return result();
}

Result<std::optional<VerifiedIdentity>> LdapDirectory::look_up_one(LdapConnection& connection,
                                                                   const std::string& subject) {
  const std::string filter = both_filters(
      fmt::format("({}={})", config_.id_attribute, escape_filter(id_of_subject(subject))),
      config_.active_filter);
  auto found = connection.search(config_.base, LdapScope::kSubtree, filter, attributes(), 1);
  if (!found) return fail(unusable(std::move(found.error())).within("directory " + config_.name));
  if (found->empty()) return std::nullopt;
  const LdapEntry& entry = found->front();
  const auto name = only(entry, config_.user_attribute);
  if (!name) return std::nullopt;
  if (config_.bind_template.empty()) {
    auto still = connection.search(entry.dn, LdapScope::kBase,
                                   fill_filter(config_.user_filter, "{user}", *name), {}, 1);
    if (!still) return fail(unusable(std::move(still.error())).within("directory " + config_.name));
    if (still->empty()) return std::nullopt;
  }
  auto identity = identity_of(connection, entry);
  if (identity) return std::optional(std::move(*identity));
  if (away(identity.error())) return fail(std::move(identity.error()));
  return std::nullopt;
}

Result<std::vector<std::optional<VerifiedIdentity>>> LdapDirectory::look_up(
    const std::vector<std::string>& subjects) {
  SLUICE_ASSIGN(auto connection, connect());
  SLUICE_TRY(bind_self(connection));
  std::vector<std::optional<VerifiedIdentity>> all;
  for (const auto& subject : subjects) {
    SLUICE_ASSIGN(auto one, look_up_one(connection, subject));
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace sluice::identity
