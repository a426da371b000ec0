// SCRAM messages from a hostile client and a hostile server.
#include "input.h"
#include "wire/postgres/scram.h"

using namespace sluice::wire::postgres;

FUZZ(bytes) {
  const size_t half = bytes.find('\n');
  const std::string_view first = bytes.substr(0, half);
  const std::string_view second = half == std::string_view::npos ? "" : bytes.substr(half + 1);
  for (const bool tls : {false, true}) {
    ScramServer server(ScramServer::mock_verifier("secret", "user"), false, tls ? "binding" : "");
    const auto mechanism = tls ? kScramSha256Plus : kScramSha256;
    if (server.first(mechanism, first)) require(!server.final(second).has_value());
  }
  (void)ScramVerifier::parse(bytes);
}
