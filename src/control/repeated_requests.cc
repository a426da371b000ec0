#include "control/repeated_requests.h"

#include <algorithm>

#include "base/hash.h"
#include "control/caller.h"
#include "control/problem.h"

namespace sluice::control {
namespace {

constexpr auto kLife = std::chrono::minutes(10);
constexpr size_t kLongestKey = 255;
/// Of an answer that is told again; of all of them 320 MB at most.
constexpr size_t kLongestAnswer = size_t{64} << 10;

}  // namespace

void RepeatedRequests::drop(Order::iterator which) {
  kept_.erase(which->second);
  if (const auto user = of_user_.find(which->first); --user->second == 0) of_user_.erase(user);
  order_.erase(which);
}

/// What is under way stays: it must not be done twice.
void RepeatedRequests::drop_oldest_of(const std::string& user) {
  const auto oldest = std::find_if(order_.begin(), order_.end(), [&](const auto& entry) {
    return entry.first == user && kept_.find(entry.second)->second.answer.has_value();
  });
  if (oldest != order_.end()) drop(oldest);
}

void RepeatedRequests::forget(const std::string& user, Clock::time_point now) {
  while (!order_.empty()) {
    const Kept& oldest = kept_.find(order_.front().second)->second;
    if (!oldest.answer || now - oldest.when < kLife) break;
    drop(order_.begin());
  }
  // Nobody makes others' be forgotten; where there are too many in all, who has most loses one.
  const auto theirs = of_user_.find(user);
  if (theirs != of_user_.end() && theirs->second >= most_.of_one) {
    drop_oldest_of(user);
  } else if (order_.size() >= most_.in_all) {
    drop_oldest_of(std::max_element(of_user_.begin(), of_user_.end(), [](auto& a, auto& b) {
                     return a.second < b.second;
                   })->first);
  }
}

HttpResponse RepeatedRequests::once(const HttpRequest& request,
                                    const std::function<HttpResponse()>& ask) {
  const auto given = request.header("idempotency-key");
  if (given.empty() || request.method == "GET" || request.method == "HEAD") return ask();
  if (given.size() > kLongestKey) return problem(400, "an Idempotency-Key has up to 255 bytes");
  // One user may act for several persons, by another credential for each.
  const std::string key =
      request.user + "\n" + sha2(256, bearer_of(request)) + "\n" + std::string(given);
  const std::string asked = sha2(256, request.method + " " + request.path + "\n" + request.body);
  {
    const std::lock_guard lock(mutex_);
    if (!kept_.contains(key)) forget(request.user, Clock::now());
    const auto [found, fresh] = kept_.try_emplace(key, Kept{asked, Clock::now(), std::nullopt});
    if (!fresh && found->second.asked != asked)
      return problem(422, "this Idempotency-Key was used for another request");
    if (!fresh && !found->second.answer)
      return problem(409, "the same request is still under way", "Ask again in a moment.");
    if (!fresh) return *found->second.answer;
    order_.emplace_back(request.user, key);
    ++of_user_[request.user];
  }
  try {
    HttpResponse answer = ask();
    keep(key, answer);
    return answer;
  } catch (...) {
    // It may have done a part of it: that it is over is told, and nothing is done twice.
    keep(key,
         problem(500, "the same request was asked before, and failed",
                 "Look at what came of it; to have it done again, use another "
                 "Idempotency-Key."),
         true);
    throw;
  }
}

void RepeatedRequests::keep(const std::string& key, const HttpResponse& answer,
                            bool failed_midway) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(key);
  if (found == kept_.end()) return;
  // That the gateway could not is no answer: the same may be asked again.
  if (answer.status >= 500 && !failed_midway) {
    drop(std::find_if(order_.begin(), order_.end(),
                      [&](const auto& entry) { return entry.second == key; }));
    return;
  }
  found->second.answer =
      answer.body.size() <= kLongestAnswer
          ? answer
          : problem(409, "the same request was answered before, at greater length than is kept",
                    "Look at what came of it; to have it done again, use another Idempotency-Key.");
}

}  // namespace sluice::control
