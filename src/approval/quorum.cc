#include "approval/quorum.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "approval/person.h"
#include "base/lower_case.h"
namespace sluice::approval {
namespace {

bool in_some(const identity::User& user, const std::vector<std::string>& groups) {
  return std::any_of(user.groups.begin(), user.groups.end(), [&](const std::string& group) {
    return std::find(groups.begin(), groups.end(), group) != groups.end();
  });
}

/// Those who ask: the requester, and all for whom they do.
Somebody who_asks(const Request& request, const identity::Directory& directory) {
  std::vector<std::string_view> names(request.persons.begin(), request.persons.end());
  names.push_back(request.subject.requester);
  return {names, directory};
}

/// Votes on one request, and who asks for it.
struct Hearing {
  const Request& request;
  const Judging& judging;
  Somebody asks = who_asks(request, judging.directory);
};

/// Somebody who counts at all, whatever the stage; or why not.
Result<const identity::User*> eligible(const Somebody& asks, const std::string& name,
                                       const identity::Directory& directory) {
  const auto no = [&](std::string text) { return fail(ErrorCode::kDenied, std::move(text)); };
  const identity::User* user = directory.find(name);
  if (user == nullptr || user->disabled)
    return no(fmt::format("user \"{}\" is gone or disabled", name));
  if (user->kind != identity::UserKind::kHuman)
    return no(
        fmt::format("\"{}\" is a {}: only people decide", name, identity::name_of(user->kind)));
  if (asks.is(*user)) return no("who asks for something does not decide on it, under any name");
  return user;
}

/// Who a vote counts as: who gives it and, if that is another one, whose it is; or why for nobody.
struct Counted {
  const identity::User* voter = nullptr;  ///< in a group of the stage
  std::vector<std::string> persons;       ///< all names of those that have voted by it
};

/// The same who has voted: names are used again.
Result<const identity::User*> eligible_at(const Hearing& hearing, const std::string& name,
                                          int64_t at_micros) {
  SLUICE_ASSIGN(const identity::User* user,
                eligible(hearing.asks, name, hearing.judging.directory));
  const int64_t until = user->valid_until_micros;
  if (until != 0 && until <= hearing.judging.now_micros)
    return fail(ErrorCode::kDenied, fmt::format("the time of user \"{}\" is over", name));
  if (user->since() > at_micros)
    return fail(ErrorCode::kDenied,
                fmt::format("\"{}\" has got the name since, and is somebody else", name));
  // Whoever asks may be an administrator, and could make the second pair of eyes. Those whom a
  // provider or directory vouches for are not made here.
  if (user->made_by.empty() && user->created_micros > hearing.request.created_micros) {
    return fail(ErrorCode::kDenied,
                fmt::format("user \"{}\" was added after request {} was asked, and does not decide "
                            "on it: somebody who was there before has to",
                            name, hearing.request.number));
  }
  return user;
}

Result<Counted> counted(const Hearing& hearing, const Vote& vote, int64_t at_micros) {
  const Judging& judging = hearing.judging;
  Counted out;
  SLUICE_ASSIGN(out.voter, eligible_at(hearing, vote.voter, at_micros));
  out.persons = names_of(*out.voter);
  if (vote.on_behalf.empty()) return out;
  SLUICE_ASSIGN(out.voter, eligible_at(hearing, vote.on_behalf, at_micros));
  if (find_delegation(judging.delegations, vote.on_behalf, vote.voter, at_micros,
                      judging.directory) == nullptr) {
    return fail(ErrorCode::kDenied, fmt::format("\"{}\" has not delegated their vote to \"{}\"",
                                                vote.on_behalf, vote.voter));
  }
  const auto whose = names_of(*out.voter);
  out.persons.insert(out.persons.end(), whose.begin(), whose.end());
  return out;
}

/// How far one need has got.
struct Progress {
  std::set<std::string> persons;  ///< all names of those that have been counted
  std::set<size_t> votes;         ///< their places
  const policy::ApprovalStage* open = nullptr;
  unsigned lacking = 0;

  bool has(const std::vector<std::string>& some) const {
    return std::any_of(some.begin(), some.end(),
                       [this](const auto& person) { return persons.contains(person); });
  }
};

Progress progress(const Need& need, const Hearing& hearing) {
  const Request& request = hearing.request;
  Progress result;
  auto vote = request.votes.begin();
  for (const policy::ApprovalStage& stage : need.stages) {
    unsigned got = 0;
    // In the order in which they came: a later stage is not decided on before the earlier one is.
    for (; vote != request.votes.end() && got < stage.people; ++vote) {
      if (vote->verdict != Verdict::kApprove) continue;
      const auto by = counted(hearing, *vote, vote->time_micros);
      // Who was asked at the time, as far as they still are who they were.
      if (!by || !in_some(*by->voter, stage.groups_at(request.created_micros, vote->time_micros)))
        continue;
      if (result.has(by->persons)) continue;
      result.persons.insert(by->persons.begin(), by->persons.end());
      result.votes.insert(static_cast<size_t>(vote - request.votes.begin()));
      ++got;
    }
    if (got < stage.people) {
      result.open = &stage;
      result.lacking = stage.people - got;
      return result;
    }
  }
  return result;
}

/// Who could decide in one stage, of which so many have to.
struct Candidates {
  unsigned people = 0;
  std::set<std::string> persons;
};

/// For how many of all places different people can be found, each in one of its stage: the largest
/// matching, by augmenting paths.
class Seating {
 public:
  explicit Seating(const std::vector<Candidates>& stages) : stages_(stages) {}

  bool seat(size_t stage) {
    std::set<std::string> tried;
    return seat(stage, tried);
  }

 private:
  bool seat(size_t stage, std::set<std::string>& tried) {
    for (const std::string& person : stages_[stage].persons) {
      if (!tried.insert(person).second) continue;
      const auto sits = stage_of_.find(person);
      if (sits != stage_of_.end() && !seat(sits->second, tried)) continue;
      stage_of_[person] = stage;
      return true;
    }
    return false;
  }
  const std::vector<Candidates>& stages_;
  std::map<std::string, size_t> stage_of_;
};

/// How many places there are, and how many of them can be filled.
std::pair<size_t, size_t> different_people(const std::vector<Candidates>& stages) {
  Seating seating(stages);
  size_t wanted = 0, seated = 0;
  for (size_t stage = 0; stage < stages.size(); ++stage) {
    for (unsigned place = 0; place < stages[stage].people; ++place, ++wanted)
      seated += seating.seat(stage) ? 1 : 0;
  }
  return {wanted, seated};
}

}  // namespace

Standing standing(const Request& request, const Judging& judging) {
  Standing result;
  const Hearing hearing{request, judging};
  std::set<size_t> votes;
  for (const Need& need : request.needs) {
    Progress now = progress(need, hearing);
    votes.merge(now.votes);
    if (now.open == nullptr) continue;
    result.missing.push_back(fmt::format(
        "rule \"{}\": {} more of {}", need.rule, now.lacking,
        fmt::join(now.open->groups_at(request.created_micros, judging.now_micros), ", ")));
  }
  for (const size_t vote : votes) result.counted.push_back(request.votes[vote]);
  result.approved = result.missing.empty() && !request.needs.empty();
  return result;
}

Result<> may_vote(const Request& request, const Vote& vote, const Judging& judging) {
  if (vote.verdict == Verdict::kComment) return {};
  const bool rejects = vote.verdict == Verdict::kReject;
  // What was granted stays as it is, and can only be taken back.
  if (request.state != State::kWaiting && !(rejects && request.state == State::kApproved))
    return fail(ErrorCode::kDenied,
                fmt::format("request {} is {} already", request.number, name_of(request.state)));
  const Hearing hearing{request, judging};
  SLUICE_ASSIGN(const Counted by, counted(hearing, vote, judging.now_micros));
  bool before = false;
  std::vector<std::string> groups;
  for (const Need& need : request.needs) {
    const Progress now = progress(need, hearing);
    for (const policy::ApprovalStage& stage : need.stages) {
      if (!rejects && &stage != now.open) continue;
      const auto deciding = stage.groups_at(request.created_micros, judging.now_micros);
      groups.insert(groups.end(), deciding.begin(), deciding.end());
      if (!in_some(*by.voter, deciding)) continue;
      if (rejects || !now.has(by.persons)) return {};
      before = true;
    }
  }
  if (before)
    return fail(ErrorCode::kDenied, "you have approved it already; it takes somebody else now");
  if (groups.empty())
    return fail(ErrorCode::kDenied, fmt::format("request {} is approved already", request.number));
  return fail(ErrorCode::kDenied, fmt::format("\"{}\" is in none of the groups that decide now: {}",
                                              by.voter->name, fmt::join(groups, ", ")));
}

Result<> can_be_approved(const Request& request, const identity::Directory& directory) {
  const Somebody asks = who_asks(request, directory);
  for (const Need& need : request.needs) {
    std::vector<Candidates> candidates;
    for (const policy::ApprovalStage& stage : need.stages) {
      std::set<std::string> persons;
      const auto groups = stage.groups_ever();
      for (const identity::User& user : directory.users()) {
        if (in_some(user, groups) && eligible(asks, user.name, directory))
          persons.insert(lower_case(person_of(user)));
      }
      candidates.push_back({stage.people, persons});
      if (persons.size() >= stage.people) continue;
      return fail(ErrorCode::kDenied,
                  fmt::format("rule \"{}\" asks for {} of {}, and {} could", need.rule,
                              stage.people == 1 ? "somebody" : std::to_string(stage.people),
                              fmt::join(groups, ", "),
                              persons.empty() ? "nobody" : fmt::format("only {}", persons.size())));
    }
    const auto [wanted, could] = different_people(candidates);
    if (could < wanted)
      return fail(ErrorCode::kDenied,
                  fmt::format("rule \"{}\" asks for {} different people in all, and only {} could",
                              need.rule, wanted, could));
  }
  return {};
}

}  // namespace sluice::approval
