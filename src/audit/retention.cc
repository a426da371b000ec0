#include "audit/retention.h"

#include <algorithm>

#include <fmt/format.h>

#include "audit/erasing.h"
#include "audit/filters.h"
#include "audit/record.h"
#include "audit/segment.h"
#include "audit/torn_files.h"
#include "audit/tree_files.h"

namespace sluice::audit {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
/// As many ranges are told in one record.
constexpr size_t kRangesTold = 200;
/// One that is cut says nothing: "N to N, " with numbers of up to 20 digits, and the rule's name.
static_assert(kRangesTold * 46 + 1024 < kMostEvidence);

bool is_type(std::string_view name) {
  for (unsigned type = 1; type < 64 && name != "unknown"; ++type) {
    if (name_of(static_cast<EventType>(type)) == name) return true;
  }
  return false;
}

Result<> check_choice(const std::string& name, const std::string& value) {
  // One that there is not would never fit, and what it was meant to take would stay.
  if (name == "type" && !is_type(value))
    return fail(ErrorCode::kInvalidInput, "type: no record is of the type \"" + value + "\"");
  const auto all = filters();
  const auto filter = std::find_if(all.begin(), all.end(), [&](auto& f) { return f.name == name; });
  if (filter == all.end() || filter->choices.empty()) return {};
  const auto& choices = filter->choices;
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return {};
  return fail(ErrorCode::kInvalidInput,
              fmt::format("{}: expected one of {}", name, fmt::join(choices, ", ")));
}

std::string text_of(std::optional<int64_t> keep_micros) {
  constexpr int64_t kHour = 3'600'000'000;
  if (!keep_micros) return "forever";
  if (*keep_micros % (24 * kHour) == 0) return fmt::format("{}d", *keep_micros / (24 * kHour));
  return fmt::format("{}h", *keep_micros / kHour);
}

}  // namespace

Result<std::vector<RetentionRule>> retention_rules(
    const std::vector<config::RetentionConfig>& configured) {
  std::vector<RetentionRule> rules;
  for (const auto& rule : configured) {
    RetentionRule out{rule.name, {}, std::nullopt};
    if (rule.keep)
      out.keep_micros = std::chrono::duration_cast<std::chrono::microseconds>(*rule.keep).count();
    for (const auto& [name, value] : rule.filters) {
      auto set = check_choice(name, value);
      if (set) set = set_filter(out.which, name, value);
      if (!set) {
        return fail(ErrorCode::kInvalidInput,
                    fmt::format("audit.retention \"{}\": {}", rule.name, set.error().text));
      }
    }
    rules.push_back(std::move(out));
  }
  return rules;
}

const RetentionRule* rule_for(std::span<const RetentionRule> rules, const RecordView& record) {
  if (!may_expire(record)) return nullptr;
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [&](const auto& rule) { return matches(rule.which, record); });
  return found == rules.end() ? nullptr : &*found;
}

/// One run over one segment.
struct Retention::Segment {
  int64_t now;
  std::vector<LegalHold> holds;
  const Tell& tell;
  Counts& counts;
  int64_t next = kNever;                                      ///< when something of it will be over
  std::map<std::string, std::vector<uint64_t>> numbers = {};  ///< that are over, by rule
  std::vector<FramePlace> places = {};
  bool erased = false;
  bool over = false;  ///< nothing can be put on the record, or it is not known what is held
};

void Retention::set_rules(std::vector<RetentionRule> rules) {
  if (rules == rules_) return;
  rules_ = std::move(rules);
  next_.clear();
}

/// Finds what of it is over.
Result<> Retention::look_at(const std::filesystem::path& file, Segment& segment) {
  segment.next = kNever;
  segment.numbers.clear();
  segment.places.clear();
  SLUICE_ASSIGN(const auto lock, lock_segments(audit_));
  SLUICE_ASSIGN(const auto header, read_segment_header(file));
  SLUICE_ASSIGN(auto reader, SegmentReader::open(file));
  Frame frame;
  uint64_t last = 0;
  while (reader.next(frame) == SegmentReader::Status::kFrame) {
    last = frame.sequence;
    if (frame.erased) continue;
    const auto record = read_record(frame.payload);
    // What cannot be read stays: it is not known whose it is.
    const RetentionRule* rule = record ? rule_for(rules_, *record) : nullptr;
    if (rule == nullptr || !rule->keep_micros) continue;
    const int64_t over = record->time_micros + *rule->keep_micros;
    Count& count = segment.counts[rule->name];
    const bool held = std::any_of(segment.holds.begin(), segment.holds.end(),
                                  [&](const auto& hold) { return matches(hold.which, *record); });
    if (over > segment.now || held || !segment.tell) segment.next = std::min(segment.next, over);
    if (over > segment.now) continue;
    ++(held ? count.held : count.due);
    if (held || !segment.tell) continue;
    segment.numbers[rule->name].push_back(frame.sequence);
    segment.places.push_back(
        {frame.offset, frame.sequence, static_cast<uint32_t>(frame.payload.size())});
  }
  if (last < header.last_sequence) return fail(damaged_at(reader.offset()));
  return {};
}

/// An error: more is held than was when the segment was looked at.
Result<> Retention::compare_holds(const Segment& segment) const {
  if (!holds_) return {};
  SLUICE_ASSIGN(const auto now, holds_());
  const bool more = std::any_of(now.begin(), now.end(), [&](const LegalHold& hold) {
    return std::find(segment.holds.begin(), segment.holds.end(), hold) == segment.holds.end();
  });
  if (!more) return {};
  return fail(ErrorCode::kUnavailable,
              "a legal hold has been set meanwhile: the next run looks at it anew");
}

/// Takes back what was told of a segment that stays as it is; returns why it does.
Result<> Retention::withdraw(const Segment& segment, const std::vector<std::vector<Erasure>>& told,
                             const Error& why) {
  for (const auto& ranges : told) SLUICE_TRY(segment.tell(format_withdrawal(ranges, why.text)));
  return fail(why);
}

/// Others may read and archive the segments while it waits.
Result<> Retention::run_segment(const std::filesystem::path& file, Segment& segment) {
  // One that was set since the last segment: what it keeps is not even told of.
  if (holds_) {
    auto now = holds_();
    segment.over = !now;
    if (!now) return fail(std::move(now.error()));
    segment.holds = std::move(*now);
  }
  SLUICE_TRY(look_at(file, segment));
  if (segment.places.empty()) return {};
  segment.over = true;
  std::vector<std::vector<Erasure>> told;
  for (const auto& [rule, list] : segment.numbers) {
    const auto ranges = ranges_of(list);
    for (size_t i = 0; i < ranges.size(); i += kRangesTold) {
      const auto some = std::span(ranges).subspan(i, std::min(kRangesTold, ranges.size() - i));
      SLUICE_TRY(segment.tell(format_erasure(some, fmt::format("retention rule \"{}\"", rule))));
      told.emplace_back(some.begin(), some.end());
    }
  }
  if (const auto signed_now = settle_ ? settle_() : Result<>(); !signed_now)
    return withdraw(segment, told, signed_now.error());
  segment.over = false;
  SLUICE_ASSIGN(const auto lock, lock_segments(audit_));
  if (const auto same = compare_holds(segment); !same) return withdraw(segment, told, same.error());
  segment.erased = true;
  const SegmentFrames all{file, segment.places};
  SLUICE_TRY(begin_erasing(audit_, {&all, 1}));
  return finish_erasing(audit_, {&all, 1});
}

/// Nothing tells of what a crash has torn which rule it is for: the shortest decides.
Result<> Retention::run_torn(Segment& segment) {
  const RetentionRule* shortest = nullptr;
  for (const auto& rule : rules_) {
    if (rule.keep_micros && (shortest == nullptr || *rule.keep_micros < *shortest->keep_micros))
      shortest = &rule;
  }
  if (shortest == nullptr) return {};
  SLUICE_ASSIGN(const auto all, list_torn(audit_ / "log"));
  const auto held = [&]() -> Result<bool> {
    if (!holds_) return !segment.holds.empty();
    SLUICE_ASSIGN(const auto now, holds_());
    return !now.empty();
  };
  Count& count = segment.counts[shortest->name];
  for (const auto& torn : all) {
    if (torn.kept_micros + *shortest->keep_micros > segment.now) continue;
    SLUICE_ASSIGN(bool stays, held());
    if (segment.tell && !stays) {
      SLUICE_ASSIGN(const bool gone,
                    remove_torn(torn, fmt::format("retention rule \"{}\"", shortest->name),
                                {segment.tell, settle_, held}));
      stays = !gone;
    }
    ++(stays ? count.torn_held : count.torn);
  }
  return {};
}

Result<Retention::Counts> Retention::run(int64_t now_micros, uint64_t published,
                                         std::span<const LegalHold> holds, const Tell& tell) {
  Counts counts;
  for (const auto& rule : rules_) counts[rule.name].keep = text_of(rule.keep_micros);
  if (rules_.empty()) return counts;
  SLUICE_ASSIGN(const auto files, list_segments(audit_ / "log"));
  Segment segment{now_micros, {holds.begin(), holds.end()}, tell, counts};
  Result<> result;
  size_t failed = 0;
  bool stopped = false;
  for (const auto& file : files) {
    stopped = stopped_ && stopped_();
    if (stopped) break;
    const auto next = next_.find(file.filename());
    // A trial counts what is held, too, which the next run need not look at.
    if (tell && next != next_.end() && next->second > now_micros) continue;
    const auto header = read_segment_header(file);
    if (header && (header->last_sequence == 0 || header->last_sequence > published)) continue;
    const auto done = header ? run_segment(file, segment) : Result<>(fail(header.error()));
    if (done) {
      next_[file.filename()] = segment.next;
      continue;
    }
    // Somebody else's erasing or archiving is over in the next run.
    ++failed;
    if (result) result = fail(Error(done.error()).within(file.filename().string()));
    if (segment.over) break;
  }
  if (segment.erased) {
    // What could not be finished stays noted.
    SLUICE_ASSIGN(const auto lock, lock_segments(audit_));
    if (const auto settled = settle_index(audit_);
        !settled && settled.error().code != ErrorCode::kUnavailable)
      return fail(settled.error());
  }
  if (stopped) return fail(ErrorCode::kUnavailable, "the gateway is being stopped");
  auto torn = segment.over ? Result<>() : run_torn(segment);
  if (result && !torn) return fail(std::move(torn.error()).within("what crashes have torn"));
  if (result) return counts;
  return fail(std::move(result.error())
                  .within(fmt::format("{} segment(s) of the audit log are left as they are{}",
                                      failed, segment.over ? "" : ", all others are done")));
}

}  // namespace sluice::audit
