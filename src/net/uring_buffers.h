#pragma once

#include <array>

#include <liburing.h>

#include "base/result.h"
#include "net/buffer.h"

namespace sluice::net {

/// The ring of buffers the kernel receives into. A filled one is handed out as a slice and its
/// place taken by another of the pool at once, so slow consumers never starve the ring.
class UringBuffers {
 public:
  static constexpr uint16_t kGroup = 0;
  static constexpr unsigned kCount = 256;  ///< a power of two; 8 MiB

  explicit UringBuffers(BufferPool& pool) : pool_(pool) {}
  UringBuffers(const UringBuffers&) = delete;
  UringBuffers& operator=(const UringBuffers&) = delete;
  /// The ring must have been closed before.
  ~UringBuffers();

  /// Registers with a ring that is not running yet.
  Result<> open(io_uring& ring);

  /// The buffer a completion's flags name, holding `size` received bytes.
  Slice take(uint32_t completion_flags, uint32_t size);
  /// Lets the kernel see the buffers put in since; before each wait.
  void publish();

 private:
  void offer(uint16_t id);
  BufferPool& pool_;
  io_uring_buf_ring* ring_ = nullptr;
  std::array<Buffer*, kCount> buffers_{};
  int offered_ = 0;  ///< since the last publish
};

}  // namespace sluice::net
