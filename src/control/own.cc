#include "control/own.h"

#include <algorithm>

#include "base/clock.h"

namespace sluice::control {

int64_t since_of(const identity::Directory& directory, std::string_view name) {
  const identity::User* user = directory.find(name);
  return user == nullptr ? INT64_MAX : user->since();
}

bool is_theirs(const identity::Directory& directory, const Reader& reader, std::string_view user,
               std::string_view person, int64_t micros) {
  return is_own(reader, user, person) && micros >= since_of(directory, reader.user);
}

bool Own::has(std::string_view database) const {
  return databases.empty() || std::ranges::find(databases, database) != databases.end();
}

Own own_of(const HttpRequest& request, const identity::Directory& directory) {
  if (request.user.empty()) return {};
  Own own{since_of(directory, request.user)};
  if (const auto* shown = directory.credential_of_secret(bearer_of(request)); shown != nullptr)
    own.databases = shown->databases;
  return own;
}

bool shows_a_credential(const HttpRequest& request, const identity::Directory& directory) {
  const auto is_live = [&](std::string_view secret) {
    const auto* shown = secret.empty() ? nullptr : directory.credential_of_secret(secret);
    return shown != nullptr && shown->live(wall_micros());
  };
  return is_live(bearer_of(request)) || is_live(request.header("x-api-key"));
}

}  // namespace sluice::control
