#include "net/uring_probe.h"

#include <cerrno>
#include <string>

#include <fmt/format.h>
#include <sys/socket.h>

#include "net/socket.h"
#include "net/uring_buffers.h"

namespace sluice::net {

namespace {

constexpr uint64_t kReceive = 1;
constexpr uint64_t kSend = 2;

tl::unexpected<Error> missing(std::string_view what, int error = 0) {
  std::string text = fmt::format("io_uring cannot be used here: {}", what);
  if (error == EPERM || error == ENOSYS) {
    text +=
        " (forbidden by the kernel or the container; see "
        "kernel.io_uring_disabled)";
  }
  if (error == 0) return fail(ErrorCode::kUnavailable, text + " is not supported");
  Error reason = io_error(text, error);
  reason.code = ErrorCode::kUnavailable;
  return fail(std::move(reason));
}

/// A ring for one probe, closed before the buffers it may write to.
struct Ring {
  ~Ring() {
    if (open) io_uring_queue_exit(&ring);
  }
  io_uring ring{};
  bool open = false;
};

struct Completion {
  uint64_t user_data;
  int result;
  unsigned flags;
};

/// The next completion, or an error when none comes.
Result<Completion> next(io_uring& ring) {
  __kernel_timespec second{1, 0};
  io_uring_cqe* entry = nullptr;
  const int status = io_uring_submit_and_wait_timeout(&ring, &entry, 1, &second, nullptr);
  if (status < 0) return missing("waiting", -status);
  if (entry == nullptr) return missing("a needed operation");
  const Completion copy{entry->user_data, entry->res, entry->flags};
  io_uring_cqe_seen(&ring, entry);
  return copy;
}

Result<> probe_receive(io_uring& ring, UringBuffers& buffers, int from, int to) {
  io_uring_sqe* const entry = io_uring_get_sqe(&ring);
  io_uring_prep_recv_multishot(entry, to, nullptr, 0, 0);
  entry->flags |= IOSQE_BUFFER_SELECT;
  entry->buf_group = UringBuffers::kGroup;
  entry->user_data = kReceive;
  if (::send(from, "x", 1, MSG_NOSIGNAL) != 1) return missing("a socket pair", errno);
  SLUICE_ASSIGN(const Completion got, next(ring));
  if (got.result < 0) return missing("multishot receive", -got.result);
  constexpr unsigned kWanted = IORING_CQE_F_BUFFER | IORING_CQE_F_MORE;
  if (got.user_data != kReceive || got.result != 1 || (got.flags & kWanted) != kWanted) {
    return missing("multishot receive into provided buffers");
  }
  const Slice data = buffers.take(got.flags, 1);
  buffers.publish();
  if (data.bytes() != "x") return missing("receiving into provided buffers");
  return {};
}

/// Sends that succeed must stay silent, and those that do not must say so within the submission.
Result<> probe_send(io_uring& ring, int from) {
  const std::string block(64 * 1024, 'x');
  for (int i = 0; i < 1024; ++i) {
    io_uring_sqe* const entry = io_uring_get_sqe(&ring);
    io_uring_prep_send(entry, from, block.data(), block.size(),
                       MSG_NOSIGNAL | MSG_WAITALL | MSG_DONTWAIT);
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
    entry->user_data = kSend;
    if (const int status = io_uring_submit(&ring); status != 1) {
      return missing("submitting", status < 0 ? -status : 0);
    }
    io_uring_cqe* done = nullptr;
    if (io_uring_peek_cqe(&ring, &done) != 0 || done == nullptr) continue;
    const bool partial = done->user_data == kSend && (done->res == -EAGAIN || done->res > 0) &&
                         done->res < static_cast<int>(block.size());
    io_uring_cqe_seen(&ring, done);
    if (partial) return {};
    return missing("sending without a completion");
  }
  return missing("a non-blocking send");
}

Result<> probe() {
  BufferPool pool(0);
  UringBuffers buffers(pool);
  Ring ring;
  if (const int status = io_uring_queue_init(8, &ring.ring, kUringSetup); status < 0) {
    return missing("io_uring_setup", -status);
  }
  ring.open = true;
  SLUICE_TRY(buffers.open(ring.ring));
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
    return missing("a socket pair", errno);
  }
  const UniqueFd from(pair[0]);
  const UniqueFd to(pair[1]);
  SLUICE_TRY(probe_receive(ring.ring, buffers, from.get(), to.get()));
  return probe_send(ring.ring, to.get());
}

}  // namespace

const Result<>& probe_uring() {
  static const Result<> kResult = probe();
  return kResult;
}

}  // namespace sluice::net
