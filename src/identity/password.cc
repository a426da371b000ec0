#include "identity/password.h"

#include <sodium.h>

#include "wire/postgres/scram.h"

namespace sluice::identity {
namespace pg = wire::postgres;

bool is_password_of(const User& user, const SecretString& password) {
  const auto verifier = pg::ScramVerifier::parse(user.scram_verifier);
  if (!verifier) return false;
  const std::string made =
      pg::make_verifier(password.reveal(), verifier->salt, verifier->iterations);
  const std::string kept = verifier->format();
  return made.size() == kept.size() && sodium_memcmp(made.data(), kept.data(), kept.size()) == 0;
}

bool is_password_of(const User* user, std::string_view name, std::string_view secret,
                    const SecretString& password) {
  if (user != nullptr && !user->scram_verifier.empty()) return is_password_of(*user, password);
  User nobody;
  nobody.scram_verifier = pg::ScramServer::mock_verifier(secret, name).format();
  return is_password_of(nobody, password) && false;
}

}  // namespace sluice::identity
