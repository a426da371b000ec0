#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audit/erasure.h"
#include "audit/query.h"
#include "base/result.h"
#include "config/retention.h"

namespace sluice::audit {

/// How long records are kept; the first rule that fits one decides.
struct RetentionRule {
  std::string name;
  Query which;
  std::optional<int64_t> keep_micros;  ///< nothing: for ever
  friend bool operator==(const RetentionRule&, const RetentionRule&) = default;
};

/// An error names the rule and what is wrong with it.
Result<std::vector<RetentionRule>> retention_rules(
    const std::vector<config::RetentionConfig>& configured);

/// The rule that decides about a record; nothing: it is kept.
const RetentionRule* rule_for(std::span<const RetentionRule> rules, const RecordView& record);

/// Takes out of complete segments what no rule keeps any more.
class Retention {
 public:
  /// Puts on the record what is about to be erased; an error: it is not erased.
  using Tell = std::function<Result<>(const std::string& message)>;

  /// `audit` is `<state>/audit`.
  explicit Retention(std::filesystem::path audit) : audit_(std::move(audit)) {}

  /// What has been looked at under the same rules is not looked at again.
  void set_rules(std::vector<RetentionRule> rules);

  /// What a run has found or done, by rule.
  struct Count {
    std::string keep;                  ///< "90d", "forever"
    uint64_t due = 0;                  ///< records that are to go, and went unless it was a trial
    uint64_t held = 0;                 ///< that would be, but for a legal hold
    uint64_t torn = 0, torn_held = 0;  ///< the same of files that hold what crashes have torn
  };
  using Counts = std::map<std::string, Count>;

  /// What is told is signed before anything is erased: waits for it. Without it nobody waits.
  void set_settle(std::function<Result<>()> settle) { settle_ = std::move(settle); }
  /// Asked again for each segment, and before anything of it is erased: a run takes its time.
  void set_holds(std::function<Result<std::vector<LegalHold>>()> holds) {
    holds_ = std::move(holds);
  }
  /// Asked between segments: a run ends there where it says so.
  void set_stopped(std::function<bool()> stopped) { stopped_ = std::move(stopped); }

  /// Looks at segments whose records all are in a checkpoint that covers `published` of them, and
  /// erases what is over. Without `tell` it only counts. Others can have the segments between two
  /// of them. One that cannot be read stops none of the others: its trouble is told last.
  Result<Counts> run(int64_t now_micros, uint64_t published, std::span<const LegalHold> holds,
                     const Tell& tell);

 private:
  struct Segment;
  Result<> look_at(const std::filesystem::path& file, Segment& segment);
  Result<> run_segment(const std::filesystem::path& file, Segment& segment);
  Result<> run_torn(Segment& segment);
  Result<> compare_holds(const Segment& segment) const;
  static Result<> withdraw(const Segment& segment, const std::vector<std::vector<Erasure>>& told,
                           const Error& why);

  std::filesystem::path audit_;
  std::vector<RetentionRule> rules_;
  std::function<Result<>()> settle_;
  std::function<Result<std::vector<LegalHold>>()> holds_;
  std::function<bool()> stopped_;
  /// When something of a segment may be over; only for what has been looked at under these rules.
  std::map<std::string, int64_t> next_;
};

}  // namespace sluice::audit
