// What the value pass costs on texts of a cell's and of a document's size.
#include <string>

#include <benchmark/benchmark.h>

#include "privacy/find.h"

namespace sluice::privacy {
namespace {

/// Ordinary sentences, `size` bytes of them; `extra` stands in them every thousand bytes.
std::string prose(size_t size, std::string_view extra) {
  constexpr std::string_view kText =
      "The delivery came on time and the parcel was in good order, but one of the handles was "
      "loose when we opened it. "
      "We tried to fix it with the tools that came along, without success, and would like to have "
      "it replaced. "
      "Nothing else is missing; the manual is easy to understand and the colours are as shown on "
      "the page. ";
  std::string out;
  size_t next = 1000;
  while (out.size() < size) {
    out += kText;
    if (out.size() > next) {
      out.append(extra);
      next += 1000;
    }
  }
  out.resize(size);
  return out;
}

void scan(benchmark::State& state, std::string_view extra) {
  const std::string text = prose(static_cast<size_t>(state.range(0)), extra);
  warm_up_detectors();
  for (auto _ : state) benchmark::DoNotOptimize(find_sensitive(text));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void nothing_found(benchmark::State& state) { scan(state, ""); }
void little_found(benchmark::State& state) {
  scan(state, "Please write to anna.lee@mail.example.org on 2021-07-24. ");
}
BENCHMARK(nothing_found)->Arg(60)->Arg(200)->Arg(4096)->Arg(65536);
BENCHMARK(little_found)->Arg(4096)->Arg(65536);

}  // namespace
}  // namespace sluice::privacy
