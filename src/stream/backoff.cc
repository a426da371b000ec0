#include "stream/backoff.h"

#include <algorithm>

namespace sluice::stream {

Duration Backoff::next(uint64_t random) {
  current_ = current_ == Duration::zero() ? initial_ : std::min(current_ * 2, maximum_);
  const auto half = static_cast<uint64_t>(current_.count()) / 2;
  return Duration(static_cast<int64_t>(half + random % (half + 1)));
}

}  // namespace sluice::stream
