#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "control/http_server.h"

namespace sluice::control {

/// What was asked with an Idempotency-Key is done once: whoever asks again, as after an answer that
/// never came, gets the first answer (draft-ietf-httpapi-idempotency-key-header). Answers are kept
/// in memory, for ten minutes. Any thread.
class RepeatedRequests {
 public:
  /// How many answers are kept.
  struct Most {
    size_t of_one = 500, in_all = 5'000;
  };

  RepeatedRequests() = default;
  explicit RepeatedRequests(Most most) : most_(most) {}

  /// `ask` is called unless it was before for the same user, credential, key and request. 409 while
  /// that is under way, 422 for the key of another request. Answers from 500 up are not kept.
  HttpResponse once(const HttpRequest& request, const std::function<HttpResponse()>& ask);

 private:
  struct Kept {
    std::string asked;  ///< digest of method, path and body
    Clock::time_point when;
    std::optional<HttpResponse> answer;  ///< none: under way
  };
  /// The oldest first: user and key.
  using Order = std::deque<std::pair<std::string, std::string>>;
  void keep(const std::string& key, const HttpResponse& answer, bool failed_midway = false);
  void drop_oldest_of(const std::string& user);
  void forget(const std::string& user, Clock::time_point now);
  void drop(Order::iterator which);

  const Most most_ = {};
  std::mutex mutex_;
  std::map<std::string, Kept> kept_;
  Order order_;
  std::map<std::string, size_t> of_user_;  ///< how many of them there are
};

}  // namespace sluice::control
