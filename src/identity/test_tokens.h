#pragma once

// Tokens and keys for tests, by the same library that verifies them; forged ones by hand.

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include <boost/json.hpp>
#include <cjose/cjose.h>
#include <jansson.h>

#include "identity/jose.h"

namespace sluice::identity {

/// A key pair.
class TestKey {
 public:
  static TestKey rsa(std::string kid, size_t bits = 2048) {
    cjose_err error;
    return {std::move(kid), cjose_jwk_create_RSA_random(bits, nullptr, 0, &error)};
  }
  static TestKey curve(std::string kid, cjose_jwk_ec_curve curve = CJOSE_JWK_EC_P_256) {
    cjose_err error;
    return {std::move(kid), cjose_jwk_create_EC_random(curve, &error)};
  }

  const std::string& kid() const { return kid_; }
  boost::json::object public_jwk() const {
    cjose_err error;
    char* text = cjose_jwk_to_json(key_.get(), false, &error);
    auto jwk = boost::json::parse(text).as_object();
    std::free(text);
    jwk["kid"] = kid_;
    return jwk;
  }
  /// Signs `claims` under a header of alg, kid, and what `more` says.
  std::string sign(std::string_view algorithm, const boost::json::object& claims,
                   const boost::json::object& more = {}) const {
    boost::json::object header{{"alg", algorithm}, {"kid", kid_}};
    for (const auto& [name, value] : more) {
      if (value.is_null()) {
        header.erase(name);
      } else {
        header[name] = value;
      }
    }
    return sign_text(boost::json::serialize(header), boost::json::serialize(claims));
  }
  std::string sign_text(const std::string& header, const std::string& payload) const {
    cjose_err error;
    json_t* protected_header = json_loads(header.c_str(), 0, nullptr);
    cjose_jws_t* jws =
        cjose_jws_sign(key_.get(), protected_header,
                       reinterpret_cast<const uint8_t*>(payload.data()), payload.size(), &error);
    json_decref(protected_header);
    const char* compact = nullptr;
    cjose_jws_export(jws, &compact, &error);
    std::string token(compact);
    cjose_jws_release(jws);
    return token;
  }

 private:
  struct Closer {
    void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
  };
  TestKey(std::string kid, cjose_jwk_t* key) : kid_(std::move(kid)), key_(key) {}
  std::string kid_;
  std::unique_ptr<cjose_jwk_t, Closer> key_;
};

/// The key set that publishes `keys`.
inline std::string key_set_of(std::initializer_list<const TestKey*> keys) {
  boost::json::array list;
  for (const TestKey* key : keys) list.push_back(key->public_jwk());
  return boost::json::serialize(boost::json::object{{"keys", std::move(list)}});
}

/// A token put together from texts; the signature is whatever is given.
inline std::string forge(std::string_view header, std::string_view payload,
                         std::string_view signature) {
  return to_base64url(header) + "." + to_base64url(payload) + "." + to_base64url(signature);
}

}  // namespace sluice::identity
