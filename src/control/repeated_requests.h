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
  /// `ask` is called unless it was before for the same user, credential, key and request. 409 while
  /// that is under way, 422 for the key of another request.
  HttpResponse once(const HttpRequest& request, const std::function<HttpResponse()>& ask);

 private:
  struct Kept {
    std::string asked;  ///< digest of method, path and body
    Clock::time_point when;
    std::optional<HttpResponse> answer;  ///< none: under way
  };
  void keep(const std::string& key, const HttpResponse& answer);
  void forget(const std::string& user, Clock::time_point now);
  void drop(std::deque<std::pair<std::string, std::string>>::iterator which);

  std::mutex mutex_;
  std::map<std::string, Kept> kept_;
  std::deque<std::pair<std::string, std::string>> order_;  ///< user and key, the oldest first
  std::map<std::string, size_t> of_user_;                  ///< how many of them there are
};

}  // namespace sluice::control
