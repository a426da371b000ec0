#include <cstdio>

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sync_folder.h"
#include "tlog/note.h"

namespace sluice::tlog {
namespace {

struct Free {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
  void operator()(FILE* p) const { std::fclose(p); }
};
using PrivateKey = std::unique_ptr<EVP_PKEY, Free>;

class FileSigner : public Signer {
 public:
  explicit FileSigner(PrivateKey key) : key_(std::move(key)) {
    size_t size = public_key_.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(public_key_.data()),
                                &size);
  }

  Result<std::string> sign(std::string_view message) override {
    const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
    std::string signature(64, '\0');
    size_t size = signature.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<const unsigned char*>(message.data()),
                       message.size()) != 1) {
      return fail(ErrorCode::kInternal, "Ed25519 could not sign");
    }
    return signature;
  }
  std::array<char, 32> public_key() const override { return public_key_; }

 private:
  PrivateKey key_;
  std::array<char, 32> public_key_{};
};

}  // namespace

Result<std::unique_ptr<Signer>> create_key(const std::filesystem::path& file) {
  EVP_PKEY* raw = nullptr;
  const std::unique_ptr<EVP_PKEY_CTX, Free> context(EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr));
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_keygen(context.get(), &raw) != 1) {
    return fail(ErrorCode::kInternal, "Ed25519 could not make a key");
  }
  PrivateKey key(raw);
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return fail(io_error("create " + file.string(), errno));
  std::unique_ptr<FILE, Free> out(fdopen(fd, "w"));
  // A key that has signed something and is gone after a power failure could not go on signing.
  const bool written =
      PEM_write_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1 &&
      std::fflush(out.get()) == 0 && fsync(fd) == 0;
  auto result = written ? Result<>() : fail(io_error("write " + file.string(), errno));
  out.reset();
  if (result) result = sync_folder(file.parent_path());
  if (!result) {
    ::unlink(file.c_str());  // Half a key would be in the way of the next try.
    return fail(std::move(result.error()));
  }
  return std::make_unique<FileSigner>(std::move(key));
}

Result<std::unique_ptr<Signer>> load_key(const std::filesystem::path& file) {
  const std::unique_ptr<FILE, Free> in(std::fopen(file.c_str(), "re"));
  if (!in) return fail(io_error("open " + file.string(), errno));
  struct stat info{};
  if (fstat(fileno(in.get()), &info) == 0 && (info.st_mode & 077) != 0) {
    return fail(ErrorCode::kInvalidInput,
                file.string() + " may be read by others: run chmod 600 on it");
  }
  PrivateKey key(PEM_read_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) {
    return fail(ErrorCode::kInvalidInput,
                file.string() +
                    " holds no Ed25519 key in PEM: `openssl genpkey -algorithm ed25519` "
                    "makes one");
  }
  return std::make_unique<FileSigner>(std::move(key));
}

}  // namespace sluice::tlog
