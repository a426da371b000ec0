#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/password_seal.h"
#include "store/kept_databases.h"

namespace sluice::gateway {

/// A database that an admin wants to have, or to have otherwise: checked, not tried.
struct PreparedDatabase {
  store::KeptDatabase row;
  std::optional<store::KeptDatabase> before;  ///< as its author knows it; none: it is new
  config::DatabaseConfig config;
};

/// The databases in force: those of the configuration file, and those that admins have added, which
/// are kept in the store. One change at a time. May be called from any thread.
class DatabaseKeeper {
 public:
  using Configuration = std::shared_ptr<const config::Config>;

  /// `database` must be nobody else's; `file` is the configuration as it was read.
  static Result<std::unique_ptr<DatabaseKeeper>> open(store::Database database, Configuration file);

  /// That of the file, with all databases.
  Configuration in_force() const;
  /// Called with each that is taken from now on, one at a time; before anything is changed.
  void on_taken(std::function<void(Configuration)> taken) { taken_ = std::move(taken); }

  /// One that was added, and why it cannot be used here; empty: it can.
  struct Kept {
    store::KeptDatabase row;
    std::string problem;
  };
  std::vector<Kept> kept() const;
  /// Whether the configuration file has one of that name.
  bool in_file(const std::string& name) const;

  /// Checks what is wanted; `author` is in the row. A new one (`is_new`) needs a password; of a
  /// change without one, the kept password counts, as long as it goes to the same place and the
  /// same rules count there. kExists where the file has the name. `by_operator`: whoever asks has
  /// the state folder, and may change by which rules it is judged; where policies are approved by
  /// others, nobody else may (kDenied).
  Result<PreparedDatabase> prepare(store::KeptDatabase wanted, std::optional<SecretString> password,
                                   bool is_new, bool by_operator);
  /// Keeps it; it is in force here when this returns, at other gateways a moment later.
  Result<> keep(Gateway& gateway, PreparedDatabase prepared);
  /// The sessions in it end.
  Result<> remove(Gateway& gateway, const std::string& name, const std::string& author);
  /// For the record; also of what was refused.
  Result<> leave_word(const std::string& author, const std::string& word);

  /// Reads the store again, and puts what it has in force.
  Result<> refresh(Gateway& gateway);
  /// The configuration file has been read again: `take` is given it with all databases.
  Result<> reload(Configuration file, const std::function<Result<>(Configuration)>& take);

 private:
  DatabaseKeeper(store::Database database, Configuration file);
  Result<> keep_locked(Gateway& gateway, PreparedDatabase prepared);
  Result<> refresh_locked(Gateway& gateway);
  /// Of one that is there already.
  Result<> may_change(const store::KeptDatabase& known, const store::KeptDatabase& wanted,
                      bool has_password, bool by_operator) const;
  /// Seals passwords of before for environment and masking too.
  Result<> seal_anew();
  /// `file` with what is kept, and what of that cannot be used.
  Configuration merged(const Configuration& file, std::vector<Kept>& kept) const;
  Result<config::DatabaseConfig> usable(const store::KeptDatabase& row,
                                        SecretString password) const;
  bool in_file_locked(const std::string& name) const;

  mutable std::mutex mutex_;  ///< guards all below
  store::Database database_;
  const std::filesystem::path authorities_;
  const PasswordSeal seal_;
  Configuration file_, in_force_;
  std::vector<Kept> kept_;
  std::function<void(Configuration)> taken_ = [](const Configuration&) {};
};

}  // namespace sluice::gateway
