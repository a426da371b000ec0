#include <benchmark/benchmark.h>

#include "audit/log.h"
#include "audit/sequencer.h"
#include "audit/verify.h"
#include "base/test_folder.h"

namespace sluice::audit {
namespace {

constexpr uint64_t kRecords = 500'000;

/// A log of two writers without a tree, records of 400 bytes.
struct Written {
  Written() {
    std::filesystem::create_directories(log_directory(folder.path()));
    std::unique_ptr<SegmentWriter> writers[2];
    const std::string payload(368, 'x');
    for (uint64_t number = 1; number <= kRecords; ++number) {
      auto& writer = writers[number % 2];
      if (!writer || !writer->has_room(payload.size())) {
        char name[64];
        std::snprintf(name, sizeof name, "%020lu-%lu.seg", number, number % 2);
        writer = std::move(*SegmentWriter::create(log_directory(folder.path()) / name, number % 2,
                                                  number, 64 << 20));
      }
      writer->append(number, {}, payload);
    }
  }
  std::unique_ptr<Sequencer> sequencer() {
    // Moved, for ext4 is slow to make files where many have just been deleted.
    std::error_code ignored;
    std::filesystem::rename(folder / "tlog", folder / ("tlog" + std::to_string(++trees)), ignored);
    std::filesystem::remove(folder / "key");
    return std::move(*Sequencer::open(folder.path(), "bench",
                                      std::move(*tlog::create_key(folder / "key")), kRecords));
  }

  TestFolder folder;
  int trees = 0;
};

void Sequence(benchmark::State& state) {
  Written log;
  for (auto _ : state) {
    const auto sequencer = log.sequencer();
    if (*sequencer->advance(2 * kRecords) != kRecords || !sequencer->publish()) {
      state.SkipWithError("not all");
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRecords));
}
BENCHMARK(Sequence)->Unit(benchmark::kMillisecond)->Iterations(3);

void Verify(benchmark::State& state) {
  Written log;
  const auto sequencer = log.sequencer();
  if (!sequencer->advance(2 * kRecords) || !sequencer->publish()) state.SkipWithError("no tree");
  for (auto _ : state) {
    const auto report = verify_log({.audit = log.folder.path(), .key = sequencer->key()});
    if (!report || !report->good() || report->records != kRecords) state.SkipWithError("not good");
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kRecords));
}
BENCHMARK(Verify)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
}  // namespace sluice::audit
