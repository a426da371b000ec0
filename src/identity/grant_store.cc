#include "identity/grant_store.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/clock.h"
#include "identity/words.h"
#include "store/notices.h"
#include "store/state.h"

namespace sluice::identity {
namespace {

constexpr std::array<std::string_view, 7> kStates = {"waiting", "active",  "refused", "returned",
                                                     "revoked", "expired", "extended"};

constexpr const char* kColumns =
    "number, state, holder, holder_created_micros, person, acts_for, role, at_database, "
    "role_groups, lasts_micros, request, extends, reason, ticket, created_micros, from_micros, "
    "until_micros, ended_micros, ended_by, ended_why, last_used_micros, break_glass, review_by, "
    "review_due_micros, reviewed_micros, reviewer, verdict, review_comment, overdue_told";

Result<GrantRow> row_of(const store::Statement& row) {
  const auto state = find_grant_state(row.text(1));
  if (!state) return fail(ErrorCode::kProtocol, "a grant in the store has an unknown state");
  GrantRow out;
  out.number = row.integer(0);
  out.state = *state;
  out.holder = row.text(2);
  out.holder_created_micros = row.integer(3);
  out.person = row.text(4);
  out.acts_for = row.text(5);
  out.role = row.text(6);
  out.database = row.text(7);
  out.groups = split(row.text(8));
  out.lasts_micros = row.integer(9);
  out.request = row.integer(10);
  out.extends = row.integer(11);
  out.reason = row.text(12);
  out.ticket = row.text(13);
  out.created_micros = row.integer(14);
  out.from_micros = row.integer(15);
  out.until_micros = row.integer(16);
  out.ended_micros = row.integer(17);
  out.ended_by = row.text(18);
  out.ended_why = row.text(19);
  out.last_used_micros = row.integer(20);
  out.break_glass = row.integer(21) != 0;
  out.review_by = split(row.text(22));
  out.review_due_micros = row.integer(23);
  out.reviewed_micros = row.integer(24);
  out.reviewer = row.text(25);
  out.verdict = row.text(26);
  out.review_comment = row.text(27);
  out.overdue_told = row.integer(28) != 0;
  return out;
}

/// Taking access without asking is a record that people are woken for.
std::string_view event_type(const GrantRow& grant) {
  return grant.break_glass ? "break_glass" : "grant";
}

}  // namespace

std::string_view name_of(GrantState state) { return kStates[static_cast<size_t>(state)]; }

std::optional<GrantState> find_grant_state(std::string_view name) {
  const auto found = std::find(kStates.begin(), kStates.end(), name);
  if (found == kStates.end()) return std::nullopt;
  return static_cast<GrantState>(found - kStates.begin());
}

Result<int64_t> GrantStore::add(const GrantRow& grant, const std::string& actor,
                                const std::string& word) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(
      auto insert,
      database_.prepare(
          "INSERT INTO grants (state, holder, holder_created_micros, person, acts_for, role, "
          "at_database, role_groups, lasts_micros, request, extends, reason, ticket, "
          "created_micros, from_micros, until_micros, ended_micros, ended_by, ended_why, "
          "last_used_micros, break_glass, review_by, review_due_micros, reviewed_micros, reviewer, "
          "verdict, review_comment, overdue_told) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
          "?, ?, ?, 0, '', '', 0, ?, ?, ?, 0, '', '', '', 0) RETURNING number"));
  SLUICE_ASSIGN(const int64_t number, insert.bind(1, name_of(grant.state))
                                          .bind(2, grant.holder)
                                          .bind(3, grant.holder_created_micros)
                                          .bind(4, grant.person)
                                          .bind(5, grant.acts_for)
                                          .bind(6, grant.role)
                                          .bind(7, grant.database)
                                          .bind(8, join(grant.groups))
                                          .bind(9, grant.lasts_micros)
                                          .bind(10, grant.request)
                                          .bind(11, grant.extends)
                                          .bind(12, grant.reason)
                                          .bind(13, grant.ticket)
                                          .bind(14, grant.created_micros)
                                          .bind(15, grant.from_micros)
                                          .bind(16, grant.until_micros)
                                          .bind(17, static_cast<int64_t>(grant.break_glass))
                                          .bind(18, join(grant.review_by))
                                          .bind(19, grant.review_due_micros)
                                          .run_returning());
  SLUICE_TRY(store::leave_event(database_, event_type(grant), actor,
                                fmt::format("grant {}: {}", number, word)));
  if (grant.break_glass) {
    SLUICE_TRY(store::leave_notice(database_, "break_glass", 0, actor,
                                   fmt::format("grant {}: {}", number, word)));
  }
  SLUICE_TRY(transaction.commit());
  return number;
}

Result<GrantRow> GrantStore::find(int64_t number) {
  SLUICE_ASSIGN(auto query,
                database_.prepare(fmt::format("SELECT {} FROM grants WHERE number = ?", kColumns)));
  query.bind(1, number);
  SLUICE_ASSIGN(const bool row, query.step());
  if (!row)
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no grant {}; see: sluice grant list", number));
  return row_of(query);
}

Result<std::vector<GrantRow>> GrantStore::all_of(store::Statement& query) {
  std::vector<GrantRow> out;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return out;
    SLUICE_ASSIGN(auto grant, row_of(query));
    out.push_back(std::move(grant));
  }
}

Result<std::vector<GrantRow>> GrantStore::list(const WantedGrants& wanted) {
  SLUICE_ASSIGN(
      auto query,
      database_.prepare(fmt::format(
          "SELECT {} FROM grants WHERE (?1 = '' OR state = ?1) AND (?2 = '' OR holder = ?2) ORDER "
          "BY CASE WHEN break_glass = 1 AND reviewed_micros = 0 THEN 0 ELSE 1 END, number DESC "
          "LIMIT ?3",
          kColumns)));
  query.bind(1, wanted.state ? name_of(*wanted.state) : "")
      .bind(2, wanted.holder)
      .bind(3, static_cast<int64_t>(wanted.limit));
  return all_of(query);
}

Result<std::vector<GrantRow>> GrantStore::open() {
  SLUICE_ASSIGN(auto query, database_.prepare(fmt::format(
                                "SELECT {} FROM grants WHERE state IN ('waiting', 'active') OR "
                                "(break_glass = 1 AND reviewed_micros = 0) ORDER BY number",
                                kColumns)));
  return all_of(query);
}

Result<bool> GrantStore::changed(store::Statement& update, const GrantRow& grant,
                                 const std::string& actor, const std::string& word) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_TRY(update.run());
  if (database_.changes() != 1) return false;
  SLUICE_TRY(
      store::leave_event(database_, "grant", actor,
                         fmt::format("grant {} of {}: {}", grant.number, grant.holder, word)));
  SLUICE_TRY(transaction.commit());
  return true;
}

Result<bool> GrantStore::begin(const GrantRow& grant, int64_t from_micros, int64_t until_micros) {
  SLUICE_ASSIGN(auto update,
                database_.prepare("UPDATE grants SET state = 'active', from_micros = ?, "
                                  "until_micros = ? WHERE number = ? AND state = 'waiting'"));
  update.bind(1, from_micros).bind(2, until_micros).bind(3, grant.number);
  return changed(
      update, grant, "sluice",
      fmt::format("role \"{}\" at \"{}\" (groups {}) is in force until {}, by request {}{}{}{}{}",
                  grant.role, grant.database, fmt::join(grant.groups, ", "),
                  format_time(until_micros), grant.request, grant.reason.empty() ? "" : ": ",
                  grant.reason, grant.ticket.empty() ? "" : ", ticket ", grant.ticket));
}

Result<bool> GrantStore::extend(const GrantRow& extension, int64_t before_micros,
                                int64_t until_micros, int64_t now_micros) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto done, database_.prepare("UPDATE grants SET state = 'extended', from_micros = "
                                             "?1, until_micros = ?2, ended_micros = ?1 WHERE "
                                             "number = ?3 AND state = 'waiting'"));
  SLUICE_TRY(done.bind(1, now_micros).bind(2, until_micros).bind(3, extension.number).run());
  if (database_.changes() != 1) return false;
  SLUICE_ASSIGN(auto move, database_.prepare("UPDATE grants SET until_micros = ? WHERE number = ? "
                                             "AND state = 'active' AND until_micros = ?"));
  SLUICE_TRY(move.bind(1, until_micros).bind(2, extension.extends).bind(3, before_micros).run());
  if (database_.changes() != 1) return false;
  SLUICE_TRY(
      store::leave_event(database_, "grant", "sluice",
                         fmt::format("grant {} of {}: extended until {} by {} (request {}): {}",
                                     extension.extends, extension.holder, format_time(until_micros),
                                     extension.number, extension.request, extension.reason)));
  SLUICE_TRY(transaction.commit());
  return true;
}

Result<bool> GrantStore::end(const GrantRow& grant, GrantState to, int64_t micros,
                             const std::string& actor, const std::string& why) {
  SLUICE_ASSIGN(auto update, database_.prepare("UPDATE grants SET state = ?, ended_micros = ?, "
                                               "ended_by = ?, ended_why = ? WHERE number = ? AND "
                                               "state = ?"));
  update.bind(1, name_of(to))
      .bind(2, micros)
      .bind(3, actor)
      .bind(4, why)
      .bind(5, grant.number)
      .bind(6, name_of(grant.state));
  return changed(update, grant, actor,
                 fmt::format("role \"{}\" at \"{}\" is {}{}{}", grant.role, grant.database,
                             name_of(to), why.empty() ? "" : ": ", why));
}

Result<bool> GrantStore::narrow(const GrantRow& grant, const std::vector<std::string>& groups) {
  SLUICE_ASSIGN(auto update, database_.prepare("UPDATE grants SET role_groups = ? WHERE number = ? "
                                               "AND state = 'active'"));
  update.bind(1, join(groups)).bind(2, grant.number);
  return changed(
      update, grant, "sluice",
      fmt::format("gives only {} from now on, as its role does", fmt::join(groups, ", ")));
}

Result<bool> GrantStore::review(const GrantRow& grant, int64_t micros, const std::string& reviewer,
                                bool concern, const std::string& comment) {
  SLUICE_ASSIGN(auto update,
                database_.prepare("UPDATE grants SET reviewed_micros = ?, reviewer = ?, verdict = "
                                  "?, review_comment = ? WHERE number = ? AND break_glass = 1 AND "
                                  "reviewed_micros = 0"));
  update.bind(1, micros)
      .bind(2, reviewer)
      .bind(3, concern ? "concern" : "ok")
      .bind(4, comment)
      .bind(5, grant.number);
  return changed(update, grant, reviewer,
                 fmt::format("breaking the glass was reviewed: {}{}{}", concern ? "CONCERN" : "ok",
                             comment.empty() ? "" : ": ", comment));
}

Result<bool> GrantStore::tell_overdue(const GrantRow& grant) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto update, database_.prepare("UPDATE grants SET overdue_told = 1 WHERE number = "
                                               "? AND overdue_told = 0 AND reviewed_micros = 0"));
  SLUICE_TRY(update.bind(1, grant.number).run());
  if (database_.changes() != 1) return false;
  SLUICE_TRY(store::leave_event(
      database_, "break_glass", "sluice",
      fmt::format("grant {} of {}: REVIEW OVERDUE since {}: somebody of {} had to look at it",
                  grant.number, grant.holder, format_time(grant.review_due_micros),
                  fmt::join(grant.review_by, ", "))));
  SLUICE_TRY(transaction.commit());
  return true;
}

Result<> GrantStore::used(const std::vector<std::pair<std::string, int64_t>>& when) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto note, database_.prepare("UPDATE grants SET last_used_micros = ?1 WHERE number "
                                             "= ?2 AND last_used_micros < ?1"));
  for (const auto& [number, micros] : when) {
    SLUICE_TRY(note.bind(1, micros)
                   .bind(2, static_cast<int64_t>(std::strtoll(number.c_str(), nullptr, 10)))
                   .run());
  }
  return transaction.commit();
}

Result<> GrantStore::decide(const AccessDecision& decision) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto insert,
                database_.prepare("INSERT INTO access_decisions (time_micros, decision, holder, "
                                  "what, name, author, note) VALUES (?, ?, ?, ?, ?, ?, ?)"));
  SLUICE_TRY(insert.bind(1, decision.time_micros)
                 .bind(2, decision.decision)
                 .bind(3, decision.holder)
                 .bind(4, decision.what)
                 .bind(5, decision.name)
                 .bind(6, decision.author)
                 .bind(7, decision.comment)
                 .run());
  SLUICE_TRY(
      store::leave_event(database_, "grant", decision.author,
                         fmt::format("access review: {} {} \"{}\" of {}{}{}", decision.decision,
                                     decision.what, decision.name, decision.holder,
                                     decision.comment.empty() ? "" : ": ", decision.comment)));
  return transaction.commit();
}

Result<std::vector<AccessDecision>> GrantStore::decisions() {
  SLUICE_ASSIGN(auto query,
                database_.prepare("SELECT time_micros, decision, holder, what, name, author, note "
                                  "FROM access_decisions ORDER BY number"));
  std::vector<AccessDecision> out;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return out;
    out.push_back({query.integer(0), query.text(1), query.text(2), query.text(3), query.text(4),
                   query.text(5), query.text(6)});
  }
}

Result<std::vector<Grant>> load_grants(store::Database& database, int64_t now_micros) {
  SLUICE_ASSIGN(auto query,
                database.prepare(
                    "SELECT number, holder, acts_for, role, at_database, role_groups, until_micros "
                    "FROM grants JOIN users ON name = holder AND users.created_micros = "
                    "holder_created_micros WHERE state = 'active' AND until_micros > ? ORDER BY "
                    "number"));
  query.bind(1, now_micros);
  std::vector<Grant> out;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return out;
    out.push_back({query.integer(0), query.text(1), query.text(2), query.text(3), query.text(4),
                   split(query.text(5)), query.integer(6)});
  }
}

}  // namespace sluice::identity
