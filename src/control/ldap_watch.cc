#include "control/ldap_watch.h"

#include <fmt/format.h>

#include "base/log.h"
#include "identity/credential_store.h"
#include "identity/federation.h"
#include "store/state.h"

namespace sluice::control {
namespace {

constexpr auto kLook = std::chrono::milliseconds(250);

Result<> end_of(store::Database& database, const std::string& actor, const std::string& user,
                std::string_view why) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database));
  SLUICE_ASSIGN(const int64_t ended, identity::end_credentials(database, user));
  if (ended == 0) return {};
  SLUICE_TRY(store::leave_admin_event(
      database, actor, fmt::format("credentials of \"{}\" ended: {}; {}", user, ended, why)));
  return transaction.commit();
}

}  // namespace

Result<std::unique_ptr<LdapWatch>> LdapWatch::start(std::shared_ptr<const config::Config> config) {
  SLUICE_ASSIGN(auto database, store::open_state(*config));
  std::unique_ptr<LdapWatch> watch(new LdapWatch(std::move(database)));
  watch->set_config(*config);
  watch->thread_ = std::thread([raw = watch.get()] {
    pthread_setname_np(pthread_self(), "directories");
    raw->run();
  });
  return watch;
}

void LdapWatch::set_config(const config::Config& config) {
  const std::lock_guard lock(mutex_);
  std::map<std::string, Watched> next;
  for (const auto& directory : config.identity.directories) {
    if (directory.recheck == Duration::zero()) continue;
    Watched watched;
    watched.directory = std::make_shared<identity::LdapDirectory>(directory);
    watched.due = watched.asked = Clock::now();
    // Whoever reloads does not give a silent directory more time.
    const auto before = watched_.find(directory.name);
    if (before != watched_.end()) watched.asked = before->second.asked;
    next.emplace(directory.name, std::move(watched));
  }
  watched_ = std::move(next);
}

void LdapWatch::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void LdapWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    std::string name;
    Watched due;
    for (const auto& [key, watched] : watched_) {
      if (Clock::now() < watched.due) continue;
      name = key;
      due = watched;
      break;
    }
    if (name.empty()) {
      wake_.wait_for(lock, kLook);
      continue;
    }
    lock.unlock();
    look(due);
    lock.lock();
    // Another configuration may be in force meanwhile.
    const auto found = watched_.find(name);
    if (found != watched_.end() && found->second.directory == due.directory) found->second = due;
  }
}

void LdapWatch::look(Watched& watched) {
  const auto& config = watched.directory->config();
  const auto checked = check(watched);
  watched.due = Clock::now() + config.recheck;
  if (checked) {
    if (std::exchange(watched.silent, false)) log::info("directory {} answers again", config.name);
    watched.asked = Clock::now();
    return;
  }
  if (!std::exchange(watched.silent, true))
    log::error("those who logged in by a directory cannot be looked up: {}", checked.error().text);
  if (Clock::now() - watched.asked <= config.recheck_grace) {
    watched.due = std::min(watched.due, watched.asked + config.recheck_grace);
    watched.due = std::max(watched.due, Clock::now() + std::chrono::seconds(1));
    return;
  }
  if (const auto ended = outlived(watched, checked.error().text); !ended)
    log::error("credentials of directory {} not ended: {}", config.name, ended.error().text);
}

Result<> LdapWatch::check(Watched& watched) {
  identity::LdapDirectory& directory = *watched.directory;
  SLUICE_ASSIGN(const auto holders,
                identity::FederatedUsers(database_).holders(directory.issuer()));
  if (holders.empty()) return {};
  std::vector<std::string> subjects;
  for (const auto& [user, subject] : holders) subjects.push_back(subject);
  SLUICE_ASSIGN(const auto found, directory.look_up(subjects));
  for (size_t i = 0; i < holders.size(); ++i) {
    const auto& user = holders[i].first;
    if (!found[i]) {
      SLUICE_TRY(end_of(database_, "directory " + directory.config().name, user,
                        "they are gone from the directory, or not active there"));
      continue;
    }
    if (found[i]->keep_groups) continue;
    // Whom an operator has disabled has other things to worry about than groups.
    (void)identity::FederatedUsers(database_).admit(*found[i], false, directory.config().scim);
  }
  return {};
}

/// Nobody knows whether they are still there: after a while that counts as no.
Result<> LdapWatch::outlived(Watched& watched, const std::string& why) {
  identity::LdapDirectory& directory = *watched.directory;
  SLUICE_ASSIGN(const auto holders,
                identity::FederatedUsers(database_).holders(directory.issuer()));
  for (const auto& [user, subject] : holders) {
    SLUICE_TRY(end_of(database_, "directory " + directory.config().name, user,
                      "the directory has been away for too long: " + why));
  }
  return {};
}

}  // namespace sluice::control
