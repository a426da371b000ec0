// What a verdict costs: the first time (judge) and afterwards (decide).
#include <benchmark/benchmark.h>

#include "policy/exposure.h"
#include "policy/policy.h"
#include "policy/test_facts.h"

namespace sluice::policy {
namespace {

sql::StatementFacts typical_update() {
  return FactsOf("UPDATE")
      .act(sql::ActionKind::kUpdate, "public.orders", 20001)
      .act(sql::ActionKind::kRead, "public.customers", 20002)
      .act(sql::ActionKind::kRead, "public.prices", 20003)
      .uses(20001, 1, sql::kUsedInPredicate)
      .uses(20001, 2, sql::kWritten)
      .uses(20002, 1, sql::kUsedInJoin);
}

Principal bob() {
  Principal principal;
  principal.user = "bob";
  principal.groups = {"engineering", "oncall"};
  return principal;
}

void judge_standard(benchmark::State& state) {
  const auto policy = Policy::profile("standard").value();
  const auto facts = typical_update();
  const Principal principal = bob();
  const Target target{"orders", "production"};
  for (auto _ : state) benchmark::DoNotOptimize(judge(policy, facts, nullptr, principal, target));
}
BENCHMARK(judge_standard);

void decide_fixed(benchmark::State& state) {
  const auto judgement = judge(Policy::profile("standard").value(), typical_update(), nullptr,
                               bob(), {"orders", "production"});
  const Circumstances now;
  for (auto _ : state) benchmark::DoNotOptimize(judgement->decide(now));
}
BENCHMARK(decide_fixed);

void decide_with_circumstances(benchmark::State& state) {
  const auto policy = Policy::parse(
      "rules:\n"
      "  - {name: office, effect: allow, when: {time: {zone: Europe/Berlin, days: [mon-fri], "
      "from: '09:00', to: '17:00'}, client: [10.0.0.0/8]}}\n"
      "  - {name: reads, effect: allow, do: [read]}\n",
      "bench.yaml");
  const auto judgement =
      judge(policy.value(), typical_update(), nullptr, bob(), {"orders", "production"});
  Circumstances now;
  now.now_micros = 1'795'593'600'000'000;
  now.client_address = "10.1.2.3";
  for (auto _ : state) benchmark::DoNotOptimize(judgement->decide(now));
}
BENCHMARK(decide_with_circumstances);

void expose_by_default(benchmark::State& state) {
  const auto policy = Policy::profile("standard").value();
  const Principal principal = bob();
  const Target target{"orders", "production"};
  for (auto _ : state) benchmark::DoNotOptimize(exposure(policy, principal, target, {}));
}
BENCHMARK(expose_by_default);

/// Ten rules that hold, none of which is about the column that is asked for.
void veil_with_rules(benchmark::State& state) {
  std::string rules = "rules:\n";
  for (int i = 0; i < 10; ++i) {
    rules += "  - {name: r" + std::to_string(i) +
             ", effect: unmask, classes: [email], on: {tables: ['app" + std::to_string(i) +
             ".*']}}\n";
  }
  catalog::Relation relation;
  relation.schema = "public";
  relation.name = "people";
  relation.columns.emplace_back().name = "email";
  const auto exposed =
      exposure(Policy::parse(rules, "bench.yaml").value(), bob(), {"orders", "production"}, {});
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        exposed.veil(&relation, relation.columns.data(), privacy::Class::kEmail));
  }
}
BENCHMARK(veil_with_rules);

void parse_standard(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Policy::profile("standard"));
}
BENCHMARK(parse_standard);

}  // namespace
}  // namespace sluice::policy
