#include "gateway/vouched.h"

#include "base/bytes.h"
#include "base/random.h"
#include "base/secret.h"

namespace sluice::gateway {
namespace {

const std::string& secret() {
  static const std::string kSecret = to_hex(random_string(32));
  return kSecret;
}

}  // namespace

std::string vouch_for(std::string_view address) { return secret() + "@" + std::string(address); }

std::optional<std::string> vouched_address(std::string_view stated) {
  const size_t at = stated.find('@');
  if (at == std::string_view::npos || !equal_constant_time(stated.substr(0, at), secret()))
    return std::nullopt;
  return std::string(stated.substr(at + 1));
}

}  // namespace sluice::gateway
