#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace sluice::net {

class BufferPool;

/// One fixed-size block of memory, owned by its pool and shared by the slices that point into it.
/// Lives and dies on one worker: the count is not atomic.
class Buffer {
 public:
  static constexpr size_t kSize = 32 * 1024;
  char* data() { return data_; }

 private:
  friend class BufferPool;
  friend class Slice;
  BufferPool* pool_ = nullptr;
  uint32_t references_ = 0;
  char data_[kSize];  // uninitialised: every byte handed out was received or written first
};

/// A reference-counted view into a Buffer: what was received, or what waits to be sent. Copying
/// shares the bytes; the buffer returns to its pool with the last slice.
class Slice {
 public:
  Slice() = default;
  /// Takes one more reference to `buffer`.
  Slice(Buffer* buffer, uint32_t offset, uint32_t size)
      : buffer_(buffer), offset_(offset), size_(size) {
    if (buffer_ != nullptr) ++buffer_->references_;
  }
  Slice(const Slice& other) : Slice(other.buffer_, other.offset_, other.size_) {}
  Slice(Slice&& other) noexcept
      : buffer_(std::exchange(other.buffer_, nullptr)),
        offset_(other.offset_),
        size_(std::exchange(other.size_, 0)) {}
  Slice& operator=(Slice other) noexcept {
    std::swap(buffer_, other.buffer_);
    std::swap(offset_, other.offset_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Slice() { release(); }

  Bytes bytes() const {
    return buffer_ == nullptr ? Bytes() : Bytes(buffer_->data_ + offset_, size_);
  }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// A view of `count` bytes from `from`, sharing the buffer.
  Slice sub(uint32_t from, uint32_t count) const { return {buffer_, offset_ + from, count}; }
  void remove_prefix(uint32_t count) {
    offset_ += count;
    size_ -= count;
  }

  /// Where to write, for whoever has just taken the buffer and is its only owner.
  char* writable() { return buffer_->data_ + offset_; }

  /// Appends in place when this is the buffer's only reference and there is room behind the
  /// slice; returns how many of `bytes` fitted. Used to gather small messages into one send.
  size_t append(Bytes bytes);

 private:
  void release();
  Buffer* buffer_ = nullptr;
  uint32_t offset_ = 0;
  uint32_t size_ = 0;
};

/// The free buffers of one worker. Grows on demand; buffers beyond `keep` free ones go back to the
/// system. An idle session holds none.
class BufferPool {
 public:
  explicit BufferPool(size_t keep = 256) : keep_(keep) {}
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  /// A buffer with no references yet; wrap it in a Slice, or give it back with `put`.
  Buffer* take();
  void put(Buffer* buffer);
  size_t in_use() const { return in_use_; }

 private:
  size_t keep_;
  size_t in_use_ = 0;
  std::vector<Buffer*> free_;
};

}  // namespace sluice::net
