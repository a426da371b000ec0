#include "net/peer_certificate.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "net/test_certificates.h"

namespace sluice::net {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string content_of(const std::string& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

TEST(PeerCertificate, AKeyIsMadeWithWhatCarriesIt) {
  const auto made = make_client_key("alice", wall_micros() + 3'600'000'000);
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_THAT(std::string(made->key.reveal()), StartsWith("-----BEGIN PRIVATE KEY-----\n"));
  EXPECT_THAT(made->certificate, StartsWith("-----BEGIN CERTIFICATE-----\n"));
  const auto digest = public_key_digest(made->public_key);
  ASSERT_TRUE(digest) << digest.error().text;
  EXPECT_EQ(digest->size(), 32U);
  const auto other = make_client_key("alice", wall_micros() + 3'600'000'000);
  EXPECT_NE(*digest, *public_key_digest(other->public_key)) << "two people had one key";
}

TEST(PeerCertificate, OnlyAPublicKeyIsOne) {
  const auto made = make_client_key("alice", wall_micros() + 3'600'000'000);
  for (const std::string& text : {std::string(), std::string("nothing"), made->certificate,
                                  std::string(made->key.reveal())}) {
    const auto digest = public_key_digest(text);
    ASSERT_FALSE(digest) << text;
    EXPECT_EQ(digest.error().code, ErrorCode::kInvalidInput);
  }
}

TEST(PeerCertificate, AuthoritiesAreReadOrTheFileIsNamed) {
  const TestAuthority authority;
  EXPECT_TRUE(ClientAuthorities::load(authority.root_file(), ""));
  const auto missing = ClientAuthorities::load("/nowhere/ca.pem", "");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().text, HasSubstr("/nowhere/ca.pem"));
  const auto no_list = ClientAuthorities::load(authority.root_file(), authority.root_file());
  ASSERT_FALSE(no_list) << "a certificate was taken for a revocation list";
  EXPECT_THAT(no_list.error().text, HasSubstr("revocation"));
}

TEST(PeerCertificate, WhatCannotBeParsedIsNotVouchedFor) {
  const TestAuthority authority;
  const auto authorities = ClientAuthorities::load(authority.root_file(), "");
  ASSERT_TRUE(authorities);
  for (const std::string& der :
       {std::string(), std::string("\x30\x03\x02\x01\x01", 5), content_of(authority.root_file())}) {
    PeerCertificate certificate;
    certificate.der = der;
    certificate.chain = {der};
    EXPECT_FALSE((*authorities)->check(certificate));
  }
}

}  // namespace
}  // namespace sluice::net
