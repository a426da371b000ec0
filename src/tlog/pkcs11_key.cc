#include "tlog/pkcs11_key.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/unique_fd.h"

namespace sluice::tlog {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kSignatureBytes = 64;

struct FreeUri {
  void operator()(P11KitUri* uri) const { p11_kit_uri_free(uri); }
};
using Uri = std::unique_ptr<P11KitUri, FreeUri>;

Result<Uri> parse(std::string_view text) {
  Uri uri(p11_kit_uri_new());
  const int result = p11_kit_uri_parse(std::string(text).c_str(), P11_KIT_URI_FOR_ANY, uri.get());
  if (result != P11_KIT_URI_OK)
    return fail(ErrorCode::kInvalidInput,
                fmt::format("not a URI of PKCS #11 (RFC 7512): {}", p11_kit_uri_message(result)));
  if (p11_kit_uri_any_unrecognized(uri.get()) != 0)
    return fail(ErrorCode::kInvalidInput, "a URI of PKCS #11 with attributes that are not known");
  if (p11_kit_uri_get_module_path(uri.get()) == nullptr)
    return fail(ErrorCode::kInvalidInput,
                "no module-path: say ?module-path=/…/module.so behind the token");
  if (p11_kit_uri_get_pin_value(uri.get()) != nullptr)
    return fail(ErrorCode::kInvalidInput,
                "a PIN does not belong into the configuration: put it into a file, and say "
                "pin-source=file:/…");
  if (p11_kit_uri_get_attribute(uri.get(), CKA_LABEL) == nullptr &&
      p11_kit_uri_get_attribute(uri.get(), CKA_ID) == nullptr)
    return fail(ErrorCode::kInvalidInput, "no key is named: say object=… or id=…");
  return uri;
}

/// The first line of the file that the URI names; nothing where it names none.
Result<std::optional<SecretString>> pin_of(const P11KitUri* uri) {
  const char* source = p11_kit_uri_get_pin_source(uri);
  if (source == nullptr) return std::nullopt;
  std::string file(source);
  if (file.starts_with("file:")) file.erase(0, 5);
  if (file.starts_with("//")) file.erase(0, 2);
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info{};
  if (fd.get() < 0 || fstat(fd.get(), &info) != 0) return fail(io_error("open " + file, errno));
  if ((info.st_mode & 077) != 0)
    return fail(ErrorCode::kInvalidInput, file + " may be read by others: run chmod 600 on it");
  std::string text(512, '\0');
  const ssize_t size = ::read(fd.get(), text.data(), text.size());
  if (size < 0) return fail(io_error("read " + file, errno));
  text.resize(std::min(static_cast<size_t>(size), text.find_first_of("\r\n")));
  return SecretString(std::move(text));
}

Error trouble(std::string_view what, CK_RV code) {
  const auto kind =
      code == CKR_PIN_INCORRECT || code == CKR_PIN_LOCKED ? ErrorCode::kDenied : ErrorCode::kIo;
  return {kind, fmt::format("{}: {}", what, p11_kit_strerror(code))};
}

/// The 32 bytes of a point: as they are, or in an OCTET STRING or BIT STRING around them.
bool take_point(std::string_view point, std::array<char, kKeyBytes>& out) {
  using namespace std::string_view_literals;
  for (const auto around : {""sv, "\x04\x20"sv, "\x03\x21\x00"sv}) {
    if (point.size() != around.size() + kKeyBytes || !point.starts_with(around)) continue;
    std::copy_n(point.data() + around.size(), kKeyBytes, out.begin());
    return true;
  }
  return false;
}

/// A module that is loaded, and a session with the token in it that holds the key.
class Token {
 public:
  explicit Token(CK_FUNCTION_LIST* module) : module_(module) {}
  ~Token() {
    close();
    if (initialized_) p11_kit_module_finalize(module_);
    p11_kit_module_release(module_);
  }
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;

  Result<> start() {
    if (const CK_RV code = p11_kit_module_initialize(module_); code != CKR_OK)
      return fail(trouble("the PKCS #11 module does not start", code));
    initialized_ = true;
    return {};
  }

  Result<> open(P11KitUri* uri) {
    SLUICE_ASSIGN(const CK_SLOT_ID slot, find_slot(uri));
    if (const CK_RV code =
            module_->C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session_);
        code != CKR_OK)
      return fail(trouble("no session with the token", code));
    open_ = true;
    SLUICE_ASSIGN(auto pin, pin_of(uri));
    if (pin) {
      std::string text(pin->reveal());
      const CK_RV code = module_->C_Login(
          session_, CKU_USER, reinterpret_cast<unsigned char*>(text.data()), text.size());
      std::fill(text.begin(), text.end(), '\0');
      if (code != CKR_OK && code != CKR_USER_ALREADY_LOGGED_IN)
        return fail(trouble("the token does not take the PIN", code));
    }
    SLUICE_ASSIGN(key_, find_key(uri, CKO_PRIVATE_KEY));
    return {};
  }

  void close() {
    if (std::exchange(open_, false)) module_->C_CloseSession(session_);
  }

  Result<std::array<char, kKeyBytes>> public_key(P11KitUri* uri) {
    SLUICE_ASSIGN(const CK_OBJECT_HANDLE key, find_key(uri, CKO_PUBLIC_KEY));
    char point[256];
    CK_ATTRIBUTE attribute{CKA_EC_POINT, point, sizeof point};
    if (const CK_RV code = module_->C_GetAttributeValue(session_, key, &attribute, 1);
        code != CKR_OK)
      return fail(trouble("the token does not tell the public key", code));
    std::array<char, kKeyBytes> out{};
    if (take_point({point, attribute.ulValueLen}, out)) return out;
    return fail(ErrorCode::kInvalidInput, "the key in the token is none of Ed25519");
  }

  tl::expected<std::string, CK_RV> sign(std::string_view message) {
    CK_MECHANISM eddsa{CKM_EDDSA, nullptr, 0};
    if (!open_) return tl::unexpected(CK_RV{CKR_SESSION_CLOSED});
    if (const CK_RV code = module_->C_SignInit(session_, &eddsa, key_); code != CKR_OK)
      return tl::unexpected(code);
    std::string in(message), out(kSignatureBytes, '\0');
    CK_ULONG size = out.size();
    const CK_RV code =
        module_->C_Sign(session_, reinterpret_cast<unsigned char*>(in.data()), in.size(),
                        reinterpret_cast<unsigned char*>(out.data()), &size);
    if (code != CKR_OK) return tl::unexpected(code);
    if (size != kSignatureBytes) return tl::unexpected(CK_RV{CKR_KEY_TYPE_INCONSISTENT});
    return out;
  }

 private:
  Result<CK_SLOT_ID> find_slot(P11KitUri* uri) {
    CK_SLOT_ID slots[64];
    CK_ULONG count = std::size(slots);
    if (const CK_RV code = module_->C_GetSlotList(CK_TRUE, slots, &count); code != CKR_OK)
      return fail(trouble("the PKCS #11 module lists no tokens", code));
    for (CK_ULONG i = 0; i < count; ++i) {
      CK_TOKEN_INFO token{};
      if (module_->C_GetTokenInfo(slots[i], &token) == CKR_OK &&
          p11_kit_uri_match_token_info(uri, &token) != 0)
        return slots[i];
    }
    return fail(ErrorCode::kNotFound, "no token that the URI names is there");
  }

  /// The only one that the URI names.
  Result<CK_OBJECT_HANDLE> find_key(P11KitUri* uri, CK_OBJECT_CLASS kind) {
    std::vector<CK_ATTRIBUTE> wanted{{CKA_CLASS, &kind, sizeof kind}};
    for (const auto type : {CKA_LABEL, CKA_ID}) {
      if (const auto* named = p11_kit_uri_get_attribute(uri, type)) wanted.push_back(*named);
    }
    CK_OBJECT_HANDLE found[2];
    CK_ULONG count = 0;
    CK_RV code = module_->C_FindObjectsInit(session_, wanted.data(), wanted.size());
    if (code == CKR_OK) {
      code = module_->C_FindObjects(session_, found, std::size(found), &count);
      module_->C_FindObjectsFinal(session_);
    }
    if (code != CKR_OK) return fail(trouble("the token does not look for the key", code));
    const char* which = kind == CKO_PRIVATE_KEY ? "private" : "public";
    if (count == 1) return found[0];
    if (count > 1)
      return fail(ErrorCode::kInvalidInput,
                  fmt::format("the token has several {} keys that the URI names", which));
    return fail(ErrorCode::kNotFound,
                fmt::format("the token has no {} key that the URI names{}", which,
                            kind == CKO_PRIVATE_KEY ? "; is there a pin-source?" : ""));
  }

  CK_FUNCTION_LIST* module_;
  bool initialized_ = false, open_ = false;
  CK_SESSION_HANDLE session_ = 0;
  CK_OBJECT_HANDLE key_ = 0;
};

class TokenSigner : public Signer {
 public:
  TokenSigner(Uri uri, CK_FUNCTION_LIST* module) : uri_(std::move(uri)), token_(module) {}

  Result<> open() {
    SLUICE_TRY(token_.start());
    SLUICE_TRY(token_.open(uri_.get()));
    SLUICE_ASSIGN(public_key_, token_.public_key(uri_.get()));
    // Two keys of one name, or a module that signs otherwise, show here and not in the log.
    const std::string text = random_string(kKeyBytes);
    SLUICE_ASSIGN(const auto signature, sign(text));
    if (verifies(public_key_, text, signature)) return {};
    return fail(ErrorCode::kInvalidInput,
                "what the token signs its public key does not verify as Ed25519");
  }

  Result<std::string> sign(std::string_view message) override {
    const std::lock_guard lock(mutex_);
    auto signature = token_.sign(message);
    if (signature) return std::move(*signature);
    // The token may have been away; what it had for us is gone then.
    token_.close();
    SLUICE_TRY(token_.open(uri_.get()));
    signature = token_.sign(message);
    if (signature) return std::move(*signature);
    return fail(trouble("the token does not sign", signature.error()));
  }
  std::array<char, kKeyBytes> public_key() const override { return public_key_; }

 private:
  Uri uri_;
  std::mutex mutex_;
  Token token_;
  std::array<char, kKeyBytes> public_key_{};
};

}  // namespace

std::string check_pkcs11(std::string_view uri) {
  const auto parsed = parse(uri);
  return parsed ? "" : parsed.error().text;
}

Result<std::unique_ptr<Signer>> open_pkcs11_key(std::string_view text) {
  SLUICE_ASSIGN(auto uri, parse(text));
  const char* path = p11_kit_uri_get_module_path(uri.get());
  CK_FUNCTION_LIST* module = p11_kit_module_load(path, 0);
  if (module == nullptr) {
    const char* why = p11_kit_message();
    return fail(ErrorCode::kNotFound, fmt::format("{} cannot be loaded: {}", path,
                                                  why == nullptr ? "no PKCS #11 module" : why));
  }
  auto signer = std::make_unique<TokenSigner>(std::move(uri), module);
  SLUICE_TRY(signer->open());
  return signer;
}

}  // namespace sluice::tlog
