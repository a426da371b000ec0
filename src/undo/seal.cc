#include "undo/seal.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "base/random.h"
#include "base/sync_folder.h"

namespace sluice::undo {
namespace {

constexpr size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Result<SecretString> read_key(int fd, const std::filesystem::path& file) {
  std::string key(kKeyBytes + 1, '\0');
  const ssize_t size = ::read(fd, key.data(), key.size());
  if (size < 0) return fail(io_error("read " + file.string(), errno));
  if (size != static_cast<ssize_t>(kKeyBytes)) {
    return fail(ErrorCode::kInvalidInput,
                file.string() +
                    " is not a key of 32 bytes: put the right one back; without it "
                    "nothing that is kept can be undone");
  }
  key.resize(kKeyBytes);
  return SecretString(std::move(key));
}

Result<SecretString> make_key(const std::filesystem::path& file) {
  // Written whole before it has its name: a crash leaves a key or none.
  const std::filesystem::path made = file.string() + ".new";
  const int fd = ::open(made.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return fail(io_error("create " + made.string(), errno));
  SecretString key(random_string(kKeyBytes));
  const bool written =
      ::write(fd, key.reveal().data(), kKeyBytes) == static_cast<ssize_t>(kKeyBytes) &&
      ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!written) return fail(io_error("write " + made.string(), error));
  if (::rename(made.c_str(), file.c_str()) != 0)
    return fail(io_error("rename " + made.string(), errno));
  // What is kept under a key that is gone after a power failure is gone too.
  SLUICE_TRY(sync_folder(file.parent_path()));
  return key;
}

}  // namespace

Result<Seal> Seal::open(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno != ENOENT) return fail(io_error("open " + file.string(), errno));
  auto key = fd < 0 ? make_key(file) : read_key(fd, file);
  if (fd >= 0) ::close(fd);
  if (!key) return fail(std::move(key.error()));
  return Seal(std::move(*key));
}

std::string Seal::close(std::string_view text, std::string_view purpose) const {
  std::string out = random_string(kNonceBytes);
  out.resize(kNonceBytes + text.size() + kTagBytes);
  unsigned long long size = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      reinterpret_cast<unsigned char*>(out.data() + kNonceBytes), &size, bytes(text), text.size(),
      bytes(purpose), purpose.size(), nullptr, bytes(out), bytes(key_.reveal()));
  return out;
}

Result<std::string> Seal::open(std::string_view sealed, std::string_view purpose) const {
  if (sealed.size() >= kNonceBytes + kTagBytes) {
    const std::string_view closed = sealed.substr(kNonceBytes);
    std::string out(closed.size() - kTagBytes, '\0');
    unsigned long long size = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<unsigned char*>(out.data()),
                                                   &size, nullptr, bytes(closed), closed.size(),
                                                   bytes(purpose), purpose.size(), bytes(sealed),
                                                   bytes(key_.reveal())) == 0) {
      return out;
    }
  }
  return fail(ErrorCode::kDenied,
              "what was kept has been altered, or was sealed with another key (undo.key)");
}

}  // namespace sluice::undo
