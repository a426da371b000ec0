#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/address.h"
#include "net/buffer.h"
#include "net/stream.h"

namespace sluice::net {

class Reactor;

/// A one-shot timer of a reactor, exact to about 10 ms; re-arm at will. Destroying it disarms it.
class Timer {
 public:
  Timer(Reactor& reactor, std::function<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  void arm(Duration after);
  void cancel();
  bool armed() const { return armed_; }

 private:
  friend class TimerQueue;
  Reactor& reactor_;
  std::function<void()> callback_;
  Clock::time_point deadline_{};
  Clock::time_point queued_{};  ///< where the queue looks again: deadline_ or earlier
  size_t slot_ = SIZE_MAX;      ///< place in the queue's heap
  bool armed_ = false;
};

/// The event loop of one worker thread. Two back ends answer to this interface: io_uring (multishot
/// receive into provided buffers, batched sends) and epoll.
/// Everything but `post` and `stop` is called on the thread that runs it (or before it runs).
/// Streams, slices, timers and pending connects are destroyed before it.
class Reactor {
 public:
  enum class Backend : uint8_t { kAuto, kUring, kEpoll };

  /// kAuto takes io_uring where the kernel allows all that is needed, else epoll.
  static Result<std::unique_ptr<Reactor>> create(Backend backend);
  virtual ~Reactor() = default;

  virtual std::string_view backend_name() const = 0;  ///< "io_uring" or "epoll"

  /// Runs until `stop`. Events are handled in batches; after each batch everything queued on
  /// streams is submitted together.
  virtual void run() = 0;

  /// Thread-safe: makes run() return / runs `task` on the reactor's thread.
  virtual void stop() = 0;
  virtual void post(std::function<void()> task) = 0;

  /// Accepts on a listening socket until `close_listener`; the reactor does not own `fd`.
  using AcceptHandler = std::function<void(std::unique_ptr<Stream>)>;
  virtual Result<> listen(int fd, AcceptHandler on_accept) = 0;
  virtual void close_listener(int fd) = 0;

  /// Connects; the callback comes once, later, on this thread. Dropping the returned handle before
  /// that gives up and no callback comes.
  class PendingConnect {
   public:
    virtual ~PendingConnect() = default;
  };
  using ConnectHandler = std::function<void(Result<std::unique_ptr<Stream>>)>;
  virtual std::unique_ptr<PendingConnect> connect(const Address& address, Duration timeout,
                                                  ConnectHandler on_done) = 0;

  BufferPool& buffers() { return buffers_; }

 protected:
  BufferPool buffers_;

 private:
  friend class Timer;
  virtual class TimerQueue& timers() = 0;
};

}  // namespace sluice::net
