#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace sluice::cli {

/// A credential that `sluice login` got, as it is kept for the next commands.
struct Kept {
  std::string gateway;  ///< where it was got: "https://gateway.example:8443"
  std::string host;     ///< for PostgreSQL clients
  uint16_t port = 0;
  bool tls = false;
  std::string user;
  std::string id;
  SecretString secret;
  int64_t expires_micros = 0;
  std::vector<std::string> databases;  ///< that it may be used for
  /// Files (PEM) of a client certificate and its key; empty: there is none.
  std::string certificate, certificate_key;
  /// With a certificate: the file (PEM) by which clients know the gateway, or "system".
  std::string authority;
  /// How it was got, as it was asked for: by this identity provider; with a code that is entered in
  /// a browser anywhere; by a password of this directory. None of them: by a password.
  std::string issuer;
  bool by_code = false;
  std::string directory;
};

/// $XDG_STATE_HOME/sluice, or ~/.local/state/sluice.
Result<std::filesystem::path> kept_folder();

/// All that are kept, the latest first. Refuses a file or folder that somebody else could have
/// written or may read.
Result<std::vector<Kept>> read_kept(const std::filesystem::path& folder);

/// Writes a client certificate and its key into the folder, the key with mode 0600, with a copy of
/// `authority` (Kept::authority) unless that is the system's, and says in `kept` where they are.
Result<> keep_certificate(const std::filesystem::path& folder, const std::string& certificate,
                          const SecretString& key, const std::string& authority, Kept& kept);

/// Keeps one, in place of an older one of the same gateway, whose certificate is removed. The
/// folder gets mode 0700, the file 0600.
Result<> keep(const std::filesystem::path& folder, const Kept& next);

/// Keeps it no longer, nor its certificate.
Result<> forget(const std::filesystem::path& folder, const Kept& gone);

/// The latest, or that of `gateway`, with or without a slash at its end. Errors say to log in.
Result<Kept> kept_credential(const std::string& gateway);
/// The latest that `fits`. kNotFound: none does; kDenied: it is over.
Result<Kept> kept_credential_where(const std::function<bool(const Kept&)>& fits);

/// A base that paths are put behind.
std::string without_slash(std::string url);

}  // namespace sluice::cli
