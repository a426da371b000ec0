#pragma once

#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace sluice::gateway {

/// Bounds how many connections may be short of a finished login at once, in all and per source
/// address. Shared by the workers; locked, but only twice per connection.
class LoginGate {
 public:
  /// One admitted connection; leaving is its destruction.
  class Pass {
   public:
    Pass() = default;
    Pass(LoginGate* gate, std::string source) : gate_(gate), source_(std::move(source)) {}
    Pass(Pass&& other) noexcept
        : gate_(std::exchange(other.gate_, nullptr)), source_(std::move(other.source_)) {}
    Pass& operator=(Pass&& other) noexcept {
      std::swap(gate_, other.gate_);
      std::swap(source_, other.source_);
      return *this;
    }
    ~Pass() {
      if (gate_ != nullptr) gate_->leave(source_);
    }
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    LoginGate* gate_ = nullptr;
    std::string source_;
  };

  /// An empty pass when a bound is reached.
  Pass enter(const std::string& source, unsigned limit, unsigned limit_per_source) {
    const std::lock_guard lock(mutex_);
    if (total_ >= limit) return {};
    unsigned& here = by_source_[source];
    if (here >= limit_per_source) return {};
    ++here;
    ++total_;
    return {this, source};
  }

 private:
  void leave(const std::string& source) {
    const std::lock_guard lock(mutex_);
    --total_;
    const auto it = by_source_.find(source);
    if (it != by_source_.end() && --it->second == 0) by_source_.erase(it);
  }

  std::mutex mutex_;
  unsigned total_ = 0;
  std::unordered_map<std::string, unsigned> by_source_;
};

}  // namespace sluice::gateway
