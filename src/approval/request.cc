#include "approval/request.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/bytes.h"
#include "base/hash.h"

namespace sluice::approval {
namespace {

constexpr std::array<std::string_view, 6> kStates = {"waiting", "approved",  "rejected",
                                                     "expired", "withdrawn", "used"};
constexpr std::array<std::string_view, 3> kVerdicts = {"approve", "reject", "comment"};

template <typename Enum, size_t N>
std::optional<Enum> find(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

}  // namespace

std::string with_length(std::string_view field) {
  std::string out;
  append_be32(out, static_cast<uint32_t>(field.size()));
  return out.append(field);
}

std::string digest(const Subject& subject, const std::optional<uint64_t>& max_rows,
                   int64_t expires_micros) {
  std::string all = with_length("sluice approval v1");
  for (const std::string& field :
       {subject.statement, subject.parameters, subject.requester, subject.database, subject.session,
        subject.schema, subject.policy, max_rows ? std::to_string(*max_rows) : "unlimited",
        std::to_string(expires_micros)}) {
    all += with_length(field);
  }
  const auto raw = sha256(all);
  return to_hex({raw.data(), raw.size()});
}

std::string_view name_of(State state) { return kStates[static_cast<size_t>(state)]; }
std::optional<State> find_state(std::string_view name) { return find<State>(kStates, name); }
std::string_view name_of(Verdict verdict) { return kVerdicts[static_cast<size_t>(verdict)]; }
std::optional<Verdict> find_verdict(std::string_view name) {
  return find<Verdict>(kVerdicts, name);
}

std::string not_among(const std::vector<Need>& needs, const std::vector<Need>& asked) {
  for (const auto& need : needs) {
    const bool known = std::any_of(asked.begin(), asked.end(), [&](const auto& one) {
      return one.rule == need.rule && one.stages == need.stages;
    });
    if (!known) return need.rule;
  }
  return {};
}

std::string Request::summary() const {
  if (automatic) return fmt::format("{} automatically", number);
  std::vector<std::string> names;
  for (const Vote& vote : votes) {
    if (vote.verdict != Verdict::kApprove) continue;
    names.push_back(vote.on_behalf.empty() ? vote.voter
                                           : fmt::format("{} for {}", vote.voter, vote.on_behalf));
  }
  return fmt::format("{} by {}", number, fmt::join(names, ", "));
}

}  // namespace sluice::approval
