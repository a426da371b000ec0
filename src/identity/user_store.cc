#include "identity/user_store.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/parse_time.h"
#include "base/random.h"
#include "base/units.h"
#include "identity/credential_store.h"
#include "identity/end_user.h"
#include "identity/grant_store.h"
#include "identity/ownership.h"
#include "identity/scim_store.h"
#include "identity/words.h"
#include "store/state.h"
#include "wire/postgres/scram.h"

namespace sluice::identity {
namespace {

constexpr size_t kMinPassword = 8;
/// For how long the record can say that what somebody showed was good once.
constexpr int64_t kRemembered = 7 * 86'400 * int64_t{1'000'000};

Result<> check_password(const SecretString& password) {
  if (password.reveal().size() < kMinPassword) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("the password must have at least {} characters", kMinPassword));
  }
  return {};
}

Result<> check_attributes(const std::map<std::string, std::string>& attributes) {
  for (const auto& [key, value] : attributes) {
    SLUICE_TRY(check_word("an attribute", key));
    SLUICE_TRY(check_word("the value of an attribute", value));
    if (key.find('=') != std::string::npos)
      return fail(ErrorCode::kInvalidInput, "an attribute must not contain \"=\"");
  }
  return {};
}

Result<> check_groups(const std::vector<std::string>& groups) {
  for (const auto& group : groups) SLUICE_TRY(check_word("a group name", group));
  return {};
}

/// A password here would let in whoever sets it, as somebody for whom the provider vouches.
Result<> not_of_a_provider(store::Database& database, std::string_view name) {
  SLUICE_ASSIGN(auto query, database.prepare("SELECT made_by FROM users WHERE name = ?"));
  query.bind(1, name);
  SLUICE_ASSIGN(const bool found, query.step());
  if (!found || query.text(0).empty()) return {};
  return fail(ErrorCode::kDenied, fmt::format("user \"{}\" logs in by {}, and has no password here",
                                              name, query.text(0)));
}

}  // namespace

Result<std::pair<std::string, std::string>> parse_attribute(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("expected an attribute such as team=data, got \"{}\"", text));
  }
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

Result<int64_t> parse_valid_until(std::string_view text) {
  if (text == "never") return 0;
  const int64_t now = wall_micros();
  if (const auto duration = parse_duration(text))
    return now + std::chrono::duration_cast<std::chrono::microseconds>(*duration).count();
  const auto at = parse_time(std::string(text));
  if (at && *at > 0) return *at;
  return fail(ErrorCode::kInvalidInput,
              fmt::format("expected until when the user is valid, such as 2027-03-31, "
                          "90d or never, got \"{}\"",
                          text));
}

Result<> UserStore::add(const NewUser& user, const SecretString& password) {
  SLUICE_TRY(check_password(password));
  return insert(user, wire::postgres::make_verifier(password.reveal()));
}

Result<> UserStore::add(const NewUser& user) { return insert(user, {}); }

Result<> UserStore::insert(const NewUser& user, const std::string& verifier) {
  SLUICE_TRY(check_word("a user name", user.name));
  SLUICE_TRY(check_groups(user.groups));
  SLUICE_TRY(check_attributes(user.attributes));
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(const auto alike, users_alike(database_, user.name, true));
  if (!alike.empty() && alike.front() != user.name) {
    return fail(ErrorCode::kExists,
                fmt::format("\"{}\" would be taken for user \"{}\", whom the identity provider "
                            "keeps (SCIM): choose another name",
                            user.name, alike.front()));
  }
  SLUICE_ASSIGN(auto insert,
                database_.prepare("INSERT INTO users (name, groups, scram_verifier, "
                                  "created_micros, kind, attributes, valid_until_micros) VALUES "
                                  "(?, ?, ?, ?, ?, ?, ?)"));
  const auto inserted = insert.bind(1, user.name)
                            .bind(2, join(user.groups))
                            .bind(3, verifier)
                            .bind(4, wall_micros())
                            .bind(5, name_of(user.kind))
                            .bind(6, join_pairs(user.attributes))
                            .bind(7, user.valid_until_micros)
                            .run();
  if (!inserted && inserted.error().code == ErrorCode::kExists) {
    return fail(ErrorCode::kExists, fmt::format("user \"{}\" exists already; to change the "
                                                "password: sluice user passwd {}",
                                                user.name, user.name));
  }
  if (!inserted) return inserted;
  SLUICE_TRY(store::leave_admin_event(
      database_, actor_,
      fmt::format("{} \"{}\" added",
                  user.kind == UserKind::kHuman ? std::string_view("user") : name_of(user.kind),
                  user.name)));
  return transaction.commit();
}

Result<> UserStore::changed(store::Statement& change, std::string_view name,
                            std::string_view message) {
  SLUICE_TRY(change.run());
  if (database_.changes() == 0) {
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no user \"{}\"; see: sluice user list", name));
  }
  return store::leave_admin_event(database_, actor_, message);
}

Result<> UserStore::update(std::string_view name, std::string_view sql, std::string_view value,
                           std::string_view message) {
  SLUICE_ASSIGN(auto change, database_.prepare(sql));
  return changed(change.bind(1, name).bind(2, value), name, message);
}

Result<> UserStore::set_totp(std::string_view name, const SecretString& secret,
                             std::string_view message) {
  SLUICE_ASSIGN(auto change, database_.prepare("UPDATE users SET totp_secret = ?, totp_step = CASE "
                                               "WHEN ? = 0 THEN totp_step ELSE 0 END WHERE name = "
                                               "?"));
  change.bind_blob(1, secret.reveal()).bind(2, static_cast<int64_t>(!secret.empty()));
  return changed(change.bind(3, name), name, message);
}

Result<> UserStore::not_of_scim(std::string_view name, std::string_view why) {
  SLUICE_ASSIGN(auto query,
                database_.prepare("SELECT 1 FROM users WHERE name = ? AND made_by = ?"));
  query.bind(1, name).bind(2, kMadeByScim);
  SLUICE_ASSIGN(const bool found, query.step());
  if (!found) return {};
  return fail(ErrorCode::kDenied,
              fmt::format("user \"{}\" is kept by the identity provider (SCIM): {}", name, why));
}

/// What the identity provider has said is not an operator's to take back.
Result<> UserStore::may_be_enabled(std::string_view name) {
  SLUICE_ASSIGN(auto query, database_.prepare("SELECT disabled, valid_until_micros FROM users "
                                              "WHERE name = ?"));
  query.bind(1, name);
  SLUICE_ASSIGN(const bool found, query.step());
  if (found && (query.integer(0) & kDisabledByTime) != 0) {
    return fail(ErrorCode::kDenied,
                fmt::format("the time of user \"{}\" ended at {}; give them more: sluice user set "
                            "{} --valid-until TIME",
                            name, format_time(query.integer(1)), name));
  }
  if (!found || (query.integer(0) & kDisabledByScim) == 0) return {};
  return fail(ErrorCode::kDenied,
              fmt::format("user \"{}\" is inactive at the identity provider (SCIM): activate them "
                          "there",
                          name));
}

/// With the salt of before: the user's credentials are checked with it too.
Result<std::string> UserStore::next_verifier(std::string_view name, const SecretString& password) {
  SLUICE_ASSIGN(auto query, database_.prepare("SELECT scram_verifier FROM users WHERE name = ?"));
  query.bind(1, name);
  SLUICE_ASSIGN([[maybe_unused]] const bool found, query.step());
  SLUICE_ASSIGN(const std::string secret, store::installation_secret(database_));
  const ScramSalt salt = scram_salt(query.text(0), secret, name);
  return wire::postgres::make_verifier(password.reveal(), salt.salt, salt.iterations);
}

Result<> UserStore::set_password(std::string_view name, const SecretString& password) {
  SLUICE_TRY(check_password(password));
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_TRY(not_of_scim(name, "they log in there, and have no password here"));
  SLUICE_TRY(not_of_a_provider(database_, name));
  SLUICE_ASSIGN(const std::string verifier, next_verifier(name, password));
  // Whoever knew the old one has no more use of it; tokens go on.
  SLUICE_ASSIGN([[maybe_unused]] const int64_t ended,
                end_credentials(database_, name, {"password", "totp"}));
  SLUICE_TRY(update(name, "UPDATE users SET scram_verifier = ?2 WHERE name = ?1", verifier,
                    fmt::format("password of user \"{}\" changed", name)));
  return transaction.commit();
}

/// What anybody had made for a service or an agent is not for being a person.
Result<> UserStore::becomes_human(std::string_view name) {
  SLUICE_ASSIGN(auto query, database_.prepare("SELECT kind FROM users WHERE name = ?"));
  query.bind(1, name);
  SLUICE_ASSIGN(const bool found, query.step());
  const bool was = found && query.text(0) == name_of(UserKind::kHuman);
  query.reset();
  if (!found || was) return {};
  return end_credentials(database_, name).transform([](int64_t) {});
}

Result<> UserStore::set(std::string_view name, const UserChange& change) {
  if (change.groups) SLUICE_TRY(check_groups(*change.groups));
  if (change.attributes) SLUICE_TRY(check_attributes(*change.attributes));
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  if (change.groups || change.kind)
    SLUICE_TRY(not_of_scim(name, "it says in which groups they are, and that they are people"));
  if (change.kind == UserKind::kHuman) SLUICE_TRY(becomes_human(name));
  SLUICE_ASSIGN(auto update,
                database_.prepare("UPDATE users SET kind = coalesce(?2, kind), groups = "
                                  "coalesce(?3, groups), attributes = coalesce(?4, attributes), "
                                  "valid_until_micros = coalesce(?5, valid_until_micros), "
                                  "disabled = disabled & ?6 WHERE name = ?1"));
  update.bind(1, name).bind_null(2).bind_null(3).bind_null(4).bind_null(5);
  // Whose time is over all the same is found again in a moment.
  update.bind(6, change.valid_until_micros ? ~kDisabledByTime : ~int64_t{0});
  std::string said;
  const auto say = [&](int index, std::string_view what, const std::string& value) {
    update.bind(index, value);
    std::string shown = value;
    std::replace(shown.begin(), shown.end(), '\n', ' ');
    said +=
        fmt::format("{}{} = {}", said.empty() ? "" : ", ", what, shown.empty() ? "none" : shown);
  };
  if (change.valid_until_micros) {
    const int64_t until = *change.valid_until_micros;
    update.bind(5, until);
    said = "valid until " + (until == 0 ? std::string("ever") : format_time(until));
  }
  if (change.kind) say(2, "kind", std::string(name_of(*change.kind)));
  if (change.groups) say(3, "groups", join(*change.groups));
  if (change.attributes) say(4, "attributes", join_pairs(*change.attributes));
  SLUICE_TRY(update.run());
  if (database_.changes() == 0) {
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no user \"{}\"; see: sluice user list", name));
  }
  SLUICE_TRY(store::leave_admin_event(database_, actor_,
                                      fmt::format("user \"{}\" changed: {}", name, said)));
  return transaction.commit();
}

Result<> UserStore::leave_group(std::string_view name, std::string_view group) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto query, database_.prepare("SELECT groups FROM users WHERE name = ?"));
  query.bind(1, name);
  SLUICE_ASSIGN(const bool found, query.step());
  UserChange change;
  change.groups = found ? split(query.text(0)) : std::vector<std::string>();
  query.reset();
  if (std::erase(*change.groups, group) == 0)
    return fail(ErrorCode::kNotFound, fmt::format("\"{}\" is not in {}", name, group));
  SLUICE_TRY(set(name, change));
  return transaction.commit();
}

Result<> UserStore::set_disabled(std::string_view name, bool disabled) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  if (!disabled) SLUICE_TRY(may_be_enabled(name));
  SLUICE_TRY(update(
      name, "UPDATE users SET disabled = (disabled & 6) | CAST(?2 AS INTEGER) WHERE name = ?1",
      disabled ? "1" : "0",
      fmt::format("user \"{}\" {}", name, disabled ? "disabled" : "enabled")));
  return transaction.commit();
}

Result<> UserStore::disable_ended(int64_t now_micros) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  std::vector<std::string> ended;
  {
    SLUICE_ASSIGN(auto query, database_.prepare(
                                  "SELECT name FROM users WHERE valid_until_micros > 0 AND "
                                  "valid_until_micros <= ? AND (disabled & ?) = 0 ORDER BY name"));
    query.bind(1, now_micros).bind(2, kDisabledByTime);
    for (;;) {
      SLUICE_ASSIGN(const bool row, query.step());
      if (!row) break;
      ended.push_back(query.text(0));
    }
  }
  for (const std::string& name : ended) {
    SLUICE_ASSIGN(auto change,
                  database_.prepare("UPDATE users SET disabled = disabled | ?2 WHERE name = ?1"));
    change.bind(1, name).bind(2, kDisabledByTime);
    SLUICE_TRY(changed(change, name, fmt::format("the time of user \"{}\" is over", name)));
  }
  return transaction.commit();
}

Result<> UserStore::remove(std::string_view name) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_TRY(update(name, "DELETE FROM users WHERE name = ?1 AND ?2 = ''", "",
                    fmt::format("user \"{}\" removed", name)));
  SLUICE_TRY(forget_scim_user(database_, name));
  // The name may be given to somebody else.
  SLUICE_ASSIGN([[maybe_unused]] const int64_t ended, end_credentials(database_, name));
  return transaction.commit();
}

Result<SecretString> UserStore::enrol_totp(std::string_view name) {
  SecretString secret(random_string(20));
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_TRY(set_totp(name, secret, fmt::format("one-time codes of user \"{}\" set up", name)));
  SLUICE_TRY(transaction.commit());
  return std::move(secret);
}

Result<> UserStore::remove_totp(std::string_view name) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_TRY(set_totp(name, {}, fmt::format("one-time codes of user \"{}\" removed", name)));
  return transaction.commit();
}

Result<SecretString> UserStore::make_assertion_key(std::string_view name) {
  SecretString key = identity::make_assertion_key();
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto query, database_.prepare("SELECT kind FROM users WHERE name = ?"));
  query.bind(1, name);
  SLUICE_ASSIGN(const bool found, query.step());
  if (found && query.text(0) != name_of(UserKind::kService)) {
    return fail(ErrorCode::kDenied,
                fmt::format("user \"{}\" is no service, and acts for nobody else", name));
  }
  SLUICE_TRY(update(name, "UPDATE users SET assertion_key = CAST(?2 AS BLOB) WHERE name = ?1",
                    key.reveal(), fmt::format("service \"{}\" got an assertion key", name)));
  SLUICE_TRY(transaction.commit());
  return std::move(key);
}

Result<> UserStore::remove_assertion_key(std::string_view name) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_TRY(update(name, "UPDATE users SET assertion_key = CAST(?2 AS BLOB) WHERE name = ?1", "",
                    fmt::format("assertion key of \"{}\" removed", name)));
  return transaction.commit();
}

Result<> UserStore::logged_in(const std::vector<std::pair<std::string, int64_t>>& when) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto note, database_.prepare("UPDATE users SET last_login_micros = ?1 WHERE name = "
                                             "?2 AND last_login_micros < ?1"));
  for (const auto& [name, micros] : when) SLUICE_TRY(note.bind(1, micros).bind(2, name).run());
  return transaction.commit();
}

Result<std::shared_ptr<const Directory>> load_directory(store::Database& database) {
  SLUICE_ASSIGN(const int64_t version, database.data_version());
  SLUICE_ASSIGN(
      auto query,
      database.prepare("SELECT name, groups, scram_verifier, disabled, created_micros, kind, "
                       "attributes, totp_secret, assertion_key, last_login_micros, made_by, "
                       "valid_until_micros, named_micros, former_names FROM users ORDER BY name"));
  const int64_t now = wall_micros();
  std::vector<User> users;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) break;
    const auto kind = find_kind(query.text(5));
    if (!kind) {
      return fail(ErrorCode::kInternal, fmt::format("user \"{}\" is of unknown kind \"{}\"",
                                                    query.text(0), query.text(5)));
    }
    users.push_back({query.text(0),
                     split(query.text(1)),
                     query.text(2),
                     query.integer(3) != 0 || (query.integer(11) != 0 && query.integer(11) <= now),
                     query.integer(4),
                     *kind,
                     split_pairs(query.text(6)),
                     {},
                     SecretString(query.text(7)),
                     SecretString(query.text(8)),
                     query.integer(9),
                     query.text(10),
                     query.integer(11),
                     query.integer(12),
                     split(query.text(13))});
  }
  SLUICE_ASSIGN(auto credentials, load_credentials(database, now - kRemembered));
  SLUICE_ASSIGN(auto grants, load_grants(database, now));
  return std::make_shared<const Directory>(std::move(users), std::move(credentials),
                                           static_cast<uint64_t>(version), std::move(grants));
}

}  // namespace sluice::identity
