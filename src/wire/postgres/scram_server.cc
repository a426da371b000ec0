#include <cstring>

#include <fmt/format.h>

#include "base/random.h"
#include "base/secret.h"
#include "wire/postgres/scram.h"
#include "wire/postgres/scram_crypto.h"

namespace sluice::wire::postgres {
namespace {

tl::unexpected<Error> bad(std::string text) { return fail(ErrorCode::kProtocol, std::move(text)); }

}  // namespace

ScramServer::ScramServer(std::string salt, int iterations, std::vector<ScramCandidate> candidates,
                         std::string channel_binding)
    : salt_(std::move(salt)),
      iterations_(iterations),
      candidates_(std::move(candidates)),
      channel_binding_(std::move(channel_binding)) {
  while (candidates_.empty() || candidates_.size() % kCandidates != 0) {
    ScramCandidate& nobody = candidates_.emplace_back();
    random_bytes(nobody.stored_key.data(), nobody.stored_key.size());
    random_bytes(nobody.server_key.data(), nobody.server_key.size());
  }
}

ScramServer::ScramServer(ScramVerifier verifier, bool genuine, std::string channel_binding)
    : ScramServer(std::move(verifier.salt), verifier.iterations,
                  {{verifier.stored_key, verifier.server_key, genuine}},
                  std::move(channel_binding)) {}

Result<> ScramServer::read_gs2_header(bool plus, std::string_view& rest) const {
  // gs2-cbind-flag: "n" no support, "y" client thinks the server has none, "p" used.
  const char flag = rest.empty() ? '\0' : rest[0];
  if (flag == 'p') {
    SLUICE_ASSIGN(const auto type, scram::attribute(rest, 'p'));
    if (!plus) return bad("SCRAM channel binding used with a mechanism that has none");
    if (type != "tls-server-end-point") return bad("unsupported SCRAM channel-binding type");
  } else if (flag == 'n' || flag == 'y') {
    if (plus) return bad("SCRAM-SHA-256-PLUS needs channel binding");
    if (flag == 'y' && !channel_binding_.empty()) {
      // Somebody removed PLUS from what we offered.
      return bad("SCRAM channel binding negotiation error");
    }
    if (rest.size() < 2 || rest[1] != ',') return scram::malformed("expected a comma");
    rest.remove_prefix(2);
  } else {
    return scram::malformed("unknown channel-binding flag");
  }
  if (rest.starts_with("a=")) {
    return bad("client uses authorization identity, but it is not supported");
  }
  if (!rest.starts_with(",")) return scram::malformed("expected a comma");
  rest.remove_prefix(1);
  return {};
}

Result<std::string> ScramServer::first(std::string_view mechanism, Bytes client_first) {
  if (std::exchange(step_, Step::kOver) != Step::kFirst) return bad("SCRAM message out of turn");
  if (client_first.size() > scram::kMaxMessage) return bad("SCRAM message too long");
  const bool plus = mechanism == kScramSha256Plus;
  if (!plus && mechanism != kScramSha256) {
    return bad("client selected an invalid SASL authentication mechanism");
  }
  if (plus && channel_binding_.empty()) {
    return bad("client selected SCRAM-SHA-256-PLUS without TLS");
  }
  std::string_view rest = client_first;
  SLUICE_TRY(read_gs2_header(plus, rest));
  gs2_header_.assign(client_first.substr(0, client_first.size() - rest.size()));
  client_first_bare_.assign(rest);
  if (rest.starts_with("m=")) return bad("client requires an unsupported SCRAM extension");
  SLUICE_ASSIGN([[maybe_unused]] const auto ignored_user, scram::attribute(rest, 'n'));
  SLUICE_ASSIGN(const auto client_nonce, scram::attribute(rest, 'r'));
  if (!scram::printable(client_nonce)) return bad("non-printable characters in SCRAM nonce");
  nonce_ = std::string(client_nonce) + to_base64(random_string(scram::kNonceBytes));
  server_first_ = fmt::format("r={},s={},i={}", nonce_, to_base64(salt_), iterations_);
  step_ = Step::kFinal;
  return server_first_;
}

Result<std::string> ScramServer::final(Bytes client_final) {
  if (std::exchange(step_, Step::kOver) != Step::kFinal) return bad("SCRAM message out of turn");
  if (client_final.size() > scram::kMaxMessage) return bad("SCRAM message too long");
  std::string_view rest = client_final;
  SLUICE_ASSIGN(const auto binding, scram::attribute(rest, 'c'));
  SLUICE_ASSIGN(const auto nonce, scram::attribute(rest, 'r'));
  while (!rest.empty() && rest[0] != 'p') {  // extensions
    const size_t comma = rest.find(',');
    if (comma == std::string_view::npos) return scram::malformed("no proof");
    rest.remove_prefix(comma + 1);
  }
  if (rest.empty()) return scram::malformed("no proof");
  const Bytes without_proof = client_final.substr(0, client_final.size() - rest.size() - 1);
  SLUICE_ASSIGN(const auto proof_text, scram::attribute(rest, 'p'));
  if (!rest.empty()) return scram::malformed("garbage at the end");
  const std::string expected_binding =
      gs2_header_[0] == 'p' ? gs2_header_ + channel_binding_ : gs2_header_;
  if (!equal_constant_time(binding, to_base64(expected_binding))) {
    return bad("SCRAM channel binding check failed");
  }
  if (!equal_constant_time(nonce, nonce_)) return bad("SCRAM nonce does not match");
  SLUICE_ASSIGN(const std::string proof, scram::decoded(proof_text));
  return check_proof(proof,
                     fmt::format("{},{},{}", client_first_bare_, server_first_, without_proof));
}

/// Every candidate is looked at, whatever was found before.
Result<std::string> ScramServer::check_proof(Bytes proof, const std::string& auth_message) {
  ScramKey proof_key;
  if (proof.size() != proof_key.size()) return scram::malformed("invalid proof");
  std::memcpy(proof_key.data(), proof.data(), proof_key.size());
  size_t matching = candidates_.size();
  for (size_t i = 0; i < candidates_.size(); ++i) {
    const ScramKey& stored_key = candidates_[i].stored_key;
    const ScramKey signature = scram::hmac(scram::view(stored_key), auth_message);
    const ScramKey client_key = scram::exclusive_or(proof_key, signature);
    const bool matches =
        equal_constant_time(scram::view(scram::hash(client_key)), scram::view(stored_key));
    matching = matches ? i : matching;
  }
  const bool known = matching < candidates_.size();
  const ScramCandidate& shown = candidates_[known ? matching : 0];
  const ScramKey server_signature = scram::hmac(scram::view(shown.server_key), auth_message);
  if (known) shown_ = matching;
  if (!known || !shown.good) {
    return fail(ErrorCode::kAuthentication, "password authentication failed");
  }
  return "v=" + to_base64(scram::view(server_signature));
}

}  // namespace sluice::wire::postgres
