#pragma once

#include <bitset>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// What the words of a column's, key's or table's name mean.
namespace sluice::privacy {

enum class Concept : unsigned char {
  kGiven,   ///< first, vor-, prenom
  kFamily,  ///< last, nach-, apellido
  kName,    ///< name, nom
  kFull,    ///< full, display, legal
  kPerson,  ///< who: customer, patient, holder
  kEmail,
  kPhone,
  kStreet,
  kAddress,
  kHouse,  ///< house number
  kCity,
  kRegion,
  kPostcode,
  kCountry,
  kBirth,
  kDate,
  kAge,
  kGender,
  kNationality,
  kReligion,
  kEthnicity,
  kNumber,  ///< no, nr
  kId,
  kCode,
  kIdentity,  ///< national, personal, social: with a number it names a person
  kScheme,    ///< a scheme's own name: ssn, cpf; see scheme_of
  kTax,
  kPassport,
  kLicence,
  kDriving,
  kVehicle,
  kPlate,
  kVin,
  kUser,
  kHandle,
  kIp,
  kMac,
  kImei,
  kDevice,
  kCard,
  kPan,
  kCvv,
  kExpiry,
  kIban,
  kBank,
  kAccount,
  kLedger,  ///< of the books: its accounts are kinds of money, and nobody's
  kRouting,
  kBic,
  kWallet,
  kSalary,
  kMedical,
  kRecord,
  kInsurance,
  kHealth,  ///< diagnosis, allergy
  kBlood,
  kPassword,
  kSecret,
  kToken,
  kJwt,
  kKey,
  kApi,
  kPrivate,
  kPublic,
  kHash,
  kSession,
  kCookie,
  kMfa,
  kSeed,
  kPhrase,
  kConnection,
  kGeo,
  kLatLong,
  kLocation,
  kText,      ///< note, comment
  kDocument,  ///< json, payload, data
  kContact,
  kFlag,  ///< sent, verified, is
  kCount,
  kThing,  ///< product, order, file
  kSite,   ///< what stands where it was built: station, shop, tower
  kOrg,
  kTime,  ///< created, updated, start
  kMoney,
  kVersion,
  kChecksum,
  kValue,
  kAttribute,  ///< key, field: says what a value beside it is
  kSmall,      ///< of, de, the: means nothing
  kEnd,
};

using Concepts = std::bitset<static_cast<size_t>(Concept::kEnd)>;

/// The words of a name as fold() gives them: "homeTel_no2" is home, tel, no. Words that are not
/// known are taken apart if all their parts are known: "wohnanschrift" is wohn, anschrift.
std::vector<std::string> name_words(std::string_view name);

/// What a word can mean; none if it is not known.
Concepts meaning(std::string_view word);

/// What all the words of a name mean together.
Concepts meaning_of_name(std::string_view name);

inline bool has(const Concepts& concepts, Concept concept_) {
  return concepts.test(static_cast<size_t>(concept_));
}

/// Whether a name says nothing: "col7", "v3", "field_12", "c1".
bool is_meaningless(std::string_view name);

}  // namespace sluice::privacy
