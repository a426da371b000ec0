// SCRAM messages from a hostile server: never taken for one that knows the password, never more
// work than the cap.
#include <string>

#include "input.h"
#include "wire/postgres/backend.h"
#include "wire/postgres/scram.h"

using namespace sluice::wire::postgres;

namespace {

/// Key derivation is slow and not what is looked for: a number of more than three digits is either
/// over the cap or left out.
bool slow(std::string_view message) {
  size_t digits = 0;
  for (const char c : message) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits > 3) return message.find("i=") != std::string_view::npos;
  }
  return false;
}

}  // namespace

FUZZ(bytes) {
  if (const auto request = decode_authentication(bytes)) {
    require(request->data.size() < bytes.size());
    for (const auto mechanism : request->mechanisms) require(!mechanism.empty());
  }
  const size_t half = bytes.find('\n');
  const std::string_view server_first = bytes.substr(0, half);
  const std::string_view server_final =
      half == std::string_view::npos ? "" : bytes.substr(half + 1);
  if (slow(server_first)) return;
  for (const bool plus : {false, true}) {
    ScramClient client("pencil", plus ? "binding" : "", plus);
    const std::string first = client.first();
    const auto nonce = first.substr(first.rfind("r=") + 2);
    std::string message;  // Each '@' stands for our nonce, which cannot be guessed.
    for (const char c : server_first) c == '@' ? message += nonce : message += c;
    const auto answer = client.final(message);
    if (answer) {
      require(message.starts_with("r=" + nonce) && answer->starts_with("c="));
      require(client.keys().iterations >= 1 && !client.keys().salt.empty());
    }
    require(!client.verify(server_final).has_value());
    require(!client.final(message).has_value());
  }
}
