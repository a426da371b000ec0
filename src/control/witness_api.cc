#include "control/witness_api.h"

#include <fmt/format.h>

#include "control/problem.h"
#include "store/state.h"
#include "store/witnessed.h"
#include "tlog/witness.h"

namespace sluice::control {
namespace {

tlog::Witnessed known(store::Database& database, const std::string& origin) {
  const auto head = store::witnessed(database, origin);
  tlog::Witnessed out;
  if (!head) {
    // Not known is not "never seen": no old size fits this one.
    out.size = UINT64_MAX;
  } else if (*head) {
    out.size = (*head)->size;
    std::memcpy(out.root.data(), (*head)->root.data(),
                std::min(out.root.size(), (*head)->root.size()));
  }
  return out;
}

/// Anybody can send an old checkpoint of a log again, and again.
constexpr auto kBetweenRollbacks = std::chrono::hours(1);

HttpResponse text(int status, std::string body) {
  return {status, "text/plain; charset=utf-8", std::move(body)};
}

}  // namespace

WitnessApi::WitnessApi(store::Database database, std::unique_ptr<tlog::Signer> signer,
                       std::string name, std::vector<tlog::VerifierKey> logs, audit::Log& log)
    : database_(std::move(database)),
      signer_(std::move(signer)),
      name_(std::move(name)),
      logs_(std::move(logs)),
      log_(log) {}

Result<std::unique_ptr<WitnessApi>> WitnessApi::open(const std::filesystem::path& state,
                                                     std::string name,
                                                     std::vector<tlog::VerifierKey> logs,
                                                     audit::Log& log) {
  SLUICE_ASSIGN(auto database, store::open_local(state));
  const auto file = state / "witness-key.pem";
  auto signer = std::filesystem::exists(file) ? tlog::load_key(file) : tlog::create_key(file);
  if (!signer) return fail(std::move(signer.error()).within("the witness's key"));
  return std::unique_ptr<WitnessApi>(new WitnessApi(std::move(database), std::move(*signer),
                                                    std::move(name), std::move(logs), log));
}

tlog::VerifierKey WitnessApi::key() const {
  return {name_, tlog::KeyType::kCosignature, signer_->public_key()};
}

std::optional<HttpResponse> WitnessApi::answer(const HttpRequest& request) {
  if (request.path != "/witness/add-checkpoint") return std::nullopt;
  if (request.method != "POST") return problem(405, "only POST is allowed");
  return add_checkpoint(request.body);
}

HttpResponse WitnessApi::add_checkpoint(const std::string& body) {
  const auto request = tlog::parse_add_checkpoint(body);
  if (!request) return text(400, request.error().text + "\n");
  const std::lock_guard lock(mutex_);
  const auto latest = [this](const std::string& origin) { return known(database_, origin); };
  const auto verdict = tlog::judge(*request, logs_, latest);
  const auto& head = verdict.checkpoint;
  const auto before = latest(head.origin);
  // Both are answered behind the signature only.
  const bool wrong_size = verdict.status == 409 || verdict.status == 400;
  if (wrong_size && !head.origin.empty() && head.size < before.size && before.size != UINT64_MAX)
    record_rollback(head, before.size);
  if (verdict.status == 409) {
    // The log has signed this: two roots of one size are the proof of a fork.
    if (before.size == head.size && before.root != head.root) {
      record("witness: " + head.origin + " has signed two histories of " +
             std::to_string(head.size) + " records");
    }
    return {409, "text/x.tlog.size", verdict.why};
  }
  if (verdict.status == 422) {
    record("witness: " + head.origin + " asked to cosign " + std::to_string(head.size) +
           " records, which does not follow from what was cosigned before");
  }
  if (verdict.status != 200) return text(verdict.status, verdict.why + "\n");
  const auto advanced = store::advance_witnessed(database_, head.origin, request->old_size,
                                                 {head.size, std::string(tlog::view(head.root))});
  if (!advanced) return text(500, advanced.error().text + "\n");
  if (!*advanced) return text(503, "another request was faster: try again\n");
  const auto note = tlog::parse_note(request->checkpoint);
  const auto signature =
      tlog::cosign(note->text, name_, static_cast<uint64_t>(wall_micros() / 1'000'000), *signer_);
  if (!signature) return text(500, signature.error().text + "\n");
  return text(200, tlog::format_signature(*signature));
}

/// Its signature is genuine, so somebody has an old copy of the log: who keeps it, or who sends
/// what it once published.
void WitnessApi::record_rollback(const tlog::Checkpoint& head, uint64_t cosigned) {
  const auto now = Clock::now();
  const auto [told, first] = rollbacks_.try_emplace(head.origin, now);
  if (!first && now - told->second < kBetweenRollbacks) return;
  told->second = now;
  record(fmt::format(
      "witness: {} asked to cosign {} records, fewer than the {} that were cosigned before: an old "
      "copy of the log was brought back, or an old checkpoint sent again",
      head.origin, head.size, cosigned));
}

void WitnessApi::record(const std::string& message) {
  audit::Event event;
  event.type = audit::EventType::kEvidence;
  event.time_micros = wall_micros();
  event.message = message;
  (void)log_.append_admin({}, event);
}

}  // namespace sluice::control
