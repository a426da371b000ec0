// sluice change: scripts that run on several databases, once people have approved them.
#include "cli/change_commands.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "cli/call_as.h"
#include "cli/call_gateway.h"
#include "cli/elsewhere.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

constexpr auto kLook = std::chrono::milliseconds(250);

std::string path_of(int64_t number) { return fmt::format("/api/v1/changes/{}", number); }

std::string field(const json::object& row, const char* name) {
  return printable(plain(row.at(name)));
}

bool runs(const json::object& change) {
  const std::string state = plain(change.at("state"));
  return state == "running" || state == "rolling_back";
}

std::string name_of(const json::object& step) {
  return fmt::format("{}{} step {}", plain(step.at("part")) == "rollback" ? "rollback, " : "",
                     field(step, "database"), plain(step.at("step")));
}

/// Tells of a step that runs for long, so that nobody takes it for dead: after five seconds, then
/// less and less often, at last every minute. By this machine's clock, as the gateway's may differ.
class LongSteps {
 public:
  /// `step` is seen to run.
  void look(std::ostream& out, const std::string& step) {
    const auto now = std::chrono::steady_clock::now();
    if (step != step_) {
      step_ = step;
      since_ = now;
      next_ = kFirst;
    }
    if (now - since_ < next_) return;
    out << fmt::format("{}: running for {} s\n", step, next_.count());
    out.flush();
    next_ += std::min(next_, kMost);
  }

 private:
  static constexpr std::chrono::seconds kFirst{5}, kMost{60};
  std::string step_;
  std::chrono::steady_clock::time_point since_;
  std::chrono::seconds next_ = kFirst;
};

void print_step(std::ostream& out, const json::object& step) {
  out << fmt::format("{}: {}", name_of(step), field(step, "state"));
  if (const auto message = field(step, "message"); !message.empty()) out << ", " << message;
  if (const auto* micros = step.if_contains("duration_us"))
    out << fmt::format(" ({:.1f} ms)", static_cast<double>(micros->to_number<int64_t>()) / 1000);
  out << '\n';
}

void print_change(const json::object& change) {
  std::cout << fmt::format("change {}: {}, by {} at {}\n  {}\n  {}\n", field(change, "number"),
                           field(change, "state"), field(change, "requester"),
                           field(change, "created"), field(change, "title"),
                           field(change, "reason"));
  if (const auto ticket = field(change, "ticket"); !ticket.empty())
    std::cout << "  ticket " << ticket << '\n';
  if (const auto problem = field(change, "problem"); !problem.empty())
    std::cout << "  " << problem << '\n';
  std::cout << fmt::format("on {}; lock_timeout {}, statement_timeout {}\n",
                           field(change, "targets"), field(change, "lock_timeout"),
                           field(change, "statement_timeout"));
  if (change.at("request").to_number<int64_t>() != 0)
    std::cout << fmt::format("approval: sluice approval show {}\n", field(change, "request"));
  if (const auto* missing = change.if_contains("missing")) {
    for (const auto& line : missing->as_array())
      std::cout << "  still missing: " << printable(plain(line)) << '\n';
  }
  for (const auto& step : change.at("steps").as_array()) print_step(std::cout, step.as_object());
}

void print_one(const Common& common, const json::value& change) {
  if (common.format == Format::kJson) {
    std::cout << json_text(change) << '\n';
  } else {
    print_change(change.as_object());
  }
}

/// Tells of the steps of `part` as they end, and of those that take long, until the run has. One
/// that ran in a transaction is told of again only if it is undone.
Result<json::value> follow(const Common& common, const Somebody& somebody, int64_t number,
                           std::string_view part) {
  std::set<std::string> told;
  LongSteps long_steps;
  for (;;) {
    SLUICE_ASSIGN(auto change, somebody.call("GET", path_of(number)));
    const json::object& now = change.as_object();
    for (const auto& each : now.at("steps").as_array()) {
      const json::object& step = each.as_object();
      std::string state = plain(step.at("state"));
      if (common.format == Format::kJson || plain(step.at("part")) != part) continue;
      if (state == "running") {
        long_steps.look(std::cout, name_of(step));
        continue;
      }
      if (state == "ran") state = "done";
      if (!told.insert(fmt::format("{} {} {}", plain(step.at("step")), state,
                                   plain(step.at("database"))))
               .second)
        continue;
      print_step(std::cout, step);
      std::cout.flush();
    }
    if (!runs(now)) return change;
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace

Result<> change_submit(const Common& common, const ChangeOptions& options) {
  json::array targets;
  for (const auto& target : options.targets) targets.emplace_back(target);
  SLUICE_ASSIGN(const auto script, read_input(options.file));
  json::object body{{"title", options.title},
                    {"reason", options.reason},
                    {"ticket", options.ticket},
                    {"targets", std::move(targets)},
                    {"script", script},
                    {"lock_timeout", options.lock_timeout},
                    {"statement_timeout", options.statement_timeout}};
  if (!options.rollback.empty()) {
    SLUICE_ASSIGN(const auto rollback, read_input(options.rollback));
    body["rollback"] = rollback;
  }
  if (!options.attestation.empty()) {
    SLUICE_ASSIGN(const auto attestation, read_input(options.attestation));
    body["attestation"] = attestation;
  }
  SLUICE_ASSIGN(const auto somebody, Somebody::prove(common, options.who));
  SLUICE_ASSIGN(const auto change, somebody.call("POST", "/api/v1/changes", json::serialize(body)));
  if (common.format == Format::kJson) {
    std::cout << json_text(change) << '\n';
    return {};
  }
  const json::object& row = change.as_object();
  const std::string number = field(row, "number");
  const std::string state = field(row, "state");
  std::cout << fmt::format("change {} is {}\n", number, state);
  if (state == "waiting") {
    std::cout << fmt::format("It waits for request {}: sluice approval show {}\n",
                             field(row, "request"), field(row, "request"));
  } else {
    std::cout << fmt::format("Run it with: sluice change run {}\n", number);
  }
  return {};
}

Result<> change_list(const Common& common, const ChangeOptions& options) {
  std::string path = fmt::format("/api/v1/changes?limit={}", common.limit);
  if (!options.state.empty()) path += "&state=" + percent_encoded(options.state);
  if (!options.requester.empty()) path += "&requester=" + percent_encoded(options.requester);
  SLUICE_ASSIGN(auto rows, look(common, path));
  print(std::cout,
        {{"number", "state", "created", "requester", "title", "targets", "request", "problem"},
         std::move(rows.as_array())},
        common.format);
  return {};
}

Result<> change_status(const Common& common, const ChangeOptions& options) {
  SLUICE_ASSIGN(const auto change, look(common, path_of(options.number)));
  print_one(common, change);
  return {};
}

Result<> change_act(const Common& common, const ChangeOptions& options, const std::string& what) {
  SLUICE_ASSIGN(const auto somebody, Somebody::prove(common, options.who));
  SLUICE_ASSIGN(auto change, somebody.call("POST", path_of(options.number) + "/" + what));
  if (what != "cancel") {
    SLUICE_ASSIGN(change,
                  follow(common, somebody, options.number, what == "run" ? "script" : "rollback"));
  }
  const json::object& row = change.as_object();
  const std::string state = field(row, "state");
  if (common.format == Format::kJson) {
    std::cout << json_text(change) << '\n';
  } else {
    std::cout << fmt::format("change {} is {}\n", options.number, state);
  }
  const bool good = what == "cancel" || state == (what == "run" ? "done" : "rolled_back");
  if (good) return {};
  return fail(ErrorCode::kDenied,
              fmt::format("change {} is {}: {}", options.number, state, field(row, "problem")));
}

Result<> change_undo(const Common& common, const ChangeOptions& options) {
  SLUICE_ASSIGN(const auto change, look(common, path_of(options.number)));
  ApprovalOptions undo;
  undo.number = change.at("request").to_number<int64_t>();
  if (undo.number == 0) {
    return fail(ErrorCode::kNotFound,
                "no rule held this change, so nothing was kept of it; its rollback script takes it "
                "back: sluice change rollback");
  }
  undo.preview = options.preview;
  undo.skip_conflicts = options.skip_conflicts;
  undo.user = options.who.user;
  undo.totp = options.who.totp;
  undo.password_stdin = options.who.password_stdin;
  return approval_undo(common, undo);
}

}  // namespace sluice::cli
