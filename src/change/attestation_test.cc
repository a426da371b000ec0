#include "change/attestation.h"

#include <array>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>

#include "base/base64.h"
#include "base/hash.h"
#include "tlog/dsse.h"

namespace sluice::change {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

/// 2026-11-25T10:00:00Z
constexpr int64_t kNow = 1'795'600'800'000'000;
constexpr const char* kType = "application/vnd.in-toto+json";

std::string digest(std::string_view text) {
  const auto raw = sha256(text);
  return to_hex({raw.data(), raw.size()});
}

std::string statement(const std::string& script, const std::string& result = "PASSED",
                      const std::string& finished = "2026-11-25T09:00:00Z",
                      const std::string& rollback = "") {
  json::array subjects{
      json::object{{"name", "script"}, {"digest", json::object{{"sha256", digest(script)}}}}};
  if (!rollback.empty()) {
    subjects.push_back(
        json::object{{"name", "rollback"}, {"digest", json::object{{"sha256", digest(rollback)}}}});
  }
  return json::serialize(
      json::object{{"_type", "https://in-toto.io/Statement/v1"},
                   {"subject", subjects},
                   {"predicateType", "https://in-toto.io/attestation/test-result/v0.1"},
                   {"predicate", json::object{{"result", result}, {"finishedOn", finished}}}});
}

class AttestationTest : public ::testing::Test {
 protected:
  AttestationTest() {
    crypto_sign_keypair(public_.data(), secret_.data());
    attesters_.resize(2);
    attesters_[0].name = "ci";
    attesters_[0].public_key.assign(reinterpret_cast<const char*>(public_.data()), public_.size());
    attesters_[1].name = "old";
    attesters_[1].secret = SecretString("a secret of some length");
  }
  std::string sign(const std::string& bytes) {
    std::string out(crypto_sign_BYTES, '\0');
    crypto_sign_detached(reinterpret_cast<unsigned char*>(out.data()), nullptr,
                         reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                         secret_.data());
    return out;
  }
  static std::string envelope(const std::string& payload, const std::string& signature,
                              const std::string& type = kType) {
    return json::serialize(json::object{
        {"payloadType", type},
        {"payload", to_base64(payload)},
        {"signatures", json::array{json::object{{"keyid", "x"}, {"sig", to_base64(signature)}}}}});
  }
  std::string good(const std::string& payload) {
    return envelope(payload, sign(tlog::dsse_bytes(kType, payload)));
  }
  policy::Proofs read(const std::string& text, const std::string& rollback = "") {
    policy::Proofs out;
    read_attestation(text, "SELECT 1", rollback, attesters_, kNow, out);
    return out;
  }

  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> public_{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret_{};
  std::vector<config::AttesterConfig> attesters_;
};

TEST_F(AttestationTest, SaysWhatWasTested) {
  const auto proofs = read(good(statement("SELECT 1")));
  EXPECT_EQ(proofs.attestation_problem, "");
  ASSERT_TRUE(proofs.attested.contains("ci"));
  EXPECT_THAT(proofs.attested.at("ci"), HasSubstr(digest("SELECT 1")));
  const std::string payload = statement("SELECT 1");
  const auto mac = hmac_sha256("a secret of some length", tlog::dsse_bytes(kType, payload));
  EXPECT_TRUE(read(envelope(payload, {mac.data(), mac.size()})).attested.contains("old"));
}

TEST_F(AttestationTest, Threat68_NothingElseIsAttested) {
  EXPECT_THAT(read(good(statement("SELECT 2"))).attestation_problem, HasSubstr("another script"));
  EXPECT_THAT(read(good(statement("SELECT 1", "FAILED"))).attestation_problem,
              HasSubstr("have passed"));
  EXPECT_THAT(
      read(good(statement("SELECT 1", "PASSED", "2026-11-24T09:00:00Z"))).attestation_problem,
      HasSubstr("too old"));
  EXPECT_THAT(
      read(good(statement("SELECT 1", "PASSED", "2026-11-25T11:00:00Z"))).attestation_problem,
      HasSubstr("in the future"));
  EXPECT_THAT(read(good(statement("SELECT 1", "PASSED", "soon"))).attestation_problem,
              HasSubstr("expected a time"));
  EXPECT_THAT(read(good(statement("SELECT 1")), "DROP TABLE t").attestation_problem,
              HasSubstr("rollback"));
  EXPECT_TRUE(read(good(statement("SELECT 1", "PASSED", "2026-11-25T09:00:00Z", "DROP TABLE t")),
                   "DROP TABLE t")
                  .attested.contains("ci"));
}

TEST_F(AttestationTest, Threat68_OnlyWhatIsSignedIsBelieved) {
  const std::string payload = statement("SELECT 1");
  for (const auto& text :
       {envelope(payload, sign(payload)),
        envelope(payload, sign(tlog::dsse_bytes("text", payload))),
        envelope(payload, std::string(64, '\0')), envelope(payload, ""),
        envelope(statement("SELECT 1") + " ", sign(tlog::dsse_bytes(kType, payload)))})
    EXPECT_THAT(read(text).attestation_problem, HasSubstr("no key that is configured")) << text;
  for (const char* text : {"x", "{}", "[]", R"({"payloadType":"application/vnd.in-toto+json"})"}) {
    EXPECT_NE(read(text).attestation_problem, "") << text;
    EXPECT_TRUE(read(text).attested.empty());
  }
  EXPECT_NE(read(envelope(payload, sign(tlog::dsse_bytes("x", payload)), "x")).attestation_problem,
            "");
  EXPECT_EQ(read("").attestation_problem, "") << "nothing was given";
}

}  // namespace
}  // namespace sluice::change
