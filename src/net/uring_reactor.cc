#include "net/uring_reactor.h"

#include <liburing.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <unordered_map>
#include <unordered_set>

#include "base/log.h"
#include "net/connection.h"

namespace sluice::net {
namespace {

constexpr unsigned kQueueEntries = 1024;
constexpr unsigned kProvidedBuffers = 128;  // a power of two; 4 MiB
constexpr int kBufferGroup = 0;

/// What a completion belongs to: its user_data points here.
struct Operation {
  virtual ~Operation() = default;
  virtual void complete(int result, uint32_t flags) = 0;
};

class UringReactor;

/// Scatter list of one send; from a free list, since idle connections need none.
struct SendVector {
  msghdr header{};
  std::array<iovec, 16> parts{};
};

class UringConnection : public Connection {
 public:
  UringConnection(UringReactor& reactor, int fd, const Address& peer);

  void start_send() override;
  void start_receive() override;
  void close_socket() override;

 private:
  struct Receive : Operation {
    explicit Receive(UringConnection& c) : connection(c) {}
    void complete(int result, uint32_t flags) override { connection.receive_done(result, flags); }
    UringConnection& connection;
  };
  struct Send : Operation {
    explicit Send(UringConnection& c) : connection(c) {}
    void complete(int result, uint32_t) override { connection.send_done(result); }
    UringConnection& connection;
  };
  void receive_done(int result, uint32_t flags);
  void send_done(int result);
  void release_if_done();

  UringReactor& uring_;
  Receive receive_{*this};
  Send send_{*this};
  std::unique_ptr<SendVector> vector_;
  bool receiving_ = false;
  bool cancelling_ = false;
};

class UringReactor : public ReactorBase {
 public:
  static Result<std::unique_ptr<Reactor>> create();
  ~UringReactor() override;

  std::string_view backend_name() const override { return "io_uring"; }
  void run() override;
  Result<> listen(int fd, AcceptHandler on_accept) override;
  void close_listener(int fd) override;
  std::unique_ptr<PendingConnect> connect(const Address& address, Duration timeout,
                                          ConnectHandler on_done) override;

  io_uring_sqe* sqe(Operation* operation);
  /// Takes the buffer that completion `flags` names and puts a fresh one in its place.
  Slice take_buffer(uint32_t flags, uint32_t size);
  void cancel(Operation* operation);
  void adopt(const std::shared_ptr<Connection>& connection) { live_.insert(connection); }
  void abandon(const std::shared_ptr<Connection>& connection) { live_.erase(connection); }
  std::vector<std::unique_ptr<SendVector>>& spare_vectors() { return spare_vectors_; }

 private:
  struct Wake : Operation {
    explicit Wake(UringReactor& r) : reactor(r) {}
    void complete(int, uint32_t flags) override {
      reactor.clear_wake();
      if ((flags & IORING_CQE_F_MORE) == 0) reactor.watch_wake();
    }
    UringReactor& reactor;
  };
  struct Listener : Operation {
    Listener(UringReactor& r, int f, AcceptHandler a)
        : reactor(r), fd(f), on_accept(std::move(a)), again(r, [this] { arm(); }) {}
    void arm();
    void complete(int result, uint32_t flags) override;
    UringReactor& reactor;
    int fd;
    AcceptHandler on_accept;
    Timer again;
    bool closing = false;
  };
  struct Connect : Operation {
    Connect(UringReactor& r, Address a, ConnectHandler d)
        : reactor(r), address(a), on_done(std::move(d)), timeout(r, [this] { reactor.cancel(this); timed_out = true; }) {}
    void complete(int result, uint32_t flags) override;
    UringReactor& reactor;
    Address address;
    ConnectHandler on_done;
    Timer timeout;
    int fd = -1;
    bool timed_out = false;
    std::shared_ptr<Connect> self;
  };
  struct ConnectHandle : PendingConnect {
    explicit ConnectHandle(std::weak_ptr<Connect> c) : connect(std::move(c)) {}
    ~ConnectHandle() override {
      if (const auto c = connect.lock(); c && c->on_done) {
        c->on_done = nullptr;
        c->reactor.cancel(c.get());
      }
    }
    std::weak_ptr<Connect> connect;
  };

  Result<> set_up();
  Result<> provide_buffers();
  void watch_wake();
  void handle_completions();

  io_uring ring_{};
  bool ring_open_ = false;
  io_uring_buf_ring* buffer_ring_ = nullptr;
  std::array<Buffer*, kProvidedBuffers> provided_{};
  Wake wake_{*this};
  std::unordered_map<int, std::unique_ptr<Listener>> listeners_;
  std::unordered_set<std::shared_ptr<Connection>> live_;
  std::unordered_set<std::shared_ptr<Connect>> connects_;
  std::vector<std::unique_ptr<SendVector>> spare_vectors_;
};

Result<std::unique_ptr<Reactor>> UringReactor::create() {
  auto reactor = std::make_unique<UringReactor>();
  SLUICE_TRY(reactor->set_up());
  return reactor;
}

Result<> UringReactor::set_up() {
  io_uring_params params{};
  // Disabled until run(): the thread that enables the ring is the one that may use it.
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_R_DISABLED |
                 IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
  params.cq_entries = 16 * kQueueEntries;
  const int rc = io_uring_queue_init_params(kQueueEntries, &ring_, &params);
  if (rc != 0) return fail(io_error("io_uring_setup", -rc));
  ring_open_ = true;
  SLUICE_TRY(provide_buffers());
  watch_wake();
  return {};
}

Result<> UringReactor::provide_buffers() {
  const size_t bytes = kProvidedBuffers * sizeof(io_uring_buf);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return fail(io_error("mmap", errno));
  buffer_ring_ = static_cast<io_uring_buf_ring*>(memory);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<uint64_t>(memory);
  registration.ring_entries = kProvidedBuffers;
  registration.bgid = kBufferGroup;
  const int rc = io_uring_register_buf_ring(&ring_, &registration, 0);
  if (rc != 0) return fail(io_error("io_uring_register_buf_ring", -rc));
  io_uring_buf_ring_init(buffer_ring_);
  for (unsigned i = 0; i < kProvidedBuffers; ++i) {
    provided_[i] = buffers_.take();
    io_uring_buf_ring_add(buffer_ring_, provided_[i]->data(), Buffer::kSize,
                          static_cast<uint16_t>(i), io_uring_buf_ring_mask(kProvidedBuffers),
                          static_cast<int>(i));
  }
  io_uring_buf_ring_advance(buffer_ring_, kProvidedBuffers);
  return {};
}

UringReactor::~UringReactor() {
  // Closing the ring ends every operation; only then may their memory go.
  if (ring_open_) io_uring_queue_exit(&ring_);
  connects_.clear();
  listeners_.clear();
  live_.clear();
  for (Buffer* buffer : provided_) {
    if (buffer != nullptr) buffers_.put(buffer);
  }
  if (buffer_ring_ != nullptr) munmap(buffer_ring_, kProvidedBuffers * sizeof(io_uring_buf));
}

io_uring_sqe* UringReactor::sqe(Operation* operation) {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  while (entry == nullptr) {
    io_uring_submit(&ring_);
    entry = io_uring_get_sqe(&ring_);
  }
  io_uring_sqe_set_data(entry, operation);
  return entry;
}

void UringReactor::cancel(Operation* operation) {
  io_uring_sqe* entry = sqe(nullptr);
  io_uring_prep_cancel(entry, operation, 0);
  io_uring_sqe_set_data(entry, nullptr);
}

Slice UringReactor::take_buffer(uint32_t flags, uint32_t size) {
  const uint32_t id = flags >> IORING_CQE_BUFFER_SHIFT;
  Slice slice(provided_[id], 0, size);
  provided_[id] = buffers_.take();
  io_uring_buf_ring_add(buffer_ring_, provided_[id]->data(), Buffer::kSize,
                        static_cast<uint16_t>(id), io_uring_buf_ring_mask(kProvidedBuffers), 0);
  io_uring_buf_ring_advance(buffer_ring_, 1);
  return slice;
}

void UringReactor::watch_wake() {
  io_uring_sqe* entry = sqe(&wake_);
  io_uring_prep_poll_multishot(entry, wake_fd(), POLLIN);
  io_uring_sqe_set_data(entry, &wake_);
}

void UringReactor::run() {
  io_uring_enable_rings(&ring_);
  io_uring_register_ring_fd(&ring_);
  while (!stopping()) {
    run_pending();
    const Duration wait = wait_time();
    __kernel_timespec time{};
    time.tv_sec = wait.count() / 1'000'000'000;
    time.tv_nsec = wait.count() % 1'000'000'000;
    io_uring_cqe* first = nullptr;
    const int rc =
        io_uring_submit_and_wait_timeout(&ring_, &first, 1, wait.count() < 0 ? nullptr : &time, nullptr);
    if (rc < 0 && rc != -ETIME && rc != -EINTR && rc != -EAGAIN && rc != -EBUSY) {
      log::critical("io_uring: {}", io_error("wait", -rc).text);
      return;
    }
    handle_completions();
  }
}

void UringReactor::handle_completions() {
  unsigned head;
  io_uring_cqe* cqe;
  unsigned seen = 0;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    ++seen;
    auto* operation = static_cast<Operation*>(io_uring_cqe_get_data(cqe));
    // Nothing (cancellations) and liburing's own time-out entries have no operation of ours.
    if (operation != nullptr && cqe->user_data != LIBURING_UDATA_TIMEOUT) {
      operation->complete(cqe->res, cqe->flags);
    }
  }
  io_uring_cq_advance(&ring_, seen);
}

Result<> UringReactor::listen(int fd, AcceptHandler on_accept) {
  auto listener = std::make_unique<Listener>(*this, fd, std::move(on_accept));
  listener->arm();
  listeners_[fd] = std::move(listener);
  return {};
}

void UringReactor::close_listener(int fd) {
  const auto it = listeners_.find(fd);
  if (it == listeners_.end()) return;
  it->second->closing = true;
  it->second->again.cancel();
  cancel(it->second.get());
}

void UringReactor::Listener::arm() {
  io_uring_sqe* entry = reactor.sqe(this);
  io_uring_prep_multishot_accept(entry, fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  io_uring_sqe_set_data(entry, this);
}

void UringReactor::Listener::complete(int result, uint32_t flags) {
  if (result >= 0) {
    Address peer;
    peer.length = sizeof peer.storage;
    getpeername(result, reinterpret_cast<sockaddr*>(&peer.storage), &peer.length);
    const auto connection = std::make_shared<UringConnection>(reactor, result, peer);
    reactor.adopt(connection);
    connection->start_receive();
    if (!closing) on_accept(connection->make_stream());
  }
  if ((flags & IORING_CQE_F_MORE) != 0 || closing) return;
  if (result == -EMFILE || result == -ENFILE || result == -ENOBUFS || result == -ENOMEM) {
    log::warn("cannot accept a connection: {}", io_error("accept", -result).text);
    again.arm(std::chrono::milliseconds(100));  // Not at once: nothing has changed yet.
  } else {
    arm();
  }
}

std::unique_ptr<Reactor::PendingConnect> UringReactor::connect(const Address& address,
                                                               Duration timeout,
                                                               ConnectHandler on_done) {
  auto connect = std::make_shared<Connect>(*this, address, std::move(on_done));
  connect->fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  connect->self = connect;
  io_uring_sqe* entry = sqe(connect.get());
  io_uring_prep_connect(entry, connect->fd,
                        reinterpret_cast<const sockaddr*>(&connect->address.storage),
                        connect->address.length);
  io_uring_sqe_set_data(entry, connect.get());
  connect->timeout.arm(timeout);
  connects_.insert(connect);
  return std::make_unique<ConnectHandle>(connect);
}

void UringReactor::Connect::complete(int result, uint32_t) {
  const auto keep = std::exchange(self, nullptr);
  reactor.connects_.erase(keep);
  timeout.cancel();
  const auto done = std::exchange(on_done, nullptr);
  if (!done || result < 0) {
    ::close(fd);
    if (!done) return;
    if (timed_out) {
      done(fail(ErrorCode::kTimeout, "connect to " + address.to_string() + ": timed out"));
    } else {
      done(fail(io_error("connect to " + address.to_string(), -result)));
    }
    return;
  }
  const auto connection = std::make_shared<UringConnection>(reactor, fd, address);
  reactor.adopt(connection);
  connection->start_receive();
  done(connection->make_stream());
}

UringConnection::UringConnection(UringReactor& reactor, int fd, const Address& peer)
    : Connection(reactor, fd, peer), uring_(reactor) {}

void UringConnection::start_receive() {
  if (receiving_ || closed_) return;
  receiving_ = true;
  io_uring_sqe* entry = uring_.sqe(&receive_);
  io_uring_prep_recv_multishot(entry, fd_, nullptr, 0, 0);
  entry->flags |= IOSQE_BUFFER_SELECT;
  entry->buf_group = kBufferGroup;
  io_uring_sqe_set_data(entry, &receive_);
}

void UringConnection::receive_done(int result, uint32_t flags) {
  const auto keep = shared_from_this();
  if ((flags & IORING_CQE_F_MORE) == 0) {
    receiving_ = false;
    cancelling_ = false;
  }
  if ((flags & IORING_CQE_F_BUFFER) != 0) {
    Slice data = uring_.take_buffer(flags, result > 0 ? static_cast<uint32_t>(result) : 0);
    if (result > 0 && !closed_) received(std::move(data));
  }
  if (closed_) {
    release_if_done();
    return;
  }
  if (result == 0) {
    failed({ErrorCode::kUnavailable, "closed by peer"});
  } else if (result < 0 && result != -ENOBUFS && result != -ECANCELED) {
    failed(io_error("receive", -result));
  } else if (!receiving_ && wants_input()) {
    start_receive();
  } else if (receiving_ && !wants_input() && !cancelling_) {
    cancelling_ = true;
    uring_.cancel(&receive_);
  }
}

void UringConnection::start_send() {
  sending_ = true;
  io_uring_sqe* entry = uring_.sqe(&send_);
  const size_t slices = output_.size() - output_head_;
  if (slices == 1) {
    const Bytes bytes = output_[output_head_].bytes();
    io_uring_prep_send(entry, fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_WAITALL);
  } else {
    auto& spare = uring_.spare_vectors();
    if (spare.empty()) spare.push_back(std::make_unique<SendVector>());
    vector_ = std::move(spare.back());
    spare.pop_back();
    const size_t count = std::min(slices, vector_->parts.size());
    for (size_t i = 0; i < count; ++i) {
      const Bytes bytes = output_[output_head_ + i].bytes();
      vector_->parts[i] = {const_cast<char*>(bytes.data()), bytes.size()};
    }
    vector_->header.msg_iov = vector_->parts.data();
    vector_->header.msg_iovlen = count;
    io_uring_prep_sendmsg(entry, fd_, &vector_->header, MSG_NOSIGNAL | MSG_WAITALL);
  }
  io_uring_sqe_set_data(entry, &send_);
}

void UringConnection::send_done(int result) {
  const auto keep = shared_from_this();
  sending_ = false;
  if (vector_) uring_.spare_vectors().push_back(std::move(vector_));
  if (closed_) {
    release_if_done();
  } else if (result < 0) {
    failed(io_error("send", -result));
  } else {
    sent(static_cast<size_t>(result));
  }
}

void UringConnection::close_socket() {
  shutdown(fd_, SHUT_RDWR);  // Ends a receive or send that is under way.
  release_if_done();
}

void UringConnection::release_if_done() {
  if (receiving_ || sending_) return;
  output_.clear();
  output_head_ = 0;
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  uring_.abandon(shared_from_this());
}

}  // namespace

Result<std::unique_ptr<Reactor>> create_uring_reactor() { return UringReactor::create(); }

}  // namespace sluice::net
