#include "approval/delegation.h"

#include <algorithm>

#include <fmt/format.h>

#include "approval/person.h"
#include "base/clock.h"
#include "store/state.h"

namespace sluice::approval {
namespace {

tl::unexpected<Error> denied(std::string text) { return fail(ErrorCode::kDenied, std::move(text)); }

Result<const identity::User*> human(const identity::Directory& directory, const std::string& name) {
  const identity::User* user = directory.find(name);
  if (user == nullptr)
    return fail(ErrorCode::kNotFound, fmt::format("there is no user \"{}\"", name));
  if (user->disabled) return denied(fmt::format("user \"{}\" is disabled", name));
  if (user->kind != identity::UserKind::kHuman)
    return denied(
        fmt::format("\"{}\" is a {}: only people decide", name, identity::name_of(user->kind)));
  return user;
}

/// Whether it is about the user that has the name now.
bool same_user(const identity::Directory& directory, const std::string& name, int64_t created) {
  const identity::User* user = directory.find(name);
  return user != nullptr && user->since() <= created;
}

}  // namespace

Result<> check_delegation(const Delegation& delegation, const identity::Directory& directory,
                          int64_t now_micros) {
  SLUICE_ASSIGN(const identity::User* from, human(directory, delegation.from));
  SLUICE_ASSIGN(const identity::User* to, human(directory, delegation.to));
  if (same_person(*from, *to))
    return denied("a vote is delegated to somebody else, not to another name of one's own");
  if (delegation.until_micros <= std::max(now_micros, delegation.begin_micros))
    return fail(ErrorCode::kInvalidInput, "the end must be in the future, and after the beginning");
  if (delegation.begin_micros > now_micros + kLongestDelegationMicros ||
      delegation.until_micros - delegation.begin_micros > kLongestDelegationMicros)
    return fail(ErrorCode::kInvalidInput, "a vote is delegated for 90 days at most");
  return {};
}

const Delegation* find_delegation(const std::vector<Delegation>& all, const std::string& from,
                                  const std::string& to, int64_t at_micros,
                                  const identity::Directory& directory) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Delegation& each) {
    return each.from == from && each.to == to && each.covers(at_micros) &&
           same_user(directory, from, each.created_micros) &&
           same_user(directory, to, each.created_micros);
  });
  return found == all.end() ? nullptr : &*found;
}

Result<int64_t> DelegationStore::add(const Delegation& delegation) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(
      auto insert,
      database_.prepare("INSERT INTO approval_delegations (delegator, delegate, begin_micros, "
                        "until_micros, created_micros, ended_micros, reason) VALUES (?, ?, ?, ?, "
                        "?, 0, ?) RETURNING number"));
  SLUICE_ASSIGN(const int64_t number, insert.bind(1, delegation.from)
                                          .bind(2, delegation.to)
                                          .bind(3, delegation.begin_micros)
                                          .bind(4, delegation.until_micros)
                                          .bind(5, delegation.created_micros)
                                          .bind(6, store::storable(delegation.reason))
                                          .run_returning());
  SLUICE_TRY(store::leave_event(
      database_, "approval", delegation.from,
      fmt::format("delegation {}: {} may vote for {} from {} until {}{}{}", number, delegation.to,
                  delegation.from, format_time(delegation.begin_micros),
                  format_time(delegation.until_micros), delegation.reason.empty() ? "" : ": ",
                  delegation.reason)));
  SLUICE_TRY(transaction.commit());
  return number;
}

Result<std::vector<Delegation>> DelegationStore::list(int64_t since_micros) {
  SLUICE_ASSIGN(auto query,
                database_.prepare("SELECT number, delegator, delegate, begin_micros, until_micros, "
                                  "created_micros, ended_micros, reason FROM approval_delegations "
                                  "WHERE until_micros > ? ORDER BY number DESC"));
  query.bind(1, since_micros);
  std::vector<Delegation> out;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return out;
    out.push_back({query.integer(0), query.text(1), query.text(2), query.integer(3),
                   query.integer(4), query.integer(5), query.integer(6), query.text(7)});
  }
}

Result<> DelegationStore::end(int64_t number, const std::string& actor, int64_t now_micros) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(const auto all, list(0));
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.number == number; });
  if (found == all.end() || (found->from != actor && found->to != actor))
    return fail(ErrorCode::kNotFound,
                fmt::format("you have no delegation {}; see: sluice approval delegations", number));
  if (found->ended_micros != 0) return denied("it has been taken back already");
  SLUICE_ASSIGN(auto update, database_.prepare("UPDATE approval_delegations SET ended_micros = ? "
                                               "WHERE number = ? AND ended_micros = 0"));
  SLUICE_TRY(update.bind(1, now_micros).bind(2, number).run());
  SLUICE_TRY(store::leave_event(
      database_, "approval", actor,
      fmt::format("delegation {} of {} to {}: taken back", number, found->from, found->to)));
  return transaction.commit();
}

}  // namespace sluice::approval
