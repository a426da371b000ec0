#include "change/attestation.h"

#include <algorithm>
#include <set>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <sodium.h>

#include "base/base64.h"
#include "base/hash.h"
#include "policy/time_window.h"
#include "tlog/dsse.h"

namespace sluice::change {
namespace {

namespace json = boost::json;

constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";
constexpr std::string_view kPredicate = "https://in-toto.io/attestation/test-result/v0.1";
/// Clocks of others may be ahead of ours.
constexpr int64_t kAheadMicros = int64_t{60} * 1'000'000;

tl::unexpected<Error> bad(std::string text) {
  return fail(ErrorCode::kInvalidInput, std::move(text));
}

const json::value* member(const json::value& object, std::string_view name) {
  return object.is_object() ? object.get_object().if_contains(name) : nullptr;
}

std::string text_of(const json::value& object, std::string_view name) {
  const json::value* value = member(object, name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::string hex_sha256(std::string_view bytes) {
  const auto raw = sha256(bytes);
  return to_hex({raw.data(), raw.size()});
}

Result<json::value> parsed(std::string_view text, const char* what) {
  json::error_code error;
  auto value = json::parse(text, error);
  if (error || !value.is_object()) return bad(fmt::format("{} is no JSON object", what));
  return value;
}

bool signed_by(const config::AttesterConfig& attester, const std::string& bytes,
               const std::string& signature) {
  if (!attester.public_key.empty()) {
    return signature.size() == crypto_sign_BYTES &&
           attester.public_key.size() == crypto_sign_PUBLICKEYBYTES &&
           crypto_sign_verify_detached(
               reinterpret_cast<const unsigned char*>(signature.data()),
               reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
               reinterpret_cast<const unsigned char*>(attester.public_key.data())) == 0;
  }
  const auto mac = hmac_sha256(attester.secret.reveal(), bytes);
  return !attester.secret.empty() && equal_constant_time(signature, {mac.data(), mac.size()});
}

/// The payload, and the attesters of whose keys a signature is right.
struct Envelope {
  std::string payload;
  std::vector<const config::AttesterConfig*> signers;
};

Result<Envelope> open(std::string_view text, const std::vector<config::AttesterConfig>& attesters) {
  if (text.size() > kLongestAttestation) return bad("the attestation is too long");
  SLUICE_ASSIGN(auto envelope, tlog::parse_envelope(text));
  if (envelope.type != kPayloadType)
    return bad(fmt::format("expected a DSSE envelope of payloadType {}", kPayloadType));
  const std::string bytes = tlog::dsse_bytes(kPayloadType, envelope.payload);
  Envelope out{std::move(envelope.payload), {}};
  for (const auto& signature : envelope.signatures) {
    // The key's id is a hint; it is the signature that tells.
    for (const auto& attester : attesters) {
      if (signed_by(attester, bytes, signature.bytes)) out.signers.push_back(&attester);
    }
  }
  if (out.signers.empty()) return bad("no key that is configured has signed the attestation");
  return out;
}

/// Whether it is about exactly these scripts.
Result<> check_subjects(const json::value& statement, std::string_view script,
                        std::string_view rollback) {
  std::set<std::string> digests;
  if (const json::value* subjects = member(statement, "subject");
      subjects != nullptr && subjects->is_array()) {
    for (const auto& subject : subjects->get_array()) {
      if (const json::value* digest = member(subject, "digest"))
        digests.insert(text_of(*digest, "sha256"));
    }
  }
  if (!digests.contains(hex_sha256(script))) return bad("it attests another script");
  if (!rollback.empty() && !digests.contains(hex_sha256(rollback)))
    return bad("it does not attest the rollback script");
  return {};
}

Result<> read(std::string_view text, std::string_view script, std::string_view rollback,
              const std::vector<config::AttesterConfig>& attesters, int64_t now_micros,
              policy::Proofs& proofs) {
  SLUICE_ASSIGN(const Envelope envelope, open(text, attesters));
  SLUICE_ASSIGN(const json::value statement, parsed(envelope.payload, "what is attested"));
  if (text_of(statement, "_type") != "https://in-toto.io/Statement/v1" ||
      text_of(statement, "predicateType") != kPredicate)
    return bad(fmt::format("expected an in-toto statement v1 of type {}", kPredicate));
  SLUICE_TRY(check_subjects(statement, script, rollback));
  const json::value* predicate = member(statement, "predicate");
  if (predicate == nullptr || text_of(*predicate, "result") != "PASSED")
    return bad("it does not say that the tests have passed");
  SLUICE_ASSIGN(const int64_t finished, policy::parse_moment(text_of(*predicate, "finishedOn")));
  if (finished > now_micros + kAheadMicros) return bad("its tests end in the future");
  for (const auto* signer : envelope.signers) {
    const auto most =
        std::chrono::duration_cast<std::chrono::microseconds>(signer->max_age).count();
    if (now_micros - finished > most)
      return bad(fmt::format("it is too old for \"{}\": from {}", signer->name,
                             text_of(*predicate, "finishedOn")));
    proofs.attested[signer->name] =
        fmt::format("tests passed for script sha256:{} at {}", hex_sha256(script),
                    text_of(*predicate, "finishedOn"));
  }
  return {};
}

}  // namespace

void read_attestation(std::string_view envelope, std::string_view script, std::string_view rollback,
                      const std::vector<config::AttesterConfig>& attesters, int64_t now_micros,
                      policy::Proofs& proofs) {
  if (envelope.empty()) return;
  const auto done = read(envelope, script, rollback, attesters, now_micros, proofs);
  if (done) return;
  proofs.attested.clear();
  proofs.attestation_problem = done.error().text;
}

}  // namespace sluice::change
