#include "wire/postgres/scram_crypto.h"

#include <charconv>
#include <cstring>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stringprep.h>

#include "base/base64.h"
#include "base/hash.h"

namespace sluice::wire::postgres::scram {

tl::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorCode::kProtocol, fmt::format("malformed SCRAM message: {}", what));
}

Result<std::string> decoded(std::string_view base64) {
  auto raw = from_base64(base64);
  if (!raw) return malformed("invalid base64");
  return std::move(*raw);
}

Bytes view(const ScramKey& key) { return {reinterpret_cast<const char*>(key.data()), key.size()}; }

ScramKey hmac(Bytes key, Bytes data) {
  ScramKey out;
  unsigned int size = out.size();
  // A null key would mean "the one of before" to OpenSSL.
  const char* bytes = key.data() == nullptr ? "" : key.data();
  HMAC(EVP_sha256(), bytes, static_cast<int>(key.size()),
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

namespace {

/// What stringprep_profile would not take as PostgreSQL does. U+0340 and U+0341 are prohibited, but
/// normalised to characters that are not: PostgreSQL looks before it normalises.
bool beyond_stringprep(std::string_view password) {
  return password.find('\0') != std::string_view::npos ||
         password.find("\xCD\x80") != std::string_view::npos ||
         password.find("\xCD\x81") != std::string_view::npos;
}

}  // namespace

SecretString prepare_password(std::string_view password) {
  std::string in(password);
  char* out = nullptr;
  const int rc = !beyond_stringprep(in)
                     ? stringprep_profile(in.c_str(), &out, "SASLprep", STRINGPREP_NO_UNASSIGNED)
                     : STRINGPREP_PROFILE_ERROR;
  const bool prepared = rc == STRINGPREP_OK && out != nullptr && *out != '\0';
  SecretString result(prepared ? std::string(out) : in);
  if (out != nullptr) {
    sodium_memzero(out, std::strlen(out));
    free(out);
  }
  sodium_memzero(in.data(), in.size());
  return result;
}

ScramKeys derive_keys(std::string_view password, std::string salt, int iterations) {
  const SecretString prepared = prepare_password(password);
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

Result<std::string_view> attribute(std::string_view& rest, char name) {
  if (rest.size() < 2 || rest[0] != name || rest[1] != '=') {
    return malformed(fmt::format("expected attribute \"{}\"", name));
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
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    return malformed("invalid iteration count");
  }
  return value;
}

}  // namespace sluice::wire::postgres::scram
