#include "wire/postgres/scram.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stringprep.h>

#include <charconv>

#include "base/hash.h"
#include "base/random.h"
#include "base/secret.h"

namespace sluice::wire::postgres {
namespace {

constexpr size_t kMaxMessage = 4096;
constexpr size_t kNonceBytes = 18;

tl::unexpected<Error> bad(std::string text) { return fail(ErrorCode::kProtocol, std::move(text)); }
tl::unexpected<Error> denied() {
  return fail(ErrorCode::kAuthentication, "password authentication failed");
}

std::string base64(Bytes raw) {
  std::string out(sodium_base64_encoded_len(raw.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(raw.data()),
                    raw.size(), sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();  // libsodium's terminator
  return out;
}

Result<std::string> from_base64(std::string_view text) {
  std::string out(text.size() / 4 * 3 + 3, '\0');
  size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(),
                        text.size(), nullptr, &size, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
      end != text.data() + text.size()) {
    return bad("malformed SCRAM message: invalid base64");
  }
  out.resize(size);
  return out;
}

Bytes view(const ScramKey& key) { return {reinterpret_cast<const char*>(key.data()), key.size()}; }

ScramKey hmac(Bytes key, Bytes data) {
  ScramKey out;
  unsigned int size = out.size();
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(data.data()), data.size(), out.data(), &size);
  return out;
}

ScramKey hash(const ScramKey& key) {
  ScramKey out;
  const auto digest = sha256(view(key));
  std::memcpy(out.data(), digest.data(), out.size());
  return out;
}

ScramKey exclusive_or(const ScramKey& a, const ScramKey& b) {
  ScramKey out;
  for (size_t i = 0; i < out.size(); ++i) out[i] = a[i] ^ b[i];
  return out;
}

/// RFC 4013, or the password itself where that does not allow it.
SecretString saslprep(std::string_view password) {
  std::string in(password);
  char* out = nullptr;
  const int rc = in.find('\0') == std::string::npos
                     ? stringprep_profile(in.c_str(), &out, "SASLprep", static_cast<Stringprep_profile_flags>(0))
                     : STRINGPREP_PROFILE_ERROR;
  std::string prepared = rc == STRINGPREP_OK ? std::string(out) : in;
  if (out != nullptr) {
    sodium_memzero(out, std::char_traits<char>::length(out));
    free(out);
  }
  sodium_memzero(in.data(), in.size());
  return SecretString(std::move(prepared));
}

ScramKeys derive_keys(std::string_view password, std::string salt, int iterations) {
  const SecretString prepared = saslprep(password);
  ScramKey salted;
  PKCS5_PBKDF2_HMAC(prepared.reveal().data(), static_cast<int>(prepared.reveal().size()),
                    reinterpret_cast<const unsigned char*>(salt.data()),
                    static_cast<int>(salt.size()), iterations, EVP_sha256(),
                    static_cast<int>(salted.size()), salted.data());
  ScramKeys keys{std::move(salt), iterations, hmac(view(salted), "Client Key"),
                 hmac(view(salted), "Server Key")};
  sodium_memzero(salted.data(), salted.size());
  return keys;
}

/// Takes "<name>=<value>" up to a comma off the front of `rest`.
Result<std::string_view> attribute(std::string_view& rest, char name) {
  if (rest.size() < 2 || rest[0] != name || rest[1] != '=') {
    return bad(fmt::format("malformed SCRAM message: expected attribute \"{}\"", name));
  }
  const size_t end = std::min(rest.find(','), rest.size());
  const std::string_view value = rest.substr(2, end - 2);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return value;
}

bool printable(std::string_view text) {
  for (const char c : text) {
    if (c < 0x21 || c > 0x7E || c == ',') return false;
  }
  return !text.empty();
}

Result<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return bad("malformed SCRAM message: invalid iteration count");
  }
  return value;
}

Result<ScramKey> key_from_base64(std::string_view text) {
  SLUICE_ASSIGN(const std::string raw, from_base64(text));
  ScramKey key;
  if (raw.size() != key.size()) return bad("malformed SCRAM verifier");
  std::memcpy(key.data(), raw.data(), key.size());
  return key;
}

}  // namespace

Result<ScramVerifier> ScramVerifier::parse(std::string_view text) {
  const std::string_view prefix = "SCRAM-SHA-256$";
  const size_t colon = text.find(':');
  const size_t dollar = text.find('$', prefix.size());
  const size_t second = dollar == std::string_view::npos ? dollar : text.find(':', dollar);
  if (!text.starts_with(prefix) || second == std::string_view::npos || colon > dollar) {
    return fail(ErrorCode::kInvalidInput, "malformed SCRAM verifier");
  }
  ScramVerifier verifier;
  SLUICE_ASSIGN(verifier.iterations, number(text.substr(prefix.size(), colon - prefix.size())));
  SLUICE_ASSIGN(verifier.salt, from_base64(text.substr(colon + 1, dollar - colon - 1)));
  SLUICE_ASSIGN(verifier.stored_key,
                key_from_base64(text.substr(dollar + 1, second - dollar - 1)));
  SLUICE_ASSIGN(verifier.server_key, key_from_base64(text.substr(second + 1)));
  if (verifier.iterations < 1 || verifier.salt.empty()) {
    return fail(ErrorCode::kInvalidInput, "malformed SCRAM verifier");
  }
  return verifier;
}

std::string ScramVerifier::format() const {
  return fmt::format("SCRAM-SHA-256${}:{}${}:{}", iterations, base64(salt), base64(view(stored_key)),
                     base64(view(server_key)));
}

std::string make_verifier(std::string_view password, int iterations) {
  const ScramKeys keys = derive_keys(password, random_string(16), iterations);
  return ScramVerifier{iterations, keys.salt, hash(keys.client_key), keys.server_key}.format();
}

ScramServer::ScramServer(ScramVerifier verifier, bool genuine, std::string channel_binding)
    : verifier_(std::move(verifier)),
      genuine_(genuine),
      channel_binding_(std::move(channel_binding)) {}

ScramVerifier ScramServer::mock_verifier(std::string_view secret, std::string_view user) {
  ScramVerifier verifier;
  const ScramKey salt = hmac(secret, user);
  verifier.salt.assign(view(salt).substr(0, 16));
  random_bytes(verifier.stored_key.data(), verifier.stored_key.size());
  random_bytes(verifier.server_key.data(), verifier.server_key.size());
  return verifier;
}

Result<std::string> ScramServer::first(std::string_view mechanism, Bytes client_first) {
  if (client_first.size() > kMaxMessage) return bad("SCRAM message too long");
  const bool plus = mechanism == kScramSha256Plus;
  if (!plus && mechanism != kScramSha256) {
    return bad("client selected an invalid SASL authentication mechanism");
  }
  if (plus && channel_binding_.empty()) {
    return bad("client selected SCRAM-SHA-256-PLUS without TLS");
  }
  // gs2-cbind-flag: "n" no support, "y" client thinks the server has none, "p" used.
  std::string_view rest = client_first;
  const char flag = rest.empty() ? '\0' : rest[0];
  if (flag == 'p') {
    SLUICE_ASSIGN(const auto type, attribute(rest, 'p'));
    if (!plus) return bad("SCRAM channel binding used with a mechanism that has none");
    if (type != "tls-server-end-point") return bad("unsupported SCRAM channel-binding type");
  } else if (flag == 'n' || flag == 'y') {
    if (plus) return bad("SCRAM-SHA-256-PLUS needs channel binding");
    if (flag == 'y' && !channel_binding_.empty()) {
      // Somebody removed PLUS from what we offered.
      return bad("SCRAM channel binding negotiation error");
    }
    if (rest.size() < 2 || rest[1] != ',') return bad("malformed SCRAM message");
    rest.remove_prefix(2);
  } else {
    return bad("malformed SCRAM message: unknown channel-binding flag");
  }
  if (rest.starts_with("a=")) return bad("client uses authorization identity, but it is not supported");
  if (!rest.starts_with(",")) return bad("malformed SCRAM message");
  rest.remove_prefix(1);
  gs2_header_.assign(client_first.substr(0, client_first.size() - rest.size()));
  client_first_bare_.assign(rest);
  if (rest.starts_with("m=")) return bad("client requires an unsupported SCRAM extension");
  SLUICE_ASSIGN([[maybe_unused]] const auto ignored_user, attribute(rest, 'n'));
  SLUICE_ASSIGN(const auto client_nonce, attribute(rest, 'r'));
  if (!printable(client_nonce)) return bad("non-printable characters in SCRAM nonce");
  nonce_ = std::string(client_nonce) + base64(random_string(kNonceBytes));
  server_first_ = fmt::format("r={},s={},i={}", nonce_, base64(verifier_.salt), verifier_.iterations);
  return server_first_;
}

Result<std::string> ScramServer::final(Bytes client_final) {
  if (client_final.size() > kMaxMessage) return bad("SCRAM message too long");
  std::string_view rest = client_final;
  SLUICE_ASSIGN(const auto binding, attribute(rest, 'c'));
  SLUICE_ASSIGN(const auto nonce, attribute(rest, 'r'));
  while (!rest.empty() && rest[0] != 'p') {  // extensions
    const size_t comma = rest.find(',');
    if (comma == std::string_view::npos) return bad("malformed SCRAM message: no proof");
    rest.remove_prefix(comma + 1);
  }
  const std::string_view without_proof =
      client_final.substr(0, client_final.size() - rest.size() - (rest.empty() ? 0 : 1));
  SLUICE_ASSIGN(const auto proof_text, attribute(rest, 'p'));
  if (!rest.empty()) return bad("malformed SCRAM message: garbage at the end");
  const std::string expected_binding =
      gs2_header_[0] == 'p' ? gs2_header_ + channel_binding_ : gs2_header_;
  if (!equal_constant_time(binding, base64(expected_binding))) {
    return bad("SCRAM channel binding check failed");
  }
  if (!equal_constant_time(nonce, nonce_)) return bad("SCRAM nonce does not match");
  SLUICE_ASSIGN(const std::string proof, from_base64(proof_text));
  ScramKey proof_key;
  if (proof.size() != proof_key.size()) return bad("malformed SCRAM message: invalid proof");
  std::memcpy(proof_key.data(), proof.data(), proof_key.size());

  const std::string auth_message =
      client_first_bare_ + "," + server_first_ + "," + std::string(without_proof);
  const ScramKey signature = hmac(view(verifier_.stored_key), auth_message);
  const ScramKey client_key = exclusive_or(proof_key, signature);
  const bool matches = equal_constant_time(view(hash(client_key)), view(verifier_.stored_key));
  const ScramKey server_signature = hmac(view(verifier_.server_key), auth_message);
  if (!matches || !genuine_) return denied();
  return "v=" + base64(view(server_signature));
}

ScramClient::ScramClient(std::string password, std::string channel_binding, bool offered_plus)
    : password_(std::move(password)),
      channel_binding_(std::move(channel_binding)),
      plus_(offered_plus && !channel_binding_.empty()) {
  // "y" would say that we could bind but the server cannot: only true on TLS without the offer.
  gs2_header_ = plus_                        ? "p=tls-server-end-point,,"
                : !channel_binding_.empty() ? "y,,"
                                            : "n,,";
}

ScramClient::~ScramClient() { sodium_memzero(password_.data(), password_.size()); }

std::string ScramClient::first() {
  nonce_ = base64(random_string(kNonceBytes));
  client_first_bare_ = "n=,r=" + nonce_;
  return gs2_header_ + client_first_bare_;
}

Result<std::string> ScramClient::final(Bytes server_first) {
  if (server_first.size() > kMaxMessage) return bad("SCRAM message too long");
  std::string_view rest = server_first;
  SLUICE_ASSIGN(const auto nonce, attribute(rest, 'r'));
  SLUICE_ASSIGN(const auto salt_text, attribute(rest, 's'));
  SLUICE_ASSIGN(const auto iterations_text, attribute(rest, 'i'));
  if (!nonce.starts_with(nonce_) || nonce.size() == nonce_.size() || !printable(nonce)) {
    return bad("server sent an invalid SCRAM nonce");
  }
  SLUICE_ASSIGN(std::string salt, from_base64(salt_text));
  SLUICE_ASSIGN(const int iterations, number(iterations_text));
  if (salt.empty()) return bad("server sent an empty SCRAM salt");
  if (iterations < 1 || iterations > kMaxIterations) {
    return bad("server sent an unacceptable SCRAM iteration count");
  }
  if (keys_.salt != salt || keys_.iterations != iterations) {
    keys_ = derive_keys(password_, std::move(salt), iterations);
  }
  const std::string binding = plus_ ? gs2_header_ + channel_binding_ : gs2_header_;
  const std::string without_proof = fmt::format("c={},r={}", base64(binding), nonce);
  auth_message_ = client_first_bare_ + "," + std::string(server_first) + "," + without_proof;
  const ScramKey signature = hmac(view(hash(keys_.client_key)), auth_message_);
  return without_proof + ",p=" + base64(view(exclusive_or(keys_.client_key, signature)));
}

Result<> ScramClient::verify(Bytes server_final) {
  std::string_view rest = server_final;
  if (rest.starts_with("e=")) return denied();
  SLUICE_ASSIGN(const auto text, attribute(rest, 'v'));
  SLUICE_ASSIGN(const std::string signature, from_base64(text));
  if (auth_message_.empty() ||
      !equal_constant_time(signature, view(hmac(view(keys_.server_key), auth_message_)))) {
    return fail(ErrorCode::kAuthentication, "server could not prove that it knows the password");
  }
  return {};
}

}  // namespace sluice::wire::postgres
