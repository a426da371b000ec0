#include "gateway/policy_keeper.h"

#include <filesystem>
#include <fstream>
#include <optional>

#include <fmt/format.h>

namespace sluice::gateway {
namespace {

/// More than a policy may have, so that whoever reads it says so.
constexpr size_t kMostBytes = 1 << 20;

constexpr const char* kWayOut =
    "Save a good one with: sluice policy save FILE --offline; or name another in the "
    "configuration, by policy.file or policy.profile";

/// The policy that the store holds, or nothing when none has been saved.
Result<std::optional<SourcedPolicy>> read_store(store::Database& database) {
  SLUICE_ASSIGN(const auto stored, store::latest_policy_version(database));
  if (!stored) return std::nullopt;
  const std::string name = stored_policy_name(stored->number);
  SLUICE_ASSIGN(auto policy, policy::Policy::parse(stored->text, name));
  if (policy->version() != stored->hash) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("{}: this is not the text that was saved: its version is {}, not {}",
                            name, policy->version(), stored->hash));
  }
  return SourcedPolicy{std::move(policy), "store", stored->number};
}

}  // namespace

Result<std::shared_ptr<const policy::Policy>> read_policy_file(const std::string& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    // Reading a pipe or a device may have no end.
    return fail(ErrorCode::kInvalidInput, fmt::format("{}: is no regular file", file));
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(io_error("cannot read the policy " + file, errno));
  std::string text(kMostBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return fail(io_error("cannot read the policy " + file, errno));
  text.resize(static_cast<size_t>(in.gcount()));
  return policy::Policy::parse(text, file);
}

std::string stored_policy_name(int64_t number) { return fmt::format("stored policy {}", number); }

Result<SourcedPolicy> load_policy(const config::PolicyConfig& config, store::Database& database) {
  SourcedPolicy loaded;
  if (!config.file.empty()) {
    loaded.source = "file";
    SLUICE_ASSIGN(loaded.policy, read_policy_file(config.file));
    return loaded;
  }
  if (config.from_store()) {
    auto stored = read_store(database);
    if (!stored) {
      return fail(stored.error().code,
                  fmt::format("the policy in the store cannot be used:\n{}\n{}",
                              stored.error().text, kWayOut));
    }
    if (*stored) return std::move(**stored);
  }
  loaded.source = "profile";
  SLUICE_ASSIGN(loaded.policy,
                policy::Policy::profile(config.profile.empty() ? "standard" : config.profile));
  return loaded;
}

namespace {

Result<> is_in_store(const config::PolicyConfig& config) {
  if (config.from_store()) return {};
  const bool file = !config.file.empty();
  return fail(ErrorCode::kDenied,
              fmt::format("the policy is not kept in the store: the configuration names the "
                          "{0} {1}; remove policy.{0} from it and reload it (SIGHUP) first",
                          file ? "file" : "profile", file ? config.file : config.profile));
}

}  // namespace

Result<int64_t> save_policy(const config::PolicyConfig& config, store::Database& database,
                            store::PolicyVersion next, std::string_view name, int64_t expected) {
  SLUICE_TRY(is_in_store(config));
  SLUICE_ASSIGN(const auto policy, policy::Policy::parse(next.text, name));
  next.hash = policy->version();
  return store::add_policy_version(database, next, expected);
}

Result<std::unique_ptr<PolicyKeeper>> PolicyKeeper::open(store::Database database,
                                                         config::PolicyConfig config) {
  std::unique_ptr<PolicyKeeper> keeper(new PolicyKeeper(std::move(database), std::move(config)));
  SLUICE_ASSIGN(keeper->in_force_, load_policy(keeper->config_, keeper->database_));
  return keeper;
}

SourcedPolicy PolicyKeeper::in_force() const {
  const std::lock_guard lock(mutex_);
  return in_force_;
}

Result<> PolicyKeeper::reload(Gateway& gateway, std::shared_ptr<const config::Config> config) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto next, load_policy(config->policy, database_));
  SLUICE_TRY(gateway.reload(config, next.policy));
  config_ = config->policy;
  in_force_ = std::move(next);
  return {};
}

Result<bool> PolicyKeeper::refresh(Gateway& gateway) {
  const std::lock_guard lock(mutex_);
  return refresh_locked(gateway);
}

Result<bool> PolicyKeeper::refresh_locked(Gateway& gateway) {
  SLUICE_ASSIGN(auto next, load_policy(config_, database_));
  if (next.number == in_force_.number && next.policy->version() == in_force_.policy->version()) {
    return false;
  }
  gateway.set_policy(next.policy);
  in_force_ = std::move(next);
  return true;
}

Result<SourcedPolicy> PolicyKeeper::save(Gateway& gateway, store::PolicyVersion next,
                                         std::string_view name, int64_t expected) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN([[maybe_unused]] const int64_t number,
                save_policy(config_, database_, std::move(next), name, expected));
  SLUICE_ASSIGN([[maybe_unused]] const bool changed, refresh_locked(gateway));
  return in_force_;
}

Result<> PolicyKeeper::could_save(const store::PolicyVersion& next, std::string_view name,
                                  int64_t expected) {
  const std::lock_guard lock(mutex_);
  SLUICE_TRY(is_in_store(config_));
  SLUICE_ASSIGN([[maybe_unused]] const auto policy, policy::Policy::parse(next.text, name));
  return store::check_policy_version(database_, next, expected);
}

std::vector<std::string> PolicyKeeper::approvers() const {
  const std::lock_guard lock(mutex_);
  return config_.approve_by;
}

Result<std::vector<store::PolicyVersion>> PolicyKeeper::versions() {
  const std::lock_guard lock(mutex_);
  return store::policy_versions(database_);
}

Result<store::PolicyVersion> PolicyKeeper::version(int64_t number) {
  const std::lock_guard lock(mutex_);
  return store::policy_version(database_, number);
}

}  // namespace sluice::gateway
