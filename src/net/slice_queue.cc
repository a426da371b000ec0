#include "net/slice_queue.h"

#include <algorithm>

namespace sluice::net {

namespace {
constexpr size_t kKeepCapacity = 8;  // slices; 128 bytes an idle stream may keep
}  // namespace

void SliceQueue::push(Slice data) {
  const size_t size = data.size();
  if (count() > 0) {
    Slice& tail = items_.back();
    const Bytes before = tail.bytes();
    if (before.data() + before.size() == data.bytes().data()) {
      // Two neighbours of one buffer (a header lies before each buffer's bytes, so two buffers
      // never touch): one longer slice.
      tail = tail.sub(0, static_cast<uint32_t>(before.size() + size));
      bytes_ += size;
      return;
    }
    if (size <= kGatherLimit) {
      const size_t copied = tail.append(data.bytes());
      bytes_ += copied;
      if (copied == size) return;
      data.remove_prefix(static_cast<uint32_t>(copied));
    }
  }
  bytes_ += data.size();
  items_.push_back(std::move(data));
}

void SliceQueue::push_front(Slice data) {
  bytes_ += data.size();
  if (head_ > 0) {
    items_[--head_] = std::move(data);
  } else {
    items_.insert(items_.begin(), std::move(data));
  }
}

void SliceQueue::append(Bytes bytes, BufferPool& pool) {
  bytes_ += bytes.size();
  if (count() > 0) bytes.remove_prefix(items_.back().append(bytes));
  while (!bytes.empty()) {
    Slice slice(pool.take(), 0, 0);
    bytes.remove_prefix(slice.append(bytes));
    items_.push_back(std::move(slice));
  }
}

Slice SliceQueue::pop() {
  Slice first = std::move(items_[head_]);
  bytes_ -= first.size();
  drop_head();
  return first;
}

void SliceQueue::consume(size_t count) {
  bytes_ -= count;
  while (count > 0) {
    Slice& first = items_[head_];
    if (first.size() > count) {
      first.remove_prefix(static_cast<uint32_t>(count));
      return;
    }
    count -= first.size();
    first = Slice();
    drop_head();
  }
}

void SliceQueue::drop_head() {
  if (++head_ == items_.size()) {
    items_.clear();
    head_ = 0;
    if (items_.capacity() > kKeepCapacity) items_.shrink_to_fit();
  } else if (head_ >= 32 && head_ * 2 >= items_.size()) {
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

void SliceQueue::clear() {
  items_.clear();
  items_.shrink_to_fit();
  head_ = 0;
  bytes_ = 0;
}

void SliceQueue::take_all(SliceQueue& other) {
  while (!other.empty()) push(other.pop());
}

size_t SliceQueue::gather(iovec* out, size_t limit, size_t& total) const {
  const size_t filled = std::min(limit, count());
  total = 0;
  for (size_t i = 0; i < filled; ++i) {
    const Bytes bytes = items_[head_ + i].bytes();
    out[i] = {const_cast<char*>(bytes.data()), bytes.size()};
    total += bytes.size();
  }
  return filled;
}

}  // namespace sluice::net
