#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "base/result.h"

namespace sluice::identity {

/// A public key of a key set (RFC 7517), for signatures.
class PublicKey {
 public:
  struct Handle;  ///< the library's key

  PublicKey(std::string kid, std::string family, std::string algorithm,
            std::shared_ptr<const Handle> handle)
      : kid_(std::move(kid)),
        family_(std::move(family)),
        algorithm_(std::move(algorithm)),
        handle_(std::move(handle)) {}

  const std::string& kid() const { return kid_; }
  /// "RSA", or of an elliptic curve its name: "P-256", "Ed25519".
  const std::string& family() const { return family_; }
  /// The only algorithm it may be used with, if it says one.
  const std::string& algorithm() const { return algorithm_; }
  const Handle& handle() const { return *handle_; }

 private:
  std::string kid_, family_, algorithm_;
  std::shared_ptr<const Handle> handle_;
};

/// What an issuer publishes to verify its signatures.
struct KeySet {
  std::vector<PublicKey> keys;

  bool has(std::string_view kid) const;
};

/// Reads a JWK Set. Keys that are not for verifying signatures, of a kind that is not understood
/// (symmetric ones among them), or too weak (RSA under 2048 bits) are left out (RFC 7517, section
/// 5); two keys of one kind and name are an error.
Result<KeySet> parse_key_set(std::string_view text);

/// A token whose signature has not been verified yet.
class Jws {
 public:
  /// Reads the compact form (RFC 7515, section 7.1). Errors: kInvalidInput for what is not exactly
  /// that, is longer than 32 KiB, names something twice, or has critical extensions.
  static Result<Jws> parse(std::string_view token);
  Jws(Jws&&) noexcept;
  Jws& operator=(Jws&&) noexcept;
  ~Jws();

  std::string_view algorithm() const { return algorithm_; }
  const std::optional<std::string>& kid() const { return kid_; }
  const std::optional<std::string>& type() const { return type_; }
  /// Whether `key` made the signature, with the algorithm that the token names.
  bool verify(const PublicKey& key) const;
  /// What is signed; nobody vouches for it until `verify` is true.
  const boost::json::object& claims() const { return claims_; }

 private:
  struct Handle;
  explicit Jws(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
  std::string algorithm_;
  std::optional<std::string> kid_, type_;
  boost::json::object claims_;
};

/// A JSON object that names nothing twice. Errors: kInvalidInput.
Result<boost::json::object> parse_strict_object(std::string_view text);

/// The kind of key that an algorithm of JWA needs ("RSA", "P-256", …); "" for one that is not
/// accepted: none, symmetric ones, unknown ones.
std::string_view family_of(std::string_view algorithm);

/// base64url without padding (RFC 7515, section 2).
std::string to_base64url(std::string_view bytes);

}  // namespace sluice::identity
