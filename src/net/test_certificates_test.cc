#include "net/test_certificates.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace sluice::net {

namespace {

struct Free {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
  void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
  void operator()(FILE* p) const { std::fclose(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

Owned<EVP_PKEY> make_key(const std::string& kind) {
  if (kind == "EC") return Owned<EVP_PKEY>(EVP_EC_gen("P-256"));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, kind.c_str(), nullptr));
  EVP_PKEY* key = nullptr;
  EVP_PKEY_keygen_init(context.get());
  if (kind != "ED25519") EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), 2048);
  EVP_PKEY_generate(context.get(), &key);
  return Owned<EVP_PKEY>(key);
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  ASSERT_NE(extension, nullptr) << value;
  X509_add_ext(certificate, extension.get(), -1);
}

void add_raw_dns_name(X509* certificate, const std::string& name) {
  GENERAL_NAMES* const names = sk_GENERAL_NAME_new_null();
  ASN1_IA5STRING* const text = ASN1_IA5STRING_new();
  ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
  GENERAL_NAME* const entry = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(entry, GEN_DNS, text);
  sk_GENERAL_NAME_push(names, entry);
  X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT);
  GENERAL_NAMES_free(names);
}

Owned<X509> make_certificate(const CertificateSpec& spec, EVP_PKEY* key, long serial) {
  Owned<X509> certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), spec.valid_from);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), spec.valid_until);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(spec.common_name.data()),
                             static_cast<int>(spec.common_name.size()), -1, 0);
  return certificate;
}

void sign(X509* certificate, EVP_PKEY* key, const std::string& digest) {
  const bool own_digest = EVP_PKEY_is_a(key, "ED25519") == 1;
  const EVP_MD* const method = own_digest ? nullptr : EVP_get_digestbyname(digest.c_str());
  ASSERT_GT(X509_sign(certificate, key, method), 0);
}

Owned<FILE> create(const std::string& path) { return Owned<FILE>(std::fopen(path.c_str(), "w")); }

}  // namespace

struct TestAuthority::Identity {
  Owned<EVP_PKEY> key;
  Owned<X509> certificate;
};

TestAuthority::TestAuthority(const std::string& key) : root_(std::make_unique<Identity>()) {
  char folder[] = "/tmp/sluice-tls-XXXXXX";
  if (::mkdtemp(folder) == nullptr) std::abort();
  folder_ = folder;
  root_->key = make_key(key);
  CertificateSpec spec;
  spec.common_name = "test root " + folder_;
  root_->certificate = make_certificate(spec, root_->key.get(), 1);
  X509* const root = root_->certificate.get();
  X509_set_issuer_name(root, X509_get_subject_name(root));
  add_extension(root, root, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(root, root, NID_subject_key_identifier, "hash");
  sign(root, root_->key.get(), "SHA256");
  PEM_write_X509(create(root_file()).get(), root);
}

TestAuthority::~TestAuthority() { std::filesystem::remove_all(folder_); }

TestAuthority::Files TestAuthority::issue(const CertificateSpec& spec) {
  const std::string base = folder_ + "/" + std::to_string(++issued_);
  const Owned<EVP_PKEY> key = make_key(spec.key);
  const Owned<X509> certificate = make_certificate(spec, key.get(), issued_ + 1);
  X509* const root = root_->certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(root));
  if (!spec.alt_names.empty()) {
    add_extension(certificate.get(), root, NID_subject_alt_name, spec.alt_names);
  }
  if (!spec.dns_with_zero.empty()) add_raw_dns_name(certificate.get(), spec.dns_with_zero);
  add_extension(certificate.get(), root, NID_ext_key_usage, spec.extended_usage);
  sign(certificate.get(), root_->key.get(), spec.digest);
  const Files files{base + ".crt", base + ".key"};
  PEM_write_X509(create(files.certificate).get(), certificate.get());
  PEM_write_PrivateKey(create(files.key).get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return files;
}

namespace {

TEST(TestAuthorityTest, IssuesCertificatesThatVerify) {
  TestAuthority authority;
  for (const char* const key : {"EC", "RSA", "RSA-PSS", "ED25519"}) {
    CertificateSpec spec;
    spec.key = key;
    const auto files = authority.issue(spec);
    const Owned<FILE> file(std::fopen(files.certificate.c_str(), "r"));
    ASSERT_NE(file, nullptr);
    const Owned<X509> certificate(PEM_read_X509(file.get(), nullptr, nullptr, nullptr));
    ASSERT_NE(certificate, nullptr) << key;
    EXPECT_EQ(X509_check_host(certificate.get(), "db.example", 0, 0, nullptr), 1);
    EXPECT_EQ(X509_check_host(certificate.get(), "other.example", 0, 0, nullptr), 0);
  }
}

}  // namespace

}  // namespace sluice::net
