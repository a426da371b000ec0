#include "identity/federation.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "identity/ownership.h"
#include "identity/scim_store.h"
#include "identity/words.h"
#include "store/state.h"

namespace sluice::identity {
namespace {

/// A user who was removed and made anew is somebody else.
constexpr std::string_view kBound =
    "SELECT u.name, u.groups, u.kind, u.disabled, u.made_by FROM federated_identities f JOIN users "
    "u ON "
    "u.name = f.user AND u.created_micros = f.user_created_micros WHERE f.issuer = ? AND "
    "f.subject = ?";
constexpr std::string_view kNamed =
    "SELECT u.name, u.groups, u.kind, u.disabled, EXISTS (SELECT 1 FROM federated_identities f "
    "WHERE f.user = u.name AND f.user_created_micros = u.created_micros), u.made_by FROM users u "
    "WHERE u.name = ?";

tl::unexpected<Error> deny(std::string text) { return fail(ErrorCode::kDenied, std::move(text)); }

std::string actor_of(const std::string& issuer) { return "issuer " + issuer; }

std::string how_to_link(const std::string& user, const std::string& issuer,
                        const std::string& subject) {
  return fmt::format("an operator can make them one: sluice user link {} --issuer {} --subject {}",
                     user, issuer, to_printable_utf8(subject));
}

tl::unexpected<Error> disabled(const std::string& user, int64_t by) {
  if ((by & kDisabledByScim) != 0) {
    return deny(fmt::format(
        "user \"{}\" is inactive at the identity provider; ask its administrators", user));
  }
  if ((by & kDisabledByTime) != 0) {
    return deny(
        fmt::format("the time of user \"{}\" is over; ask your operator: sluice user set {} "
                    "--valid-until TIME",
                    user, user));
  }
  return deny(
      fmt::format("user \"{}\" is disabled; ask your operator: sluice user enable {}", user, user));
}

}  // namespace

Result<std::optional<FederatedUsers::Row>> FederatedUsers::bound_to(const std::string& issuer,
                                                                    const std::string& subject) {
  SLUICE_ASSIGN(auto query, database_.prepare(kBound));
  query.bind(1, issuer).bind(2, subject);
  SLUICE_ASSIGN(const bool found, query.step());
  if (!found) return std::nullopt;
  return Row{query.text(0),
             split(query.text(1)),
             find_kind(query.text(2)).value_or(UserKind::kHuman),
             query.integer(3),
             true,
             query.text(4)};
}

Result<std::optional<FederatedUsers::Row>> FederatedUsers::named(const std::string& name) {
  SLUICE_ASSIGN(auto query, database_.prepare(kNamed));
  query.bind(1, name);
  SLUICE_ASSIGN(const bool found, query.step());
  if (!found) return std::nullopt;
  return Row{
      query.text(0),    split(query.text(1)),  find_kind(query.text(2)).value_or(UserKind::kHuman),
      query.integer(3), query.integer(4) != 0, query.text(5)};
}

Result<> FederatedUsers::make(const Row& row, const std::string& actor) {
  SLUICE_TRY(check_word("a user name", row.name));
  for (const auto& group : row.groups) SLUICE_TRY(check_word("a group name", group));
  SLUICE_ASSIGN(const auto alike, users_alike(database_, row.name, false));
  if (!alike.empty()) {
    return deny(
        fmt::format("\"{}\" would be taken for user \"{}\", who is here already; an operator "
                    "can give one of them another name, or make them one: sluice user link",
                    row.name, alike.front()));
  }
  SLUICE_ASSIGN(auto insert,
                database_.prepare("INSERT INTO users (name, groups, scram_verifier, "
                                  "created_micros, kind, made_by) VALUES (?, ?, '', ?, ?, ?)"));
  SLUICE_TRY(insert.bind(1, row.name)
                 .bind(2, join(row.groups))
                 .bind(3, wall_micros())
                 .bind(4, name_of(row.kind))
                 .bind(5, row.made_by)
                 .run());
  return store::leave_admin_event(
      database_, actor,
      fmt::format("{} \"{}\" added",
                  row.kind == UserKind::kHuman ? std::string_view("user") : name_of(row.kind),
                  row.name));
}

Result<> FederatedUsers::bind(const std::string& user, const std::string& issuer,
                              const std::string& subject, const std::string& actor) {
  // What (issuer, subject) was bound to is gone, or this would not be reached.
  SLUICE_ASSIGN(auto insert,
                database_.prepare("INSERT INTO federated_identities SELECT ?1, ?2, name, "
                                  "created_micros, ?4 FROM users WHERE name = ?3 ON CONFLICT "
                                  "(issuer, subject) DO UPDATE SET user = excluded.user, "
                                  "user_created_micros = excluded.user_created_micros, "
                                  "time_micros = excluded.time_micros"));
  SLUICE_TRY(insert.bind(1, issuer).bind(2, subject).bind(3, user).bind(4, wall_micros()).run());
  return store::leave_admin_event(
      database_, actor,
      fmt::format("user \"{}\" is subject \"{}\" of {}", user, to_printable_utf8(subject), issuer));
}

Result<> FederatedUsers::keep_groups(const Row& row, const std::vector<std::string>& groups,
                                     const std::string& actor) {
  if (row.groups == groups) return {};
  for (const auto& group : groups) SLUICE_TRY(check_word("a group name", group));
  SLUICE_ASSIGN(auto update, database_.prepare("UPDATE users SET groups = ? WHERE name = ?"));
  SLUICE_TRY(update.bind(1, join(groups)).bind(2, row.name).run());
  return store::leave_admin_event(
      database_, actor,
      fmt::format("user \"{}\" changed: groups = {}", row.name,
                  groups.empty() ? "none" : fmt::format("{}", fmt::join(groups, " "))));
}

/// SCIM keeps names as they are sent, and tokens may have them in another case (RFC 7643, section
/// 4.1.1: userName is compared in any).
Result<std::optional<FederatedUsers::Row>> FederatedUsers::kept_by_scim(const std::string& name) {
  SLUICE_ASSIGN(auto row, named(name));
  if (row && row->made_by == kMadeByScim) return row;
  SLUICE_ASSIGN(const auto alike, users_alike(database_, name, true));
  if (alike.size() > 1) {
    return deny(
        fmt::format("\"{}\" is several users here ({}); ask the administrators of your "
                    "identity provider to keep one (SCIM)",
                    name, fmt::join(alike, ", ")));
  }
  if (alike.empty()) return std::nullopt;
  return named(alike.front());
}

/// Finds who logs in for the first time by an issuer whose people SCIM keeps. One user may be
/// known at several such issuers, but to one person at each.
Result<> FederatedUsers::match_provisioned(const VerifiedIdentity& identity,
                                           std::optional<Row>& row) {
  if (!row) {
    SLUICE_ASSIGN(row, kept_by_scim(identity.user));
    if (row && row->made_by == kMadeByScim) {
      SLUICE_ASSIGN(auto query, database_.prepare(
                                    "SELECT 1 FROM federated_identities f JOIN users u ON u.name = "
                                    "f.user AND u.created_micros = f.user_created_micros WHERE "
                                    "f.user = ? AND f.issuer = ?"));
      query.bind(1, row->name).bind(2, identity.issuer);
      SLUICE_ASSIGN(const bool somebody_else, query.step());
      if (somebody_else) {
        return deny(fmt::format("user \"{}\" is somebody else here; {}", identity.user,
                                how_to_link(identity.user, identity.issuer, identity.subject)));
      }
    }
  }
  if (row && row->made_by == kMadeByScim) return {};
  return deny(
      fmt::format("\"{}\" is not provisioned here; ask the administrators of your identity "
                  "provider to assign you to Sluice (SCIM)",
                  identity.user));
}

Result<std::string> FederatedUsers::admit(const VerifiedIdentity& identity, bool provision,
                                          bool by_scim) {
  const std::string actor = actor_of(identity.issuer);
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto row, bound_to(identity.issuer, identity.subject));
  if (by_scim) {
    const bool known = row.has_value();
    SLUICE_TRY(match_provisioned(identity, row));
    if (row->disabled != 0) return disabled(row->name, row->disabled);
    if (!known) SLUICE_TRY(bind(row->name, identity.issuer, identity.subject, actor));
  }
  if (!row) {
    SLUICE_ASSIGN(row, named(identity.user));
    if (!row && provision) {
      SLUICE_ASSIGN(const bool removed, removed_by_scim(database_, identity.user));
      if (removed) {
        return deny(
            fmt::format("\"{}\" was removed by the identity provider (SCIM), and is not made "
                        "again by a login",
                        identity.user));
      }
    }
    if (!row && !provision) {
      return deny(fmt::format("there is no user \"{}\" here; ask your operator: sluice user add {}",
                              identity.user, identity.user));
    }
    if (row && (row->bound || !row->made_by.empty())) {
      return deny(fmt::format("user \"{}\" is somebody else here; {}", identity.user,
                              how_to_link(identity.user, identity.issuer, identity.subject)));
    }
    if (row && (provision || row->kind != UserKind::kHuman)) {
      return deny(fmt::format("a user \"{}\" is here already, and not known to be the same; {}",
                              identity.user,
                              how_to_link(identity.user, identity.issuer, identity.subject)));
    }
    if (row && row->disabled != 0) return disabled(row->name, row->disabled);
    if (!row) {
      row = Row{identity.user, identity.groups, UserKind::kHuman, 0, false, identity.issuer};
      SLUICE_TRY(make(*row, actor));
    }
    SLUICE_TRY(bind(row->name, identity.issuer, identity.subject, actor));
  }
  if (row->disabled != 0) return disabled(row->name, row->disabled);
  if (!identity.keep_groups && row->made_by != kMadeByScim)
    SLUICE_TRY(keep_groups(*row, identity.groups, actor));
  SLUICE_TRY(transaction.commit());
  return row->name;
}

Result<std::string> FederatedUsers::admit(const VerifiedWorkload& workload) {
  const std::string actor = actor_of(workload.issuer);
  const std::string maker = "workload " + workload.issuer;
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto row, named(workload.user));
  if (!row) {
    row = Row{workload.user, workload.groups, workload.kind, 0, false, maker};
    SLUICE_TRY(make(*row, actor));
  }
  if (row->disabled != 0) return disabled(row->name, row->disabled);
  // The configuration names the user; whoever else is called so is none of the workload's business.
  if (row->bound || row->kind != workload.kind ||
      (!row->made_by.empty() && !row->made_by.starts_with("workload "))) {
    return deny(fmt::format(
        "user \"{}\" is somebody else here, or no {}; give the workload another user in "
        "identity.workloads",
        row->name, name_of(workload.kind)));
  }
  if (!workload.groups.empty()) SLUICE_TRY(keep_groups(*row, workload.groups, actor));
  SLUICE_TRY(transaction.commit());
  return row->name;
}

Result<> FederatedUsers::link(const std::string& user, const std::string& issuer,
                              const std::string& subject, const std::string& actor,
                              bool first_only) {
  SLUICE_TRY(check_word("an issuer", issuer, 2048));
  SLUICE_TRY(check_word("a subject", subject, 255));
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(const auto row, named(user));
  if (!row) {
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no user \"{}\"; see: sluice user list", user));
  }
  SLUICE_ASSIGN(const auto other, bound_to(issuer, subject));
  if (other) {
    return fail(ErrorCode::kExists,
                fmt::format("that subject is user \"{}\" already", other->name));
  }
  if (first_only && (row->bound || !row->made_by.empty())) {
    return fail(ErrorCode::kDenied,
                fmt::format("an identity provider or directory vouches for user \"{}\" already: on "
                            "the gateway's own machine, sluice user link",
                            user));
  }
  SLUICE_TRY(bind(user, issuer, subject, actor));
  return transaction.commit();
}

Result<std::string> FederatedUsers::find(const std::string& issuer, const std::string& subject) {
  SLUICE_ASSIGN(const auto row, bound_to(issuer, subject));
  if (!row) return fail(ErrorCode::kNotFound, "nobody here is known by that issuer and subject");
  if (row->disabled != 0) return disabled(row->name, row->disabled);
  return row->name;
}

Result<std::vector<std::pair<std::string, std::string>>> FederatedUsers::holders(
    const std::string& issuer) {
  const int64_t now = wall_micros();
  std::set<std::string> acted_for;
  {
    SLUICE_ASSIGN(auto query, database_.prepare("SELECT DISTINCT actors FROM credentials WHERE "
                                                "actors <> '' AND revoked_micros = 0 AND "
                                                "expires_micros > ?"));
    query.bind(1, now);
    for (;;) {
      SLUICE_ASSIGN(const bool row, query.step());
      if (!row) break;
      acted_for.insert(split(query.text(0)).back());
    }
  }
  SLUICE_ASSIGN(auto query,
                database_.prepare("SELECT u.name, f.subject, EXISTS (SELECT 1 FROM credentials c "
                                  "WHERE c.user = u.name AND c.revoked_micros = 0 AND "
                                  "c.expires_micros > ?2) FROM users u JOIN federated_identities f "
                                  "ON f.user = u.name AND f.user_created_micros = u.created_micros "
                                  "WHERE f.issuer = ?1 ORDER BY u.name"));
  query.bind(1, issuer).bind(2, now);
  std::vector<std::pair<std::string, std::string>> all;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return all;
    if (query.integer(2) != 0 || acted_for.contains(query.text(0)))
      all.emplace_back(query.text(0), query.text(1));
  }
}

}  // namespace sluice::identity
