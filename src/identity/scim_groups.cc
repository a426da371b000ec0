#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/random.h"
#include "identity/scim_rows.h"
#include "identity/scim_store.h"
#include "identity/words.h"

namespace sluice::identity {
namespace {

constexpr const char* kGroups =
    "SELECT s.id, s.external_id, s.name, s.created_micros, s.modified_micros, s.version FROM "
    "scim_groups s ";
/// Names in one word for the record, which is cut where it is too long.
constexpr size_t kNamesInOne = 40;

bool by_id(const scim::Reference& a, const scim::Reference& b) { return a.id < b.id; }

}  // namespace

std::string make_scim_id() {
  std::string bytes = random_string(16);
  bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0F) | 0x40);
  bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3F) | 0x80);
  std::string id = to_hex(bytes);
  for (const size_t at : {20U, 16U, 12U, 8U}) id.insert(at, 1, '-');
  return id;
}

Result<store::Statement> prepare_scim_lookup(store::Database& database, std::string_view select,
                                             std::string_view name_column,
                                             const ScimLookup& lookup) {
  SLUICE_ASSIGN(auto query,
                database.prepare(fmt::format(
                    "{}WHERE (CAST(?1 AS TEXT) IS NULL OR s.id = ?1) AND (CAST(?2 AS TEXT) IS NULL "
                    "OR lower({}) = ?2) AND (CAST(?3 AS TEXT) IS NULL OR s.external_id = ?3) ORDER "
                    "BY s.created_micros, s.id",
                    select, name_column)));
  query.bind_null(1).bind_null(2).bind_null(3);
  if (lookup.id) query.bind(1, *lookup.id);
  if (lookup.name) query.bind(2, scim::lower(*lookup.name));
  if (lookup.external_id) query.bind(3, *lookup.external_id);
  return query;
}

Result<> touch_groups_of(store::Database& database, std::string_view name) {
  SLUICE_ASSIGN(auto update,
                database.prepare("UPDATE scim_groups SET version = version + 1, modified_micros = "
                                 "?2 WHERE id IN (SELECT m.group_id FROM scim_members m JOIN "
                                 "scim_users s ON s.id = m.user_id WHERE s.name = ?1)"));
  return update.bind(1, name).bind(2, wall_micros()).run();
}

Result<> ScimStore::say_members(const std::string& group, std::string_view what,
                                const std::vector<std::string>& names) {
  for (size_t at = 0; at < names.size(); at += kNamesInOne) {
    const auto first = names.begin() + static_cast<std::ptrdiff_t>(at);
    const auto last =
        names.begin() + static_cast<std::ptrdiff_t>(std::min(at + kNamesInOne, names.size()));
    SLUICE_TRY(say(fmt::format("group \"{}\": {} {}", group, what, fmt::join(first, last, ", "))));
  }
  return {};
}

Result<scim::Group> ScimStore::group(const std::string& id) {
  ScimLookup lookup;
  lookup.id = id;
  SLUICE_ASSIGN(auto found, groups(lookup, true));
  if (found.empty()) return fail(ErrorCode::kNotFound, fmt::format("there is no group {}", id));
  return std::move(found.front());
}

Result<std::vector<scim::Group>> ScimStore::groups(const ScimLookup& lookup, bool with_members) {
  std::vector<scim::Group> all;
  {
    SLUICE_ASSIGN(auto query, prepare_scim_lookup(database_, kGroups, "s.name", lookup));
    for (;;) {
      SLUICE_ASSIGN(const bool row, query.step());
      if (!row) break;
      scim::Group group;
      group.meta = {query.text(0), query.text(1), query.integer(3), query.integer(4),
                    query.integer(5)};
      group.display_name = query.text(2);
      all.push_back(std::move(group));
    }
  }
  if (!with_members) return all;
  SLUICE_ASSIGN(auto query,
                database_.prepare("SELECT s.id, s.name FROM scim_members m JOIN scim_users s ON "
                                  "s.id = m.user_id WHERE m.group_id = ? ORDER BY s.id"));
  for (scim::Group& group : all) {
    query.bind(1, group.meta.id);
    for (;;) {
      SLUICE_ASSIGN(const bool row, query.step());
      if (!row) break;
      group.members.push_back({query.text(0), query.text(1)});
    }
    query.reset();
  }
  return all;
}

/// Checks that the name may be had. Returns it.
Result<std::string> ScimStore::group_row(const scim::Group& group, const std::string& but) {
  SLUICE_TRY(check_word("displayName", group.display_name));
  SLUICE_ASSIGN(auto query, database_.prepare(
                                "SELECT name FROM scim_groups WHERE lower(name) = ? AND id <> ?"));
  query.bind(1, scim::lower(group.display_name)).bind(2, but);
  SLUICE_ASSIGN(const bool taken, query.step());
  if (taken)
    return fail(ErrorCode::kExists, fmt::format("displayName \"{}\" is taken", query.text(0)));
  return group.display_name;
}

/// What the rest of the gateway asks for: names of groups with the user, who is shown with them.
Result<> ScimStore::refresh_groups(const std::string& user_id) {
  std::vector<std::string> names;
  {
    SLUICE_ASSIGN(auto query, database_.prepare(
                                  "SELECT g.name FROM scim_members m JOIN scim_groups g ON g.id = "
                                  "m.group_id WHERE m.user_id = ? ORDER BY g.name"));
    query.bind(1, user_id);
    for (;;) {
      SLUICE_ASSIGN(const bool row, query.step());
      if (!row) break;
      names.push_back(query.text(0));
    }
  }
  SLUICE_ASSIGN(auto update, database_.prepare("UPDATE users SET groups = ?2 WHERE name = (SELECT "
                                               "name FROM scim_users WHERE id = ?1)"));
  SLUICE_TRY(update.bind(1, user_id).bind(2, join(names)).run());
  SLUICE_ASSIGN(auto shown,
                database_.prepare("UPDATE scim_users SET version = version + 1, modified_micros = "
                                  "?2 WHERE id = ?1"));
  return shown.bind(1, user_id).bind(2, wall_micros()).run();
}

Result<std::pair<std::vector<std::string>, std::vector<std::string>>> ScimStore::set_members(
    const std::string& id, const std::vector<scim::Reference>& before,
    const std::vector<scim::Reference>& next) {
  std::vector<scim::Reference> came, went;
  std::set_difference(next.begin(), next.end(), before.begin(), before.end(),
                      std::back_inserter(came), by_id);
  std::set_difference(before.begin(), before.end(), next.begin(), next.end(),
                      std::back_inserter(went), by_id);
  std::pair<std::vector<std::string>, std::vector<std::string>> names;
  SLUICE_ASSIGN(auto known, database_.prepare("SELECT name FROM scim_users WHERE id = ?"));
  SLUICE_ASSIGN(auto insert, database_.prepare("INSERT INTO scim_members VALUES (?, ?)"));
  for (const auto& member : came) {
    known.bind(1, member.id);
    SLUICE_ASSIGN(const bool found, known.step());
    if (!found) {
      return fail(ErrorCode::kInvalidInput,
                  fmt::format("member {} is no user of this endpoint", member.id));
    }
    names.first.push_back(known.text(0));
    known.reset();
    SLUICE_TRY(insert.bind(1, id).bind(2, member.id).run());
  }
  SLUICE_ASSIGN(auto remove,
                database_.prepare("DELETE FROM scim_members WHERE group_id = ? AND user_id = ?"));
  for (const auto& member : went) {
    names.second.push_back(member.name);
    SLUICE_TRY(remove.bind(1, id).bind(2, member.id).run());
  }
  for (const auto* members : {&came, &went}) {
    for (const auto& member : *members) SLUICE_TRY(refresh_groups(member.id));
  }
  return names;
}

Result<scim::Group> ScimStore::add(const scim::Group& group) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(const std::string name, group_row(group, {}));
  const std::string id = make_scim_id();
  {
    SLUICE_ASSIGN(auto insert, database_.prepare("INSERT INTO scim_groups (id, name, external_id, "
                                                 "created_micros, modified_micros, version) VALUES "
                                                 "(?1, ?2, ?3, ?4, ?4, 1)"));
    SLUICE_TRY(insert.bind(1, id)
                   .bind(2, name)
                   .bind(3, group.meta.external_id)
                   .bind(4, wall_micros())
                   .run());
  }
  SLUICE_ASSIGN(const auto changed, set_members(id, {}, group.members));
  SLUICE_TRY(say(fmt::format("group \"{}\" added", name)));
  SLUICE_TRY(say_members(name, "added", changed.first));
  SLUICE_ASSIGN(auto made, this->group(id));
  SLUICE_TRY(transaction.commit());
  return made;
}

Result<scim::Group> ScimStore::put(const std::string& id, const scim::Group& next) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto before, group(id));
  SLUICE_ASSIGN(const std::string name, group_row(next, id));
  const bool renamed = name != before.display_name;
  SLUICE_ASSIGN(const auto changed, set_members(id, before.members, next.members));
  if (!renamed && next.meta.external_id == before.meta.external_id && changed.first.empty() &&
      changed.second.empty())
    return before;
  {
    SLUICE_ASSIGN(auto update, database_.prepare("UPDATE scim_groups SET name = ?2, external_id = "
                                                 "?3, modified_micros = ?4, version = version + 1 "
                                                 "WHERE id = ?1"));
    SLUICE_TRY(update.bind(1, id)
                   .bind(2, name)
                   .bind(3, next.meta.external_id)
                   .bind(4, wall_micros())
                   .run());
  }
  SLUICE_ASSIGN(auto after, group(id));
  if (renamed) {
    for (const auto& member : after.members) SLUICE_TRY(refresh_groups(member.id));
    SLUICE_TRY(say(fmt::format("group \"{}\" renamed \"{}\"", before.display_name, name)));
  } else if (next.meta.external_id != before.meta.external_id) {
    SLUICE_TRY(
        say(fmt::format("group \"{}\" changed: externalId = \"{}\"", name, next.meta.external_id)));
  }
  SLUICE_TRY(say_members(name, "added", changed.first));
  SLUICE_TRY(say_members(name, "removed", changed.second));
  SLUICE_TRY(transaction.commit());
  return after;
}

Result<> ScimStore::remove_group(const std::string& id) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(const auto before, group(id));
  for (const char* sql :
       {"DELETE FROM scim_members WHERE group_id = ?", "DELETE FROM scim_groups WHERE id = ?"}) {
    SLUICE_ASSIGN(auto remove, database_.prepare(sql));
    SLUICE_TRY(remove.bind(1, id).run());
  }
  for (const auto& member : before.members) SLUICE_TRY(refresh_groups(member.id));
  std::vector<std::string> names;
  for (const auto& member : before.members) names.push_back(member.name);
  SLUICE_TRY(say_members(before.display_name, "removed", names));
  SLUICE_TRY(say(fmt::format("group \"{}\" removed", before.display_name)));
  return transaction.commit();
}

}  // namespace sluice::identity
