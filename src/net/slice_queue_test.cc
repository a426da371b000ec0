#include "net/slice_queue.h"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::net {
namespace {

Slice filled(BufferPool& pool, Bytes bytes) {
  Slice slice(pool.take(), 0, 0);
  EXPECT_EQ(slice.append(bytes), bytes.size());
  return slice;
}

std::string contents(const SliceQueue& queue) {
  std::vector<iovec> parts(queue.count());
  size_t total = 0;
  EXPECT_EQ(queue.gather(parts.data(), parts.size(), total), parts.size());
  EXPECT_EQ(total, queue.bytes());
  std::string out;
  for (const iovec& part : parts) out.append(static_cast<char*>(part.iov_base), part.iov_len);
  return out;
}

TEST(Slice, AppendsOnlyWhenItIsTheOnlyOwner) {
  BufferPool pool;
  Slice slice = filled(pool, "abc");
  EXPECT_EQ(slice.append("def"), 3U);
  EXPECT_EQ(slice.bytes(), "abcdef");
  {
    const Slice other = slice;
    EXPECT_EQ(slice.append("g"), 0U);
    EXPECT_EQ(other.bytes(), "abcdef");
  }
  EXPECT_EQ(slice.append(std::string(Buffer::kSize, 'x')), Buffer::kSize - 6);
  EXPECT_EQ(slice.append("y"), 0U);
  EXPECT_EQ(Slice().append("z"), 0U);
}

TEST(Slice, TheBufferGoesBackWithTheLastSlice) {
  BufferPool pool;
  Slice slice = filled(pool, "abcdef");
  Slice part = slice.sub(2, 3);
  slice = Slice();
  EXPECT_EQ(pool.in_use(), 1U);
  EXPECT_EQ(part.bytes(), "cde");
  part.remove_prefix(1);
  EXPECT_EQ(part.bytes(), "de");
  part = Slice();
  EXPECT_EQ(pool.in_use(), 0U);
}

TEST(SliceQueue, JoinsNeighboursOfOneBuffer) {
  BufferPool pool;
  SliceQueue queue;
  const Slice whole = filled(pool, std::string(20'000, 'n'));
  queue.push(whole.sub(0, 8'000));
  queue.push(whole.sub(8'000, 12'000));
  EXPECT_EQ(queue.count(), 1U);
  EXPECT_EQ(queue.bytes(), 20'000U);
}

TEST(SliceQueue, ManySmallPiecesPinFewBuffers) {
  BufferPool pool;
  SliceQueue queue;
  for (int i = 0; i < 10'000; ++i) queue.push(filled(pool, "tiny"));
  EXPECT_LE(pool.in_use(), 10'000U * 4 / SliceQueue::kGatherLimit + 1);
}

RC_GTEST_PROP(SliceQueue, BehavesLikeAString, ()) {
  BufferPool pool(8);
  {
    SliceQueue queue;
    std::string model;
    const int steps = *rc::gen::inRange(1, 200);
    for (int i = 0; i < steps; ++i) {
      const auto size = static_cast<size_t>(
          *rc::gen::oneOf(rc::gen::inRange(1, 20), rc::gen::inRange(1, 20'000)));
      const std::string data(size, static_cast<char>('a' + i % 26));
      switch (*rc::gen::inRange(0, 5)) {
        case 0:
          queue.push(filled(pool, data));
          model += data;
          break;
        case 1:
          queue.append(data, pool);
          model += data;
          break;
        case 2:
          queue.push_front(filled(pool, data));
          model.insert(0, data);
          break;
        case 3: {
          const size_t count = std::min(size, model.size());
          queue.consume(count);
          model.erase(0, count);
          break;
        }
        default:
          if (queue.empty()) break;
          const Slice first = queue.pop();
          RC_ASSERT(model.starts_with(first.bytes()));
          model.erase(0, first.size());
          break;
      }
      RC_ASSERT(queue.bytes() == model.size());
      RC_ASSERT(queue.empty() == (queue.count() == 0));
    }
    RC_ASSERT(contents(queue) == model);
  }
  RC_ASSERT(pool.in_use() == 0U);
}

}  // namespace
}  // namespace sluice::net
