#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace sluice::config {

/// A secret in a store that answers as HashiCorp Vault's KV version 2 does.
struct VaultSecret {
  std::string url;                 ///< https://vault.example:8200
  std::string path;                ///< below /v1/: "secret/data/orders"
  std::string field = "password";  ///< of the secret's data
  std::string token_file;          ///< read anew each time
  std::string ca;                  ///< PEM file; empty: the system's authorities
  friend bool operator==(const VaultSecret&, const VaultSecret&) = default;
};

/// Where the password of a server login comes from, so that it can be asked for anew.
struct PasswordSource {
  /// kGiven: it stands in DatabaseConfig::password.
  enum class Kind : uint8_t { kGiven, kFile, kEnvironment, kCommand, kVault };
  Kind kind = Kind::kGiven;
  std::string name;                  ///< the file, or the variable; kGiven: who gave it
  std::vector<std::string> command;  ///< program and arguments; no shell reads them
  VaultSecret vault;
  Duration timeout = std::chrono::seconds(10);  ///< of the command, or of asking the vault
  friend bool operator==(const PasswordSource&, const PasswordSource&) = default;
};

/// "the file F", "the command C", …: for people.
std::string describe(const PasswordSource& source);

}  // namespace sluice::config
