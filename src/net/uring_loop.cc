#include "net/uring_loop.h"

#include <cerrno>
#include <cstdlib>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "net/uring_probe.h"

namespace sluice::net {

namespace {

constexpr unsigned kSubmissions = 512;
constexpr unsigned kCompletions = 8192;
constexpr size_t kVectors = 32;  // slices in one sendmsg: 1 MiB at most
// A flood starts with so many full buffers in a row and ends with so many short ones.
constexpr uint8_t kFloodStarts = 2;
constexpr uint8_t kFloodEnds = 8;
constexpr uint64_t kTagMask = 7;
constexpr int kSendFlags = MSG_NOSIGNAL | MSG_WAITALL;

template <typename T>
T& pointee(uint64_t data) {
  return *reinterpret_cast<T*>(data & ~kTagMask);
}

}  // namespace

/// What a completion is about stands in the low bits of its user data, above them a pointer.
enum UringLoop::Tag : uint64_t {
  kReceiveTag,  // Connection
  kSendTag,     // Connection
  kAcceptTag,   // Listener
  kConnectTag,  // Connector
  kWakeTag,
  kAlarmTag,
  kRestTag,
  kIgnoreTag,  // cancellations
};

/// Where the kernel finds the slices of one sendmsg until it has been submitted.
struct UringLoop::Message {
  msghdr header;
  iovec vectors[kVectors];
};

class UringLoop::Socket final : public Connection {
 public:
  using Connection::Connection;
  enum class Send : uint8_t {
    kIdle,
    kSilent,   ///< done with the submission unless a completion says otherwise
    kWaiting,  ///< waits for room in the socket; a completion comes
  };
  size_t sending = 0;  ///< bytes of the send under way
  Send send = Send::kIdle;
  bool full = false;       ///< the last send found no room: the next waits for it
  bool receiving = false;  ///< a receive is in the kernel
  bool multishot = false;  ///< ... and stays there after each completion
  bool receive_cancelled = false;
  bool send_cancelled = false;
  /// The peer sends faster than we look: receive one buffer at a time until short ones say that
  /// it is over. So what piles up at a pause is one buffer instead of all that a multishot request
  /// takes in a go.
  bool flooded = false;
  uint8_t streak = 0;  ///< receives in a row that say otherwise

  /// Rests are between requests, too.
  bool one_at_a_time() { return flooded || flow().steady(); }
};

Result<std::unique_ptr<Reactor>> UringLoop::create() {
  if (const Result<>& usable = probe_uring(); !usable) return fail(usable.error());
  auto loop = std::make_unique<UringLoop>();
  SLUICE_TRY(loop->open());
  return loop;
}

UringLoop::UringLoop()
    : received_(buffers_), messages_(std::make_unique_for_overwrite<Message[]>(kSubmissions)) {}

Result<> UringLoop::open() {
  SLUICE_TRY(tasks_.open());
  io_uring_params params{};
  // Disabled until run(): whoever enables a single-issuer ring is the one thread that may use it.
  params.flags = kUringSetup | IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE;
  params.cq_entries = kCompletions;
  if (const int status = io_uring_queue_init_params(kSubmissions, &ring_, &params); status < 0) {
    return fail(io_error("io_uring_setup", -status));
  }
  open_ = true;
  return received_.open(ring_);
}

UringLoop::~UringLoop() {
  // Ends every request; only then may the memory they point to go.
  if (open_) io_uring_queue_exit(&ring_);
  destroy_connections();
}

Result<> UringLoop::start() {
  if (running_) return {};
  // liburing 2.3 declares io_uring_enable_rings, but its shared library does not export it.
  if (::syscall(__NR_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0) <
      0) {
    return fail(io_error("IORING_REGISTER_ENABLE_RINGS", errno));
  }
  io_uring_register_ring_fd(&ring_);  // spares a look-up per call; it works without, too
  running_ = true;
  request_wake();
  return {};
}

// -- Requests

io_uring_sqe* UringLoop::request(Tag tag, const void* subject) {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  while (entry == nullptr) {
    submit();
    entry = io_uring_get_sqe(&ring_);
  }
  // The prep functions of liburing leave user_data alone.
  entry->user_data = reinterpret_cast<uint64_t>(subject) | tag;
  return entry;
}

void UringLoop::cancel(Tag tag, const void* subject) {
  io_uring_sqe* const entry = request(kIgnoreTag, nullptr);
  io_uring_prep_cancel64(entry, reinterpret_cast<uint64_t>(subject) | tag, 0);
  entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void UringLoop::submit() {
  received_.publish();
  while (io_uring_sq_ready(&ring_) > 0) {
    const int status = io_uring_submit(&ring_);
    if (status >= 0 || status == -EINTR || status == -EAGAIN || status == -EBUSY) continue;
    log::critical(io_error("io_uring_enter", -status).text);
    std::abort();  // the kernel refuses the ring itself: nothing can be served
                   // any more
  }
  messages_used_ = 0;
}

void UringLoop::flush() {
  if (!requests_.empty()) {
    for (const auto& prepare : std::exchange(requests_, {})) prepare();
  }
  for (Connection* connection : take_dirty()) flush_socket(static_cast<Socket&>(*connection));
  if (Clock::time_point at; alarm_needed(at)) set_alarm(at);
  if (rest_needed()) request_rest();
}

void UringLoop::flush_socket(Socket& socket) {
  if (socket.released()) {
    flush_released(socket);
    return;
  }
  if (!socket.receiving) {
    if (socket.wants_receive() && !socket.resting()) request_receive(socket);
  } else if (socket.multishot && !socket.receive_cancelled) {
    // Paused, and the peer goes on: stop here and let its window fill. (Short pauses, in which
    // nothing comes, never get this far.)
    if (socket.backlogged() && !socket.wants_receive()) socket.flooded = true;
    if (socket.one_at_a_time()) {
      socket.receive_cancelled = true;
      cancel(kReceiveTag, static_cast<Connection*>(&socket));
    }
  }
  if (socket.send == Socket::Send::kIdle && socket.prepare_output()) request_send(socket);
}

void UringLoop::flush_released(Socket& socket) {
  if (socket.receiving && !socket.receive_cancelled) {
    socket.receive_cancelled = true;
    cancel(kReceiveTag, static_cast<Connection*>(&socket));
  }
  if (socket.send == Socket::Send::kWaiting && !socket.send_cancelled) {
    socket.send_cancelled = true;
    cancel(kSendTag, static_cast<Connection*>(&socket));
  }
}

void UringLoop::request_receive(Socket& socket) {
  socket.receiving = true;
  socket.multishot = !socket.one_at_a_time();
  socket.receive_cancelled = false;
  io_uring_sqe* const entry = request(kReceiveTag, static_cast<Connection*>(&socket));
  if (socket.multishot) {
    io_uring_prep_recv_multishot(entry, socket.fd(), nullptr, 0, 0);
  } else {
    io_uring_prep_recv(entry, socket.fd(), nullptr, Buffer::kSize, 0);
  }
  entry->flags |= IOSQE_BUFFER_SELECT;
  entry->buf_group = UringBuffers::kGroup;
}

void UringLoop::request_send(Socket& socket) {
  // Whoever is told something is listened to at once.
  socket.flow().sent();
  if (socket.resting()) {
    end_rest(socket);
    if (socket.wants_receive()) request_receive(socket);
  }
  // First: it may submit, and so make the message free again.
  io_uring_sqe* const entry = request(kSendTag, static_cast<Connection*>(&socket));
  int flags = kSendFlags;
  // Silence does not wake the loop, so it is for sends after which nothing is left to do: not when
  // more stays queued, nor when somebody may wait to hear that the queue has drained.
  const bool more_to_do =
      socket.output().bytes() > Stream::kLowWater || socket.output().count() > kVectors;
  if (socket.full || more_to_do) {
    socket.send = Socket::Send::kWaiting;
  } else {
    socket.send = Socket::Send::kSilent;
    silent_sends_.push_back(&socket);
    flags |= MSG_DONTWAIT;
  }
  if (socket.output().count() == 1) {
    const Bytes bytes = socket.output().front().bytes();
    socket.sending = bytes.size();
    io_uring_prep_send(entry, socket.fd(), bytes.data(), bytes.size(), flags);
  } else {
    Message& message = messages_[messages_used_++];
    message.header = {};
    message.header.msg_iov = message.vectors;
    message.header.msg_iovlen = socket.output().gather(message.vectors, kVectors, socket.sending);
    io_uring_prep_sendmsg(entry, socket.fd(), &message.header, static_cast<unsigned>(flags));
  }
  if (socket.send == Socket::Send::kSilent) entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void UringLoop::request_wake() {
  io_uring_sqe* const entry = request(kWakeTag, nullptr);
  io_uring_prep_read(entry, tasks_.wake_fd(), &wake_count_, sizeof wake_count_, 0);
}

void UringLoop::set_alarm(Clock::time_point at) {
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch());
  alarm_time_.tv_sec = since.count() / 1'000'000'000;
  alarm_time_.tv_nsec = since.count() % 1'000'000'000;
  if (alarm_pending_) {
    io_uring_sqe* const entry = request(kIgnoreTag, nullptr);
    io_uring_prep_timeout_update(entry, &alarm_time_, kAlarmTag, IORING_TIMEOUT_ABS);
    entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
  } else {
    alarm_pending_ = true;
    io_uring_prep_timeout(request(kAlarmTag, nullptr), &alarm_time_, 0, IORING_TIMEOUT_ABS);
  }
}

void UringLoop::request_rest() {
  rest_time_.tv_nsec = SteadyFlow::kRest.count();
  io_uring_prep_timeout(request(kRestTag, nullptr), &rest_time_, 0, 0);
}

// -- Completions

void UringLoop::wait(bool block) {
  received_.publish();
  const int status =
      block ? io_uring_submit_and_wait(&ring_, 1) : io_uring_submit_and_get_events(&ring_);
  if (status < 0 && status != -EINTR && status != -EAGAIN && status != -EBUSY && status != -ETIME) {
    log::critical(io_error("io_uring_enter", -status).text);
    std::abort();
  }
  submit();  // nothing, unless the kernel could not take all at once
  for (;;) {
    const unsigned head = *ring_.cq.khead;
    const unsigned tail = io_uring_smp_load_acquire(ring_.cq.ktail);
    handle_sends(head, tail);
    for (unsigned i = head; i != tail; ++i) dispatch(completion(i));
    io_uring_cq_advance(&ring_, tail - head);
    if (!io_uring_cq_has_overflow(&ring_)) break;
    io_uring_get_events(&ring_);
  }
}

/// Settles the sends before anything else is looked at, so that handlers see what is unsent and
/// find the freed buffers, which are still in the cache. Calls no handler.
void UringLoop::handle_sends(unsigned head, unsigned tail) {
  for (unsigned i = head; i != tail; ++i) {
    const io_uring_cqe& entry = completion(i);
    if ((entry.user_data & kTagMask) != kSendTag) continue;
    send_done(static_cast<Socket&>(pointee<Connection>(entry.user_data)), entry.res);
  }
  if (io_uring_cq_has_overflow(&ring_)) return;  // bad news may be among what did not fit
  for (Socket* socket : silent_sends_) {
    if (socket->send != Socket::Send::kSilent) continue;
    socket->send = Socket::Send::kIdle;
    socket->sent(socket->sending);
  }
  silent_sends_.clear();
}

void UringLoop::send_done(Socket& socket, int result) {
  const bool waited = socket.send == Socket::Send::kWaiting;
  socket.send = Socket::Send::kIdle;
  if (socket.released()) {
    bury_later(socket);
    return;
  }
  if (result >= 0 || result == -EAGAIN || result == -EINTR) {
    const size_t count = result < 0 ? 0 : static_cast<size_t>(result);
    socket.full = count < socket.sending && !(waited && count > 0);
    socket.sent(count);
  } else {
    socket.send_failed(-result);
  }
}

void UringLoop::dispatch(const io_uring_cqe& entry) {
  const uint64_t data = entry.user_data;
  switch (data & kTagMask) {
    case kReceiveTag:
      receive_done(static_cast<Socket&>(pointee<Connection>(data)), entry.res, entry.flags);
      break;
    case kAcceptTag:
      accept_done(pointee<Listener>(data), entry.res, entry.flags);
      break;
    case kConnectTag:
      connect_done(pointee<Connector>(data));
      break;
    case kWakeTag:
      request_wake();
      tasks_.run_remote();
      break;
    case kAlarmTag:
      alarm_pending_ = false;
      alarm_rang();
      break;
    case kRestTag:
      rest_over();
      break;
    default:  // sends are settled already, and nobody asks how cancelling went
      break;
  }
}

void UringLoop::receive_done(Socket& socket, int result, uint32_t flags) {
  if ((flags & IORING_CQE_F_MORE) == 0) socket.receiving = false;
  Slice data;
  if ((flags & IORING_CQE_F_BUFFER) != 0) {
    data = received_.take(flags, result > 0 ? static_cast<uint32_t>(result) : 0);
  }
  if (socket.released()) {
    if (!socket.receiving) bury_later(socket);
    return;
  }
  if (result > 0) {
    const bool full = data.size() == Buffer::kSize;
    note_flood(socket, full);
    socket.flow().received(data.size());
    if (socket.flow().steady() && !full && !socket.receiving) rest(socket);
    socket.received(std::move(data));
  } else if (result == 0) {
    socket.receive_ended(0);
  } else if (result != -ENOBUFS && result != -ECANCELED && result != -EAGAIN && result != -EINTR) {
    socket.receive_ended(-result);
  }
  if (socket.receiving != socket.wants_receive() || (socket.multishot && socket.one_at_a_time())) {
    mark_dirty(socket);
  }
}

void UringLoop::note_flood(Socket& socket, bool full) {
  if (full == socket.flooded) {
    socket.streak = 0;
  } else if (++socket.streak >= (full ? kFloodStarts : kFloodEnds)) {
    socket.streak = 0;
    socket.flooded = full;
    if (socket.receiving) mark_dirty(socket);
  }
}

void UringLoop::receive_wanted(Connection& connection) {
  if (!static_cast<Socket&>(connection).receiving) mark_dirty(connection);
}

std::unique_ptr<Connection> UringLoop::make_connection(UniqueFd fd, const Address& peer) {
  auto socket = std::make_unique<Socket>(*this, std::move(fd), peer);
  mark_dirty(*socket);
  return socket;
}

bool UringLoop::quiet(const Connection& connection) const {
  const auto& socket = static_cast<const Socket&>(connection);
  return !socket.receiving && socket.send == Socket::Send::kIdle;
}

// -- Listening and connecting

Result<> UringLoop::watch(const std::shared_ptr<Listener>& listener) {
  requests_.emplace_back([this, listener] {
    if (listener->closed()) return;
    in_kernel_.emplace(listener.get(), listener);
    io_uring_prep_multishot_accept(request(kAcceptTag, listener.get()), listener->fd(), nullptr,
                                   nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  });
  return {};
}

void UringLoop::unwatch(const std::shared_ptr<Listener>& listener) {
  if (!in_kernel_.contains(listener.get())) return;
  requests_.emplace_back([this, listener] { cancel(kAcceptTag, listener.get()); });
}

void UringLoop::accept_done(Listener& listener, int result, uint32_t flags) {
  const auto self = listener.shared_from_this();
  const bool over = (flags & IORING_CQE_F_MORE) == 0;
  if (over) in_kernel_.erase(&listener);
  if (result >= 0) listener.accepted(UniqueFd(result));
  if (!over || listener.closed()) return;
  if (result < 0 && listener.accept_failed(-result)) return;
  static_cast<void>(watch(self));
}

void UringLoop::watch(const std::shared_ptr<Connector>& connector) {
  requests_.emplace_back([this, connector] {
    if (connector->done()) return;
    in_kernel_.emplace(connector.get(), connector);
    io_uring_prep_poll_add(request(kConnectTag, connector.get()), connector->fd(), POLLOUT);
  });
}

void UringLoop::unwatch(const std::shared_ptr<Connector>& connector) {
  if (!in_kernel_.contains(connector.get())) return;
  requests_.emplace_back([this, connector] { cancel(kConnectTag, connector.get()); });
}

void UringLoop::connect_done(const Connector& connector) {
  const auto found = in_kernel_.find(&connector);
  if (found == in_kernel_.end()) return;
  const std::shared_ptr<void> self = std::move(found->second);
  in_kernel_.erase(found);
  static_cast<Connector*>(self.get())->on_writable();
}

}  // namespace sluice::net
