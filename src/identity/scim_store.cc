#include "identity/scim_store.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/random.h"
#include "identity/credential_store.h"
#include "identity/ownership.h"
#include "identity/scim_rows.h"
#include "identity/words.h"
#include "store/state.h"

namespace sluice::identity {
namespace {

namespace json = boost::json;

constexpr const char* kUsers =
    "SELECT s.id, s.external_id, s.profile, s.created_micros, s.modified_micros, s.version, "
    "u.name, u.disabled FROM scim_users s JOIN users u ON u.name = s.name ";

/// What is kept of a user beyond what others ask for.
std::string profile_of(const scim::User& user) {
  json::array emails;
  for (const auto& email : user.emails)
    emails.push_back(
        json::object{{"value", email.value}, {"type", email.type}, {"primary", email.primary}});
  return json::serialize(json::object{{"displayName", user.display_name},
                                      {"name", json::object{{"formatted", user.formatted},
                                                            {"familyName", user.family_name},
                                                            {"givenName", user.given_name}}},
                                      {"emails", std::move(emails)}});
}

Result<scim::User> read_row(const store::Statement& query) {
  json::error_code error;
  json::value profile = json::parse(query.text(2), error);
  if (error || !profile.is_object())
    return fail(ErrorCode::kInternal, "what the store keeps of a SCIM user cannot be read");
  profile.get_object()["userName"] = query.text(6);
  auto user = scim::read_user(profile.get_object());
  if (!user) return fail(ErrorCode::kInternal, user.error().detail);
  user->meta = {query.text(0), query.text(1), query.integer(3), query.integer(4), query.integer(5)};
  user->active = (query.integer(7) & kDisabledByScim) == 0;
  return std::move(*user);
}

/// What holds on of what was said of the name, for the record.
std::string before_removal(int64_t disabled, int64_t valid_until_micros) {
  std::string said;
  if ((disabled & kDisabledByOperator) != 0) said += ", disabled as before they were removed";
  if (valid_until_micros != 0)
    said += fmt::format(", valid until {} as before", format_time(valid_until_micros));
  return said;
}

/// What is different, for the record.
std::string differences(const scim::User& before, const scim::User& next, bool active) {
  std::vector<std::string> said;
  if (active != before.active) said.emplace_back(active ? "active" : "inactive");
  if (next.user_name != before.user_name)
    said.push_back(fmt::format("name = \"{}\"", next.user_name));
  if (next.meta.external_id != before.meta.external_id)
    said.push_back(fmt::format("externalId = \"{}\"", next.meta.external_id));
  if (profile_of(next) != profile_of(before)) said.emplace_back("profile");
  return fmt::format("{}", fmt::join(said, ", "));
}

}  // namespace

Result<> ScimStore::say(std::string_view message) {
  return store::leave_admin_event(database_, actor_, message);
}

/// In any case: names that differ by it alone are taken for each other by people, and by identity
/// providers.
Result<> ScimStore::check_free(const std::string& name, const std::string& but) {
  SLUICE_TRY(check_word("userName", name));
  if (!is_plain_name(name)) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("userName \"{}\" cannot be a user's name: letters, digits and "
                            "._@+-:/='#; map another attribute to userName",
                            name));
  }
  if (is_own_name(name)) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("userName \"{}\" is what the record calls the gateway", name));
  }
  SLUICE_ASSIGN(auto query, database_.prepare("SELECT name, made_by FROM users WHERE lower(name) = "
                                              "? AND name <> ?"));
  query.bind(1, scim::lower(name)).bind(2, but);
  SLUICE_ASSIGN(const bool taken, query.step());
  if (!taken) return {};
  if (query.text(1) == kMadeByScim) {
    return fail(ErrorCode::kExists, fmt::format("userName \"{}\" is taken", query.text(0)));
  }
  return fail(ErrorCode::kExists,
              fmt::format("user \"{}\" was not made over SCIM; an operator can hand them over: "
                          "sluice scim adopt {}",
                          query.text(0), query.text(0)));
}

Result<> ScimStore::insert_row(const scim::User& user, const std::string& id, int64_t now) {
  SLUICE_ASSIGN(auto insert, database_.prepare("INSERT INTO scim_users (id, name, external_id, "
                                               "profile, created_micros, modified_micros, version) "
                                               "VALUES (?1, ?2, ?3, ?4, ?5, ?5, 1)"));
  return insert.bind(1, id)
      .bind(2, user.user_name)
      .bind(3, user.meta.external_id)
      .bind(4, profile_of(user))
      .bind(5, now)
      .run();
}

Result<ScimStore::Word> ScimStore::take_word(const std::string& name) {
  Word word;
  SLUICE_ASSIGN(auto query,
                database_.prepare("SELECT disabled, valid_until_micros FROM scim_removed WHERE "
                                  "name = ?1 OR lower(name) = ?2"));
  query.bind(1, name).bind(2, scim::lower(name));
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) break;
    word.disabled |= query.integer(0);
    const int64_t until = query.integer(1);
    const int64_t known = word.valid_until_micros;
    if (until != 0) word.valid_until_micros = known == 0 ? until : std::min(known, until);
  }
  SLUICE_ASSIGN(auto back, database_.prepare("DELETE FROM scim_removed WHERE name = ?1 OR "
                                             "lower(name) = ?2"));
  SLUICE_TRY(back.bind(1, name).bind(2, scim::lower(name)).run());
  return word;
}

Result<scim::User> ScimStore::add(const scim::User& user) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_TRY(check_free(user.user_name, {}));
  const int64_t now = wall_micros();
  const std::string id = make_scim_id();
  const bool active = user.active.value_or(true);
  SLUICE_ASSIGN(const Word word, take_word(user.user_name));
  {
    SLUICE_ASSIGN(auto insert,
                  database_.prepare("INSERT INTO users (name, groups, scram_verifier, disabled, "
                                    "created_micros, kind, made_by, valid_until_micros) VALUES "
                                    "(?, '', '', ?, ?, 'human', ?, ?)"));
    SLUICE_TRY(insert.bind(1, user.user_name)
                   .bind(2, (active ? 0 : kDisabledByScim) | word.disabled)
                   .bind(3, now)
                   .bind(4, kMadeByScim)
                   .bind(5, word.valid_until_micros)
                   .run());
  }
  SLUICE_TRY(insert_row(user, id, now));
  SLUICE_TRY(
      say(fmt::format("user \"{}\" added{}{}", user.user_name, active ? "" : ", who is inactive",
                      before_removal(word.disabled, word.valid_until_micros))));
  SLUICE_ASSIGN(auto made, this->user(id));
  SLUICE_TRY(transaction.commit());
  return made;
}

Result<scim::User> ScimStore::user(const std::string& id) {
  ScimLookup lookup;
  lookup.id = id;
  SLUICE_ASSIGN(auto found, users(lookup));
  if (found.empty()) return fail(ErrorCode::kNotFound, fmt::format("there is no user {}", id));
  return std::move(found.front());
}

Result<std::vector<scim::User>> ScimStore::users(const ScimLookup& lookup) {
  std::vector<scim::User> all;
  {
    SLUICE_ASSIGN(auto query, prepare_scim_lookup(database_, kUsers, "u.name", lookup));
    for (;;) {
      SLUICE_ASSIGN(const bool row, query.step());
      if (!row) break;
      SLUICE_ASSIGN(auto user, read_row(query));
      all.push_back(std::move(user));
    }
  }
  const bool one = all.size() == 1;
  SLUICE_ASSIGN(auto query,
                database_.prepare("SELECT m.user_id, g.id, g.name FROM scim_members m JOIN "
                                  "scim_groups g ON g.id = m.group_id WHERE CAST(?1 AS TEXT) IS "
                                  "NULL OR m.user_id = ?1 ORDER BY m.user_id, g.name"));
  if (all.empty()) return all;
  if (one) {
    query.bind(1, all.front().meta.id);
  } else {
    query.bind_null(1);
  }
  std::unordered_map<std::string, scim::User*> by_id;
  for (scim::User& user : all) by_id.emplace(user.meta.id, &user);
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return all;
    const auto found = by_id.find(query.text(0));
    if (found != by_id.end()) found->second->groups.push_back({query.text(1), query.text(2)});
  }
}

Result<> ScimStore::rename_person(const std::string& name, const std::string& next) {
  std::vector<std::pair<std::string, std::string>> changed;
  {
    SLUICE_ASSIGN(auto query, database_.prepare("SELECT name, attributes FROM users WHERE "
                                                "attributes <> '' ORDER BY name"));
    for (;;) {
      SLUICE_ASSIGN(const bool row, query.step());
      if (!row) break;
      auto attributes = split_pairs(query.text(1));
      const auto person = attributes.find("person");
      if (person == attributes.end() || person->second != name) continue;
      person->second = next;
      changed.emplace_back(query.text(0), join_pairs(attributes));
    }
  }
  for (const auto& [account, attributes] : changed) {
    SLUICE_ASSIGN(auto update,
                  database_.prepare("UPDATE users SET attributes = ?2 WHERE name = ?1"));
    SLUICE_TRY(update.bind(1, account).bind(2, attributes).run());
    SLUICE_TRY(say(fmt::format("user \"{}\" changed: person = {}", account, next)));
  }
  return {};
}

/// What was bound to the old name at an issuer goes along, and so does which accounts are one
/// person's; what lets in by it does not.
Result<> ScimStore::rename(const std::string& name, const std::string& next) {
  SLUICE_TRY(check_free(next, name));
  SLUICE_TRY(rename_person(name, next));
  SLUICE_TRY(touch_groups_of(database_, name));
  for (const char* sql : {"UPDATE federated_identities SET user = ?2 WHERE user = ?1",
                          "UPDATE scim_users SET name = ?2 WHERE name = ?1"}) {
    SLUICE_ASSIGN(auto update, database_.prepare(sql));
    SLUICE_TRY(update.bind(1, name).bind(2, next).run());
  }
  SLUICE_ASSIGN(auto former, database_.prepare("SELECT former_names FROM users WHERE name = ?"));
  former.bind(1, name);
  SLUICE_ASSIGN([[maybe_unused]] const bool found, former.step());
  auto names = split(former.text(0));
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  former.reset();
  SLUICE_ASSIGN(auto update, database_.prepare("UPDATE users SET name = ?2, named_micros = ?3, "
                                               "former_names = ?4 WHERE name = ?1"));
  SLUICE_TRY(update.bind(1, name).bind(2, next).bind(3, wall_micros()).bind(4, join(names)).run());
  SLUICE_ASSIGN(const Word word, take_word(next));
  if (const auto said = before_removal(word.disabled, word.valid_until_micros); !said.empty()) {
    SLUICE_ASSIGN(auto update,
                  database_.prepare("UPDATE users SET disabled = disabled | ?2, valid_until_micros "
                                    "= CASE WHEN valid_until_micros = 0 THEN ?3 ELSE "
                                    "valid_until_micros END WHERE name = ?1"));
    SLUICE_TRY(update.bind(1, next).bind(2, word.disabled).bind(3, word.valid_until_micros).run());
    SLUICE_TRY(say(fmt::format("user \"{}\" is named as one who was removed{}", next, said)));
  }
  SLUICE_ASSIGN([[maybe_unused]] const int64_t ended, end_credentials(database_, name));
  return {};
}

Result<scim::User> ScimStore::put(const std::string& id, const scim::User& next) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto before, user(id));
  const bool active = next.active.value_or(before.active.value_or(false));
  const std::string said = differences(before, next, active);
  if (said.empty()) return before;
  if (next.user_name != before.user_name) SLUICE_TRY(rename(before.user_name, next.user_name));
  if (active != before.active) {
    SLUICE_ASSIGN(auto update, database_.prepare("UPDATE users SET disabled = (disabled & ?3) | ?2 "
                                                 "WHERE name = ?1"));
    SLUICE_TRY(update.bind(1, next.user_name)
                   .bind(2, active ? 0 : kDisabledByScim)
                   .bind(3, kDisabledByOperator | kDisabledByTime)
                   .run());
  }
  SLUICE_ASSIGN(auto update, database_.prepare("UPDATE scim_users SET external_id = ?2, profile = "
                                               "?3, modified_micros = ?4, version = version + 1 "
                                               "WHERE id = ?1"));
  SLUICE_TRY(update.bind(1, id)
                 .bind(2, next.meta.external_id)
                 .bind(3, profile_of(next))
                 .bind(4, wall_micros())
                 .run());
  SLUICE_TRY(say(fmt::format("user \"{}\" changed: {}", before.user_name, said)));
  SLUICE_ASSIGN(auto after, user(id));
  SLUICE_TRY(transaction.commit());
  return after;
}

Result<> ScimStore::remove_user(const std::string& id) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(const auto before, user(id));
  SLUICE_TRY(forget_scim_user(database_, before.user_name));
  {
    SLUICE_ASSIGN(auto note,
                  database_.prepare(
                      "INSERT INTO scim_removed (name, time_micros, disabled, valid_until_micros) "
                      "SELECT name, ?2, disabled & ?3, valid_until_micros FROM users WHERE name = "
                      "?1 ON CONFLICT (name) DO UPDATE SET time_micros = excluded.time_micros, "
                      "disabled = excluded.disabled, valid_until_micros = "
                      "excluded.valid_until_micros"));
    SLUICE_TRY(note.bind(1, before.user_name)
                   .bind(2, wall_micros())
                   .bind(3, kDisabledByOperator | kDisabledByTime)
                   .run());
    SLUICE_ASSIGN(auto remove, database_.prepare("DELETE FROM users WHERE name = ?"));
    SLUICE_TRY(remove.bind(1, before.user_name).run());
  }
  SLUICE_ASSIGN([[maybe_unused]] const int64_t ended, end_credentials(database_, before.user_name));
  SLUICE_TRY(say(fmt::format("user \"{}\" removed", before.user_name)));
  return transaction.commit();
}

Result<> ScimStore::adopt(const std::string& name) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  {
    SLUICE_ASSIGN(auto query, database_.prepare("SELECT kind, made_by FROM users WHERE name = ?"));
    query.bind(1, name);
    SLUICE_ASSIGN(const bool found, query.step());
    if (!found) {
      return fail(ErrorCode::kNotFound,
                  fmt::format("there is no user \"{}\"; see: sluice user list", name));
    }
    if (query.text(0) != "human")
      return fail(ErrorCode::kDenied, fmt::format("user \"{}\" is no person", name));
    if (query.text(1) == kMadeByScim)
      return fail(ErrorCode::kExists, fmt::format("user \"{}\" is kept over SCIM already", name));
  }
  // Credentials are checked with the salt of the password, and are gone with it.
  SLUICE_ASSIGN([[maybe_unused]] const int64_t ended, end_credentials(database_, name));
  SLUICE_ASSIGN(auto update,
                database_.prepare("UPDATE users SET made_by = ?2, scram_verifier = '', "
                                  "groups = '' WHERE name = ?1"));
  SLUICE_TRY(update.bind(1, name).bind(2, kMadeByScim).run());
  scim::User user;
  user.user_name = name;
  // An operator decides anew by handing them over.
  SLUICE_ASSIGN([[maybe_unused]] const Word word, take_word(name));
  SLUICE_TRY(insert_row(user, make_scim_id(), wall_micros()));
  SLUICE_TRY(say(fmt::format("user \"{}\" handed over to the identity provider (SCIM)", name)));
  return transaction.commit();
}

Result<> forget_scim_user(store::Database& database, std::string_view name) {
  SLUICE_TRY(touch_groups_of(database, name));
  for (const char* sql : {"DELETE FROM scim_members WHERE user_id IN (SELECT id FROM scim_users "
                          "WHERE name = ?)",
                          "DELETE FROM scim_users WHERE name = ?"}) {
    SLUICE_ASSIGN(auto remove, database.prepare(sql));
    SLUICE_TRY(remove.bind(1, name).run());
  }
  return {};
}

Result<std::vector<std::string>> users_alike(store::Database& database, std::string_view name,
                                             bool by_scim) {
  SLUICE_ASSIGN(auto query,
                database.prepare("SELECT name FROM users WHERE (name = ?1 OR lower(name) = ?2) AND "
                                 "(?3 = 0 OR made_by = ?4) ORDER BY name"));
  query.bind(1, name).bind(2, scim::lower(name)).bind(3, int64_t{by_scim}).bind(4, kMadeByScim);
  std::vector<std::string> names;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return names;
    names.push_back(query.text(0));
  }
}

Result<bool> removed_by_scim(store::Database& database, std::string_view name) {
  SLUICE_ASSIGN(auto query, database.prepare("SELECT 1 FROM scim_removed WHERE name = ?1 OR "
                                             "lower(name) = ?2"));
  query.bind(1, name).bind(2, scim::lower(name));
  return query.step();
}

}  // namespace sluice::identity
