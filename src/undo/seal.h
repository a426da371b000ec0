#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace sluice::undo {

/// Encrypts what is kept: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) with a key that lives in a
/// file of its own, so that whoever reads the store reads no rows.
class Seal {
 public:
  /// Reads the key from `file`, or makes one there (mode 0600).
  static Result<Seal> open(const std::filesystem::path& file);

  /// Nonce and ciphertext. Only `open` with the same `purpose` reads it again.
  std::string close(std::string_view text, std::string_view purpose) const;
  /// kDenied: altered, or sealed with another key or for another purpose.
  Result<std::string> open(std::string_view sealed, std::string_view purpose) const;

 private:
  explicit Seal(SecretString key) : key_(std::move(key)) {}
  SecretString key_;
};

}  // namespace sluice::undo
