#include "change/change.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/bytes.h"
#include "change/attestation.h"

namespace sluice::change {
namespace {

constexpr std::array<std::string_view, 10> kStates = {
    "waiting", "ready",     "refused",      "running",     "done",
    "failed",  "cancelled", "rolling_back", "rolled_back", "rollback_failed"};
constexpr std::array<std::string_view, 2> kParts = {"script", "rollback"};
constexpr std::array<std::string_view, 6> kStepStates = {"running", "ran",    "done",
                                                         "failed",  "undone", "unknown"};

constexpr size_t kLongestScript = size_t{512} << 10;
constexpr size_t kLongestTitle = 200;
constexpr size_t kLongestReason = 2000;
constexpr size_t kMostTargets = 10;
constexpr auto kLongestTimeout = std::chrono::hours(24);

template <typename Enum, size_t N>
std::optional<Enum> find(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

Result<> bad(std::string text) { return fail(ErrorCode::kInvalidInput, std::move(text)); }

Result<> check_text(std::string_view what, std::string_view text, size_t most) {
  if (text.size() > most || !is_utf8(text) || text.find('\0') != std::string_view::npos)
    return bad(fmt::format("the {} must be UTF-8 text of at most {} bytes", what, most));
  return {};
}

}  // namespace

std::string_view name_of(State state) { return kStates[static_cast<size_t>(state)]; }
std::optional<State> find_state(std::string_view name) { return find<State>(kStates, name); }
std::string_view name_of(Part part) { return kParts[static_cast<size_t>(part)]; }
std::optional<Part> find_part(std::string_view name) { return find<Part>(kParts, name); }
std::string_view name_of(StepState state) { return kStepStates[static_cast<size_t>(state)]; }
std::optional<StepState> find_step_state(std::string_view name) {
  return find<StepState>(kStepStates, name);
}

Result<> check(const Change& change) {
  if (change.title.empty()) return bad("a change has a title: --title");
  if (change.reason.empty()) return bad("a change has a reason: --reason");
  if (change.title.find('\n') != std::string::npos) return bad("the title is one line");
  SLUICE_TRY(check_text("title", change.title, kLongestTitle));
  SLUICE_TRY(check_text("reason", change.reason, kLongestReason));
  SLUICE_TRY(check_text("ticket", change.ticket, kLongestTitle));
  SLUICE_TRY(check_text("script", change.script, kLongestScript));
  SLUICE_TRY(check_text("rollback script", change.rollback, kLongestScript));
  SLUICE_TRY(check_text("attestation", change.attestation, kLongestAttestation));
  if (change.targets.empty()) return bad("a change has a database to run on: --on");
  if (change.targets.size() > kMostTargets)
    return bad(fmt::format("a change has at most {} databases", kMostTargets));
  if (std::set(change.targets.begin(), change.targets.end()).size() != change.targets.size())
    return bad("a database is named twice");
  for (const Duration timeout : {change.lock_timeout, change.statement_timeout}) {
    // The server's unit; none at all would be no bound.
    if (timeout < std::chrono::milliseconds(1) || timeout > kLongestTimeout)
      return bad("time-outs are from 1ms to 24h");
  }
  return {};
}

approval::Subject subject_of(const Change& change, std::string session, std::string schema,
                             std::string policy) {
  approval::Subject subject;
  // For people to read, and what they have read is what was approved; what it is made of follows
  // with lengths, so that no text passes for another.
  subject.statement =
      fmt::format("-- change {}: {}\n-- on {}; lock_timeout {}, statement_timeout {}\n{}",
                  change.number, change.title, fmt::join(change.targets, ", then "),
                  text_of(change.lock_timeout), text_of(change.statement_timeout), change.script);
  if (!change.rollback.empty())
    subject.statement += "\n-- to roll it back, in reverse order:\n" + change.rollback;
  using approval::with_length;
  subject.parameters = with_length("sluice change v1") + with_length(std::to_string(change.number));
  for (const std::string& text : {change.script, change.rollback, text_of(change.lock_timeout),
                                  text_of(change.statement_timeout)})
    subject.parameters += with_length(text);
  subject.parameters += with_length(std::to_string(change.targets.size()));
  for (const auto& target : change.targets) subject.parameters += with_length(target);
  for (const auto& actor : change.actors) subject.parameters += with_length(actor);
  subject.requester = change.requester;
  subject.database = fmt::format("{}", fmt::join(change.targets, ", "));
  subject.session = std::move(session);
  subject.schema = std::move(schema);
  subject.policy = std::move(policy);
  return subject;
}

std::string text_of(Duration duration) {
  using namespace std::chrono;
  const auto millis = duration_cast<milliseconds>(duration).count();
  if (millis % 60'000 == 0) return fmt::format("{}m", millis / 60'000);
  if (millis % 1000 == 0) return fmt::format("{}s", millis / 1000);
  return fmt::format("{}ms", millis);
}

}  // namespace sluice::change
