// What understanding and deciding cost per statement: found in the caches, and anew.
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "gateway/analyser.h"
#include "gateway/session_scope.h"

namespace sluice::gateway {
namespace {

/// Forty tables of ten columns each, with keys, an index and a view over every second one.
std::shared_ptr<const catalog::Catalog> make_catalog() {
  catalog::Catalog::Contents contents;
  contents.schemas = {"pg_catalog", "public"};
  contents.definition_path = {"pg_catalog", "public"};
  for (unsigned t = 0; t < 40; ++t) {
    catalog::Relation& table = contents.relations.emplace_back();
    table.oid = 20000 + 2 * t;
    table.schema = "public";
    table.name = fmt::format("table_{}", t);
    for (int16_t c = 1; c <= 10; ++c) {
      catalog::Column& column = table.columns.emplace_back();
      column.number = c;
      column.name = fmt::format("column_{}", c);
      column.type = 23;
    }
    if (t % 2 != 0) continue;
    catalog::Relation view = table;
    view.oid += 1;
    view.name = fmt::format("view_{}", t);
    view.kind = catalog::RelationKind::kView;
    view.view_definition =
        fmt::format("SELECT column_1, column_2 FROM table_{} WHERE column_3 > 0;", t);
    contents.relations.push_back(std::move(view));
  }
  return std::make_shared<const catalog::Catalog>(std::move(contents));
}

/// About 300 bytes, as an application writes them; {} differs from run to run.
std::string statement(uint64_t number) {
  return fmt::format(
      "SELECT a.column_1, a.column_2, b.column_4, sum(c.column_5) AS total_{} FROM table_1 a JOIN "
      "table_3 b ON b.column_1 = a.column_2 LEFT JOIN view_4 c ON c.column_1 = b.column_1 WHERE "
      "a.column_3 = 17 AND b.column_7 BETWEEN 5 AND 10 GROUP BY a.column_1, a.column_2, b.column_4 "
      "ORDER BY total_{} DESC LIMIT 50",
      number, number);
}

/// One worker's view of one session in production, under the profile `standard`.
struct Bench {
  Bench() {
    policy::Principal who;
    who.user = "alice";
    who.groups = {"engineering"};
    principal = principals.intern(who);
    reading.scope = scopes.intern(make_catalog(), {"pg_catalog", "public"});
  }

  bool decided(const std::string& text) {
    const auto found = analyser.find_or_analyse(text, reading);
    const auto& judgement = found->meaning->judgement(policy, *principal, *database);
    return judgement.decide({})->allowed();
  }

  static std::shared_ptr<Database> production() {
    config::DatabaseConfig config;
    config.name = "orders";
    config.environment = "production";
    config.sslmode = config::SslMode::kDisable;
    return Database::create(config).value();
  }

  WorkerCounters counters;
  Analyser analyser{64 << 20, counters};
  Scopes scopes;
  Principals principals;
  Reading reading;
  std::shared_ptr<const SessionPrincipal> principal;
  std::shared_ptr<Database> database = production();
  std::shared_ptr<const policy::Policy> policy = policy::Policy::profile("standard").value();
};

/// Other literals every time, as without parameters: found by the text without them.
void cached_by_shape(benchmark::State& state) {
  Bench bench;
  uint64_t number = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        bench.decided(fmt::format("SELECT column_2 FROM table_1 WHERE column_1 = {}", ++number)));
  }
}
BENCHMARK(cached_by_shape);

/// Of a statement that has been prepared: what every Bind asks.
void cached_prepared(benchmark::State& state) {
  Bench bench;
  const auto found = bench.analyser.find_or_analyse(
      "SELECT column_2 FROM table_1 WHERE column_1 = $1", bench.reading);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        found->meaning->judgement(bench.policy, *bench.principal, *bench.database)
            .decide({})
            ->allowed());
  }
}
BENCHMARK(cached_prepared);

/// A statement of 300 bytes that was never seen: parsed, resolved and judged.
void never_seen(benchmark::State& state) {
  Bench bench;
  uint64_t number = 0;
  for (auto _ : state) benchmark::DoNotOptimize(bench.decided(statement(++number)));
  state.SetLabel(fmt::format("{} bytes", statement(number).size()));
}
BENCHMARK(never_seen);

}  // namespace
}  // namespace sluice::gateway
