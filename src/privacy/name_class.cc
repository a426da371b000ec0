#include "privacy/name_class.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <unordered_map>

#include "privacy/find.h"
#include "privacy/fold.h"
#include "privacy/name_dictionary.h"

namespace sluice::privacy {
namespace {

Concepts of(std::initializer_list<Concept> list) {
  Concepts out;
  for (const Concept each : list) out.set(static_cast<size_t>(each));
  return out;
}

/// A name with all of `all` and none of `none` is likely of the class.
struct Rule {
  Class cls;
  float strength;
  Concepts all, none;
};

using enum Concept;

const std::vector<Rule>& rules() {
  // What a flag, a counter or a checksum is about is not what it holds.
  static const Concepts kAbout = of({kFlag, kCount, kVersion, kChecksum, kMoney});
  static const Concepts kNotWho =
      kAbout | of({kId,    kThing, kOrg,     kBank,    kCity,   kStreet, kCode,  kText,
                   kEmail, kPhone, kAddress, kCountry, kRegion, kHash,   kToken, kDate,
                   kBirth, kTime,  kNumber,  kIp,      kAge,    kMedical});
  static const Concepts kNotNumber = kAbout | of({kDate, kTime, kText, kName, kHash});
  // clang-format off
  static const std::vector<Rule> all = {
      {Class::kPersonName, .95F, of({kGiven, kName}), kNotWho & ~of({kCode})},
      {Class::kPersonName, .95F, of({kFamily, kName}), kNotWho & ~of({kCode})},
      {Class::kPersonName, .85F, of({kGiven}), kNotWho | of({kAccount, kCard, kUser, kRecord})},
      {Class::kPersonName, .85F, of({kFamily}), kNotWho | of({kAccount, kUser, kRecord})},
      {Class::kPersonName, .9F, of({kFull, kName}), kNotWho & ~of({kCode})},
      {Class::kPersonName, .9F, of({kPerson, kName}), kNotWho | of({kUser, kHandle})},
      {Class::kPersonName, .6F, of({kUser, kName}), kNotWho},
      {Class::kPersonName, .8F, of({kCard, kPerson}), kNotWho | of({kCode})},
      {Class::kPersonName, .8F, of({kAccount, kPerson}), kNotWho},
      {Class::kPersonName, .6F, of({kPerson}), kNotWho | of({kUser, kInsurance, kDocument, kRecord, kLicence, kIdentity, kSalary, kDevice, kGender, kKey, kValue, kHandle, kCard, kTax})},
      {Class::kPersonName, .45F, of({kName}), kNotWho | of({kUser, kDevice, kHandle, kKey, kSession, kCookie, kAttribute, kHealth, kRecord, kRouting})},
      {Class::kEmail, .95F, of({kEmail}), kAbout | of({kId, kDate, kTime, kText, kHash, kAddress, kStreet, kPassword, kToken})},
      {Class::kEmail, .95F, of({kEmail, kAddress}), kAbout | of({kDate, kTime, kHash, kStreet, kPostcode})},
      {Class::kEmail, .75F, of({kEmail, kId}), kAbout | of({kDate, kTime, kHash})},
      {Class::kPhone, .95F, of({kPhone}), kAbout | of({kDate, kTime, kText, kHash, kDevice})},
      {Class::kPhone, .7F, of({kContact, kNumber}), kAbout | of({kDate, kTime})},
      {Class::kPostalAddress, .9F, of({kAddress}), kAbout | of({kEmail, kIp, kMac, kWallet, kId, kDate, kTime, kCity, kPostcode, kRegion, kCountry, kHash, kThing})},
      {Class::kPostalAddress, .9F, of({kStreet}), kAbout | of({kEmail, kIp, kId, kDate, kTime, kThing, kText, kOrg, kConnection, kHash})},
      {Class::kPostalAddress, .9F, of({kStreet, kAddress}), kAbout | of({kEmail, kIp, kDate, kTime})},
      {Class::kPostalAddress, .6F, of({kHouse, kNumber}), kAbout | of({kDate, kTime, kThing})},
      {Class::kCity, .85F, of({kCity}), kAbout | of({kId, kDate, kTime, kCount})},
      {Class::kRegion, .6F, of({kRegion}), of({kId, kDate, kTime, kCount, kMoney})},
      {Class::kPostcode, .9F, of({kPostcode}), kAbout | of({kDate, kTime, kAddress, kPhone})},
      {Class::kBirthDate, .95F, of({kBirth}), (kAbout & ~of({kFlag})) | of({kCity, kCountry, kRegion, kName, kThing, kLocation, kText})},
      {Class::kAge, .8F, of({kAge}), kAbout | of({kDate, kTime, kThing})},
      {Class::kGender, .9F, of({kGender}), of({kDate, kCount, kThing})},
      {Class::kNationality, .9F, of({kNationality}), of({kDate, kCount})},
      {Class::kReligion, .92F, of({kReligion}), of({kDate, kCount, kThing})},
      {Class::kEthnicity, .92F, of({kEthnicity}), of({kDate, kCount, kThing, kTime})},
      {Class::kNationalId, .85F, of({kIdentity, kNumber}), kNotNumber | of({kPhone, kEmail, kThing, kAccount, kCard, kOrg, kPassport, kInsurance, kSecret})},
      {Class::kNationalId, .85F, of({kIdentity, kId}), kNotNumber | of({kPhone, kEmail, kThing, kAccount, kCard, kOrg, kUser, kPassport, kSecret, kRegion})},
      {Class::kNationalId, .75F, of({kIdentity, kCode}), kNotNumber | of({kPhone, kEmail, kThing, kAccount, kCard, kOrg, kPassport, kRegion, kSecret})},
      {Class::kNationalId, .85F, of({kIdentity, kCard}), kNotNumber | of({kPhone, kEmail, kThing, kAccount, kOrg, kPassport, kSecret, kInsurance, kBank, kExpiry, kCvv, kPan, kPerson, kToken})},
      {Class::kTaxId, .9F, of({kTax, kId}), kNotNumber & ~of({kMoney}) },
      {Class::kTaxId, .9F, of({kTax, kNumber}), kNotNumber & ~of({kMoney})},
      {Class::kTaxId, .85F, of({kTax, kCode}), (kNotNumber & ~of({kMoney})) | of({kCount})},
      {Class::kPassport, .92F, of({kPassport, kNumber}), kAbout | of({kDate, kTime, kPassword, kExpiry})},
      {Class::kPassport, .92F, of({kPassport, kId}), kAbout | of({kDate, kTime, kPassword, kExpiry})},
      {Class::kPassport, .7F, of({kPassport}), kAbout | of({kDate, kTime, kExpiry, kCountry, kCount, kHash})},
      {Class::kDrivingLicence, .92F, of({kDriving, kLicence}), kAbout | of({kDate, kTime, kExpiry, kCountry})},
      {Class::kDrivingLicence, .6F, of({kLicence, kNumber}), kAbout | of({kDate, kTime, kExpiry, kPlate, kKey})},
      {Class::kVehicleId, .92F, of({kVin}), kAbout | of({kDate, kTime})},
      {Class::kVehicleId, .8F, of({kVehicle, kIdentity}), kAbout | of({kDate, kTime})},
      {Class::kLicencePlate, .92F, of({kPlate, kLicence}), kAbout | of({kDate, kTime})},
      {Class::kLicencePlate, .9F, of({kPlate, kVehicle}), kAbout | of({kDate, kTime})},
      {Class::kLicencePlate, .85F, of({kPlate, kNumber}), kAbout | of({kDate, kTime})},
      {Class::kLicencePlate, .65F, of({kPlate}), kAbout | of({kDate, kTime, kOrg, kText, kDevice, kThing})},
      {Class::kUserName, .9F, of({kUser, kName}), kAbout | of({kDate, kTime, kThing})},
      {Class::kUserName, .6F, of({kUser}), kAbout | of({kDate, kTime, kThing, kId, kNumber, kAccount, kIp, kDevice, kPhone, kEmail, kAddress, kText, kDocument, kToken, kSession})},
      {Class::kSocialHandle, .75F, of({kHandle}), kAbout | of({kDate, kTime, kThing, kId, kName, kAddress, kStreet, kOrg})},
      {Class::kIpAddress, .95F, of({kIp}), kAbout | of({kDate})},
      {Class::kIpAddress, .95F, of({kIp, kAddress}), of({kDate, kTime, kCount})},
      {Class::kMacAddress, .95F, of({kMac, kAddress}), of({kDate, kTime, kCount})},
      {Class::kMacAddress, .85F, of({kMac}), kAbout | of({kDate, kTime})},
      {Class::kImei, .93F, of({kImei}), kAbout | of({kDate, kTime})},
      {Class::kDeviceId, .85F, of({kDevice, kId}), kAbout | of({kDate, kTime, kThing, kName})},
      {Class::kDeviceId, .7F, of({kDevice, kNumber}), kAbout | of({kDate, kTime, kThing, kName})},
      {Class::kDeviceId, .8F, of({kDevice, kToken}), kAbout | of({kDate, kTime})},
      {Class::kDeviceId, .55F, of({kDevice}), kAbout | of({kDate, kTime, kThing, kName, kText, kNumber})},
      {Class::kCardNumber, .93F, of({kCard, kNumber}), kNotNumber | of({kExpiry, kCvv, kIdentity})},
      {Class::kCardNumber, .93F, of({kPan, kCard}), kNotNumber | of({kExpiry, kCvv})},
      {Class::kCardNumber, .85F, of({kPan}), kNotNumber | of({kExpiry, kCvv, kThing, kTax})},
      {Class::kCardNumber, .75F, of({kCard}), kNotNumber | of({kExpiry, kCvv, kIdentity, kId, kPerson, kToken, kBank, kOrg, kDocument})},
      {Class::kCardNumber, .5F, of({kCard}), kNotNumber | of({kExpiry, kCvv, kIdentity, kToken, kThing, kOrg})},
      {Class::kCardCode, .93F, of({kCvv}), kAbout | of({kDate, kTime, kPostcode, kText})},
      {Class::kCardCode, .9F, of({kCard, kCode}), kAbout | of({kDate, kTime, kText, kCountry})},
      {Class::kCardExpiry, .9F, of({kCard, kExpiry}), of({kCount})},
      {Class::kIban, .95F, of({kIban}), kAbout | of({kDate, kTime})},
      {Class::kBankAccount, .9F, of({kBank, kAccount}), kAbout | of({kLedger, kDate, kTime, kName, kRouting, kPerson})},
      {Class::kBankAccount, .85F, of({kAccount, kNumber}), kNotNumber | of({kLedger})},
      {Class::kBankAccount, .5F, of({kAccount}), kAbout | of({kLedger, kDate, kTime, kName, kId, kUser, kPerson, kRouting, kText, kEmail, kPhone, kHandle, kMoney})},
      {Class::kBankRouting, .85F, of({kRouting}), kAbout | of({kDate, kTime, kThing})},
      {Class::kBic, .9F, of({kBic}), kAbout | of({kDate, kTime})},
      {Class::kCryptoWallet, .93F, of({kWallet, kAddress}), of({kDate, kTime, kCount, kMoney})},
      {Class::kCryptoWallet, .8F, of({kWallet}), kAbout | of({kDate, kTime, kId})},
      {Class::kSalary, .85F, of({kSalary}), of({kDate, kTime, kCount, kFlag})},
      {Class::kMedicalRecord, .93F, of({kMedical, kNumber}), kNotNumber | of({kPhone, kInsurance})},
      {Class::kMedicalRecord, .93F, of({kMedical, kRecord}), kNotNumber | of({kPhone, kDocument})},
      {Class::kHealthInsurance, .9F, of({kInsurance, kNumber}), kNotNumber | of({kPhone})},
      {Class::kHealthInsurance, .8F, of({kInsurance, kId}), kNotNumber | of({kPhone, kThing})},
      {Class::kHealthInsurance, .55F, of({kInsurance, kPerson}), kNotNumber | of({kPhone, kThing, kOrg, kMoney})},
      {Class::kHealthInsurance, .55F, of({kInsurance}), kNotNumber | of({kPhone, kThing, kOrg, kPerson, kMoney})},
      {Class::kHealthData, .9F, of({kHealth}), kAbout | of({kDate, kTime, kId, kThing, kOrg})},
      {Class::kHealthData, .75F, of({kHealth, kCode}), of({kDate, kTime, kCount, kThing})},
      {Class::kHealthData, .9F, of({kBlood}), of({kDate, kTime, kCount})},
      {Class::kPasswordHash, .95F, of({kPassword, kHash}), of({kDate, kTime, kCount, kFlag})},
      {Class::kPassword, .93F, of({kPassword}), of({kDate, kTime, kCount, kFlag, kHash, kPassport, kVersion, kText, kThing})},
      {Class::kPassword, .75F, of({kPassword}), of({kDate, kTime, kCount, kFlag, kHash, kVersion, kText, kThing, kNumber, kId})},
      {Class::kApiKey, .93F, of({kApi, kKey}), of({kDate, kTime, kCount, kFlag, kName, kVersion, kPublic})},
      {Class::kApiKey, .93F, of({kSecret}), of({kDate, kTime, kCount, kFlag, kName, kVersion, kText})},
      {Class::kAccessToken, .93F, of({kToken}), of({kDate, kTime, kCount, kFlag, kName, kVersion, kDevice})},
      {Class::kJwt, .93F, of({kJwt}), of({kDate, kTime, kCount, kFlag})},
      {Class::kPrivateKey, .95F, of({kPrivate, kKey}), of({kDate, kTime, kCount, kFlag, kName})},
      {Class::kConnectionString, .92F, of({kConnection}), of({kDate, kTime, kCount, kFlag, kName, kId})},
      {Class::kSessionCookie, .9F, of({kSession, kId}), of({kDate, kTime, kCount, kFlag, kName})},
      {Class::kSessionCookie, .95F, of({kSession, kToken}), of({kDate, kTime, kCount, kFlag, kName})},
      {Class::kSessionCookie, .9F, of({kCookie}), of({kDate, kTime, kCount, kFlag, kName, kText})},
      {Class::kSessionCookie, .9F, of({kSession, kKey}), of({kDate, kTime, kCount, kFlag, kName})},
      {Class::kMfaSeed, .95F, of({kMfa}), of({kDate, kTime, kCount, kFlag, kName, kPhone, kEmail})},
      {Class::kSeedPhrase, .92F, of({kSeed, kPhrase}), of({kDate, kTime, kCount, kFlag})},
      {Class::kSeedPhrase, .85F, of({kSeed, kWallet}), of({kDate, kTime, kCount, kFlag})},
      {Class::kMfaSeed, .9F, of({kSeed, kCode}), of({kDate, kTime, kCount, kFlag})},
      {Class::kMfaSeed, .75F, of({kSeed}), of({kDate, kTime, kCount, kFlag, kPhrase, kEmail, kPhone, kNumber, kThing})},
      {Class::kGeoPosition, .92F, of({kLatLong}), of({kDate, kCount, kFlag, kText, kName})},
      {Class::kGeoPosition, .88F, of({kGeo}), of({kDate, kCount, kFlag, kName, kText, kRegion, kCountry, kCity})},
      {Class::kGeoPosition, .5F, of({kLocation}), of({kDate, kTime, kCount, kFlag, kName, kText, kId, kCode, kThing, kNumber})},
  };
  // clang-format on
  return all;
}

/// A scheme's own name is as good as a rule.
Class scheme_of(const std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    std::string joined;
    for (size_t n = 0; n < 3 && i + n < words.size(); ++n) {
      joined += words[i + n];
      for (const SchemeWord& scheme : scheme_words())
        if (fold(scheme.word) == joined) return scheme.cls;
    }
  }
  return Class::kNone;
}

/// What one word means, and what it means together with the word before and after it.
struct WordMeaning {
  Concepts own, joined;
};

/// A word that the rule needs does not stand in its way by another meaning; nor does one that means
/// little by itself, nor, to a name of people, one that may stand for who they are: "pat_fornamn".
bool is_vetoed(const Rule& rule, const std::vector<WordMeaning>& meanings) {
  static const Concepts kOfWhom = of({kToken, kMedical});
  return std::any_of(meanings.begin(), meanings.end(), [&](const WordMeaning& each) {
    if (((each.own | each.joined) & rule.all).any()) return false;
    if (rule.cls == Class::kPersonName && has(each.own, kPerson) &&
        (each.own & rule.none & ~kOfWhom).none())
      return false;
    return (!has(each.own, kSmall) && (each.own & rule.none).any()) ||
           (each.joined & rule.none).any();
  });
}

/// "two_factor" and "data_base" are looked up joined as well.
std::vector<WordMeaning> meanings_of(const std::vector<std::string>& words) {
  std::vector<WordMeaning> out;
  for (const std::string& word : words) out.push_back({meaning(word), {}});
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const Concepts joined = meaning(words[i] + words[i + 1]);
    out[i].joined |= joined;
    out[i + 1].joined |= joined;
  }
  return out;
}

void offer(std::vector<NameVerdict>& out, Class cls, float strength) {
  for (NameVerdict& each : out) {
    if (each.cls != cls) continue;
    each.strength = std::max(each.strength, strength);
    return;
  }
  out.push_back({cls, strength});
}

std::vector<NameVerdict> judge_name(std::string_view name) {
  std::vector<NameVerdict> out;
  const std::vector<std::string> words = name_words(name);
  const std::vector<WordMeaning> meanings = meanings_of(words);
  Concepts concepts;
  for (const WordMeaning& each : meanings) concepts |= each.own | each.joined;
  for (const Rule& rule : rules())
    if ((concepts & rule.all) == rule.all && !is_vetoed(rule, meanings))
      offer(out, rule.cls, rule.strength);
  // With other words it may be anything about a session.
  if (words.size() == 1 && has(concepts, kSession)) offer(out, Class::kSessionCookie, .55F);
  if (const Class scheme = scheme_of(words); scheme != Class::kNone) {
    const bool about = has(concepts, kDate) || has(concepts, kFlag) || has(concepts, kCount) ||
                       has(concepts, kText) || has(concepts, kName);
    if (!about)
      offer(out, scheme,
            words.size() == 1 || has(concepts, kNumber) || has(concepts, kId) ? .94F : .8F);
  }
  return out;
}

/// Keys of documents come again and again: what they say is kept, for each thread.
const std::vector<NameVerdict>& remembered(std::string_view name) {
  constexpr size_t kMostNames = 4096;
  constexpr size_t kLongestName = 128;
  thread_local std::unordered_map<std::string, std::vector<NameVerdict>, ViewHash, std::equal_to<>>
      known;
  name = name.substr(0, kLongestName);
  if (const auto found = known.find(name); found != known.end()) return found->second;
  if (known.size() >= kMostNames) known.clear();
  return known.emplace(name, judge_name(name)).first->second;
}

}  // namespace

bool names_a_thing(const Concepts& concepts) {
  return has(concepts, kThing) || has(concepts, kVersion) || has(concepts, kChecksum) ||
         has(concepts, kFlag) || has(concepts, kCount) || has(concepts, kMoney);
}

std::vector<NameVerdict> classes_of_name(std::string_view name, const Concepts& path) {
  std::vector<NameVerdict> out = remembered(name);
  // "lic" of a driver.
  if (has(path, kDriving)) {
    const Concepts own = meaning_of_name(name);
    if (has(own, kLicence) && !names_a_thing(own) && !has(own, kDate) && !has(own, kTime) &&
        !has(own, kExpiry))
      offer(out, Class::kDrivingLicence, .85F);
  }
  // "name" says who it is about only by what it stands in, as does an account.
  for (NameVerdict& each : out) {
    if (each.cls == Class::kBankAccount && each.strength == .5F && has(path, kPerson))
      each.strength = .65F;  // goes before a user's
    if (each.cls != Class::kPersonName || each.strength > .5F) continue;
    if (has(path, kPerson) || has(path, kContact)) {
      each.strength = .85F;
    } else if (has(path, kThing) || has(path, kOrg) || has(path, kCity) || has(path, kCountry)) {
      each.strength = .2F;
    }
  }
  std::sort(out.begin(), out.end(), [](const NameVerdict& a, const NameVerdict& b) {
    return a.strength != b.strength ? a.strength > b.strength : a.cls < b.cls;
  });
  return out;
}

NameVerdict class_of_name(std::string_view name, const Concepts& path) {
  const auto all = classes_of_name(name, path);
  return all.empty() || all.front().strength < .5F ? NameVerdict{} : all.front();
}

}  // namespace sluice::privacy
