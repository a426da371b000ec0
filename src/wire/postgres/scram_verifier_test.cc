#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/postgres/scram.h"
#include "wire/postgres/scram_crypto.h"
#include "wire/postgres/wire_fixture.h"

namespace sluice::wire::postgres {
namespace {

constexpr std::string_view kRfc7677 =
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

std::string verifier_of(std::string_view password, const std::string& salt, int iterations) {
  const auto keys = scram::derive_keys(password, salt, iterations);
  return ScramVerifier{iterations, salt, scram::hash(keys.client_key), keys.server_key}.format();
}

TEST(ScramVerifier, ExampleOfRfc7677) {
  const auto verifier = ScramVerifier::parse(kRfc7677);
  ASSERT_TRUE(verifier);
  EXPECT_EQ(verifier->iterations, 4096);
  EXPECT_EQ(verifier->salt.size(), 16U);
  EXPECT_EQ(verifier->format(), kRfc7677);
  EXPECT_EQ(verifier_of("pencil", verifier->salt, 4096), kRfc7677);
}

TEST(ScramVerifier, FreshSaltEveryTime) {
  const std::string one = make_verifier("pencil");
  const std::string two = make_verifier("pencil");
  EXPECT_NE(one, two);
  const auto verifier = ScramVerifier::parse(one);
  ASSERT_TRUE(verifier);
  EXPECT_EQ(verifier->salt.size(), 16U);
  EXPECT_EQ(verifier_of("pencil", verifier->salt, 4096), one);
  EXPECT_EQ(ScramVerifier::parse(make_verifier("pencil", 7))->iterations, 7);
}

TEST(ScramVerifier, MalformedTextIsRefused) {
  const std::string good(kRfc7677);
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(ScramVerifier::parse(good.substr(0, size))) << size;
  }
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  for (const auto* iterations : {"0", "-1", "+4096", " 4096", "4096x", "", "2147483648"}) {
    EXPECT_FALSE(ScramVerifier::parse(with("4096", iterations))) << iterations;
  }
  EXPECT_FALSE(ScramVerifier::parse(with("SCRAM-SHA-256$", "SCRAM-SHA-1$")));
  EXPECT_FALSE(ScramVerifier::parse(with("W22ZaJ0SNY7soEsUEjb6gQ==", "")));
  EXPECT_FALSE(ScramVerifier::parse(with("W22ZaJ0SNY7soEsUEjb6gQ==", "W22ZaJ0SNY7soEsUEjb6gQ")));
  EXPECT_FALSE(ScramVerifier::parse(with("T4qY=", "T4qY")));
  EXPECT_FALSE(ScramVerifier::parse(good + "="));
  EXPECT_FALSE(ScramVerifier::parse(good + " "));
  EXPECT_FALSE(ScramVerifier::parse("md5ffb07a76fa6bbb2f2d24e9ba0d8ae9ff"));
}

TEST(ScramVerifier, Threat19_MockIsTheSameForTheSameUser) {
  const auto one = ScramServer::mock_verifier("secret", "nobody");
  const auto two = ScramServer::mock_verifier("secret", "nobody");
  const auto genuine = ScramVerifier::parse(make_verifier("pencil"));
  EXPECT_EQ(one.salt, two.salt);
  EXPECT_EQ(one.salt.size(), genuine->salt.size());
  EXPECT_EQ(one.iterations, genuine->iterations);
  EXPECT_NE(one.salt, ScramServer::mock_verifier("secret", "somebody").salt);
  EXPECT_NE(one.salt, ScramServer::mock_verifier("another", "nobody").salt);
  EXPECT_NE(one.stored_key, two.stored_key) << "no password fits";
}

TEST(ScramVerifier, PasswordsAsPostgresPreparesThem) {
  // Made by PostgreSQL 15 in a UTF-8 database: CREATE ROLE ... PASSWORD.
  const std::pair<std::string, std::string_view> cases[] = {
      {"\x70\x65\x6e\x63\x69\x6c",
       "SCRAM-SHA-256$4096:5whzRKd1ydmCSjEe3jIq+w==$6CzGgWSxEQmzj3qRrYNVrXgDKmVvUSUgNR3nEIJmgR4=:"
       "tef8PrYh3USWojLfJImWkDxHZ2Mt1sc/GVg4sf7keJo="},
      {"\x70\xc3\xa4\x73\x73\x77\xc3\xb6\x72\x64",
       "SCRAM-SHA-256$4096:fAwplICdkZ/P/t3PU5dv4A==$B7ya0NwMc/"
       "YHeEdXIJB3xG6Uc3ybrrbL8Rtcn2uR9T4=:s00iGVA1JSpZew8PwBAAMPkdq7l8UP7YqfPrx2cx1XI="},
      {"\xc2\xaa",
       "SCRAM-SHA-256$4096:wKNq5qA74FvSjJFL0DX10w==$7+DITmGPqbKjIBqMsXwWHE7mQ5NWtjlEVboLyUXSWrM=:/"
       "lgohA/PbAYV8Uq+jsMoIWKPOdCGsZkW1YnGFJZ+qA8="},
      {"\x49\xc2\xad\x58",
       "SCRAM-SHA-256$4096:sqXBoLccB2B5GSAHd3ZCpQ==$iAi+xpdrJD9l22jZCa4ROlAR+0RKcABXFaU78tivdZY=:"
       "YAD+O2TTVdT5BrDD5snayR6+vvrG78YALHeMzGKPYK0="},
      {"\xe2\x85\xa8",
       "SCRAM-SHA-256$4096:bs8vDZTe0HHQXOpk2K6Vtg==$CUY8zFl0t/pIM0asnS5LNWRw3bAwnDmdAeAw/"
       "r2x820=:pF0O/0k7YpP3jwHlw3FzCAdCBTKJeg8OEbAMBIt9C0A="},
      {"\x61\xc2\xa0\x62",
       "SCRAM-SHA-256$4096:9ltp7ICMRnAD8yWNwefdTA==$Fy/"
       "4DEqfTl5oxX2VIdXyQkGFgDXp7vnlKQoPliS09GI=:6jrV23aCbiEMiLlIKFN9DYrjDPFSPlFNRdNy1RnjJZ4="},
      {"\xc2\xaa\xf0\x9f\x94\x91",
       "SCRAM-SHA-256$4096:nFABQuufkg+jWIojIfN0Qg==$fvDg7fgq167vvo9/"
       "xVzw3Zgc0g5ZlmV9RksPwIJWP2g=:jNMLvssyhnSiPSSjBY1IIBQxsjlh/hu/d1BbWcSYIl8="},
      {"\xd8\xa7\x31",
       "SCRAM-SHA-256$4096:77nbgK/nf7i0Bxfqq/bS7g==$/"
       "dm7JIatROztP89vVwUiI55cEgl7YOUoiTeOvhSCUVQ=:7Iu4HFZFoJy1Bl4zS3aypb+Qwkefhc1ATuIZarbhSzY="},
      {"\xc2\xaa\x07",
       "SCRAM-SHA-256$4096:7P1OyVhCSi6J2RyrTfSdVg==$YwblQvXQA8Wzd1Ok7elJ7ia24CAAPoMeA+xdW1y2WZY=:"
       "7meVF03FMV8REMN/04KQ9yUBBR6E4KMpLjTgkRwZE+E="},
      {"\xc2\xad",
       "SCRAM-SHA-256$4096:+G6DFg7di63vJQypZt5WBw==$PBB21lUjylgi59SifFkT6EBl9k95THc1UvLWQr3tjJo=:"
       "4RiiBi5O5D/WmhovS9R9vkooOg/sPZ342HOJr8sccNI="},
      {"\xe1\x9a\x80\x78",
       "SCRAM-SHA-256$4096:obnW/oGyN5YIX6/azLOp+Q==$YzasvR/JiD9EmH01Y/po2uVF9do9/"
       "2TqpsyS22wJOdI=:CwpJkVL2RFvVgnbbWa/ZDldS/mD1qvrTBvF7eMIqODc="},
      {"\xc8\xa1\xc2\xaa",
       "SCRAM-SHA-256$4096:+PewrKB9mvwWIy/"
       "plgwCBg==$Ox6ZfSOQhJ2J3rDmz38At6KLFxrJ4K5YF6UDwH1ONHE=:"
       "RMJVMeipdJPO9vi8u6aJdjBy0siblnK5VkM523/fN10="},
      {"\xc2\xaa\xee\x80\x80",
       "SCRAM-SHA-256$4096:X3/8QOfumUHkSugztk5rZg==$NciHGXQx1Tn3srQqtG/"
       "59iAH9J7vx5yswZZCMZktMwo=:ABB71YdDS1o6s/FM7HalQaYrItQiUFK2FQycsh+dF3I="},
      {"\xc3\xa4",
       "SCRAM-SHA-256$4096:AdN7ikKG79JX34xNXUAnNA==$EpNbrNsAu9gTIKVOPHURNBDRIuUWyg0gA7IMn3h/gTM=:e/"
       "6j24AsU6M7WJSya+bJPx9CoZWbAsT9svurWGpywTE="},
      {"\x61\xcc\x88",
       "SCRAM-SHA-256$4096:LmqrOL1/"
       "QXdeHkdYYk0cZg==$TWnZpug35DGwIL2PJW1EcL7DEVt3tZUyF0KZN5tB8t4=:d0ZxGHPL4eazO5ev7yEWtKQVM72/"
       "nulYJzpnWgDlznc="},
      {"\xc2\xaa\xe2\x80\xa8",
       "SCRAM-SHA-256$4096:TLj9Y6DXhTDPOjY2G3kQHg==$Sqvpqhv9caBzRKMcQH0MmyYAC597zkc2wjRWJKT+gpM=:"
       "cjF2mHCvDlbyuvAi0ib8zeb6FmtdaLeS+3DPh5uktxw="},
      {"\xd8\xa7\xd9\xa1\xd8\xa8",
       "SCRAM-SHA-256$4096:xtB+uemVXXf2Pg5W2RiIFw==$M6NPBSAfxINRX6W0AVH8jMevdq9wiF8rWKJkvwlz/"
       "zg=:8vdBRMYTUDXk6uipw/EGRdEHHF59Sr4yQJ+ajyxyOho="},
      {"\x41\xcd\x80",
       "SCRAM-SHA-256$4096:Ck9mwNJsr+/gJwNjv/HeMw==$79go6T+A6ijp/"
       "Owy7Bcz5DW93w+WR4yo8ywLWN3Ga3c=:a6mPh0nsrAZwpG/v/kNeR6eqmuejRU9YNMm+rSrYhAw="},
      {"\xcf\x94\xcc\x81",
       "SCRAM-SHA-256$4096:xYAedENdV0moBM0EEC7hnA==$YpahW+MXfFeNpKnK+hOH3cKWNxDAvSZKQkwKMw/"
       "2qfc=:9IIcpdhdPbKIYXxrUsSfRqgjIIb2rpkc/Jv/qFMjG4Y="},
      {"\xea\xb0\x80",
       "SCRAM-SHA-256$4096:DVhd/"
       "EzN4vYhFVjyQnrU9Q==$uUnCArWY6eVxASzkLDggWPiBqHUaswwQgu+D8894LCk=:"
       "AmZG9jeMiKuv7qrmo1PSl0SkfpRIGVWy+6+lQjHA0Uw="},
      {"\xe1\x84\x80\xe1\x85\xa1",
       "SCRAM-SHA-256$4096:pXR7lof4JINW2EzqM5/Ptw==$cYU2J9Z1gWzjXNinjA+CvX/JIf2Vslc/"
       "kbRRRW+pHLk=:jhEsUNcmIYTge9Q9uUHxtM1qiRiHPn7fK5Rp41SJgcU="},
      {"\xc2\xaa\xe2\x80\x8b",
       "SCRAM-SHA-256$4096:MQM2LbsQmE8+XKC4w3Wfiw==$8UoH9kuMOKnPziWVc7L0oK0S4zulq84hnCDyoMJSv7g=:"
       "xVVqm7i/6P4O/ZT12e/4RapxqMsYpr+zKM5xWGYQn7c="},
      {"\xc2\xaa\xef\xbb\xbf",
       "SCRAM-SHA-256$4096:P/"
       "RyoWSuPnsr3bMs4MzUXg==$vyeQZJhXCgWKgWCjLKUSbaQTJKdqAbtk4hLy1nv33C0=:v7o8yq09L6lGrNzf8O+"
       "4dHGdzx6xIwX4vCzIWnS5bm8="},
  };
  for (const auto& [password, text] : cases) {
    const auto verifier = ScramVerifier::parse(text);
    ASSERT_TRUE(verifier);
    EXPECT_EQ(verifier_of(password, verifier->salt, verifier->iterations), text)
        << to_hex(password);
  }
}

TEST(ScramVerifier, PasswordsThatAreNotUtf8AreTakenAsTheyAre) {
  EXPECT_EQ(scram::prepare_password("\xff\xc2\xaa").reveal(), "\xff\xc2\xaa");
  EXPECT_EQ(scram::prepare_password(testing::B("\0\xc2\xaa")).reveal(), testing::B("\0\xc2\xaa"));
  EXPECT_EQ(scram::prepare_password("").reveal(), "");
  EXPECT_EQ(scram::prepare_password("\xc2\xaa").reveal(), "a");
}

}  // namespace
}  // namespace sluice::wire::postgres
