#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <sodium.h>

namespace sluice {

/// A string that wipes itself and cannot be printed or logged by accident (no operator<<, no
/// fmt formatter); `reveal()` marks every place where a secret is used.
class SecretString {
 public:
  SecretString() = default;
  explicit SecretString(std::string value) : value_(std::move(value)) {}
  SecretString(const SecretString&) = default;
  SecretString& operator=(const SecretString& other) {
    if (this != &other) {
      wipe();
      value_ = other.value_;
    }
    return *this;
  }
  SecretString(SecretString&& other) noexcept : value_(other.value_) { other.wipe(); }
  SecretString& operator=(SecretString&& other) noexcept {
    if (this != &other) {
      wipe();
      value_ = other.value_;
      other.wipe();
    }
    return *this;
  }
  ~SecretString() { wipe(); }

  bool empty() const { return value_.empty(); }
  std::string_view reveal() const { return value_; }

 private:
  void wipe() noexcept {
    sodium_memzero(value_.data(), value_.capacity());
    value_.clear();
  }
  std::string value_;
};

/// Constant-time comparison; false when lengths differ.
inline bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sluice
