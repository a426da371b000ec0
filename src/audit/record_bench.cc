// What a record costs on the data path: encoded, and appended to a log whose index keeps up beside.
#include <benchmark/benchmark.h>

#include "audit/details.h"
#include "audit/log.h"
#include "audit/record.h"
#include "base/clock.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

SessionContext make_context() {
  SessionContext context;
  context.session_id = 4711;
  context.user = "alice";
  context.database = "orders";
  context.environment = "production";
  context.application = "web";
  context.client_address = "10.1.2.3:40312";
  context.authentication = "scram-sha-256";
  context.kind = "human";
  context.driver = "JDBC";
  return context;
}

const SessionContext kContext = make_context();

/// A statement as an application sends it; `details`: with all that is known of it, as a list of
/// tables alone otherwise.
class Sample {
 public:
  explicit Sample(bool details) {
    event.time_micros = wall_micros();
    event.text =
        "SELECT o.id, o.status, c.name FROM public.orders o JOIN public.customers c "
        "ON c.id = o.customer_id WHERE o.id = $1 ORDER BY o.created_at DESC LIMIT 20";
    event.kind = "SELECT";
    event.statement_name = "S_1";
    event.parameters = "\0\1\0\0\0\1\0\0\0\004 4711";
    event.rule = "reads";
    event.policy_version = "2f1d8a01";
    event.rows = 20;
    event.bytes = 1840;
    event.duration_micros = 412;
    if (!details) {
      event.tables = &tables_;
      return;
    }
    details_ =
        encode_details({tables_,
                        {"read public.customers", "read public.orders"},
                        {"public.customers.name", "public.orders.id", "public.orders.status"},
                        {"public.customers.id", "public.orders.created_at",
                         "public.orders.customer_id", "public.orders.id"},
                        {},
                        {"person_name"}});
    event.details = details_;
    event.server_micros = 401;
    event.waited_micros = 12;
    event.transaction = 99;
    event.transaction_outcome = TransactionOutcome::kCommitted;
  }

  Event event;

 private:
  std::vector<std::string> tables_ = {"public.customers", "public.orders"};
  std::string details_;
};

void Encode(benchmark::State& state) {
  const Sample sample(state.range(0) != 0);
  const EncodedContext context(kContext);
  std::string out;
  for (auto _ : state) {
    out.clear();
    encode_record(out, context.bytes(), sample.event, {});
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["bytes"] = static_cast<double>(out.size());
}
BENCHMARK(Encode)->Arg(0)->Arg(1);

void Append(benchmark::State& state) {
  const TestFolder folder;
  LogOptions options;
  options.directory = folder.path();
  auto log = Log::open(options, 1);
  const Sample sample(state.range(0) != 0);
  const EncodedContext context(kContext);
  for (auto _ : state) {
    if (!(*log)->writer(0).append(context, sample.event)) state.SkipWithError("not written");
  }
}
BENCHMARK(Append)->Arg(0)->Arg(1)->Iterations(200'000);

}  // namespace
}  // namespace sluice::audit
