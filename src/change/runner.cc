#include "change/runner.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"

namespace sluice::change {
namespace {

/// What a statement may take longer than the server should let it.
constexpr auto kGrace = std::chrono::seconds(10);
constexpr Duration kLongestRun = std::chrono::hours(24);

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

/// One target's connection, with what was made for it.
struct Runner::Session {
  identity::IssuedCredential credential;
  std::shared_ptr<gateway::ChangeRun> run;
  std::unique_ptr<SqlClient> client;
};

Result<> Runner::refresh_directory() {
  return gateway_.renew_directory([this] { return store_.directory(); });
}

Result<std::unique_ptr<Runner::Session>> Runner::open(size_t target) {
  const Change& change = job_.change;
  const auto& steps = job_.plan.steps(job_.part);
  const Duration needed =
      std::min<Duration>(kLongestRun, static_cast<int64_t>(steps.size() + 2) *
                                          (change.statement_timeout + 2 * kGrace));
  identity::NewCredential next;
  next.user = change.requester;
  next.databases = {change.targets[target]};
  next.label = credential_label(change.number);
  next.assurance = job_.assurance;
  next.actors = change.actors;
  next.expires_micros =
      wall_micros() + std::chrono::duration_cast<std::chrono::microseconds>(needed).count();
  auto session = std::make_unique<Session>();
  SLUICE_ASSIGN(session->credential, store_.issue(next, "sluice (change)"));
  std::vector<std::string> texts;
  for (const Step& step : steps) texts.push_back(step.text);
  session->run = std::make_shared<gateway::ChangeRun>(
      std::to_string(change.number) + (job_.part == Part::kRollback ? " rollback" : ""),
      std::move(texts), job_.approved);
  // Before it is let in: its session looks for it once.
  gateway_.change_runs().add(session->credential.id, session->run);
  auto connected = refresh_directory().and_then([&] {
    return SqlClient::connect({host_, gateway_.port(), change.requester, session->credential.secret,
                               change.targets[target],
                               fmt::format("sluice change {}", change.number), change.lock_timeout,
                               change.statement_timeout});
  });
  if (!connected) {
    close(*session);
    return fail(std::move(connected.error()));
  }
  session->client = std::move(*connected);
  return session;
}

void Runner::close(Session& session) {
  session.client.reset();
  gateway_.change_runs().remove(session.credential.id);
  note(store_.revoke(session.credential.id, "sluice (change)"));
  note(refresh_directory());
}

void Runner::note(const Result<>& kept) {
  if (!kept) log::error("change {}: {}", job_.change.number, kept.error().text);
}

std::string Runner::run() {
  for (const size_t target : job_.targets) {
    if (auto problem = on_target(target); !problem.empty())
      return fmt::format("{}: {}", job_.change.targets[target], problem);
  }
  return {};
}

std::string Runner::on_target(size_t target) {
  if (auto why = over(); !why.empty()) return why;
  auto session = open(target);
  if (!session) return session.error().text;
  std::string problem = steps_on(target, **session);
  close(**session);
  return problem;
}

/// Why nothing more may run; empty: it may.
std::string Runner::over() {
  if (stopped_) return "stopped";
  const auto directory = gateway_.directory();
  const auto* credential = directory->credential(job_.credential);
  const bool live = credential != nullptr && credential->live(wall_micros());
  return live ? "" : "the credential with which it was started is revoked or has expired";
}

Outcome Runner::execute(Session& session, const std::string& text) {
  if (auto why = over(); !why.empty()) return {{}, std::move(why)};
  return session.client->run(text, job_.change.statement_timeout + kGrace,
                             [this] { return stopped_.load(); });
}

std::string Runner::steps_on(size_t target, Session& session) {
  const int64_t number = job_.change.number;
  const bool together = job_.plan.in_transaction(job_.part);
  if (together) {
    if (const auto begun = execute(session, "BEGIN"); !begun.error.empty())
      return "BEGIN: " + begun.error;
  }
  std::string problem;
  const size_t count = job_.plan.steps(job_.part).size();
  for (size_t i = 0; i < count && problem.empty(); ++i) problem = step(target, i, session);
  session.run->pause();
  if (!together) return problem;
  if (!problem.empty()) {
    // Leaving undoes it as well.
    (void)session.client->run("ROLLBACK", kGrace, [] { return false; });
    note(store_.move_steps(number, job_.part, target, StepState::kRan, StepState::kUndone));
    return problem;
  }
  const auto committed = execute(session, "COMMIT");
  // A transaction that has failed without our knowledge answers COMMIT with ROLLBACK.
  const bool good = committed.error.empty() && committed.tag == "COMMIT";
  const StepState state = good             ? StepState::kDone
                          : committed.lost ? StepState::kUnknown
                                           : StepState::kUndone;
  note(store_.move_steps(number, job_.part, target, StepState::kRan, state));
  if (good) return {};
  return fmt::format("COMMIT: {}{}", committed.error.empty() ? committed.tag : committed.error,
                     committed.lost ? "; whether it was done is not known" : "");
}

std::string Runner::step(size_t target, size_t number, Session& session) {
  const auto& steps = job_.plan.steps(job_.part);
  StepRun record{job_.part, target, number};
  // A step that leaves no record does not run.
  if (const auto kept = store_.begin_step(job_.change.number, record); !kept)
    return kept.error().text;
  session.run->begin(number);
  const Outcome outcome = execute(session, steps[number].text);
  const bool together = job_.plan.in_transaction(job_.part);
  record.state = outcome.error.empty()       ? (together ? StepState::kRan : StepState::kDone)
                 : outcome.lost && !together ? StepState::kUnknown
                                             : StepState::kFailed;
  record.message = outcome.error.empty() ? outcome.tag : outcome.error;
  note(store_.end_step(job_.change.number, record));
  if (outcome.error.empty()) return {};
  return fmt::format("step {} of {} (line {}): {}", number + 1, steps.size(), steps[number].line,
                     first_line(outcome.error));
}

}  // namespace sluice::change
