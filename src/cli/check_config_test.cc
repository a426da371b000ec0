#include "cli/check_config.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/test_folder.h"
#include "net/peer_certificate.h"
#include "tlog/note.h"

namespace sluice::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class CheckConfigTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder / name) << text;
  }
  /// Writes NAME.crt and NAME.key.
  void make_pair_of(const std::string& name) {
    const auto made = net::make_client_key(name, wall_micros() + 3'600'000'000);
    ASSERT_TRUE(made) << made.error().text;
    write(name + ".crt", made->certificate);
    write(name + ".key", std::string(made->key.reveal()));
  }
  std::string problems(const std::string& text, Wanted wanted = Wanted::kStart) {
    write("c.yaml", "state: state\ndatabases: []\n" + text);
    const auto config = config::load(folder / "c.yaml");
    if (!config) return "not read: " + config.error().text;
    const auto good = check_config(*config, wanted);
    if (good) return "";
    EXPECT_EQ(good.error().code, ErrorCode::kInvalidInput);
    return good.error().text;
  }
  std::string place(const std::string& behind) { return (folder / "c.yaml").string() + behind; }

  TestFolder folder;
};

TEST_F(CheckConfigTest, PoliciesThatAreMissingOrWrong) {
  const std::string text = "policy:\n  file: rules.yaml\n";
  EXPECT_THAT(problems(text), HasSubstr(place(":4:9: file: cannot read the policy ")));
  write("rules.yaml", "rules:\n  - { name: a, effect: alow }\n");
  EXPECT_THAT(problems(text), HasSubstr(place(":4:9: file: the policy ")));
  EXPECT_THAT(problems(text), HasSubstr("rules.yaml:2:24: effect: expected one of"));
  write("rules.yaml", "rules:\n  - { name: a, effect: allow }\n");
  EXPECT_THAT(problems(text), IsEmpty());
}

TEST_F(CheckConfigTest, CertificatesThatAreMissingOrNoPair) {
  make_pair_of("one");
  make_pair_of("two");
  EXPECT_THAT(problems("tls: { certificate: one.crt, key: one.key }\n"), IsEmpty());
  EXPECT_THAT(problems("tls: { certificate: none.crt, key: none.key }\n"),
              HasSubstr(place(":3:21: certificate: cannot read the certificate ")));
  EXPECT_THAT(problems("tls: { certificate: one.crt, key: none.key }\n"),
              HasSubstr(place(":3:35: key: cannot read the key ")));
  EXPECT_THAT(problems("tls: { certificate: one.crt, key: two.key }\n"),
              HasSubstr(place(":3:21: certificate: ")));
  EXPECT_THAT(problems("tls: { certificate: one.key, key: one.key }\n"),
              HasSubstr("cannot use certificate"));
}

TEST_F(CheckConfigTest, KeysOfTheLogAreOpenedAndNotMade) {
  EXPECT_THAT(problems(""), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(folder / "state")) << "a check makes nothing";
  const std::string text = "audit:\n  key: log.pem\n";
  EXPECT_THAT(problems(text), HasSubstr(place(":4:8: key: the key of the audit log")));
  EXPECT_FALSE(std::filesystem::exists(folder / "log.pem"));
  EXPECT_THAT(problems(text, Wanted::kReload), IsEmpty()) << "which is in use already";
  write("log.pem", "no key\n");
  EXPECT_THAT(problems(text), Not(IsEmpty()));
  std::filesystem::remove(folder / "log.pem");
  ASSERT_TRUE(tlog::create_key(folder / "log.pem"));
  EXPECT_THAT(problems(text), IsEmpty());
}

TEST_F(CheckConfigTest, AuthoritiesOfDatabases) {
  const auto with = [&](const std::string& options) {
    write("c.yaml",
          "state: state\ndatabases:\n  - name: orders\n    environment: e\n    url: "
          "postgres://db/orders?" +
              options + "\n    user: u\n");
    const auto config = config::load(folder / "c.yaml");
    if (!config) return config.error().text;
    const auto good = check_config(*config, Wanted::kStart);
    return good ? std::string() : good.error().text;
  };
  EXPECT_THAT(with("sslmode=verify-full&sslrootcert=none.pem"),
              AllOf(HasSubstr(place(":5:10: url: database orders: cannot use root certificates ")),
                    EndsWith("No such file or directory")));
  make_pair_of("one");
  EXPECT_THAT(with("sslmode=verify-full&sslrootcert=one.crt"), IsEmpty());
  EXPECT_THAT(with("sslmode=verify-full&sslrootcert=one.crt&sslcert=one.crt&sslkey=no.key"),
              HasSubstr("cannot use private key"));
}

TEST_F(CheckConfigTest, AuthoritiesOfWhomeverTheGatewayAsks) {
  write("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
  std::filesystem::permissions(folder / "secret", std::filesystem::perms::owner_read);
  const std::string all =
      "webhooks:\n"
      "  - { name: hook, url: 'https://x/', secret_file: secret, tls: { ca: CA } }\n"
      "identity:\n  issuers:\n"
      "    - { name: sso, issuer: 'https://sso', client_id: c, tls: { ca: CA } }\n"
      "audit:\n  streams:\n    - { name: one, type: http, url: 'https://x/', tls: { ca: CA } }\n"
      "  anchors:\n    - { name: a, type: http, url: 'https://x/', tls: { ca: CA } }\n"
      "models:\n  - { name: m, url: 'https://x', api: openai, tls: { ca: CA } }\n";
  const auto with = [&](const std::string& authority) {
    std::string text = all;
    for (size_t at; (at = text.find("CA")) != std::string::npos;) text.replace(at, 2, authority);
    return problems(text);
  };
  const std::string missing = with("none.pem");
  EXPECT_THAT(missing,
              HasSubstr(place(":4:70: ca: webhook \"hook\": cannot read the authorities")));
  EXPECT_THAT(missing, HasSubstr(place(":7:68: ca: issuer sso: cannot read the authorities")));
  EXPECT_THAT(missing, HasSubstr(place(":10:62: ca: stream \"one\": cannot read the authorities")));
  EXPECT_THAT(missing, HasSubstr(place(":12:60: ca: anchor \"a\": cannot read the authorities")));
  EXPECT_THAT(missing, HasSubstr(place(":14:58: ca: model \"m\": cannot read the authorities")));
  write("text.pem", "no certificate\n");
  EXPECT_THAT(with("text.pem"), HasSubstr("tls: issuer sso: cannot use root certificates"));
  make_pair_of("one");
  EXPECT_THAT(with("one.crt"), IsEmpty());
}

}  // namespace
}  // namespace sluice::cli
