// Session: what others have to vouch for before a statement that a rule holds is let through
// without people: a ticket's state, a dry run.
#include <algorithm>

#include "gateway/dry_run.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "outside/tickets.h"
#include "sql/comment_tags.h"

namespace sluice::gateway {
namespace {

constexpr auto kLongestQueue = std::chrono::seconds(10);

/// The systems that the rules want to hear of a ticket; those that are not configured say nothing.
std::vector<config::TicketSystemConfig> systems_for(const policy::Decision& decision,
                                                    const config::Config& config,
                                                    policy::Proofs& proofs) {
  std::vector<config::TicketSystemConfig> out;
  for (const auto& spec : decision.holds) {
    if (!spec->proofs.ticket) continue;
    const std::string& name = spec->proofs.ticket->system;
    const auto found = std::find_if(config.tickets.begin(), config.tickets.end(),
                                    [&](const auto& system) { return system.name == name; });
    if (found == config.tickets.end())
      proofs.tickets[name].problem = "no ticket system of this name is configured";
    else
      out.push_back(*found);
  }
  return out;
}

}  // namespace

/// Whether what `for_show` holds is run for show: only where the statement itself could be. It is
/// paid for as a statement of its rate, and budgets must have room for it.
bool Session::must_show(const Piece& piece, const Statement& statement, Bytes text,
                        DecisionPtr& decision) {
  DecisionPtr refused = objection(statement);
  if (!refused) refused = masked_values_written(masking_of(statement).get(), text, nullptr);
  if (!refused) {
    // Its tables have been looked at for the taint: this is the decision of now.
    auto afforded = std::make_shared<policy::Decision>(*decision);
    afforded->approval = "dry run";
    DecisionPtr paid = std::move(afforded);
    if (within_rate(&statement, paid, refused)) refused = nullptr;
    acting_.spending.reset();
  }
  if (!refused && (!piece.whole() || text.empty() || transaction_ahead_ == 'E'))
    refused = shown(*decision, {{}, {}, "it is too long, or its transaction is aborted"});
  if (!refused) return true;
  decision = std::move(refused);
  return false;
}

/// Finds out what is asked for and not known yet; false where there is nothing to wait for. What is
/// found out comes back to `ask_approval`.
bool Session::prove() {
  Shared& shared = worker_.shared();
  if (!std::exchange(held_->tickets_asked, true) && !admission_.dry_run) {
    auto systems = systems_for(*held_->decision, *worker_.runtime()->config, held_->proofs);
    if (!systems.empty()) {
      const auto tags = sql::comment_tags(held_->subject.statement);
      shared.proving.submit([&worker = worker_, id = id_, token = std::weak_ptr(held_->token),
                             systems = std::move(systems), since = Clock::now(),
                             ticket = std::string(sql::tag_value(tags, "ticket"))] {
        std::map<std::string, policy::TicketState> said;
        for (const auto& system : systems) {
          // Behind others who wait for a system that does not answer, nobody waits for long.
          said[system.name] = Clock::now() - since > kLongestQueue
                                  ? policy::TicketState{ticket, "", "too many wait for an answer"}
                                  : outside::ask_ticket(system, ticket);
        }
        worker.post([id, token, said = std::move(said)](Worker& self) mutable {
          Session* session = self.find_session(id);
          if (session == nullptr || token.expired() || !session->deferred_) return;
          session->now_ = Moment::now();
          session->held_->proofs.tickets.merge(said);
          session->ask_approval();
        });
      });
      return true;
    }
  }
  const auto& holds = held_->decision->holds;
  if (held_->proofs.dry_run ||
      std::none_of(holds.begin(), holds.end(), [](const auto& spec) { return spec->dry_run; }))
    return false;
  auto& run = held_->proofs.dry_run.emplace();
  const bool parameters = held_->subject.statement.find('$') != std::string::npos;
  run.why_not = no_dry_run(*held_->facts, scope_.scope->catalog.get(),
                           admission_.database->config(), parameters, transaction_ahead_ != 'I');
  if (!run.why_not.empty()) return false;
  worker_.ask(admission_.database, dry_run_text(held_->subject.statement),
              [&worker = worker_, id = id_, token = std::weak_ptr(held_->token)](auto answer) {
                Session* session = worker.find_session(id);
                if (session == nullptr || token.expired() || !session->deferred_) return;
                session->now_ = Moment::now();
                auto& done = *session->held_->proofs.dry_run;
                if (answer)
                  done = read_dry_run(*answer, session->held_->subject.session);
                else
                  done.why_not =
                      session->admission_.dry_run
                          ? "the server does not run it, as it would be sent"
                          : told_of_failure(session->admission_.database->config(), answer.error());
                session->ask_approval();
              });
  return true;
}

}  // namespace sluice::gateway
