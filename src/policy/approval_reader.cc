#include "policy/approval_reader.h"

#include <charconv>

#include <fmt/format.h>

#include "base/units.h"

namespace sluice::policy {
namespace {

using yaml::Item;
using yaml::MapReader;

/// More people than this are never found at midnight.
constexpr unsigned kMostPeople = 20;
constexpr size_t kMostStages = 10;

void read_stage(MapReader& map, std::vector<ApprovalStage>& stages) {
  ApprovalStage stage;
  map.list("by", [&](const Item& item) {
    stage.groups.push_back(item.text);
    return "";
  });
  map.number("people", stage.people, 1, kMostPeople);
  if (stage.groups.empty()) {
    map.problem("by", "expected the groups whose people may approve, such as [dba]");
  }
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
      for (const char* key : {"by", "people"}) {
        if (inner.has(key)) inner.problem(key, "each of the stages has its own");
      }
    } else {
      read_stage(inner, spec->stages);
    }
    constexpr Duration kMost = std::chrono::hours(24 * 30);
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
