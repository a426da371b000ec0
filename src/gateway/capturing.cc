#include "gateway/capturing.h"

#include <algorithm>

#include "audit/captured.h"
#include "base/random.h"
#include "config/config.h"
#include "gateway/refusals.h"

namespace sluice::gateway {
namespace {

/// What one record takes.
constexpr size_t kPart = 32 << 10;
constexpr size_t kHead = 5;

/// Somebody has said how long results are kept; for ever is said too.
bool has_an_end(const config::Config& config) {
  return std::any_of(config.audit.retention.begin(), config.audit.retention.end(),
                     [](const config::RetentionConfig& rule) {
                       return std::any_of(
                           rule.filters.begin(), rule.filters.end(), [](const auto& filter) {
                             return filter.first == "type" && filter.second == "captured";
                           });
                     });
}

}  // namespace

Result<const undo::Seal*> ResultSeal::get() {
  const std::lock_guard lock(mutex_);
  if (!seal_) {
    SLUICE_ASSIGN(auto seal, undo::Seal::open(file_));
    seal_.emplace(std::move(seal));
  }
  return &*seal_;
}

Capturing::Capturing(const undo::Seal& seal, uint64_t most) : seal_(seal), most_(most) { start(); }

void Capturing::start() {
  id_ = to_hex(random_string(16));
  waiting_.clear();
  kept_ = left_out_ = parts_ = 0;
  digest_ = std::make_unique<Sha256>();
}

bool Capturing::add(char type, Bytes body, int64_t time_micros, const Record& record) {
  const size_t size = kHead + body.size();
  // Nothing is kept behind what did not fit: a result is cut, and has no holes.
  if (left_out_ > 0 || kept_ + size > most_) {
    left_out_ += size;
    return true;
  }
  kept_ += size;
  char head[kHead];
  head[0] = type;
  store_be32(head + 1, static_cast<uint32_t>(size - 1));
  waiting_.append(head, kHead).append(body);
  size_t written = 0;
  for (; waiting_.size() - written >= kPart; written += kPart) {
    if (!write_part(Bytes(waiting_).substr(written, kPart), time_micros, record)) return false;
  }
  waiting_.erase(0, written);
  return true;
}

bool Capturing::write_part(Bytes part, int64_t time_micros, const Record& record) {
  ++parts_;
  digest_->update(part);
  const std::string sealed = seal_.close(part, audit::captured_purpose(id_, parts_));
  const std::string which = audit::captured_part(id_, parts_);
  audit::Event event;
  event.type = audit::EventType::kCaptured;
  event.time_micros = time_micros;
  event.captured = which;
  event.content = sealed;
  return record(event);
}

bool Capturing::end(int64_t time_micros, const Record& record) {
  told_.clear();
  if (kept_ + left_out_ == 0) return true;
  if (!waiting_.empty() && !write_part(waiting_, time_micros, record)) return false;
  const auto digest = digest_->finish();
  told_ = audit::to_text({id_, parts_, kept_, left_out_, to_hex({digest.data(), digest.size()})});
  start();
  return true;
}

std::unique_ptr<Capturing> capturing_for(const policy::Decision* decision, ResultSeal& seal) {
  if (decision == nullptr || !decision->limits.capture) return nullptr;
  const auto key = seal.get();
  // `no_capture` has refused it before.
  return key ? std::make_unique<Capturing>(**key, decision->limits.capture->most) : nullptr;
}

std::shared_ptr<const policy::Decision> no_capture(const policy::Decision& decision,
                                                   ResultSeal& seal, const config::Config& config) {
  if (!decision.limits.capture) return nullptr;
  const std::string& rule = decision.limits.capture->rule;
  if (!has_an_end(config)) {
    return refusal(rule, "42501",
                   "what this statement returns is to be kept, and nobody has said how long",
                   "An operator adds a rule with type: captured to audit.retention.");
  }
  if (const auto key = seal.get(); !key) {
    return refusal(rule, "58030",
                   "what this statement returns is to be kept, and cannot be: " + key.error().text,
                   "An operator puts the key back, or lets the gateway make a new one.");
  }
  return nullptr;
}

std::shared_ptr<const policy::Decision> no_capture_of_function_calls() {
  static const auto kRefused =
      refusal("capture", "42501", "what a function call by message returns is not kept",
              "Call the function in a SELECT statement instead.");
  return kRefused;
}

}  // namespace sluice::gateway
