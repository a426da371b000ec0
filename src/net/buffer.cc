#include "net/buffer.h"

#include <algorithm>
#include <cstring>

namespace sluice::net {

size_t Slice::append(Bytes bytes) {
  if (buffer_ == nullptr || buffer_->references_ != 1) return 0;
  const size_t end = size_t{offset_} + size_;
  const size_t count = std::min(bytes.size(), Buffer::kSize - end);
  if (count > 0) std::memcpy(buffer_->data_ + end, bytes.data(), count);
  size_ += static_cast<uint32_t>(count);
  return count;
}

void Slice::release() {
  if (buffer_ == nullptr || --buffer_->references_ > 0) return;
  buffer_->pool_->put(buffer_);
}

BufferPool::~BufferPool() {
  for (Buffer* buffer : free_) delete buffer;
}

Buffer* BufferPool::take() {
  ++in_use_;
  if (free_.empty()) {
    auto* const buffer = new Buffer;  // owned by the last slice, by way of `put`
    buffer->pool_ = this;
    return buffer;
  }
  // Last in, first out: the buffer freed last is the one still in the cache.
  Buffer* const buffer = free_.back();
  free_.pop_back();
  return buffer;
}

void BufferPool::put(Buffer* buffer) {
  --in_use_;
  if (free_.size() >= keep_) {
    delete buffer;
    return;
  }
  free_.push_back(buffer);
}

}  // namespace sluice::net
