#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approval/request.h"
#include "policy/decision.h"

namespace sluice::gateway {

/// What was approved of a change, for the sessions that run it.
struct ApprovedChange {
  std::vector<approval::Need> needs;  ///< what the rules that held it asked for
  std::optional<uint64_t> max_rows;   ///< that one step may change
  std::string summary;                ///< "12 by dora", for the record
  int64_t request = 0;                ///< under which what it changes is kept, to be undone
  std::string ticket;
};

/// The steps of a change on one database, while they run there. Who runs it says which step is
/// next; the session with its credential asks whether a step that a rule holds may pass. May be
/// called from any thread.
class ChangeRun {
 public:
  /// `name` is what the record calls it: "12", "12 rollback".
  ChangeRun(std::string name, std::vector<std::string> steps, ApprovedChange approved)
      : name_(std::move(name)), steps_(std::move(steps)), approved_(std::move(approved)) {}

  const ApprovedChange& approved() const { return approved_; }

  /// The next statement is step `step`, from 0.
  void begin(size_t step);
  /// No step runs, as between two of them.
  void pause();

  /// Why a statement that `decision` holds may not run: it is not the step that is next, byte for
  /// byte, or a rule holds it that the change was not approved for. Empty: it may. The first
  /// session that asks is the only one.
  std::string objection(uint64_t session, std::string_view text, const policy::Decision& decision);
  /// "12 step 3 of 7"; between steps "12".
  std::string label() const;

 private:
  const std::string name_;
  const std::vector<std::string> steps_;
  const ApprovedChange approved_;
  mutable std::mutex mutex_;  ///< guards all below
  std::optional<size_t> step_;
  uint64_t session_ = 0;  ///< 0: none has asked yet
};

/// The runs under way in this gateway, by the id of the credential that was made for each. May be
/// called from any thread.
class ChangeRuns {
 public:
  void add(const std::string& credential, std::shared_ptr<ChangeRun> run);
  void remove(const std::string& credential);
  /// Null: the credential is of no run.
  std::shared_ptr<ChangeRun> find(const std::string& credential) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<ChangeRun>, std::less<>> runs_;
};

}  // namespace sluice::gateway
