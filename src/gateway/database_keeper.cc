#include "gateway/database_keeper.h"

#include <algorithm>
#include <fstream>
#include <set>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/log.h"
#include "gateway/database.h"
#include "gateway/own_address.h"
#include "gateway/wanted_database.h"
#include "store/state.h"

namespace sluice::gateway {
namespace {

bool has(const config::Config& config, const std::string& name) {
  return std::any_of(config.databases.begin(), config.databases.end(),
                     [&](const auto& database) { return database.name == name; });
}

/// OpenSSL reads authorities from files. Named after what is in it: written once.
Result<std::string> file_of(const std::string& authority, const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(ErrorCode::kIo, "create " + folder.string() + ": " + error.message());
  const auto digest = sha256(authority);
  const auto file = folder / (to_hex({digest.data(), 16}) + ".pem");
  if (std::filesystem::exists(file, error)) return file.string();
  const std::string made = fmt::format("{}.{}", file.string(), getpid());
  {
    std::ofstream out(made, std::ios::binary | std::ios::trunc);
    out << authority;
    if (!out.flush()) return fail(io_error("write " + made, errno));
  }
  std::filesystem::rename(made, file, error);
  if (error) return fail(ErrorCode::kIo, "rename " + made + ": " + error.message());
  return file.string();
}

void tell(const std::vector<DatabaseKeeper::Kept>& kept) {
  for (const auto& [row, problem] : kept) {
    if (!problem.empty()) log::error("database {} is not used: {}", row.name, problem);
  }
}

/// Removed, and another added under its name, since this was last looked at.
bool is_another(const DatabaseKeeper::Kept& before, const std::vector<DatabaseKeeper::Kept>& now) {
  return std::any_of(now.begin(), now.end(), [&](const auto& each) {
    return each.row.name == before.row.name && each.row.created_micros != before.row.created_micros;
  });
}

/// Databases that are there no more.
std::set<std::string> gone_of(const config::Config& before, const config::Config& now) {
  std::set<std::string> gone;
  for (const auto& database : before.databases) {
    if (!has(now, database.name)) gone.insert(database.name);
  }
  return gone;
}

/// Nothing that was said of a database that is gone is done any more.
void end_sessions(Gateway& gateway, const std::set<std::string>& gone) {
  if (gone.empty()) return;
  for (const auto& session : gateway.sessions()) {
    if (gone.contains(session.database))
      (void)gateway.kill(session.id, "the gateway, for database " + session.database + " is gone");
  }
}

}  // namespace

DatabaseKeeper::DatabaseKeeper(store::Database database, Configuration file)
    : database_(std::move(database)),
      authorities_(file->state / "authorities"),
      seal_(file->state / "databases.key"),
      file_(std::move(file)) {}

Result<std::unique_ptr<DatabaseKeeper>> DatabaseKeeper::open(store::Database database,
                                                             Configuration file) {
  std::unique_ptr<DatabaseKeeper> keeper(new DatabaseKeeper(std::move(database), std::move(file)));
  if (const auto sealed = keeper->seal_anew(); !sealed)
    log::error("passwords of databases are not sealed anew: {}", sealed.error().text);
  SLUICE_ASSIGN(auto rows, store::kept_databases(keeper->database_));
  for (auto& row : rows) keeper->kept_.push_back({std::move(row), ""});
  keeper->in_force_ = keeper->merged(keeper->file_, keeper->kept_);
  tell(keeper->kept_);
  return keeper;
}

Result<> DatabaseKeeper::seal_anew() {
  SLUICE_ASSIGN(const auto rows, store::kept_databases(database_));
  for (const auto& row : rows) {
    auto renewed = seal_.renewed(row);
    if (!renewed) continue;
    auto next = row;
    next.sealed = std::move(*renewed);
    next.author = "gateway";
    SLUICE_TRY(store::change_kept_database(
        database_, row, next,
        fmt::format("database {}: its password sealed anew, for {}", row.name, words_of(row))));
  }
  return seal_.note_renewed();
}

DatabaseKeeper::Configuration DatabaseKeeper::in_force() const {
  const std::lock_guard lock(mutex_);
  return in_force_;
}

std::vector<DatabaseKeeper::Kept> DatabaseKeeper::kept() const {
  const std::lock_guard lock(mutex_);
  return kept_;
}

bool DatabaseKeeper::in_file(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return in_file_locked(name);
}

bool DatabaseKeeper::in_file_locked(const std::string& name) const { return has(*file_, name); }

Result<config::DatabaseConfig> DatabaseKeeper::usable(const store::KeptDatabase& row,
                                                      SecretString password) const {
  SLUICE_ASSIGN(auto config, config_of(row, std::move(password)));
  if (!row.authority.empty()) {
    SLUICE_ASSIGN(config.sslrootcert, file_of(row.authority, authorities_));
    if (auto read = Database::create(config); !read) {
      return fail(ErrorCode::kInvalidInput, "authority: " + read.error().text);
    }
  }
  return config;
}

DatabaseKeeper::Configuration DatabaseKeeper::merged(const Configuration& file,
                                                     std::vector<Kept>& kept) const {
  auto out = std::make_shared<config::Config>(*file);
  for (auto& [row, problem] : kept) {
    problem.clear();
    if (has(*file, row.name)) {
      problem = "the configuration file has a database of this name, which counts";
    } else if (auto password = seal_.open(row); !password) {
      problem = password.error().text;
    } else if (auto config = usable(row, std::move(*password)); !config) {
      problem = config.error().text;
    } else {
      out->databases.push_back(std::move(*config));
    }
  }
  return out;
}

Result<> DatabaseKeeper::may_change(const store::KeptDatabase& known,
                                    const store::KeptDatabase& wanted, bool has_password,
                                    bool by_operator) const {
  if (!has_password && !goes_to_the_same_place(known, wanted)) {
    return fail(ErrorCode::kInvalidInput,
                "password: give it again, for the kept one goes nowhere else than where it was "
                "given for (url, user, authority)");
  }
  if (by_operator || is_judged_alike(known, wanted)) return {};
  if (!file_->policy.approve_by.empty()) {
    return fail(ErrorCode::kDenied,
                "environment, masking: policies are approved by others here (policy.approve_by), "
                "and these say which rules count: an operator changes them on the gateway's "
                "machine, with sluice database set");
  }
  if (has_password) return {};
  return fail(ErrorCode::kInvalidInput,
              "password: give it again, for the kept one counts only as long as the same rules do "
              "(environment, masking)");
}

Result<PreparedDatabase> DatabaseKeeper::prepare(store::KeptDatabase wanted,
                                                 std::optional<SecretString> password, bool is_new,
                                                 bool by_operator) {
  const std::lock_guard lock(mutex_);
  if (in_file_locked(wanted.name)) {
    return fail(ErrorCode::kExists,
                fmt::format("\"{}\" is a database of the configuration file, {}: change it there, "
                            "or take another name",
                            wanted.name, file_->file.string()));
  }
  PreparedDatabase out;
  const auto known = std::find_if(kept_.begin(), kept_.end(),
                                  [&](const Kept& each) { return each.row.name == wanted.name; });
  if (is_new && known != kept_.end()) {
    return fail(ErrorCode::kExists, "there is a database \"" + wanted.name +
                                        "\" already: change that one, or take another name");
  }
  if (!is_new) {
    if (known == kept_.end())
      return fail(ErrorCode::kNotFound, "no database \"" + wanted.name + "\" has been added here");
    out.before = known->row;
    SLUICE_TRY(may_change(known->row, wanted, password.has_value(), by_operator));
    if (!password) {
      SLUICE_ASSIGN(password, seal_.open(known->row));
    }
  }
  SLUICE_ASSIGN(out.config, usable(wanted, password ? std::move(*password) : SecretString()));
  out.row = std::move(wanted);
  return out;
}

Result<> DatabaseKeeper::keep(Gateway& gateway, PreparedDatabase prepared) {
  const std::string name = prepared.row.name;
  const bool literal = is_literal(prepared.config.host);
  SLUICE_TRY(keep_locked(gateway, std::move(prepared)));
  if (literal) return {};
  // Nobody else waits for the name servers, and whoever asks next finds it.
  if (const auto reached = gateway.check_database(name); !reached)
    log::warn("database {}: {}", name, reached.error().text);
  return {};
}

Result<> DatabaseKeeper::keep_locked(Gateway& gateway, PreparedDatabase prepared) {
  const std::lock_guard lock(mutex_);
  auto& row = prepared.row;
  // Two keys in one installation would be one too many.
  for (const auto& each : kept_) {
    if (each.row.name == row.name) continue;
    if (const auto opened = seal_.open(each.row); !opened)
      return fail(Error(opened.error()).within("database " + each.row.name));
  }
  SLUICE_ASSIGN(row.sealed, seal_.close(prepared.config.password, row));
  if (prepared.before) {
    std::string word = fmt::format("database {} changed: {}", row.name, words_of(row));
    SLUICE_TRY(store::change_kept_database(database_, *prepared.before, row, word));
  } else {
    std::string word = fmt::format("database {} added: {}", row.name, words_of(row));
    SLUICE_TRY(store::add_kept_database(database_, row, word));
  }
  return refresh_locked(gateway);
}

Result<> DatabaseKeeper::remove(Gateway& gateway, const std::string& name,
                                const std::string& author) {
  const std::lock_guard lock(mutex_);
  const bool known = std::any_of(kept_.begin(), kept_.end(),
                                 [&](const Kept& each) { return each.row.name == name; });
  if (!known && in_file_locked(name)) {
    return fail(
        ErrorCode::kExists,
        fmt::format("\"{}\" is a database of the configuration file: remove it from {}, and "
                    "reload that (SIGHUP)",
                    name, file_->file.string()));
  }
  SLUICE_TRY(store::remove_kept_database(database_, name, author,
                                         fmt::format("database {} removed", name)));
  return refresh_locked(gateway);
}

Result<> DatabaseKeeper::leave_word(const std::string& author, const std::string& word) {
  const std::lock_guard lock(mutex_);
  return store::leave_admin_event(database_, author, word);
}

Result<> DatabaseKeeper::refresh(Gateway& gateway) {
  const std::lock_guard lock(mutex_);
  return refresh_locked(gateway);
}

Result<> DatabaseKeeper::refresh_locked(Gateway& gateway) {
  SLUICE_ASSIGN(auto rows, store::kept_databases(database_));
  const bool same = std::equal(rows.begin(), rows.end(), kept_.begin(), kept_.end(),
                               [](const auto& row, const Kept& each) { return row == each.row; });
  // One that could not be used may be usable by now: its key has been brought.
  const bool good = std::all_of(kept_.begin(), kept_.end(),
                                [](const Kept& each) { return each.problem.empty(); });
  if (same && good) return {};
  std::vector<Kept> next;
  for (auto& row : rows) next.push_back({std::move(row), ""});
  auto config = merged(file_, next);
  if (same && std::equal(next.begin(), next.end(), kept_.begin(), kept_.end(),
                         [](const Kept& a, const Kept& b) { return a.problem == b.problem; }))
    return {};
  tell(next);
  SLUICE_TRY(gateway.set_databases(config));
  auto gone = gone_of(*in_force_, *config);
  for (const auto& each : kept_) {
    if (is_another(each, next)) gone.insert(each.row.name);
  }
  end_sessions(gateway, gone);
  log::info("{} database(s), {} of them added by admins", config->databases.size(), next.size());
  kept_ = std::move(next);
  in_force_ = std::move(config);
  taken_(in_force_);
  return {};
}

Result<> DatabaseKeeper::reload(Configuration file,
                                const std::function<Result<>(Configuration)>& take) {
  const std::lock_guard lock(mutex_);
  auto kept = kept_;
  auto config = merged(file, kept);
  SLUICE_TRY(take(config));
  tell(kept);
  file_ = std::move(file);
  kept_ = std::move(kept);
  in_force_ = std::move(config);
  taken_(in_force_);
  return {};
}

}  // namespace sluice::gateway
