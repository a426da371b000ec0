#include "config/attester_reader.h"

#include <algorithm>

#include "base/base64.h"
#include "config/receiver_reader.h"
#include "config/units.h"

namespace sluice::config {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kShortestSecret = 16;

AttesterConfig read(yaml::MapReader& map, const SecretSource& secrets,
                    const std::vector<AttesterConfig>& others) {
  AttesterConfig out;
  if (map.scalar("name", out.name, true)) {
    if (!is_receiver_name(out.name))
      map.problem("name", "expected up to 64 letters, digits, - and _");
    const auto same = [&](const AttesterConfig& other) { return other.name == out.name; };
    if (std::any_of(others.begin(), others.end(), same))
      map.problem("name", "this name is taken by another attester");
  }
  std::string key;
  const bool asymmetric = map.scalar("key", key);
  if (asymmetric) {
    const auto raw = from_base64(key);
    if (raw && raw->size() == kKeyBytes)
      out.public_key = *raw;
    else
      map.problem("key", "expected an Ed25519 public key: 32 bytes in base64");
  }
  const bool secret = read_secret(map, "secret", secrets, out.secret);
  if (asymmetric == secret) map.problem("key", "give one of key, secret_file and secret_env");
  if (!out.secret.empty() && out.secret.reveal().size() < kShortestSecret)
    map.problem("secret_file", "the secret is shorter than 16 bytes");
  map.parsed("max_age", out.max_age, parse_duration);
  if (out.max_age < std::chrono::seconds(1) || out.max_age > std::chrono::hours(24 * 30))
    map.problem("max_age", "must be from 1s to 30d");
  return out;
}

}  // namespace

void read_attesters(yaml::MapReader& top, const SecretSource& secrets,
                    std::vector<AttesterConfig>& out) {
  if (!top.has("attesters")) {
    (void)top.node("attesters");  // A key that is known, if absent.
    return;
  }
  top.maps("attesters", "an attester",
           [&](yaml::MapReader& map) { out.push_back(read(map, secrets, out)); });
}

}  // namespace sluice::config
