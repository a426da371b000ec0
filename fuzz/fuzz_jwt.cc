// Tokens, key sets and whatever else identity providers answer.
#include <algorithm>

#include "identity/jwt.h"
#include "input.h"

FUZZ(bytes) {
  using namespace sluice::identity;
  // The key of RFC 7515, appendix A.2, whose token is among the seeds.
  static const KeySet keys = *parse_key_set(
      R"({"keys":[{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}]})");
  static const TokenExpectations expected = [] {
    TokenExpectations e;
    e.issuer = "joe";
    e.audiences = {"sluice"};
    e.algorithms = {"RS256"};
    return e;
  }();
  // It names no audience, so no token that this key has signed may ever be taken.
  require(!verify_token(bytes, keys, expected, 1'300'819'000));
  if (const auto issuer = claimed_issuer(bytes)) require(issuer->size() < bytes.size());
  if (const auto set = parse_key_set(bytes)) {
    for (const PublicKey& key : set->keys) require(!key.family().empty());
  }
  if (const auto token = Jws::parse(bytes)) {
    require(!family_of(token->algorithm()).empty());
    require(std::count(bytes.begin(), bytes.end(), '.') == 2);
  }
}
