#include "tlog/pkcs11_key.h"

#include <cstdlib>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.h"

namespace sluice::tlog {
namespace {

using ::testing::HasSubstr;

constexpr const char* kModule = "/usr/lib/softhsm/libsofthsm2.so";

/// A token of SoftHSM (package softhsm2) with the key that OpenSSL has made.
class Pkcs11Key : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(std::filesystem::exists(kModule)) << "install softhsm2";
    std::filesystem::create_directories(folder.path() / "tokens");
    write("softhsm2.conf", "directories.tokendir = " + (folder.path() / "tokens").string() + "\n");
    write("pin", "567812\n");
    setenv("SOFTHSM2_CONF", file("softhsm2.conf").c_str(), 1);
    run("softhsm2-util --init-token --free --label sluice --so-pin 12345678 --pin 567812");
    made = *create_key(file("key.pem"));
    import("key.pem", "log-key", "01");
  }

  void run(const std::string& command) {
    ASSERT_EQ(std::system((command + " > " + file("out") + " 2>&1").c_str()), 0) << command;
  }
  void import(const std::string& pem, const std::string& label, const std::string& id) {
    run("softhsm2-util --import " + file(pem) + " --token sluice --label " + label + " --id " + id +
        " --pin 567812");
  }
  std::string file(const std::string& name) const { return (folder.path() / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name)) << text;
    std::filesystem::permissions(
        file(name), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  std::string uri(const std::string& what = "token=sluice;object=log-key") const {
    return "pkcs11:" + what + "?module-path=" + kModule + "&pin-source=file:" + file("pin");
  }
  std::string why(const std::string& uri) const {
    const auto opened = open_pkcs11_key(uri);
    EXPECT_FALSE(opened);
    return opened ? "" : opened.error().text;
  }

  TestFolder folder;
  std::unique_ptr<Signer> made;
};

// One process has one configuration of SoftHSM: all in one test.
TEST_F(Pkcs11Key, SignsAsTheSameKeyInAFileWould) {
  auto key = open_pkcs11_key(uri());
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_EQ((*key)->public_key(), made->public_key());
  // Ed25519 has one signature for a message.
  EXPECT_EQ(*(*key)->sign("hello"), *made->sign("hello"));
  EXPECT_EQ(*(*key)->sign(""), *made->sign(""));
  EXPECT_TRUE(open_pkcs11_key(uri("token=sluice;id=%01"))) << "a second session";

  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 50; ++n) {
        const std::string text = std::to_string(i) + "/" + std::to_string(n);
        const auto signature = (*key)->sign(text);
        EXPECT_TRUE(signature && verifies(made->public_key(), text, *signature));
      }
    });
  }
  for (auto& thread : threads) thread.join();

  EXPECT_THAT(why(uri("token=other;object=log-key")), HasSubstr("no token"));
  EXPECT_THAT(why(uri("token=sluice;object=other")), HasSubstr("no private key"));
  key = fail(ErrorCode::kNotFound, "");  // The login is over with the last session.
  write("pin", "000000\n");
  EXPECT_THAT(why(uri()), HasSubstr("does not take the PIN"));
  write("pin", "567812\n");
  std::filesystem::permissions(file("pin"), std::filesystem::perms::all);
  EXPECT_THAT(why(uri()), HasSubstr("may be read by others"));
  write("pin", "567812\n");
  import("key.pem", "log-key", "02");
  EXPECT_THAT(why(uri()), HasSubstr("several private keys"));
  run("openssl ecparam -name prime256v1 -genkey -noout -out " + file("p256.raw"));
  run("openssl pkcs8 -topk8 -nocrypt -in " + file("p256.raw") + " -out " + file("p256.pem"));
  import("p256.pem", "p256", "03");
  EXPECT_FALSE(why(uri("token=sluice;object=p256")).empty());
}

TEST(Pkcs11Uri, WhatIsNotOneIsRefused) {
  const auto module = std::string("?module-path=") + kModule;
  EXPECT_EQ(check_pkcs11("pkcs11:token=a;object=b" + module + "&pin-source=file:/p"), "");
  EXPECT_THAT(check_pkcs11("pkcs11:token=a;object=b"), HasSubstr("no module-path"));
  EXPECT_THAT(check_pkcs11("pkcs11:token=a" + module), HasSubstr("no key is named"));
  EXPECT_THAT(check_pkcs11("pkcs11:token=a;object=b" + module + "&pin-value=1"),
              HasSubstr("does not belong into the configuration"));
  EXPECT_THAT(check_pkcs11("pkcs11:token=%"), HasSubstr("not a URI"));
  EXPECT_THAT(check_pkcs11("pkcs11:nonsense=a;object=b" + module), HasSubstr("not known"));
  EXPECT_FALSE(open_pkcs11_key("pkcs11:object=b?module-path=/nowhere.so"));
  EXPECT_FALSE(is_pkcs11("/etc/sluice/key.pem"));
}

}  // namespace
}  // namespace sluice::tlog
