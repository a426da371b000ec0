#include "net/uring_buffers.h"

#include <cerrno>

#include <sys/mman.h>

namespace sluice::net {

namespace {
constexpr size_t kRingBytes = UringBuffers::kCount * sizeof(io_uring_buf);
}  // namespace

UringBuffers::~UringBuffers() {
  for (Buffer* buffer : buffers_) {
    if (buffer != nullptr) pool_.put(buffer);
  }
  if (ring_ != nullptr) ::munmap(ring_, kRingBytes);
}

Result<> UringBuffers::open(io_uring& ring) {
  void* const memory =
      ::mmap(nullptr, kRingBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return fail(io_error("mmap", errno));
  ring_ = static_cast<io_uring_buf_ring*>(memory);
  io_uring_buf_ring_init(ring_);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<uint64_t>(memory);
  registration.ring_entries = kCount;
  registration.bgid = kGroup;
  if (const int status = io_uring_register_buf_ring(&ring, &registration, 0); status < 0) {
    return fail(io_error("io_uring_register_buf_ring", -status));
  }
  for (uint16_t id = 0; id < kCount; ++id) offer(id);
  publish();
  return {};
}

void UringBuffers::offer(uint16_t id) {
  buffers_[id] = pool_.take();
  io_uring_buf_ring_add(ring_, buffers_[id]->data(), Buffer::kSize, id,
                        io_uring_buf_ring_mask(kCount), offered_++);
}

void UringBuffers::publish() {
  if (offered_ == 0) return;
  io_uring_buf_ring_advance(ring_, offered_);
  offered_ = 0;
}

Slice UringBuffers::take(uint32_t completion_flags, uint32_t size) {
  const auto id = static_cast<uint16_t>(completion_flags >> IORING_CQE_BUFFER_SHIFT);
  Slice filled(buffers_[id], 0, size);
  offer(id);
  return filled;
}

}  // namespace sluice::net
