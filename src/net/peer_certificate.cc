#include "net/peer_certificate.h"

#include <ctime>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/hash.h"

namespace sluice::net {
namespace {

/// Frees what OpenSSL has made.
template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* made) const {
    Free(made);
  }
};
using BioPtr = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

struct FreeChain {
  void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
};
struct FreeNames {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

tl::unexpected<Error> refused(std::string_view what) {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return fail(ErrorCode::kInvalidInput,
              fmt::format("{}: {}", what, reason == nullptr ? "unknown error" : reason));
}

std::string der_of(const X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return out;
}

X509Ptr parse_der(const std::string& der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  return X509Ptr(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
}

std::string digest_of(EVP_PKEY* key) {
  unsigned char* bytes = nullptr;
  const int size = i2d_PUBKEY(key, &bytes);
  if (size <= 0) return {};
  const auto digest = sha256({reinterpret_cast<char*>(bytes), static_cast<size_t>(size)});
  OPENSSL_free(bytes);
  return {digest.data(), digest.size()};
}

/// Nothing for a text with a zero byte, which others would read up to there only.
std::string text_of(const ASN1_STRING* string) {
  unsigned char* bytes = nullptr;
  const int size = ASN1_STRING_to_UTF8(&bytes, string);
  if (size < 0) return {};
  std::string out(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return out.find('\0') == std::string::npos ? out : std::string();
}

/// Nothing where there are several: which of them counts is a matter of taste.
std::string common_name_of(const X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (first < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, first) >= 0) return {};
  return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first)));
}

void add_alternative_names(const X509* certificate, PeerCertificate& out) {
  const std::unique_ptr<GENERAL_NAMES, FreeNames> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    std::vector<std::string>* const list = name->type == GEN_URI     ? &out.uris
                                           : name->type == GEN_DNS   ? &out.dns_names
                                           : name->type == GEN_EMAIL ? &out.emails
                                                                     : nullptr;
    if (list == nullptr) continue;
    if (auto text = text_of(name->d.ia5); !text.empty()) list->push_back(std::move(text));
  }
}

int64_t micros_of(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return int64_t{timegm(&parts)} * 1'000'000;
}

BioPtr bio_of(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string content_of(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<size_t>(std::max(size, 0L))};
}

/// Signs itself: whoever takes it knows the key, and asks no authority.
X509Ptr self_signed(EVP_PKEY* key, const std::string& name, int64_t expires_micros) {
  X509Ptr made(X509_new());
  X509_NAME* subject = made == nullptr ? nullptr : X509_get_subject_name(made.get());
  const bool good =
      subject != nullptr && X509_set_version(made.get(), X509_VERSION_3) == 1 &&
      ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1) == 1 &&
      X509_gmtime_adj(X509_getm_notBefore(made.get()), -300) != nullptr &&
      ASN1_TIME_set(X509_getm_notAfter(made.get()), expires_micros / 1'000'000) != nullptr &&
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(name.data()),
                                 static_cast<int>(name.size()), -1, 0) == 1 &&
      X509_set_issuer_name(made.get(), subject) == 1 && X509_set_pubkey(made.get(), key) == 1 &&
      X509_sign(made.get(), key, EVP_sha256()) != 0;
  return good ? std::move(made) : nullptr;
}

}  // namespace

PeerCertificate read_peer_certificate(ssl_st* ssl) {
  PeerCertificate out;
  const X509Ptr certificate(SSL_get1_peer_certificate(ssl));
  EVP_PKEY* const key = certificate == nullptr ? nullptr : X509_get0_pubkey(certificate.get());
  if (key == nullptr) return out;
  out.der = der_of(certificate.get());
  // On the server's side the leaf is not among them.
  const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i)
    out.chain.push_back(der_of(sk_X509_value(chain, i)));
  out.key_digest = digest_of(key);
  out.common_name = common_name_of(certificate.get());
  add_alternative_names(certificate.get(), out);
  out.expires_micros = micros_of(X509_get0_notAfter(certificate.get()));
  ERR_clear_error();
  return out;
}

Result<std::string> public_key_digest(std::string_view pem) {
  const KeyPtr key(PEM_read_bio_PUBKEY(bio_of(pem).get(), nullptr, nullptr, nullptr));
  if (key == nullptr) return refused("expected a public key as PEM");
  return digest_of(key.get());
}

Result<std::shared_ptr<const ClientAuthorities>> ClientAuthorities::load(
    const std::string& ca_file, const std::string& crl_file) {
  ERR_clear_error();
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), X509_STORE_free);
  if (store == nullptr || X509_STORE_load_file(store.get(), ca_file.c_str()) != 1)
    return refused(fmt::format("cannot use the authorities of {}", ca_file));
  if (!crl_file.empty()) {
    X509_LOOKUP* lookup = X509_STORE_add_lookup(store.get(), X509_LOOKUP_file());
    if (lookup == nullptr || X509_load_crl_file(lookup, crl_file.c_str(), X509_FILETYPE_PEM) <= 0)
      return refused(fmt::format("cannot use the revocation lists of {}", crl_file));
    X509_STORE_set_flags(store.get(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  }
  return std::shared_ptr<const ClientAuthorities>(new ClientAuthorities(std::move(store)));
}

Result<> ClientAuthorities::check(const PeerCertificate& certificate) const {
  const X509Ptr leaf = parse_der(certificate.der);
  const std::unique_ptr<STACK_OF(X509), FreeChain> chain(sk_X509_new_null());
  for (const auto& der : certificate.chain) {
    X509Ptr next = parse_der(der);
    if (next != nullptr && sk_X509_push(chain.get(), next.get()) > 0) (void)next.release();
  }
  const std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  if (leaf == nullptr || context == nullptr ||
      X509_STORE_CTX_init(context.get(), store_.get(), leaf.get(), chain.get()) != 1 ||
      X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_CLIENT) != 1) {
    return refused("the certificate cannot be checked");
  }
  const bool good = X509_verify_cert(context.get()) == 1;
  const int why = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  if (good && why == X509_V_OK) return {};
  return fail(ErrorCode::kAuthentication, fmt::format("the certificate does not verify: {}",
                                                      X509_verify_cert_error_string(why)));
}

Result<ClientKey> make_client_key(const std::string& name, int64_t expires_micros) {
  ERR_clear_error();
  const KeyPtr key(EVP_EC_gen("P-256"));
  if (key == nullptr) return refused("cannot make a key");
  const X509Ptr certificate = self_signed(key.get(), name, expires_micros);
  if (certificate == nullptr) return refused("cannot make a certificate");
  const BioPtr secret(BIO_new(BIO_s_secmem())), shown(BIO_new(BIO_s_mem())),
      open(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1 ||
      PEM_write_bio_X509(shown.get(), certificate.get()) != 1 ||
      PEM_write_bio_PUBKEY(open.get(), key.get()) != 1) {
    return refused("cannot write a key");
  }
  return ClientKey{SecretString(content_of(secret.get())), content_of(shown.get()),
                   content_of(open.get())};
}

}  // namespace sluice::net
