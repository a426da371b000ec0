// SCRAM messages from a hostile client: never a login, never a crash.
#include <string>

#include "input.h"
#include "wire/postgres/scram.h"

using namespace sluice::wire::postgres;

namespace {

/// `text` with each '@' replaced by the nonce the other side waits for, which cannot be guessed.
std::string with_nonce(std::string_view text, std::string_view nonce) {
  std::string out;
  for (const char c : text) {
    if (c == '@') {
      out += nonce;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

FUZZ(bytes) {
  const size_t half = bytes.find('\n');
  const std::string_view first = bytes.substr(0, half);
  const std::string_view second = half == std::string_view::npos ? "" : bytes.substr(half + 1);
  for (const bool tls : {false, true}) {
    for (const auto mechanism : {kScramSha256, kScramSha256Plus}) {
      ScramServer server(ScramServer::mock_verifier("secret", "user"), true, tls ? "binding" : "");
      const auto answer = server.first(mechanism, first);
      if (!answer) {
        require(!server.final(second).has_value());
        continue;
      }
      require(mechanism == kScramSha256 ? first[0] != 'p' : tls && first[0] == 'p');
      require(!(tls && first[0] == 'y'));
      require(answer->starts_with("r="));
      const auto nonce = std::string_view(*answer).substr(2, answer->find(",s=") - 2);
      const std::string final = with_nonce(second, nonce);
      require(!server.final(final).has_value());
      require(!server.final(final).has_value());
    }
  }
  if (const auto verifier = ScramVerifier::parse(bytes)) {
    const auto again = ScramVerifier::parse(verifier->format());
    require(again && again->salt == verifier->salt && again->stored_key == verifier->stored_key);
  }
}
