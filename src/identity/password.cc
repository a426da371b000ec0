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

}  // namespace sluice::identity
