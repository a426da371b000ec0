#include "identity/user_store.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "store/state.h"
#include "wire/postgres/scram.h"

namespace sluice::identity {
namespace {

constexpr size_t kMaxName = 63;  // PostgreSQL's NAMEDATALEN - 1: longer names cannot log in
constexpr size_t kMinPassword = 8;

Result<> check_word(std::string_view what, std::string_view word) {
  if (word.empty() || word.size() > kMaxName) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("{} must have 1 to {} bytes", what, kMaxName));
  }
  bool printable = is_utf8(word);
  for (const unsigned char c : word) printable = printable && c >= 0x20 && c != 0x7F;
  if (!printable) {
    return fail(ErrorCode::kInvalidInput, fmt::format("{} must be printable UTF-8", what));
  }
  return {};
}

Result<> check_password(const SecretString& password) {
  if (password.reveal().size() < kMinPassword) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("the password must have at least {} characters", kMinPassword));
  }
  return {};
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : "\n") + word;
  return out;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    words.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return words;
}

}  // namespace

Result<> UserStore::add(std::string_view name, const std::vector<std::string>& groups,
                        const SecretString& password) {
  SLUICE_TRY(check_word("a user name", name));
  for (const auto& group : groups) SLUICE_TRY(check_word("a group name", group));
  SLUICE_TRY(check_password(password));
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto insert, database_.prepare("INSERT INTO users (name, groups, scram_verifier, "
                                               "created_micros) VALUES (?, ?, ?, ?)"));
  const auto inserted = insert.bind(1, name)
                            .bind(2, join(groups))
                            .bind(3, wire::postgres::make_verifier(password.reveal()))
                            .bind(4, wall_micros())
                            .run();
  if (!inserted && inserted.error().code == ErrorCode::kExists) {
    return fail(ErrorCode::kExists, fmt::format("user \"{}\" exists already; to change the "
                                                "password: sluice user passwd {}",
                                                name, name));
  }
  if (!inserted) return inserted;
  SLUICE_TRY(store::leave_admin_event(database_, actor_, fmt::format("user \"{}\" added", name)));
  return transaction.commit();
}

Result<> UserStore::update(std::string_view name, std::string_view sql, std::string_view value,
                           std::string_view message) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto change, database_.prepare(sql));
  SLUICE_TRY(change.bind(1, name).bind(2, value).run());
  if (database_.changes() == 0) {
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no user \"{}\"; see: sluice user list", name));
  }
  SLUICE_TRY(store::leave_admin_event(database_, actor_, message));
  return transaction.commit();
}

Result<> UserStore::set_password(std::string_view name, const SecretString& password) {
  SLUICE_TRY(check_password(password));
  return update(name, "UPDATE users SET scram_verifier = ?2 WHERE name = ?1",
                wire::postgres::make_verifier(password.reveal()),
                fmt::format("password of user \"{}\" changed", name));
}

Result<> UserStore::set_disabled(std::string_view name, bool disabled) {
  return update(name, "UPDATE users SET disabled = CAST(?2 AS INTEGER) WHERE name = ?1",
                disabled ? "1" : "0",
                fmt::format("user \"{}\" {}", name, disabled ? "disabled" : "enabled"));
}

Result<> UserStore::remove(std::string_view name) {
  return update(name, "DELETE FROM users WHERE name = ?1 AND ?2 = ''", "",
                fmt::format("user \"{}\" removed", name));
}

Result<std::shared_ptr<const Directory>> load_directory(store::Database& database) {
  SLUICE_ASSIGN(const int64_t version, database.data_version());
  SLUICE_ASSIGN(auto query, database.prepare("SELECT name, groups, scram_verifier, disabled, "
                                             "created_micros FROM users ORDER BY name"));
  std::vector<User> users;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) break;
    users.push_back({query.text(0), split(query.text(1)), query.text(2), query.integer(3) != 0,
                     query.integer(4)});
  }
  return std::make_shared<const Directory>(std::move(users), static_cast<uint64_t>(version));
}

}  // namespace sluice::identity
