#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approval/login.h"
#include "policy/approval_spec.h"

namespace sluice::approval {

/// Exactly what is asked to run: an approval is for this and nothing else.
struct Subject {
  std::string statement;  ///< its text, byte for byte
  /// Declared by Parse and given by Bind: types, then the Bind from the format codes to the last
  /// value, each `with_length`; empty for a simple query.
  std::string parameters;
  std::string requester;
  std::string database;
  std::string session;  ///< what the server says of it: role, search path, settings of texts
  std::string schema;   ///< the catalog's fingerprint
  std::string policy;   ///< policy::Policy::version
};

/// `field` behind its length: two lists of fields that are written so are alike only if they are
/// equal.
std::string with_length(std::string_view field);

/// SHA-256 over a subject and what was granted for it, in hex.
std::string digest(const Subject& subject, const std::optional<uint64_t>& max_rows,
                   int64_t expires_micros);

enum class State : uint8_t {
  kWaiting,
  kApproved,   ///< may run once
  kRejected,   ///< by somebody who could have approved it
  kExpired,    ///< before it was approved or used
  kWithdrawn,  ///< by who asked for it, or since something has changed
  kUsed,       ///< the one run that was approved has begun
};

/// "waiting", "approved", "rejected", "expired", "withdrawn", "used".
std::string_view name_of(State state);
std::optional<State> find_state(std::string_view name);

enum class Verdict : uint8_t { kApprove, kReject, kComment };

/// "approve", "reject", "comment".
std::string_view name_of(Verdict verdict);
std::optional<Verdict> find_verdict(std::string_view name);

/// What somebody said to a request. None is ever changed.
struct Vote {
  std::string voter;
  Verdict verdict = Verdict::kComment;
  std::string comment = {};
  std::string authentication = {};  ///< how the voter had proved who they are
  int64_t time_micros = 0;
  std::optional<uint64_t> max_rows = std::nullopt;  ///< approved for at most so many
  std::string on_behalf = {};  ///< whose vote it is, where `voter` gives it for them
};

/// What one rule that holds asks for: policy::ApprovalSpec as it is kept.
struct Need {
  std::string rule;
  std::vector<policy::ApprovalStage> stages;
};

/// The rule of the first need that is not among those that were asked about; empty: all are.
std::string not_among(const std::vector<Need>& needs, const std::vector<Need>& asked);

/// Something that waits, or has waited, for people.
struct Request {
  int64_t number = 0;  ///< 1, 2, 3, …; 0: not kept yet
  State state = State::kWaiting;
  int64_t created_micros = 0;
  int64_t expires_micros = 0;  ///< nothing comes of it from then on
  Subject subject;
  std::vector<std::string> persons;  ///< behind the requester: themselves, whom they act for
  std::string requester_kind;        ///< "human", "service", "agent"
  Login login;
  std::string environment;
  uint64_t session_id = 0;
  std::vector<Need> needs;
  std::optional<uint64_t> max_rows;   ///< that it may change
  std::string brief;                  ///< for those who decide: JSON, see brief.h
  std::vector<std::string> evidence;  ///< what was looked at for an automatic approval
  bool automatic = false;             ///< approved by it
  std::string reason;                 ///< why it was withdrawn
  std::string granted;                ///< digest of what was approved
  int64_t used_micros = 0;
  std::vector<Vote> votes;

  /// "12 by dora, erin for frank", "12 automatically": for the record of what was run.
  std::string summary() const;
};

}  // namespace sluice::approval
