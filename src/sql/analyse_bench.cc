// What a cache miss costs: issue 3 wants at most 150 us for a statement of 300 bytes.
#include <benchmark/benchmark.h>

#include "sql/analyse.h"
#include "sql/sample_catalog.h"

namespace sluice::sql {
namespace {

void measure(benchmark::State& state, std::string_view text, bool with_catalog) {
  Scope scope;
  if (with_catalog) scope.catalog = SampleCatalog::make();
  size_t weight = 0;
  for (auto _ : state) {
    const auto facts = analyse(text, {}, scope);
    if (!facts->unanalysable.empty()) state.SkipWithError(facts->unanalysable.c_str());
    weight = facts->weight();
  }
  state.counters["bytes"] = static_cast<double>(text.size());
  state.counters["weight"] = static_cast<double>(weight);
}

constexpr std::string_view kShort = "SELECT name FROM users WHERE id = $1";
constexpr std::string_view kUpdate = "UPDATE users SET name = $1, email = lower($2) WHERE id = $3";
constexpr std::string_view kReport =
    "WITH recent AS (SELECT o.id, o.user_id, o.total FROM orders o WHERE o.total > 100) "
    "SELECT u.id, lower(u.name) AS name, u.email, count(*) AS orders, sum(r.total) AS total "
    "FROM users u JOIN recent r ON r.user_id = u.id LEFT JOIN items i ON i.order_id = r.id "
    "WHERE u.email LIKE 'a%' GROUP BY u.id, u.name, u.email ORDER BY total DESC LIMIT 50";
constexpr std::string_view kViews = "SELECT v.id, j.total FROM v JOIN joined j ON j.ssn = v.label";
constexpr std::string_view kFunctions = "SELECT find_ssn(name), shout(email) FROM get_users()";

void short_select(benchmark::State& state) { measure(state, kShort, true); }
void update_with_trigger(benchmark::State& state) { measure(state, kUpdate, true); }
void report_of_300_bytes(benchmark::State& state) { measure(state, kReport, true); }
void report_without_catalog(benchmark::State& state) { measure(state, kReport, false); }
void through_views(benchmark::State& state) { measure(state, kViews, true); }
void through_functions(benchmark::State& state) { measure(state, kFunctions, true); }

BENCHMARK(short_select);
BENCHMARK(update_with_trigger);
BENCHMARK(report_of_300_bytes);
BENCHMARK(report_without_catalog);
BENCHMARK(through_views);
BENCHMARK(through_functions);

}  // namespace
}  // namespace sluice::sql
