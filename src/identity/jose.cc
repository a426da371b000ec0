// The one place that includes cjose, and jansson, its JSON reader.
#include "identity/jose.h"

#include <algorithm>
#include <array>
#include <map>

#include <cjose/cjose.h>
#include <fmt/format.h>
#include <jansson.h>
#include <sodium.h>

#include "base/base64.h"

namespace sluice::identity {
namespace {

constexpr size_t kLongestToken = size_t{32} << 10;
constexpr size_t kLongestKeySet = size_t{256} << 10;
constexpr size_t kMostKeys = 128;
constexpr size_t kLongestName = 512;
constexpr size_t kLeastRsaBits = 2048;
constexpr size_t kMostRsaBits = 8192;

struct JsonCloser {
  void operator()(json_t* value) const { json_decref(value); }
};
using Json = std::unique_ptr<json_t, JsonCloser>;

/// What the library's own reader, which takes the last of two equal names, makes of a text is what
/// counts for it: so both readers see only texts that mean one thing.
Result<Json> load_object(std::string_view text) {
  json_error_t error;
  Json value(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, &error));
  if (!value || !json_is_object(value.get()))
    return fail(ErrorCode::kInvalidInput, "expected a JSON object without repeated names");
  return value;
}

std::optional<std::string> text_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

bool is_base64url(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

/// Only the one spelling of the bytes (RFC 4648, section 3.5).
std::optional<std::string> from_base64url(std::string_view text) {
  if (!is_base64url(text)) return std::nullopt;
  std::string standard(text);
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  standard.append((4 - standard.size() % 4) % 4, '=');
  auto bytes = from_base64(standard);
  if (bytes && to_base64url(*bytes) != text) return std::nullopt;
  return bytes;
}

/// Whether a key says that it verifies signatures, or does not say what it is for.
bool for_signatures(const boost::json::object& jwk) {
  if (const auto* use = jwk.if_contains("use"); use != nullptr && *use != "sig") return false;
  const auto* operations = jwk.if_contains("key_ops");
  if (operations == nullptr) return true;
  if (!operations->is_array()) return false;
  const auto& all = operations->get_array();
  return std::find(all.begin(), all.end(), boost::json::value("verify")) != all.end();
}

std::string family_of_key(const boost::json::object& jwk) {
  const auto type = text_of(jwk, "kty").value_or("");
  if (type == "RSA") return type;
  const auto curve = text_of(jwk, "crv").value_or("");
  if (type == "OKP") return curve == "Ed25519" ? curve : "";
  const bool known = curve == "P-256" || curve == "P-384" || curve == "P-521";
  return type == "EC" && known ? curve : "";
}

}  // namespace

/// A key of the library; of Ed25519, which it does not know, the 32 bytes of the point.
struct PublicKey::Handle {
  explicit Handle(cjose_jwk_t* key) : jwk(key) {}
  explicit Handle(std::string key) : ed25519(std::move(key)) {}
  ~Handle() {
    if (jwk != nullptr) cjose_jwk_release(jwk);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  cjose_jwk_t* jwk = nullptr;
  std::string ed25519;
};

namespace {

/// The library's key of the public members of `jwk` alone; null where it takes it for none. It ends
/// the process over numbers that are no base64url: those do not get there.
std::shared_ptr<const PublicKey::Handle> import_public(const boost::json::object& jwk) {
  boost::json::object shown;
  for (const char* member : {"kty", "n", "e", "crv", "x", "y"}) {
    if (const auto* value = jwk.if_contains(member)) shown[member] = *value;
  }
  for (const char* number : {"n", "e", "x", "y"}) {
    if (shown.contains(number) && !from_base64url(text_of(shown, number).value_or("=")))
      return nullptr;
  }
  const std::string text = boost::json::serialize(shown);
  cjose_err error;
  cjose_jwk_t* key = cjose_jwk_import(text.data(), text.size(), &error);
  return key == nullptr ? nullptr : std::make_shared<PublicKey::Handle>(key);
}

/// RFC 8037, section 2; null for what is no point.
std::shared_ptr<const PublicKey::Handle> import_ed25519(const boost::json::object& jwk) {
  auto point = from_base64url(text_of(jwk, "x").value_or(""));
  if (!point || point->size() != crypto_sign_PUBLICKEYBYTES) return nullptr;
  return std::make_shared<PublicKey::Handle>(std::move(*point));
}

Result<std::optional<PublicKey>> read_key(const boost::json::value& value) {
  if (!value.is_object()) return fail(ErrorCode::kInvalidInput, "a key is not an object");
  const auto& jwk = value.get_object();
  std::string family = family_of_key(jwk);
  if (family.empty() || !for_signatures(jwk)) return std::nullopt;
  std::string algorithm = text_of(jwk, "alg").value_or("");
  if (!algorithm.empty() && family_of(algorithm) != family) return std::nullopt;
  std::string kid = text_of(jwk, "kid").value_or("");
  auto handle = family == "Ed25519" ? import_ed25519(jwk) : import_public(jwk);
  if (handle == nullptr) return std::nullopt;
  cjose_err error;
  const size_t bits = family == "RSA" ? cjose_jwk_get_keysize(handle->jwk, &error) : 0;
  if (family == "RSA" && (bits < kLeastRsaBits || bits > kMostRsaBits)) return std::nullopt;
  return PublicKey(std::move(kid), std::move(family), std::move(algorithm), std::move(handle));
}

}  // namespace

std::string to_base64url(std::string_view bytes) {
  std::string text = to_base64(bytes);
  text.erase(std::find(text.begin(), text.end(), '='), text.end());
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::string_view family_of(std::string_view algorithm) {
  // No "none", no HMAC: those would let whoever knows a public key make tokens.
  static const std::map<std::string_view, std::string_view> families = {
      {"RS256", "RSA"},   {"RS384", "RSA"},     {"RS512", "RSA"},      {"PS256", "RSA"},
      {"PS384", "RSA"},   {"PS512", "RSA"},     {"ES256", "P-256"},    {"ES384", "P-384"},
      {"ES512", "P-521"}, {"EdDSA", "Ed25519"}, {"Ed25519", "Ed25519"}};
  const auto found = families.find(algorithm);
  return found == families.end() ? std::string_view() : found->second;
}

Result<boost::json::object> parse_strict_object(std::string_view text) {
  SLUICE_TRY(load_object(text));
  boost::json::error_code error;
  auto value = boost::json::parse(text, error);
  if (error || !value.is_object())
    return fail(ErrorCode::kInvalidInput, "expected a JSON object that is not nested so deeply");
  return std::move(value.get_object());
}

bool KeySet::has(std::string_view kid) const {
  return std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key.kid() == kid; });
}

Result<KeySet> parse_key_set(std::string_view text) {
  if (text.size() > kLongestKeySet)
    return fail(ErrorCode::kInvalidInput, "the key set is too large");
  SLUICE_ASSIGN(const auto object, parse_strict_object(text));
  const auto* list = object.if_contains("keys");
  if (list == nullptr || !list->is_array())
    return fail(ErrorCode::kInvalidInput, "the key set has no list \"keys\"");
  if (list->get_array().size() > kMostKeys)
    return fail(ErrorCode::kInvalidInput, "the key set has too many keys");
  KeySet set;
  for (const auto& value : list->get_array()) {
    SLUICE_ASSIGN(auto key, read_key(value));
    if (!key) continue;
    const auto same = [&](const PublicKey& other) {
      return !other.kid().empty() && other.kid() == key->kid() && other.family() == key->family();
    };
    if (std::any_of(set.keys.begin(), set.keys.end(), same))
      return fail(ErrorCode::kInvalidInput,
                  fmt::format("two keys of the set are called \"{}\"", key->kid()));
    set.keys.push_back(std::move(*key));
  }
  return set;
}

/// A token of the library; of Ed25519, which it does not know, what is signed, and the signature.
struct Jws::Handle {
  explicit Handle(cjose_jws_t* token) : jws(token) {}
  Handle(std::string_view text, std::string bytes)
      : signed_text(text), signature(std::move(bytes)) {}
  ~Handle() {
    if (jws != nullptr) cjose_jws_release(jws);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  cjose_jws_t* jws = nullptr;
  std::string signed_text, signature;
};

Jws::Jws(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Jws::Jws(Jws&&) noexcept = default;
Jws& Jws::operator=(Jws&&) noexcept = default;
Jws::~Jws() = default;

Result<Jws> Jws::parse(std::string_view token) {
  if (token.size() > kLongestToken)
    return fail(ErrorCode::kInvalidInput, "the token is longer than 32 KiB");
  const size_t first = token.find('.');
  const size_t second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos)
    return fail(ErrorCode::kInvalidInput, "the token is not of three parts: no signed JWT");
  const auto header_text = from_base64url(token.substr(0, first));
  const auto payload = from_base64url(token.substr(first + 1, second - first - 1));
  const auto signature = from_base64url(token.substr(second + 1));
  if (!header_text || !payload || !signature)
    return fail(ErrorCode::kInvalidInput, "a part of the token is not base64url");
  auto header = parse_strict_object(*header_text);
  if (!header) return fail(std::move(header.error()).within("the token's header"));
  if (header->contains("crit"))
    return fail(ErrorCode::kInvalidInput, "the token has critical extensions, and none is known");
  if (header->contains("b64") || header->contains("enc") || header->contains("zip"))
    return fail(ErrorCode::kInvalidInput, "the token is not signed plainly");
  const auto algorithm = text_of(*header, "alg");
  if (!algorithm) return fail(ErrorCode::kInvalidInput, "the token names no algorithm");
  for (const char* name : {"kid", "typ"}) {
    const auto* value = header->if_contains(name);
    if (value != nullptr && (!value->is_string() || value->get_string().size() > kLongestName))
      return fail(ErrorCode::kInvalidInput, fmt::format("the token's {} is no short text", name));
  }
  auto claims = parse_strict_object(*payload);
  if (!claims) return fail(std::move(claims.error()).within("the token's claims"));
  // The library needs no more than this; what it would refuse anyway is refused above by name.
  if (family_of(*algorithm).empty()) {
    return fail(
        ErrorCode::kInvalidInput,
        fmt::format("the token's algorithm \"{}\" is not accepted", algorithm->substr(0, 32)));
  }
  const bool ed25519 = family_of(*algorithm) == "Ed25519";
  cjose_err error;
  auto handle =
      ed25519 ? std::make_unique<Handle>(token.substr(0, second), *signature)
              : std::make_unique<Handle>(cjose_jws_import(token.data(), token.size(), &error));
  if (handle->jws == nullptr && !ed25519)
    return fail(ErrorCode::kInvalidInput, "the token cannot be read as a signed JWT");
  Jws jws(std::move(handle));
  jws.algorithm_ = *algorithm;
  jws.kid_ = text_of(*header, "kid");
  jws.type_ = text_of(*header, "typ");
  jws.claims_ = std::move(*claims);
  return jws;
}

bool Jws::verify(const PublicKey& key) const {
  if (family_of(algorithm_) != key.family()) return false;
  if (!key.algorithm().empty() && key.algorithm() != algorithm_) return false;
  if (key.family() == "Ed25519") {
    const auto bytes = [](const std::string& text) {
      return reinterpret_cast<const unsigned char*>(text.data());
    };
    return handle_->signature.size() == crypto_sign_BYTES &&
           crypto_sign_verify_detached(bytes(handle_->signature), bytes(handle_->signed_text),
                                       handle_->signed_text.size(),
                                       bytes(key.handle().ed25519)) == 0;
  }
  cjose_err error;
  return cjose_jws_verify(handle_->jws, key.handle().jwk, &error);
}

}  // namespace sluice::identity
