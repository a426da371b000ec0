#pragma once

#include <memory>
#include <string>

namespace sluice::net {

/// What a certificate made for a test says.
struct CertificateSpec {
  std::string common_name = "server";
  std::string alt_names = "DNS:db.example";  ///< as in openssl.cnf; empty: none
  std::string extended_usage = "serverAuth";
  long valid_from = -3600;  ///< seconds from now
  long valid_until = 3600;
  std::string key = "EC";         ///< EC, RSA, RSA-PSS or ED25519
  std::string digest = "SHA256";  ///< of the issuer's signature
  std::string dns_with_zero;      ///< a raw dNSName put in as it is, zero bytes and all
};

/// A folder with a certificate authority and certificates it signed, gone with the object.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& key = "EC");
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;
  ~TestAuthority();

  struct Files {
    std::string certificate;
    std::string key;
  };
  Files issue(const CertificateSpec& spec = {});
  std::string root_file() const { return folder_ + "/root.crt"; }

 private:
  struct Identity;
  std::string folder_;
  std::unique_ptr<Identity> root_;
  int issued_ = 0;
};

}  // namespace sluice::net
