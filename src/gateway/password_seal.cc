#include "gateway/password_seal.h"

#include <cerrno>
#include <fstream>

#include <fmt/format.h>

#include "undo/seal.h"

namespace sluice::gateway {
namespace {

/// Each with its length, so that no two rows make the same text.
std::string purpose_before(const store::KeptDatabase& row) {
  std::string out = "password of a database";
  for (const std::string* part : {&row.name, &row.url, &row.user, &row.authority})
    out += fmt::format(" {}:{}", part->size(), *part);
  return out;
}

std::string purpose_of(const store::KeptDatabase& row) {
  return fmt::format("v2 {} {}:{} masking {}", purpose_before(row), row.environment.size(),
                     row.environment, row.masking);
}

}  // namespace

Result<std::string> PasswordSeal::close(const SecretString& password,
                                        const store::KeptDatabase& goes_to) const {
  SLUICE_ASSIGN(const auto seal, undo::Seal::open(file_));
  return seal.close(password.reveal(), purpose_of(goes_to));
}

Result<SecretString> PasswordSeal::open(const store::KeptDatabase& row) const {
  std::error_code error;
  if (!std::filesystem::exists(file_, error)) {
    return fail(ErrorCode::kDenied,
                fmt::format("there is no {} here, with which its password was sealed: copy it from "
                            "the gateway where it was added, or from a backup (mode 0600)",
                            file_.string()));
  }
  SLUICE_ASSIGN(const auto seal, undo::Seal::open(file_));
  auto opened = seal.open(row.sealed, purpose_of(row));
  if (!opened) {
    return fail(ErrorCode::kDenied,
                fmt::format("its password cannot be opened: {} is not the key that it was sealed "
                            "with, or the store has been altered; copy the key from the gateway "
                            "where it was added, or remove the database and add it again",
                            file_.string()));
  }
  return SecretString(std::move(*opened));
}

std::filesystem::path PasswordSeal::note() const { return file_.string() + ".renewed"; }

std::optional<std::string> PasswordSeal::renewed(const store::KeptDatabase& row) const {
  std::error_code error;
  if (std::filesystem::exists(note(), error) || !std::filesystem::exists(file_, error))
    return std::nullopt;
  const auto seal = undo::Seal::open(file_);
  if (!seal || seal->open(row.sealed, purpose_of(row))) return std::nullopt;
  const auto opened = seal->open(row.sealed, purpose_before(row));
  return opened ? std::optional(seal->close(*opened, purpose_of(row))) : std::nullopt;
}

Result<> PasswordSeal::note_renewed() const {
  std::error_code error;
  if (!std::filesystem::exists(file_, error) || std::filesystem::exists(note(), error)) return {};
  std::ofstream out(note());
  out << "Passwords in the store are sealed with their environment and masking.\n";
  if (!out.flush()) return fail(io_error("write " + note().string(), errno));
  return {};
}

}  // namespace sluice::gateway
