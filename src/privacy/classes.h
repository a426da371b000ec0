#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sluice::privacy {

/// What a value may be that people would not want everybody to see. The order is free; names are
/// stable (classes.cc), they stand in policies, records and the store.
enum class Class : uint8_t {
  kNone,  ///< nothing of the below
  kPersonName,
  kEmail,
  kPhone,
  kPostalAddress,
  kCity,
  kRegion,
  kPostcode,
  kBirthDate,
  kAge,
  kGender,
  kNationality,
  kReligion,
  kEthnicity,
  kNationalId,
  kUsSsn,
  kUsItin,
  kUkNino,
  kUkNhs,
  kDeTaxId,
  kFrNir,
  kEsDni,
  kItCodiceFiscale,
  kNlBsn,
  kPlPesel,
  kSePersonnummer,
  kBrCpf,
  kBrCnpj,
  kInAadhaar,
  kInPan,
  kCaSin,
  kAuTfn,
  kMxCurp,
  kTaxId,
  kPassport,
  kDrivingLicence,
  kVehicleId,
  kLicencePlate,
  kUserName,
  kSocialHandle,
  kIpAddress,
  kMacAddress,
  kImei,
  kDeviceId,
  kCardNumber,
  kCardCode,
  kCardExpiry,
  kIban,
  kBankAccount,
  kBankRouting,
  kBic,
  kCryptoWallet,
  kSalary,
  kMedicalRecord,
  kHealthInsurance,
  kHealthData,
  kPassword,
  kPasswordHash,
  kApiKey,
  kAccessToken,
  kJwt,
  kPrivateKey,
  kConnectionString,
  kSessionCookie,
  kMfaSeed,
  kSeedPhrase,
  kGeoPosition,
  kCount,
};

enum class Category : uint8_t { kPii, kFinancial, kHealth, kCredential, kLocation };

/// How strongly a class is guarded while no policy says otherwise.
enum class Strength : uint8_t {
  kLow,     ///< known and shown; masked only by a rule
  kMedium,  ///< masked
  kHigh,    ///< masked, and kept hidden when a rule unmasks whole categories
};

/// What takes the place of a value.
enum class Method : uint8_t {
  kRedact,      ///< a fixed text
  kPartial,     ///< keeps what helps: last digits, domain
  kPseudonym,   ///< keyed, deterministic, same shape
  kGeneralise,  ///< date to year, IP to network, number to range
  kNull,
  kHash,
};

/// One row of the table of classes.
struct ClassInfo {
  Class id;
  std::string_view name;  ///< "card_number"
  Category category;
  Strength strength;
  Method method;
  std::string_view about;  ///< one line for people
};

/// All classes but kNone, in the order of `Class`.
std::span<const ClassInfo> classes();

/// Of kNone: name "none", strength kLow.
const ClassInfo& info(Class id);

inline std::string_view name(Class id) { return info(id).name; }

/// "none" is a name too.
std::optional<Class> find_class(std::string_view name);

std::string_view name(Category category);
std::string_view name(Strength strength);
std::string_view name(Method method);

/// Masked when nothing says otherwise.
inline bool masked_by_default(Class id) { return info(id).strength != Strength::kLow; }

/// Whether `id` names a person by the rules of one country or of a scheme not told apart.
bool is_national_id(Class id);

/// What opens a door: never needed in clear by somebody who reads data.
inline bool is_credential(Class id) {
  return id != Class::kNone && info(id).category == Category::kCredential;
}

}  // namespace sluice::privacy
