#include "wire/postgres/md5_auth.h"

#include <openssl/evp.h>

namespace sluice::wire::postgres {
namespace {

std::string md5_hex(const std::string& data) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(data.data(), data.size(), digest, &size, EVP_md5(), nullptr);
  return to_hex({reinterpret_cast<const char*>(digest), size});
}

}  // namespace

std::string md5_response(std::string_view user, std::string_view password, Bytes salt) {
  const std::string inner = md5_hex(std::string(password).append(user));
  return "md5" + md5_hex(inner + std::string(salt));
}

}  // namespace sluice::wire::postgres
