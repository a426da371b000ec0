#pragma once

#include <cstddef>
#include <vector>

#include <sys/uio.h>

#include "net/buffer.h"

namespace sluice::net {

/// Bytes in order, as slices: what waits to be sent, or was received and not delivered yet. An
/// empty queue holds no buffer and next to no memory.
///
/// Small pieces are copied together, so that a peer who sends a byte at a time cannot pin a whole
/// Buffer with each: a queue of n bytes holds at most about n / kGatherLimit + 1 buffers.
class SliceQueue {
 public:
  /// A piece of up to this many bytes is copied behind the one before it where there is room;
  /// larger ones are shared.
  static constexpr size_t kGatherLimit = 4096;

  bool empty() const { return bytes_ == 0; }
  size_t bytes() const { return bytes_; }
  size_t count() const { return items_.size() - head_; }
  const Slice& front() const { return items_[head_]; }

  /// Puts `data` (not empty) behind what is there.
  void push(Slice data);
  /// Puts `data` (not empty) before what is there.
  void push_front(Slice data);
  /// Copies `bytes` behind what is there, into buffers of `pool`.
  void append(Bytes bytes, BufferPool& pool);

  /// Removes and returns the first slice; the queue must not be empty.
  Slice pop();
  /// Removes the first `count` bytes; there must be as many.
  void consume(size_t count);
  void clear();
  /// Puts everything of `other` behind what is there.
  void take_all(SliceQueue& other);

  /// Describes the first slices for writev; returns how many entries of `out` it filled and adds
  /// up their bytes in `total`.
  size_t gather(iovec* out, size_t limit, size_t& total) const;

 private:
  void drop_head();
  std::vector<Slice> items_;
  size_t head_ = 0;
  size_t bytes_ = 0;
};

}  // namespace sluice::net
