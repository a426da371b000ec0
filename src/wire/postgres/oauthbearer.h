#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::wire::postgres {

/// SASL mechanism by which a client shows an OAuth 2.0 bearer token (RFC 7628); libpq 18 and later
/// speak it. The token itself crosses the wire: offered over TLS alone.
inline constexpr std::string_view kOauthBearer = "OAUTHBEARER";

/// The token in a client's initial response. Empty: the client has none, and asks how to get one.
/// Errors: kProtocol for what is no such response, or asks for another identity than its own
/// (authzid) or for channel binding, which the mechanism does not have.
Result<Bytes> decode_oauthbearer(Bytes data);

/// The server's answer to a token that is not good, or not there (RFC 7628, section 3.2.2), in
/// JSON. The client says one more byte, and the login fails. `discovery` is where to find how to
/// get a token, `scope` what it has to be for; either may be empty.
std::string oauthbearer_error(std::string_view discovery, std::string_view scope);

/// All that a client may answer to that.
inline constexpr Bytes kOauthBearerGivesUp = "\x01";

}  // namespace sluice::wire::postgres
