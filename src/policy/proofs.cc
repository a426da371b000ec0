#include "policy/proofs.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sluice::policy {
namespace {

bool attested(const ProofConditions& conditions, const Proofs& proofs,
              std::vector<std::string>& evidence) {
  bool all = true;
  for (const std::string& key : conditions.attested_by) {
    const auto found = proofs.attested.find(key);
    const bool good = found != proofs.attested.end();
    all = all && good;
    if (good) {
      evidence.push_back(fmt::format("attested by \"{}\": {}", key, found->second));
    } else {
      evidence.push_back(fmt::format(
          "not attested by \"{}\": {}", key,
          proofs.attestation_problem.empty() ? "nothing was given" : proofs.attestation_problem));
    }
  }
  return all;
}

bool present(const ProofConditions& conditions, const Proofs& proofs, int64_t now_micros,
             std::vector<std::string>& evidence) {
  const auto most = std::chrono::duration_cast<std::chrono::seconds>(conditions.human_present);
  if (proofs.human.empty()) {
    evidence.emplace_back("no person stands behind who asks");
    return false;
  }
  if (proofs.human_authenticated_micros <= 0) {
    evidence.push_back(fmt::format("\"{}\" has no login of their own that is live", proofs.human));
    return false;
  }
  const int64_t seconds = (now_micros - proofs.human_authenticated_micros) / 1'000'000;
  const bool good = seconds >= 0 && seconds <= most.count();
  evidence.push_back(fmt::format("\"{}\" has proved who they are {} s ago; asked for: {} s",
                                 proofs.human, seconds, most.count()));
  return good;
}

bool dry_run_small(const ProofConditions& conditions, const Proofs& proofs,
                   std::vector<std::string>& evidence) {
  const auto& run = proofs.dry_run;
  if (!run || !run->rows) {
    evidence.push_back(fmt::format("no dry run: {}", run && !run->why_not.empty()
                                                         ? run->why_not
                                                         : "it is for statements alone"));
    return false;
  }
  evidence.push_back(fmt::format("a dry run changed {} rows ({}); at most {}", *run->rows,
                                 fmt::join(run->tables, "; "), *conditions.dry_run_rows));
  return *run->rows <= *conditions.dry_run_rows;
}

bool ticket_allows(const TicketCondition& condition, const Proofs& proofs,
                   std::vector<std::string>& evidence) {
  const auto found = proofs.tickets.find(condition.system);
  if (found == proofs.tickets.end() || found->second.state.empty()) {
    evidence.push_back(
        fmt::format("the state of ticket \"{}\" is not known to \"{}\": {}",
                    found == proofs.tickets.end() ? "" : found->second.ticket, condition.system,
                    found == proofs.tickets.end() ? "nobody was asked" : found->second.problem));
    return false;
  }
  const auto& [ticket, state, problem] = found->second;
  evidence.push_back(fmt::format("ticket \"{}\" is \"{}\" by the word of \"{}\"; asked for: {}",
                                 ticket, state, condition.system,
                                 fmt::join(condition.states, ", ")));
  return std::find(condition.states.begin(), condition.states.end(), state) !=
         condition.states.end();
}

}  // namespace

bool proofs_hold(const ProofConditions& conditions, const Proofs& proofs, int64_t now_micros,
                 std::vector<std::string>& evidence) {
  // Each is asked, whatever the others say: who was refused wants to know all reasons at once.
  bool good = attested(conditions, proofs, evidence);
  if (conditions.ticket) good = ticket_allows(*conditions.ticket, proofs, evidence) && good;
  if (conditions.human_present > Duration::zero())
    good = present(conditions, proofs, now_micros, evidence) && good;
  if (conditions.dry_run_rows) good = dry_run_small(conditions, proofs, evidence) && good;
  return good;
}

}  // namespace sluice::policy
