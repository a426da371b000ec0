#include "policy/approval_reader.h"

#include <charconv>

#include <fmt/format.h>

#include "base/units.h"
#include "policy/rule_reader.h"

namespace sluice::policy {
namespace {

using yaml::Item;
using yaml::MapReader;

/// More people than this are never found at midnight.
constexpr unsigned kMostPeople = 20;
constexpr size_t kMostStages = 10;

constexpr Duration kMost = std::chrono::hours(24 * 30);

void read_groups(MapReader& map, const char* key, std::vector<std::string>& out) {
  map.list(key, [&](const Item& item) {
    out.push_back(item.text);
    return "";
  });
  if (out.empty()) map.problem(key, "expected the groups whose people may approve, such as [dba]");
}

/// A list of mappings, if it is there.
void read_maps(MapReader& map, const char* key, const std::function<void(MapReader&)>& read) {
  if (map.has(key))
    map.maps(key, key, read);
  else
    (void)map.node(key);  // A key that is known, if absent.
}

/// Who decides when, and who besides after what time.
void read_schedule(MapReader& map, ApprovalStage& stage) {
  read_maps(map, "on_call", [&](MapReader& inner) {
    OnCall entry;
    entry.window = read_window(inner);
    read_groups(inner, "by", entry.groups);
    if (entry.window.zone) stage.on_call.push_back(std::move(entry));
  });
  read_maps(map, "escalate", [&](MapReader& inner) {
    Escalation step;
    if (!inner.has("after"))
      inner.problem("after", "expected how long nobody else is asked, such as 10m");
    inner.parsed("after", step.after, parse_duration);
    if (step.after > kMost) inner.problem("after", "is too long: at most 30d");
    read_groups(inner, "to", step.groups);
    stage.escalate.push_back(std::move(step));
  });
  if (stage.on_call.size() > kMostStages) map.problem("on_call", "too many windows");
  if (stage.escalate.size() > kMostStages) map.problem("escalate", "too many steps");
}

void read_stage(MapReader& map, std::vector<ApprovalStage>& stages) {
  ApprovalStage stage;
  read_groups(map, "by", stage.groups);
  map.number("people", stage.people, 1, kMostPeople);
  read_schedule(map, stage);
  if (stages.size() == kMostStages) map.problem("by", "too many stages");
  stages.push_back(std::move(stage));
}

void read_time(MapReader& map, const std::string& key, Duration& out, Duration most) {
  map.parsed(key, out, parse_duration);
  const auto days = std::chrono::duration_cast<std::chrono::hours>(most).count() / 24;
  if (out > most) map.problem(key, fmt::format("is too long: at most {}d", days));
}

void read_automatic(MapReader& map, const Rule& holding, ApprovalSpec& spec, ReadPart conditions) {
  auto automatic = std::make_shared<Rule>();
  automatic->name = holding.name + ".automatic";
  automatic->effect = Effect::kAllow;
  if (map.empty()) map.problem("automatic", "is empty; leave the key out where people decide");
  conditions(map, *automatic);
  map.one_of("lint", {"clean"}, [&](size_t) { spec.lint_clean = true; });
  spec.automatic = std::move(automatic);
}

}  // namespace

void read_approve(MapReader& map, Rule& rule, ReadPart conditions) {
  map.map("approve", [&](MapReader& inner) {
    if (rule.effect != Effect::kHold) map.problem("approve", "belongs to rules that hold");
    auto spec = std::make_shared<ApprovalSpec>();
    spec->rule = rule.name;
    if (inner.has("stages")) {
      inner.maps("stages", "stages", [&](MapReader& stage) { read_stage(stage, spec->stages); });
      for (const char* key : {"by", "people", "on_call", "escalate"}) {
        if (inner.has(key)) inner.problem(key, "each of the stages has its own");
      }
    } else {
      read_stage(inner, spec->stages);
    }
    read_time(inner, "wait", spec->wait, kMost);
    read_time(inner, "wait_in_transaction", spec->wait_in_transaction, kMost);
    read_time(inner, "valid", spec->valid, kMost);
    if (spec->valid < std::chrono::seconds(1)) inner.problem("valid", "expected at least 1s");
    read_time(inner, "undoable", spec->undoable, 3 * kMost);
    std::string rows;
    if (inner.scalar("max_rows", rows)) {
      uint64_t value = 0;
      const char* end = rows.data() + rows.size();
      const auto [stop, error] = std::from_chars(rows.data(), end, value);
      if (error != std::errc() || stop != end) {
        inner.problem("max_rows", fmt::format("expected a number of rows, got \"{}\"", rows));
      }
      spec->max_rows = value;
    }
    inner.map("automatic", [&](MapReader& part) { read_automatic(part, rule, *spec, conditions); });
    rule.approve = std::move(spec);
  });
}

}  // namespace sluice::policy
