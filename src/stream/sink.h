#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>

#include "base/clock.h"
#include "base/result.h"
#include "config/streams.h"
#include "stream/source.h"

namespace sluice::stream {

/// What became of a batch.
struct Delivery {
  size_t taken = 0;     ///< records from its front that the receiver has for good
  size_t rejected = 0;  ///< of those, how many it said it would not keep
  std::optional<Error> error = std::nullopt;  ///< why the rest was not taken; try it again
  Duration retry_after = Duration::zero();    ///< the receiver asks to be left alone so long
};

/// A receiver of records. Used by one thread.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Hands over records in their order and waits until they are taken: for StreamConfig::timeout at
  /// most, and not once the stream is being stopped.
  virtual Delivery send(std::span<const Entry> batch) = 0;
};

/// The sink that a configuration asks for. Nothing is connected yet, but files that it names must
/// be there and secrets usable. `stopping` ends what is under way; it must outlive the sink.
Result<std::unique_ptr<Sink>> make_sink(const config::StreamConfig& config, const Source& source,
                                        const std::atomic<bool>& stopping);

}  // namespace sluice::stream
