#include "control/repeated_requests.h"

#include "base/hash.h"
#include "control/problem.h"

namespace sluice::control {
namespace {

constexpr auto kLife = std::chrono::minutes(10);
constexpr size_t kMost = 1000;
constexpr size_t kLongestKey = 255;

}  // namespace

void RepeatedRequests::forget(Clock::time_point now) {
  while (!order_.empty()) {
    const auto oldest = kept_.find(order_.front());
    if (order_.size() < kMost && now - oldest->second.when < kLife) return;
    kept_.erase(oldest);
    order_.pop_front();
  }
}

HttpResponse RepeatedRequests::once(const HttpRequest& request,
                                    const std::function<HttpResponse()>& ask) {
  const auto given = request.header("idempotency-key");
  if (given.empty() || request.method == "GET" || request.method == "HEAD") return ask();
  if (given.size() > kLongestKey) return problem(400, "an Idempotency-Key has up to 255 bytes");
  const std::string key = request.user + "\n" + std::string(given);
  const std::string asked = sha2(256, request.method + " " + request.path + "\n" + request.body);
  {
    const std::lock_guard lock(mutex_);
    forget(Clock::now());
    const auto [found, fresh] = kept_.try_emplace(key, Kept{asked, Clock::now(), std::nullopt});
    if (!fresh && found->second.asked != asked)
      return problem(422, "this Idempotency-Key was used for another request");
    if (!fresh && !found->second.answer)
      return problem(409, "the same request is still under way", "Ask again in a moment.");
    if (!fresh) return *found->second.answer;
    order_.push_back(key);
  }
  HttpResponse answer = ask();
  const std::lock_guard lock(mutex_);
  if (const auto found = kept_.find(key); found != kept_.end()) found->second.answer = answer;
  return answer;
}

}  // namespace sluice::control
