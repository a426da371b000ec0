#include "tlog/note.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/hash.h"

namespace sluice::tlog {
namespace {

constexpr std::string_view kDash = "\xE2\x80\x94 ";  // U+2014 and a space
constexpr size_t kMaxNote = 1 << 20;
constexpr size_t kMaxSignatures = 100;

uint32_t key_id(std::string_view name, KeyType type, Bytes key) {
  std::string text(name);
  text += '\n';
  text += static_cast<char>(type);
  text.append(key);
  return load_be32(sha256(text).data());
}

/// What a witness signs.
std::string cosigned(std::string_view text, uint64_t time) {
  return fmt::format("cosignature/v1\ntime {}\n{}", time, text);
}

tl::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorCode::kInvalidInput, fmt::format("not a signed note: {}", what));
}

Result<NoteSignature> parse_signature(std::string_view line) {
  if (!line.starts_with(kDash)) return malformed("a signature line begins with another character");
  line.remove_prefix(kDash.size());
  const size_t space = line.find(' ');
  if (space == line.npos || !is_key_name(line.substr(0, space))) {
    return malformed("a signature line without a key's name");
  }
  auto raw = from_base64(line.substr(space + 1));
  if (!raw || raw->size() < 5) return malformed("a signature is not base64");
  return NoteSignature{std::string(line.substr(0, space)), load_be32(raw->data()), raw->substr(4)};
}

}  // namespace

bool verifies(const std::array<char, 32>& key, std::string_view message, Bytes signature) {
  struct Free {
    void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
    void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
  };
  const auto bytes = [](Bytes b) { return reinterpret_cast<const unsigned char*>(b.data()); };
  const std::unique_ptr<EVP_PKEY, Free> pkey(EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, bytes({key.data(), key.size()}), key.size()));
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  return pkey && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message),
                          message.size()) == 1;
}

bool is_key_name(std::string_view name) {
  return !name.empty() && is_utf8(name) && std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '+' && c != '\x7F';
  });
}

uint32_t VerifierKey::id() const {
  return key_id(name, type, {public_key.data(), public_key.size()});
}

std::string VerifierKey::text() const {
  std::string raw(1, static_cast<char>(type));
  raw.append(public_key.data(), public_key.size());
  return fmt::format("{}+{:08x}+{}", name, id(), to_base64(raw));
}

Result<VerifierKey> VerifierKey::parse(std::string_view text) {
  const auto bad = [&](std::string_view what) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("\"{}\" is no public key: {}; expected name+id+base64, as `sluice "
                            "audit key` prints it",
                            text, what));
  };
  const size_t first = text.find('+');
  const size_t second = first == text.npos ? first : text.find('+', first + 1);
  if (second == text.npos) return bad("it has no two +");
  VerifierKey key;
  key.name = text.substr(0, first);
  if (!is_key_name(key.name)) return bad("its name is not one");
  const auto raw = from_base64(text.substr(second + 1));
  if (!raw || raw->size() != 33) return bad("it does not hold 33 bytes");
  key.type = static_cast<KeyType>((*raw)[0]);
  if (key.type != KeyType::kEd25519 && key.type != KeyType::kCosignature) {
    return bad("its type is unknown");
  }
  std::memcpy(key.public_key.data(), raw->data() + 1, 32);
  if (text.substr(first + 1, second - first - 1) != fmt::format("{:08x}", key.id())) {
    return bad("its id is another's");
  }
  return key;
}

Result<Note> parse_note(std::string_view text) {
  if (text.size() > kMaxNote) return malformed("it is too long");
  if (!is_utf8(text) || std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < ' ' && c != '\n';
      })) {
    return malformed("it holds bytes that are no text");
  }
  const size_t split = text.rfind("\n\n");
  if (split == text.npos) return malformed("no empty line stands before its signatures");
  Note note;
  note.text = text.substr(0, split + 1);
  SLUICE_ASSIGN(note.signatures, parse_signatures(text.substr(split + 2)));
  return note;
}

Result<std::vector<NoteSignature>> parse_signatures(std::string_view lines) {
  std::vector<NoteSignature> signatures;
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    if (end == lines.npos) return malformed("its last line has no end");
    if (signatures.size() == kMaxSignatures) return malformed("it has too many signatures");
    SLUICE_ASSIGN(auto signature, parse_signature(lines.substr(0, end)));
    signatures.push_back(std::move(signature));
    lines.remove_prefix(end + 1);
  }
  if (signatures.empty()) return malformed("it has no signature");
  return signatures;
}

std::string format_signature(const NoteSignature& signature) {
  std::string raw;
  append_be32(raw, signature.id);
  raw += signature.bytes;
  return fmt::format("{}{} {}\n", kDash, signature.name, to_base64(raw));
}

std::string format_note(const Note& note) {
  std::string text = note.text + "\n";
  for (const auto& signature : note.signatures) text += format_signature(signature);
  return text;
}

Verdict verify(const Note& note, const VerifierKey& key, uint64_t* time) {
  const uint32_t id = key.id();
  auto verdict = Verdict::kAbsent;
  for (const auto& signature : note.signatures) {
    if (signature.name != key.name || signature.id != id) continue;
    std::string message = note.text;
    Bytes bytes = signature.bytes;
    if (key.type == KeyType::kCosignature) {
      if (bytes.size() != 72) return Verdict::kInvalid;
      const uint64_t signed_at = load_be64(bytes.data());
      if (time != nullptr) *time = signed_at;
      message = cosigned(note.text, signed_at);
      bytes.remove_prefix(8);
    }
    if (!verifies(key.public_key, message, bytes)) return Verdict::kInvalid;
    verdict = Verdict::kValid;
  }
  return verdict;
}

Result<NoteSignature> sign_note(std::string_view text, std::string_view name, Signer& signer) {
  const auto key = signer.public_key();
  SLUICE_ASSIGN(auto bytes, signer.sign(text));
  return NoteSignature{std::string(name), key_id(name, KeyType::kEd25519, {key.data(), key.size()}),
                       std::move(bytes)};
}

Result<NoteSignature> cosign(std::string_view text, std::string_view name, uint64_t time,
                             Signer& signer) {
  const auto key = signer.public_key();
  SLUICE_ASSIGN(const auto signature, signer.sign(cosigned(text, time)));
  std::string bytes(8, '\0');
  store_be32(bytes.data(), static_cast<uint32_t>(time >> 32));
  store_be32(bytes.data() + 4, static_cast<uint32_t>(time));
  return NoteSignature{std::string(name),
                       key_id(name, KeyType::kCosignature, {key.data(), key.size()}),
                       bytes + signature};
}

}  // namespace sluice::tlog
