#include <fmt/format.h>

#include "base/random.h"
#include "base/secret.h"
#include "wire/postgres/scram.h"
#include "wire/postgres/scram_crypto.h"

namespace sluice::wire::postgres {
namespace {

tl::unexpected<Error> bad(std::string text) { return fail(ErrorCode::kProtocol, std::move(text)); }

}  // namespace

ScramClient::ScramClient(std::string password, std::string channel_binding, bool offered_plus)
    : password_(std::move(password)),
      channel_binding_(std::move(channel_binding)),
      plus_(offered_plus && !channel_binding_.empty()) {
  // "y" would say that we could bind but the server cannot: only true on TLS without the offer.
  gs2_header_ = plus_ ? "p=tls-server-end-point,," : !channel_binding_.empty() ? "y,," : "n,,";
}

std::string ScramClient::first() {
  step_ = Step::kFinal;
  nonce_ = to_base64(random_string(scram::kNonceBytes));
  client_first_bare_ = "n=,r=" + nonce_;
  return gs2_header_ + client_first_bare_;
}

Result<std::string> ScramClient::final(Bytes server_first) {
  // Once only: a second proof for another salt would be one more guess for a hostile server.
  if (std::exchange(step_, Step::kOver) != Step::kFinal) return bad("SCRAM message out of turn");
  if (server_first.size() > scram::kMaxMessage) return bad("SCRAM message too long");
  std::string_view rest = server_first;
  SLUICE_ASSIGN(const auto nonce, scram::attribute(rest, 'r'));
  SLUICE_ASSIGN(const auto salt_text, scram::attribute(rest, 's'));
  SLUICE_ASSIGN(const auto iterations_text, scram::attribute(rest, 'i'));
  if (!nonce.starts_with(nonce_) || nonce.size() == nonce_.size() || !scram::printable(nonce)) {
    return bad("server sent an invalid SCRAM nonce");
  }
  SLUICE_ASSIGN(std::string salt, scram::decoded(salt_text));
  SLUICE_ASSIGN(const int iterations, scram::number(iterations_text));
  if (salt.empty()) return bad("server sent an empty SCRAM salt");
  if (iterations < 1 || iterations > kMaxIterations) {
    return bad(fmt::format("server asks for {} SCRAM iterations; from 1 to {} are acceptable",
                           iterations, kMaxIterations));
  }
  if (keys_.salt != salt || keys_.iterations != iterations) {
    keys_ = scram::derive_keys(password_.reveal(), std::move(salt), iterations);
  }
  const std::string binding = plus_ ? gs2_header_ + channel_binding_ : gs2_header_;
  const std::string without_proof = fmt::format("c={},r={}", to_base64(binding), nonce);
  auth_message_ = fmt::format("{},{},{}", client_first_bare_, server_first, without_proof);
  const ScramKey signature = scram::hmac(scram::view(scram::hash(keys_.client_key)), auth_message_);
  const ScramKey proof = scram::exclusive_or(keys_.client_key, signature);
  step_ = Step::kVerify;
  return without_proof + ",p=" + to_base64(scram::view(proof));
}

Result<> ScramClient::verify(Bytes server_final) {
  if (std::exchange(step_, Step::kOver) != Step::kVerify) return bad("SCRAM message out of turn");
  if (server_final.size() > scram::kMaxMessage) return bad("SCRAM message too long");
  std::string_view rest = server_final;
  if (rest.starts_with("e=")) {
    return fail(ErrorCode::kAuthentication, "password authentication failed");
  }
  SLUICE_ASSIGN(const auto text, scram::attribute(rest, 'v'));
  if (!rest.empty()) return scram::malformed("garbage at the end");
  SLUICE_ASSIGN(const std::string signature, scram::decoded(text));
  const ScramKey expected = scram::hmac(scram::view(keys_.server_key), auth_message_);
  if (!equal_constant_time(signature, scram::view(expected))) {
    return fail(ErrorCode::kAuthentication, "server could not prove that it knows the password");
  }
  return {};
}

}  // namespace sluice::wire::postgres
