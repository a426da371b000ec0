#include "control/phone_spellings.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/subject_set.h"
#include "control/asked_value.h"
#include "mask/sightings.h"

namespace sluice::control {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

/// Whether a record of the one spelling is found by who asks for the other.
bool finds(std::string_view asked, std::string_view written) {
  const auto query = asked_value("secret", asked, false);
  const auto digest = mask::sighting(mask::sighting_key("secret"), written);
  return std::any_of(query->spellings.begin(), query->spellings.end(),
                     [&](const auto& spelling) { return spelling.digest == digest; });
}

TEST(PhoneSpellings, AreTheSameNumberWhicheverIsAskedFor) {
  const std::vector<std::vector<std::string>> numbers = {
      {"+44 20 7946 0958", "020 7946 0958", "442079460958", "0044 20 7946 0958",
       "+44 (0)20 7946-0958", "(020) 79460958", "2079460958"},
      {"+1 (555) 010-4477", "555-010-4477", "15550104477", "1-555-010-4477", "5550104477"},
      {"+49 171 3920022", "0171/3920022", "491713920022", "1713920022"},
      {"+7 495 123-45-67", "8 495 123 45 67", "74951234567", "4951234567"},
      {"+36 1 234 5678", "06 1 234 5678", "3612345678"},
      {"+34 912 345 678", "912345678", "34912345678"},
      {"+39 06 1234 5678", "06 12345678", "390612345678"},
      {"+52 55 1234 5678", "+52 1 55 1234 5678", "01 55 1234 5678", "044 55 1234 5678",
       "5512345678"},
      {"+54 9 11 2345-6789", "011 15-2345-6789", "11 15 2345 6789", "+54 11 2345 6789",
       "011 2345-6789", "5491123456789", "1123456789"},
      {"+54 9 351 234-5678", "0351 15-234-5678", "0351 234 5678", "3512345678"},
      {"+54 9 2966 23-4567", "02966 15-23-4567", "2966 15 234567"},
  };
  for (const auto& same : numbers) {
    for (const auto& asked : same) {
      for (const auto& written : same)
        EXPECT_TRUE(finds(asked, written)) << asked << ", " << written;
    }
  }
}

TEST(PhoneSpellings, KnowWhatIsDialledBeforeACountrysCode) {
  for (const char* written : {"+44 20 7946 0958", "+44 (0)20 7946 0958", "00442079460958"}) {
    EXPECT_TRUE(finds("011 44 20 7946 0958", written)) << written;
    EXPECT_TRUE(finds(written, "011 44 20 7946 0958")) << written;
  }
  EXPECT_TRUE(finds("011 44 20 7946 0958", "020 7946 0958"));
  EXPECT_TRUE(finds("tel:+44-20-7946-0958", "+44 20 7946 0958"));
}

TEST(PhoneSpellings, AreFewWhereTheCountryIsKnown) {
  EXPECT_THAT(
      phone_spellings("+44 20 7946 0958"),
      UnorderedElementsAre("2079460958", "02079460958", "4402079460958", "011442079460958"));
  for (const char* value : {"020 7946 0958", "442079460958", "1123456789", "011 15 2345 6789",
                            "5491123456789", "2079460958", "8 495 123 45 67", "555-0104"}) {
    // With the one that was asked for.
    EXPECT_LT(phone_spellings(value).size(), audit::kMostSpellings) << value;
  }
  EXPECT_THAT(phone_spellings("+44 20 7946 0958"), Not(Contains("492079460958")));
}

TEST(PhoneSpellings, AreOfTelephoneNumbersAlone) {
  for (const char* value : {"alice@example.com", "Alice", "", "12", "123456", "2026-11-27T09:30:00",
                            "4111 1111 1111 1111 111", "DE89370400440532013000", "A1234567"}) {
    EXPECT_THAT(phone_spellings(value), IsEmpty()) << value;
  }
  EXPECT_FALSE(asked_value("secret", "--", false));
}

TEST(PhoneSpellings, SayHowTheyAreWritten) {
  const auto query = asked_value("secret", "020 7946 0958", false);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->spellings.front().text, "");
  EXPECT_THAT(query->spellings, Contains(::testing::Field(&audit::Spelling::text, "442079460958")));
  EXPECT_THAT(asked_value("secret", "020 7946 0958", true)->spellings, SizeIs(1));
}

}  // namespace
}  // namespace sluice::control
