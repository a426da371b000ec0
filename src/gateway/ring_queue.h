#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <utility>

namespace sluice::gateway {

/// A FIFO in a growing ring. Popped slots keep what they allocated (strings, mostly) for the next
/// use, so that a steady flow of requests allocates nothing; `release` gives it all back.
template <typename T>
class RingQueue {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  T& front() { return slots_[head_]; }
  const T& front() const { return slots_[head_]; }
  T& at(size_t i) { return slots_[(head_ + i) & (capacity_ - 1)]; }
  const T& at(size_t i) const { return slots_[(head_ + i) & (capacity_ - 1)]; }
  T& back() {
    assert(size_ > 0);
    return at(size_ - 1);
  }

  /// Makes room for one more at the end and returns it, as its last user left it.
  T& push() {
    if (size_ == capacity_) grow();
    ++size_;
    return back();
  }
  /// What its first one must not keep until it is used again is let go of by its `leave`.
  void pop() {
    assert(size_ > 0);
    if constexpr (requires(T& each) { each.leave(); }) at(0).leave();
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
  }
  /// Takes the last one back.
  void drop_back() {
    assert(size_ > 0);
    --size_;
  }
  /// Frees all memory; only when empty.
  void release() {
    slots_.reset();
    capacity_ = head_ = size_ = 0;
  }
  size_t capacity() const { return capacity_; }

 private:
  void grow() {
    const size_t wider = capacity_ == 0 ? 4 : capacity_ * 2;
    auto slots = std::make_unique<T[]>(wider);
    for (size_t i = 0; i < size_; ++i) slots[i] = std::move(at(i));
    slots_ = std::move(slots);
    capacity_ = wider;
    head_ = 0;
  }
  std::unique_ptr<T[]> slots_;
  size_t capacity_ = 0;  ///< a power of two
  size_t head_ = 0;
  size_t size_ = 0;
};

}  // namespace sluice::gateway
