// The first message of a client that shows a bearer token: whatever it is, what is taken for a
// token stands in it and has a token's form.
#include "input.h"
#include "wire/postgres/oauthbearer.h"

using namespace sluice;
using namespace sluice::wire::postgres;

FUZZ(bytes) {
  const auto token = decode_oauthbearer(bytes);
  if (!token) {
    require(token.error().code == ErrorCode::kProtocol);
    return;
  }
  require(token->find_first_of(Bytes("\x01 \t\r\n\0", 6)) == Bytes::npos);
  require(token->empty() || (token->data() > bytes.data() &&
                             token->data() + token->size() <= bytes.data() + bytes.size()));
}
