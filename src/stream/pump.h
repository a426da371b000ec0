#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "config/streams.h"
#include "stream/backoff.h"
#include "stream/cursor.h"
#include "stream/log_reader.h"
#include "stream/sink.h"
#include "stream/state.h"

namespace sluice::stream {

/// One stream: reads the log on a thread of its own, and no faster than its sink takes. Nothing
/// waits for it. Of the records it holds one batch; its cursor moves when the sink has taken that.
class Pump {
 public:
  struct Surroundings {
    std::filesystem::path log;     ///< folder of the segments
    std::filesystem::path folder;  ///< of cursors
    Source source;
    std::function<uint64_t()> last_sequence;  ///< of the log, now
  };
  /// Makes the sink, as `make_sink` does; for tests.
  using MakeSink = std::function<Result<std::unique_ptr<Sink>>(
      const config::StreamConfig&, const Source&, const std::atomic<bool>&)>;

  /// Starts where the stream's cursor is. `counters` may have been counting before.
  static Result<std::unique_ptr<Pump>> start(const config::StreamConfig& config,
                                             const Surroundings& surroundings,
                                             std::shared_ptr<Counters> counters,
                                             const MakeSink& make = make_sink);
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  /// Ends what is under way, without waiting for it; the destructor waits.
  void stop();

 private:
  Pump(const config::StreamConfig& config, const Surroundings& surroundings,
       std::shared_ptr<Counters> counters, Cursor cursor);
  void run();
  /// What is to be sent next.
  struct Gathered {
    std::vector<Entry> entries;
    size_t looked_at = 0;        ///< records, also those that the filter kept back
    std::optional<Error> error;  ///< why it is not more
  };
  Gathered gather();
  bool deliver(std::span<const Entry> batch);
  void save_cursor(bool now);
  /// False: the stream is being stopped.
  bool rest(Duration duration);
  void succeeded();
  void failed(const Error& error);

  config::StreamConfig config_;
  Surroundings surroundings_;
  std::shared_ptr<Counters> counters_;
  CursorFile file_;
  LogReader reader_;
  Cursor done_;        ///< what has been delivered
  Cursor saved_;       ///< what of it is in the file
  bool kept_ = false;  ///< there is a file
  Clock::time_point saved_at_{};
  Backoff backoff_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::unique_ptr<Sink> sink_;
  std::thread thread_;
};

}  // namespace sluice::stream
