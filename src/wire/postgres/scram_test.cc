#include "wire/postgres/scram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/postgres/scram_crypto.h"

namespace sluice::wire::postgres {

/// Puts the nonces of a published example in the place of random ones.
struct ScramTestPeer {
  static void set_nonce(ScramClient& client, const std::string& nonce, std::string_view user) {
    client.nonce_ = nonce;
    client.client_first_bare_ = "n=" + std::string(user) + ",r=" + nonce;
  }
  static void set_nonce(ScramServer& server, const std::string& nonce) {
    server.server_first_.replace(server.server_first_.find(server.nonce_), server.nonce_.size(),
                                 nonce);
    server.nonce_ = nonce;
  }
};

namespace {

using ::testing::HasSubstr;

constexpr std::string_view kVerifier =
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
constexpr std::string_view kClientNonce = "rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view kNonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
constexpr std::string_view kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr std::string_view kClientFinal =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
constexpr std::string_view kServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

ScramServer server(std::string binding = {}, bool genuine = true) {
  return {*ScramVerifier::parse(kVerifier), genuine, std::move(binding)};
}

/// Fewer iterations than real ones have: what is tested does not depend on them.
ScramVerifier quick_verifier() { return *ScramVerifier::parse(make_verifier("pencil", 2)); }

/// The error of a first message, or "accepted".
std::string first_error(ScramServer scram, std::string_view mechanism, std::string_view message) {
  const auto answer = scram.first(mechanism, message);
  return answer ? "accepted" : answer.error().text;
}

/// Plays a login; empty if both sides are content.
std::string play(ScramServer& gateway, ScramClient& client) {
  const auto server_first = gateway.first(client.mechanism(), client.first());
  if (!server_first) return "first: " + server_first.error().text;
  const auto client_final = client.final(*server_first);
  if (!client_final) return "client: " + client_final.error().text;
  const auto server_final = gateway.final(*client_final);
  if (!server_final) return "final: " + server_final.error().text;
  const auto verified = client.verify(*server_final);
  return verified ? "" : "verify: " + verified.error().text;
}

TEST(ScramServer, ExampleOfRfc7677) {
  auto scram = server();
  ASSERT_TRUE(scram.first(kScramSha256, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
  ScramTestPeer::set_nonce(scram, std::string(kNonce));
  const auto answer = scram.final(kClientFinal);
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(*answer, kServerFinal);
}

TEST(ScramClient, ExampleOfRfc7677) {
  ScramClient scram("pencil", {}, false);
  EXPECT_THAT(scram.first(), ::testing::StartsWith("n,,n=,r="));
  ScramTestPeer::set_nonce(scram, std::string(kClientNonce), "user");
  const auto answer = scram.final(kServerFirst);
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(*answer, kClientFinal);
  EXPECT_TRUE(scram.verify(kServerFinal));
}

TEST(Scram, BothSidesAgree) {
  struct Case {
    const char* binding;
    bool offered_plus;
    std::string_view mechanism;
  };
  for (const auto& [binding, offered_plus, mechanism] :
       {Case{"", false, kScramSha256}, Case{"", true, kScramSha256},
        Case{"certificate hash", true, kScramSha256Plus}}) {
    ScramServer gateway(quick_verifier(), true, binding);
    ScramClient client("pencil", binding, offered_plus);
    EXPECT_EQ(client.mechanism(), mechanism);
    EXPECT_EQ(play(gateway, client), "");
  }
}

TEST(Scram, CachedKeysGiveTheSameProof) {
  const auto verifier = quick_verifier();
  ScramServer gateway(verifier, true, {});
  ScramClient client("pencil", {}, false);
  ASSERT_EQ(play(gateway, client), "");
  EXPECT_EQ(client.keys().salt, verifier.salt);
  EXPECT_EQ(client.keys().iterations, 2);
  ScramServer again(verifier, true, {});
  ScramClient with_keys("not looked at", {}, false);
  with_keys.use_keys(client.keys());
  EXPECT_EQ(play(again, with_keys), "");
  // For another salt they are of no use.
  ScramServer changed(quick_verifier(), true, {});
  ScramClient stale("pencil", {}, false);
  stale.use_keys(client.keys());
  EXPECT_EQ(play(changed, stale), "");
}

TEST(Scram, WrongPasswordFails) {
  ScramServer gateway(quick_verifier(), true, {});
  ScramClient client("pencils", {}, false);
  EXPECT_EQ(play(gateway, client), "final: password authentication failed");
}

TEST(Scram, AnyGoodCandidateLetsInAndOneThatIsNoneIsKnownAndRefused) {
  const std::string salt = "0123456789abcdef";
  std::vector<ScramCandidate> candidates;
  for (int i = 0; i < 11; ++i) {
    const auto verifier =
        *ScramVerifier::parse(make_verifier("secret " + std::to_string(i), salt, 2));
    candidates.push_back({verifier.stored_key, verifier.server_key, i != 3});
  }
  for (int i = 0; i < 11; ++i) {
    ScramServer gateway(salt, 2, candidates, {});
    ScramClient client("secret " + std::to_string(i), {}, false);
    EXPECT_EQ(play(gateway, client), i == 3 ? "final: password authentication failed" : "") << i;
    ASSERT_TRUE(gateway.shown());
    EXPECT_EQ(*gateway.shown(), static_cast<size_t>(i));
  }
  ScramServer gateway(salt, 2, candidates, {});
  ScramClient client("secret 11", {}, false);
  EXPECT_EQ(play(gateway, client), "final: password authentication failed");
  EXPECT_FALSE(gateway.shown());
}

TEST(Scram, Threat19_UnknownUserLooksLikeAWrongPassword) {
  // The mock must not be told from the genuine one by the form of any message.
  ScramServer mock(ScramServer::mock_verifier("secret", "nobody"), false, {});
  ScramServer genuine(*ScramVerifier::parse(make_verifier("pencil")), true, {});
  ScramClient one("x", {}, false);
  ScramClient two("x", {}, false);
  const auto mock_first = mock.first(kScramSha256, one.first());
  const auto genuine_first = genuine.first(kScramSha256, two.first());
  ASSERT_TRUE(mock_first && genuine_first);
  EXPECT_EQ(mock_first->size(), genuine_first->size());
  EXPECT_EQ(mock_first->substr(mock_first->find(",i=")),
            genuine_first->substr(genuine_first->find(",i=")));
  const auto mock_final = mock.final(*one.final(*mock_first));
  const auto genuine_final = genuine.final(*two.final(*genuine_first));
  ASSERT_FALSE(mock_final || genuine_final);
  EXPECT_EQ(mock_final.error().text, genuine_final.error().text);
  EXPECT_EQ(mock_final.error().code, genuine_final.error().code);
}

TEST(Scram, Threat19_NotGenuineFailsEvenWithTheRightPassword) {
  ScramServer gateway(quick_verifier(), false, {});
  ScramClient client("pencil", {}, false);
  EXPECT_EQ(play(gateway, client), "final: password authentication failed");
}

TEST(ScramServer, Threat18_ChannelBindingRules) {
  const std::string binding = "hash";
  const auto first = [&](const char* message, bool plus, bool tls) {
    return first_error(server(tls ? binding : ""), plus ? kScramSha256Plus : kScramSha256, message);
  };
  // The client believes that we have no PLUS although we offered it: somebody took it out.
  EXPECT_EQ(first("y,,n=,r=abc", false, true), "SCRAM channel binding negotiation error");
  EXPECT_EQ(first("y,,n=,r=abc", false, false), "accepted");
  EXPECT_EQ(first("n,,n=,r=abc", false, true), "accepted");
  EXPECT_EQ(first("p=tls-server-end-point,,n=,r=abc", true, true), "accepted");
  EXPECT_THAT(first("p=tls-server-end-point,,n=,r=abc", true, false), HasSubstr("without TLS"));
  EXPECT_THAT(first("p=tls-server-end-point,,n=,r=abc", false, true), HasSubstr("mechanism"));
  EXPECT_THAT(first("p=tls-server-end-point,,n=,r=abc", false, false), HasSubstr("mechanism"));
  EXPECT_THAT(first("n,,n=,r=abc", true, true), HasSubstr("needs channel binding"));
  EXPECT_THAT(first("y,,n=,r=abc", true, true), HasSubstr("needs channel binding"));
  EXPECT_THAT(first("p=tls-unique,,n=,r=abc", true, true), HasSubstr("unsupported"));
  EXPECT_THAT(first("p=,,n=,r=abc", true, true), HasSubstr("unsupported"));
}

TEST(ScramServer, Threat18_WrongBindingFails) {
  ScramServer gateway(quick_verifier(), true, "our certificate");
  ScramClient client("pencil", "another certificate", true);
  EXPECT_EQ(play(gateway, client), "final: SCRAM channel binding check failed");
}

TEST(ScramServer, Threat18_BindingMustRepeatTheHeader) {
  // "c=eSws" is "y,,": the header of the first message was "n,,".
  auto scram = server();
  ASSERT_TRUE(scram.first(kScramSha256, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
  ScramTestPeer::set_nonce(scram, std::string(kNonce));
  std::string message(kClientFinal);
  message.replace(0, 6, "c=eSws");
  const auto answer = scram.final(message);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().text, "SCRAM channel binding check failed");
}

TEST(ScramServer, Threat18_ReplayedMessagesFail) {
  auto scram = server();
  const auto answer = scram.first(kScramSha256, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  ASSERT_TRUE(answer);
  EXPECT_THAT(*answer, Not(HasSubstr(std::string(kNonce))));
  const auto replayed = scram.final(kClientFinal);
  ASSERT_FALSE(replayed);
  EXPECT_EQ(replayed.error().text, "SCRAM nonce does not match");
  EXPECT_NE(*answer, *server().first(kScramSha256, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
}

TEST(ScramServer, Threat17_MalformedFirstMessages) {
  for (const auto* message : {"",
                              "n",
                              "n,",
                              "n,,",
                              "n,,n=",
                              "n,,n=u",
                              "n,,n=u,",
                              "n,,n=u,r=",
                              "n,,n=u,r",
                              "n,,r=abc",
                              "n,a=admin,n=u,r=abc",
                              "n,x,n=u,r=abc",
                              "x,,n=u,r=abc",
                              ",,n=u,r=abc",
                              "nn,,n=u,r=abc",
                              "n,,m=ext,n=u,r=abc",
                              "n,,n=u,r=a\x7f",
                              "n,,n=u,r=a b",
                              "n,,n=u,r=\xc3\xa9",
                              "n,,n=u,s=abc",
                              "p",
                              "p,",
                              "p=tls-server-end-point",
                              "p=tls-server-end-point,n=u,r=abc"}) {
    EXPECT_NE(first_error(server(), kScramSha256, message), "accepted") << message;
    EXPECT_NE(first_error(server("hash"), kScramSha256Plus, message), "accepted") << message;
  }
  EXPECT_EQ(first_error(server(), kScramSha256, "n,,n=u=2C=3D,r=abc"), "accepted");
  EXPECT_EQ(first_error(server(), kScramSha256, "n,,n=,r=abc,x=extension"), "accepted");
  EXPECT_EQ(first_error(server(), kScramSha256, "n,,n=u,r=" + std::string(65536, 'r')),
            "SCRAM message too long");
  for (const auto* mechanism : {"", "SCRAM-SHA-1", "scram-sha-256", "PLAIN"}) {
    EXPECT_THAT(first_error(server(), mechanism, "n,,n=u,r=abc"), HasSubstr("mechanism"));
  }
}

TEST(ScramServer, Threat17_MalformedFinalMessages) {
  const std::string r = "r=" + std::string(kNonce);
  const std::string p = "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
  for (const std::string& message : {std::string(),
                                     std::string("c"),
                                     std::string("c="),
                                     std::string("c=biws"),
                                     "c=biws," + r,
                                     "c=biws," + r + ",",
                                     r + ",c=biws," + p,
                                     "c=biws," + p,
                                     r + "," + p,
                                     "c=biws," + r + ",p=",
                                     "c=biws," + r + ",p=!!!!",
                                     "c=biws," + r + ",p=AAAA",
                                     "c=biws," + r + "," + p + "A",
                                     "c=biws," + r + "," + p + ",x=y",
                                     "c=biws," + r + ",p",
                                     "c=," + r + "," + p,
                                     "c=biws=," + r + "," + p,
                                     "c=biws,r=," + p,
                                     "c=biws," + r + "x," + p,
                                     "c=biws," + r + ",x=y",
                                     " c=biws," + r + "," + p,
                                     std::string(65536, ',')}) {
    auto scram = server();
    ASSERT_TRUE(scram.first(kScramSha256, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
    ScramTestPeer::set_nonce(scram, std::string(kNonce));
    EXPECT_FALSE(scram.final(message)) << message;
  }
}

TEST(ScramServer, ExtensionsInTheFinalMessageArePartOfTheProof) {
  // As in PostgreSQL: skipped, but what is signed contains them.
  auto scram = server();
  ASSERT_TRUE(scram.first(kScramSha256, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
  ScramTestPeer::set_nonce(scram, std::string(kNonce));
  std::string message(kClientFinal);
  message.insert(message.find(",p="), ",x=y");
  const auto answer = scram.final(message);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kAuthentication);
}

TEST(ScramServer, MessagesOutOfTurn) {
  auto early = server();
  EXPECT_FALSE(early.final(kClientFinal));
  EXPECT_FALSE(early.first(kScramSha256, "n,,n=user,r=abc")) << "over after a failure";
  auto twice = server();
  EXPECT_TRUE(twice.first(kScramSha256, "n,,n=user,r=abc"));
  EXPECT_FALSE(twice.first(kScramSha256, "n,,n=user,r=abc"));
  auto again = server();
  ASSERT_TRUE(again.first(kScramSha256, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"));
  ScramTestPeer::set_nonce(again, std::string(kNonce));
  EXPECT_TRUE(again.final(kClientFinal));
  EXPECT_FALSE(again.final(kClientFinal)) << "one login, one proof";
}

RC_GTEST_PROP(ScramServer, SurvivesAnything, (const std::string& first, const std::string& last)) {
  auto scram = server("hash");
  (void)scram.first(kScramSha256Plus, first);
  RC_ASSERT(!scram.final(last).has_value());
}

/// A client that has sent its first message with the nonce of the example.
ScramClient waiting_client() {
  ScramClient scram("pencil", {}, false);
  (void)scram.first();
  ScramTestPeer::set_nonce(scram, std::string(kClientNonce), "user");
  return scram;
}

TEST(ScramClient, Threat17_HostileServerFirst) {
  const std::string r = "r=" + std::string(kNonce);
  const std::string s = ",s=W22ZaJ0SNY7soEsUEjb6gQ==";
  for (const std::string& message : {std::string(),
                                     std::string("r"),
                                     r,
                                     r + s,
                                     r + s + ",i=",
                                     r + ",i=4096",
                                     s + ",i=4096",
                                     r + ",s=,i=4096",
                                     r + ",s=W22Z!,i=4096",
                                     r + s + ",i=0",
                                     r + s + ",i=-1",
                                     r + s + ",i=100001",
                                     r + s + ",i=1000000",
                                     r + s + ",i=2147483647",
                                     r + s + ",i=2147483648",
                                     r + s + ",i=99999999999999999999",
                                     r + s + ",i=4096x",
                                     r + s + ",i= 4096",
                                     "r=" + std::string(kClientNonce) + s + ",i=4096",
                                     "r=someone-elses" + s + ",i=4096",
                                     "r=" + s + ",i=4096",
                                     r + "\x01" + s + ",i=4096",
                                     r + " " + s + ",i=4096",
                                     "m=ext," + r + s + ",i=4096",
                                     std::string("e=other-error"),
                                     r + std::string(65536, 'x') + s + ",i=4096"}) {
    auto client = waiting_client();
    EXPECT_FALSE(client.final(message)) << message;
    EXPECT_EQ(client.keys().iterations, 0) << "no work was done for " << message;
  }
  EXPECT_TRUE(waiting_client().final(kServerFirst));
}

TEST(ScramClient, Threat21_ServerMustProveItself) {
  const auto verified = [](std::string_view message) {
    auto client = waiting_client();
    EXPECT_TRUE(client.final(kServerFirst));
    return client.verify(message).has_value();
  };
  EXPECT_TRUE(verified(kServerFinal));
  for (const auto* message :
       {"", "v", "v=", "v=!", "v=AAAA", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4",
        "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "e=invalid-proof",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,x=y",
        "x=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="}) {
    EXPECT_FALSE(verified(message)) << message;
  }
}

TEST(ScramClient, Threat21_StepsCannotBeSkippedOrRepeated) {
  ScramClient unstarted("pencil", {}, false);
  EXPECT_FALSE(unstarted.final(kServerFirst));
  auto skipping = waiting_client();
  EXPECT_FALSE(skipping.verify(kServerFinal));
  auto repeating = waiting_client();
  EXPECT_TRUE(repeating.final(kServerFirst));
  EXPECT_FALSE(repeating.final(kServerFirst)) << "no second proof for a server that asks again";
  EXPECT_FALSE(repeating.verify(kServerFinal));
}

TEST(ScramClient, Threat18_SaysWhatItCanDo) {
  EXPECT_THAT(ScramClient("x", {}, true).first(), ::testing::StartsWith("n,,"));
  EXPECT_THAT(ScramClient("x", "hash", false).first(), ::testing::StartsWith("y,,"));
  EXPECT_THAT(ScramClient("x", "hash", true).first(),
              ::testing::StartsWith("p=tls-server-end-point,,"));
}

TEST(Scram, NoncesDiffer) {
  EXPECT_NE(ScramClient("x", {}, false).first(), ScramClient("x", {}, false).first());
}

}  // namespace
}  // namespace sluice::wire::postgres
