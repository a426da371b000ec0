#include "identity/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include "base/hash.h"
#include "identity/test_tokens.h"

namespace sluice::identity {
namespace {

using boost::json::object;
using ::testing::HasSubstr;

constexpr int64_t kNow = 1'800'000'000;
constexpr const char* kIssuer = "https://login.example.com";

const TestKey& rsa() {
  static const TestKey key = TestKey::rsa("rsa-1");
  return key;
}
const TestKey& curve() {
  static const TestKey key = TestKey::curve("ec-1");
  return key;
}
const KeySet& published() {
  static const KeySet keys = *parse_key_set(key_set_of({&rsa(), &curve()}));
  return keys;
}

object good_claims() {
  return {{"iss", kIssuer},
          {"sub", "248289761001"},
          {"aud", "sluice"},
          {"nonce", "n-0S6"},
          {"exp", kNow + 300},
          {"iat", kNow},
          {"email", "alice@example.com"}};
}

TokenExpectations expected() {
  TokenExpectations e;
  e.issuer = kIssuer;
  e.audiences = {"sluice"};
  e.client_id = "sluice";
  e.algorithms = {"RS256", "PS256", "ES256"};
  e.nonce = "n-0S6";
  return e;
}

std::string refusal(const std::string& token, const TokenExpectations& e = expected(),
                    const KeySet& keys = published()) {
  const auto claims = verify_token(token, keys, e, kNow);
  return claims ? "taken" : claims.error().text;
}

std::string with(std::string_view name, const boost::json::value& value) {
  auto claims = good_claims();
  claims[name] = value;
  return rsa().sign("RS256", claims);
}
std::string without(std::string_view name) {
  auto claims = good_claims();
  claims.erase(name);
  return rsa().sign("RS256", claims);
}

TEST(Jwt, TakesWhatItsIssuerSigned) {
  for (const auto& token :
       {rsa().sign("RS256", good_claims()), rsa().sign("PS256", good_claims()),
        curve().sign("ES256", good_claims()), rsa().sign("RS256", good_claims(), {{"typ", "JWT"}}),
        rsa().sign("RS256", good_claims(), {{"typ", "application/jwt"}})}) {
    const auto claims = verify_token(token, published(), expected(), kNow);
    ASSERT_TRUE(claims) << claims.error().text;
    EXPECT_EQ(claims->subject, "248289761001");
    EXPECT_EQ(claims->expires_seconds, kNow + 300);
    EXPECT_EQ(claims->text("email"), "alice@example.com");
  }
}

TEST(Jwt, TakesTheLongerHashesAndCurves) {
  const auto p384 = TestKey::curve("p384", CJOSE_JWK_EC_P_384);
  const auto p521 = TestKey::curve("p521", CJOSE_JWK_EC_P_521);
  const auto keys = *parse_key_set(key_set_of({&p384, &p521, &rsa()}));
  auto e = expected();
  e.algorithms = {"ES384", "ES512", "RS384", "RS512", "PS384", "PS512"};
  EXPECT_EQ(refusal(p384.sign("ES384", good_claims()), e, keys), "taken");
  EXPECT_EQ(refusal(p521.sign("ES512", good_claims()), e, keys), "taken");
  for (const char* algorithm : {"RS384", "RS512", "PS384", "PS512"})
    EXPECT_EQ(refusal(rsa().sign(algorithm, good_claims()), e, keys), "taken") << algorithm;
}

/// The example of RFC 8037, appendix A.4.
TEST(Jwt, TakesEd25519) {
  const std::string x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
  const auto keys = parse_key_set(R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":")" + x + R"("}]})");
  ASSERT_TRUE(keys && keys->keys.size() == 1);
  EXPECT_EQ(keys->keys.front().family(), "Ed25519");
  // Its payload is no JSON, so that Jws takes none of it; signed anew it would be another token.
  EXPECT_FALSE(
      Jws::parse("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0"
                 "JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"));
  std::string pair(crypto_sign_PUBLICKEYBYTES, '\0'), secret(crypto_sign_SECRETKEYBYTES, '\0');
  crypto_sign_keypair(reinterpret_cast<unsigned char*>(pair.data()),
                      reinterpret_cast<unsigned char*>(secret.data()));
  const auto sign = [&](const std::string& algorithm) {
    const std::string text = to_base64url(R"({"alg":")" + algorithm + R"("})") + "." +
                             to_base64url(R"({"sub":"alice"})");
    std::string made(crypto_sign_BYTES, '\0');
    crypto_sign_detached(reinterpret_cast<unsigned char*>(made.data()), nullptr,
                         reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                         reinterpret_cast<const unsigned char*>(secret.data()));
    return text + "." + to_base64url(made);
  };
  const auto own = parse_key_set(R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":")" +
                                 to_base64url(pair) + R"("}]})");
  ASSERT_TRUE(own && own->keys.size() == 1);
  for (const char* algorithm : {"EdDSA", "Ed25519"}) {
    std::string token = sign(algorithm);
    const auto read = Jws::parse(token);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_TRUE(read->verify(own->keys.front()));
    EXPECT_FALSE(read->verify(keys->keys.front())) << "another's key";
    EXPECT_EQ(read->claims().at("sub").as_string(), "alice");
    const size_t dot = token.rfind('.');
    token[dot + 5] = token[dot + 5] == 'A' ? 'B' : 'A';
    const auto changed = Jws::parse(token);
    EXPECT_TRUE(!changed || !changed->verify(own->keys.front()));
    const auto cut = Jws::parse(token.substr(0, dot + 1) + to_base64url("short"));
    EXPECT_TRUE(!cut || !cut->verify(own->keys.front()));
  }
  // The key of one kind is none of the other's, and no point is no key.
  const TestKey rsa = TestKey::rsa("r");
  const auto others = parse_key_set(key_set_of({&rsa}));
  ASSERT_TRUE(others);
  EXPECT_FALSE(Jws::parse(sign("EdDSA"))->verify(others->keys.front()));
  EXPECT_FALSE(Jws::parse(rsa.sign("RS256", {{"sub", "alice"}}))->verify(own->keys.front()));
  for (const std::string& key :
       {std::string(R"("crv":"Ed25519","x":"AAAA")"), std::string(R"("crv":"Ed25519")"),
        R"("crv":"Ed448","x":")" + x + "\"", R"("crv":"Ed25519","alg":"ES256","x":")" + x + "\"",
        R"("crv":"Ed25519","use":"enc","x":")" + x + "\""})
    EXPECT_EQ(parse_key_set(R"({"keys":[{"kty":"OKP",)" + key + "}]}")->keys.size(), 0U) << key;
}

TEST(Jwt, RefusesUnsignedTokens) {
  const std::string payload = boost::json::serialize(good_claims());
  for (const char* header :
       {R"({"alg":"none"})", R"({"alg":"None","kid":"rsa-1"})", R"({"alg":"","kid":"rsa-1"})",
        R"({"kid":"rsa-1"})", R"({"alg":null})", R"({"alg":["RS256"]})"}) {
    EXPECT_NE(refusal(forge(header, payload, "")), "taken") << header;
    EXPECT_NE(refusal(forge(header, payload, "x")), "taken") << header;
  }
  auto lax = expected();
  lax.algorithms = {"none", "HS256", "RS256"};
  EXPECT_THAT(refusal(forge(R"({"alg":"none"})", payload, ""), lax), HasSubstr("not accepted"));
}

TEST(Jwt, RefusesAPublicKeyTakenForASharedSecret) {
  const std::string header = R"({"alg":"HS256","kid":"rsa-1"})";
  const std::string payload = boost::json::serialize(good_claims());
  const std::string body = to_base64url(header) + "." + to_base64url(payload);
  auto lax = expected();
  lax.algorithms.emplace_back("HS256");
  for (const std::string& secret :
       {boost::json::serialize(rsa().public_jwk()),
        std::string(rsa().public_jwk().at("n").get_string()), std::string()}) {
    unsigned char mac[32];
    unsigned size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(body.data()), body.size(), mac, &size);
    const std::string token =
        body + "." + to_base64url({reinterpret_cast<const char*>(mac), sizeof mac});
    EXPECT_THAT(refusal(token), HasSubstr("not accepted"));
    EXPECT_THAT(refusal(token, lax), HasSubstr("not accepted"));
  }
  const auto keys = parse_key_set(R"({"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"rsa-1"}]})");
  ASSERT_TRUE(keys);
  EXPECT_TRUE(keys->keys.empty()) << "a shared secret is no public key";
}

TEST(Jwt, RefusesOtherAlgorithmsThanItsIssuers) {
  auto e = expected();
  e.algorithms = {"ES256"};
  EXPECT_THAT(refusal(rsa().sign("RS256", good_claims()), e), HasSubstr("not among those"));
  // A key that says its algorithm is used with no other.
  auto jwk = rsa().public_jwk();
  jwk["alg"] = "PS256";
  const auto keys =
      *parse_key_set(boost::json::serialize(object{{"keys", boost::json::array{jwk}}}));
  EXPECT_EQ(refusal(rsa().sign("PS256", good_claims()), expected(), keys), "taken");
  EXPECT_THAT(refusal(rsa().sign("RS256", good_claims()), expected(), keys),
              HasSubstr("does not publish for this use"));
}

TEST(Jwt, RefusesConfusedKeyNames) {
  const auto stranger = TestKey::rsa("rsa-1");
  EXPECT_THAT(refusal(stranger.sign("RS256", good_claims())), HasSubstr("signature is not good"));
  for (const char* kid : {"", "ec-1", "RSA-1", "../rsa-1", "rsa-1' OR '1'='1", "https://evil/jwks"})
    EXPECT_THAT(refusal(rsa().sign("RS256", good_claims(), {{"kid", kid}})),
                HasSubstr("does not publish"))
        << kid;
  const auto missing = verify_token(rsa().sign("RS256", good_claims(), {{"kid", "rsa-2"}}),
                                    published(), expected(), kNow);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound) << "newer keys may have it";
  // Keys that come with the token are not looked at.
  EXPECT_THAT(
      refusal(stranger.sign(
          "RS256", good_claims(),
          {{"jwk", stranger.public_jwk()}, {"kid", "stranger"}, {"jku", "https://evil/jwks"}})),
      HasSubstr("does not publish"));
  // Without a name, one key fits or none is taken.
  EXPECT_EQ(refusal(rsa().sign("RS256", good_claims(), {{"kid", nullptr}})), "taken");
  const auto second = TestKey::rsa("rsa-2");
  const auto keys = *parse_key_set(key_set_of({&rsa(), &second}));
  EXPECT_THAT(refusal(rsa().sign("RS256", good_claims(), {{"kid", nullptr}}), expected(), keys),
              HasSubstr("which of its issuer's keys"));
}

TEST(Jwt, RefusesHeadersThatMeanMore) {
  EXPECT_THAT(refusal(rsa().sign("RS256", good_claims(), {{"crit", {"exp"}}, {"exp", 1}})),
              HasSubstr("critical"));
  EXPECT_THAT(refusal(rsa().sign("RS256", good_claims(), {{"b64", false}})), HasSubstr("plainly"));
  EXPECT_THAT(refusal(rsa().sign("RS256", good_claims(), {{"zip", "DEF"}})), HasSubstr("plainly"));
  for (const char* type : {"at+jwt", "logout+jwt", "secevent+jwt", "JWE", "application/"})
    EXPECT_THAT(refusal(rsa().sign("RS256", good_claims(), {{"typ", type}})), HasSubstr("(typ)"))
        << type;
  auto workload = expected();
  workload.use = TokenUse::kWorkload;
  EXPECT_EQ(refusal(rsa().sign("RS256", good_claims(), {{"typ", "at+jwt"}}), workload), "taken");
  EXPECT_THAT(refusal(rsa().sign("RS256", good_claims(), {{"typ", 1}})), HasSubstr("typ"));
}

TEST(Jwt, TakesEventsForLogoutsAlone) {
  const std::string token = with("events", object{});
  auto use = expected();
  EXPECT_THAT(refusal(token, use), HasSubstr("(events)"));
  use.use = TokenUse::kWorkload;
  EXPECT_THAT(refusal(token, use), HasSubstr("(events)"));
  use.use = TokenUse::kLogout;
  EXPECT_EQ(refusal(token, use), "taken");
  EXPECT_EQ(refusal(rsa().sign("RS256", good_claims(), {{"typ", "logout+jwt"}}), use), "taken");
  EXPECT_THAT(refusal(without("iat"), use), HasSubstr("(iat)"));
}

TEST(Jwt, RefusesWhatReadsInTwoWays) {
  const std::string good = boost::json::serialize(good_claims());
  const std::string twice = R"({"sub":"root",)" + good.substr(1);
  EXPECT_THAT(refusal(rsa().sign_text(R"({"alg":"RS256","kid":"rsa-1"})", twice)),
              HasSubstr("repeated names"));
  const std::string token = rsa().sign("RS256", good_claims());
  const size_t first = token.find('.');
  EXPECT_THAT(
      refusal(to_base64url(R"({"alg":"none","alg":"RS256","kid":"rsa-1"})") + token.substr(first)),
      HasSubstr("repeated names"));
  EXPECT_NE(refusal(rsa().sign_text(R"({"alg":"RS256","kid":"rsa-1"})", good + " {}")), "taken");
  EXPECT_NE(refusal(rsa().sign_text(R"({"alg":"RS256","kid":"rsa-1"})", "[1]")), "taken");
  EXPECT_NE(refusal(rsa().sign_text(R"({"alg":"RS256","kid":"rsa-1"})", "\xff")), "taken");
}

TEST(Jwt, RefusesChangedTokens) {
  const std::string token = rsa().sign("RS256", good_claims());
  EXPECT_EQ(refusal(token), "taken");
  for (const std::string& changed :
       {token + "=", token + ".", " " + token, token + "\n", token.substr(0, token.size() - 4),
        token.substr(0, token.rfind('.') + 1), token.substr(0, token.rfind('.')), std::string(),
        std::string("..")})
    EXPECT_NE(refusal(changed), "taken") << changed;
  for (size_t at = 0; at < token.size(); at += 7) {
    std::string changed = token;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_NE(refusal(changed), "taken") << at;
  }
  const std::string short_one = curve().sign("ES256", good_claims());
  const size_t dot = short_one.rfind('.') + 1;
  EXPECT_NE(refusal(short_one.substr(0, dot) + to_base64url(std::string(64, '\0'))), "taken");
  EXPECT_NE(refusal(short_one.substr(0, dot) + to_base64url(std::string(63, '\1'))), "taken");
  EXPECT_NE(refusal(short_one.substr(0, dot) + to_base64url(std::string(6400, '\1'))), "taken");
  // The same signature in another spelling: bits of the last character that mean nothing.
  std::string other = token;
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  other.back() = alphabet[(alphabet.find(other.back()) & ~3UL) | 1];
  if (other != token) EXPECT_NE(refusal(other), "taken");
}

TEST(Jwt, RefusesHugeTokens) {
  EXPECT_THAT(refusal(with("groups", boost::json::string(40'000, 'x'))),
              HasSubstr("longer than 32 KiB"));
  EXPECT_EQ(refusal(with("groups", boost::json::string(10'000, 'x'))), "taken");
  std::string deep(2000, '[');
  EXPECT_NE(refusal(rsa().sign_text(R"({"alg":"RS256","kid":"rsa-1"})",
                                    R"({"a":)" + deep + std::string(2000, ']') + "}")),
            "taken");
}

TEST(Jwt, RefusesOtherIssuersAndAudiences) {
  for (const char* issuer :
       {"https://login.example.com/", "https://evil.example.com", "", "HTTPS://login.example.com"})
    EXPECT_THAT(refusal(with("iss", issuer)), HasSubstr("of another issuer")) << issuer;
  EXPECT_THAT(refusal(without("iss")), HasSubstr("of another issuer"));
  EXPECT_THAT(refusal(with("iss", {kIssuer})), HasSubstr("of another issuer"));
  EXPECT_THAT(refusal(with("aud", "other")), HasSubstr("check client_id and audience"));
  EXPECT_THAT(refusal(with("aud", boost::json::array())), HasSubstr("(aud)"));
  EXPECT_THAT(refusal(without("aud")), HasSubstr("(aud)"));
  EXPECT_THAT(refusal(with("aud", 7)), HasSubstr("(aud)"));
  auto nobody = expected();
  nobody.audiences.clear();
  EXPECT_NE(refusal(with("aud", ""), nobody), "taken");
  // For several: only if it was given to this client.
  EXPECT_THAT(refusal(with("aud", {"sluice", "other"})), HasSubstr("(azp)"));
  auto both = good_claims();
  both["aud"] = {"sluice", "other"};
  both["azp"] = "sluice";
  EXPECT_EQ(refusal(rsa().sign("RS256", both)), "taken");
  EXPECT_THAT(refusal(with("azp", "other")), HasSubstr("(azp)"));
  EXPECT_THAT(refusal(with("azp", 1)), HasSubstr("(azp)"));
}

TEST(Jwt, AllowsClocksToDifferABit) {
  EXPECT_EQ(refusal(with("exp", kNow - 59)), "taken");
  EXPECT_THAT(refusal(with("exp", kNow - 60)), HasSubstr("expired 60 seconds ago"));
  EXPECT_EQ(refusal(with("iat", kNow + 60)), "taken");
  EXPECT_THAT(refusal(with("iat", kNow + 61)), HasSubstr("61 seconds in the future"));
  EXPECT_THAT(refusal(with("nbf", kNow + 61)), HasSubstr("in the future (nbf)"));
  auto exact = expected();
  exact.skew = Duration::zero();
  EXPECT_NE(refusal(with("exp", kNow), exact), "taken");
  for (const boost::json::value& never :
       {boost::json::value("1800000300"), boost::json::value(1e300), boost::json::value(-1),
        boost::json::value(nullptr), boost::json::value(INT64_MAX)})
    EXPECT_THAT(refusal(with("exp", never)), HasSubstr("no point in time")) << never;
  EXPECT_THAT(refusal(without("exp")), HasSubstr("never expires"));
  EXPECT_THAT(refusal(without("iat")), HasSubstr("(iat)"));
  EXPECT_EQ(refusal(with("exp", kNow + 0.5)), "taken") << "fractions of seconds are allowed";
}

TEST(Jwt, BelongsToOneLogin) {
  EXPECT_THAT(refusal(with("nonce", "other")), HasSubstr("another login"));
  EXPECT_THAT(refusal(without("nonce")), HasSubstr("another login"));
  auto e = expected();
  e.access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
  // OpenID Connect Core 1.0, appendix A.3, has this hash of that access token.
  EXPECT_EQ(refusal(with("at_hash", "77QmUPtjPfzWtF2AnpK9RQ"), e), "taken");
  EXPECT_THAT(refusal(with("at_hash", "77QmUPtjPfzWtF2AnpK9RR"), e), HasSubstr("(at_hash)"));
  EXPECT_THAT(refusal(with("at_hash", 1), e), HasSubstr("(at_hash)"));
  EXPECT_EQ(refusal(without("at_hash"), e), "taken");
  for (const auto& subject : {boost::json::value(""), boost::json::value(7),
                              boost::json::value(boost::json::string(256, 's'))})
    EXPECT_THAT(refusal(with("sub", subject)), HasSubstr("(sub)"));
}

TEST(Jwt, NothingOfABadTokenIsRepeated) {
  const auto stranger = TestKey::rsa("rsa-1");
  auto claims = good_claims();
  claims["iss"] = "https://evil.example.com";
  claims["aud"] = "secret-audience";
  EXPECT_EQ(refusal(stranger.sign("RS256", claims)), "the token's signature is not good");
}

TEST(KeySetText, LeavesOutWhatDoesNotVerify) {
  auto weak = TestKey::rsa("weak", 1024).public_jwk();
  auto encrypts = rsa().public_jwk();
  encrypts["use"] = "enc";
  encrypts["kid"] = "enc";
  auto signs = rsa().public_jwk();
  signs["key_ops"] = boost::json::array{"sign"};
  signs["kid"] = "signs";
  auto good = rsa().public_jwk();
  good["use"] = "sig";
  good["key_ops"] = boost::json::array{"verify"};
  const object okp{{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", "AAAA"}, {"kid", "okp"}};
  const object off_curve{{"kty", "EC"},
                         {"crv", "P-256"},
                         {"x", to_base64url(std::string(32, '\1'))},
                         {"y", to_base64url(std::string(32, '\1'))},
                         {"kid", "off"}};
  const auto keys = parse_key_set(boost::json::serialize(
      object{{"keys", {weak, encrypts, signs, good, okp, off_curve, object{{"kty", "RSA"}}}}}));
  ASSERT_TRUE(keys) << keys.error().text;
  ASSERT_EQ(keys->keys.size(), 1U);
  EXPECT_EQ(keys->keys[0].kid(), "rsa-1");
}

TEST(KeySetText, RefusesWhatIsNone) {
  const auto other = TestKey::rsa("rsa-1");
  EXPECT_FALSE(parse_key_set(key_set_of({&rsa(), &other}))) << "two keys of one name";
  for (const char* text :
       {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[1]})", R"({"keys":[],"keys":[]})", "<html>"})
    EXPECT_FALSE(parse_key_set(text)) << text;
  EXPECT_FALSE(parse_key_set(R"({"keys":[]})" + std::string(300'000, ' ')));
}

}  // namespace
}  // namespace sluice::identity
