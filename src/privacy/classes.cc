#include "privacy/classes.h"

#include <array>
#include <cstddef>

namespace sluice::privacy {
namespace {

constexpr ClassInfo kNoClass{Class::kNone,   "none",          Category::kPii,
                             Strength::kLow, Method::kRedact, "nothing that needs hiding"};

// clang-format off
constexpr std::array kClasses = {
    ClassInfo{Class::kPersonName, "person_name", Category::kPii, Strength::kMedium, Method::kPseudonym,
     "given, family or full name of a person"},
    ClassInfo{Class::kEmail, "email", Category::kPii, Strength::kMedium, Method::kPartial,
     "e-mail address"},
    ClassInfo{Class::kPhone, "phone", Category::kPii, Strength::kMedium, Method::kPartial,
     "telephone or fax number"},
    ClassInfo{Class::kPostalAddress, "postal_address", Category::kLocation, Strength::kMedium, Method::kRedact,
     "street address, whole or its street and house number"},
    ClassInfo{Class::kCity, "city", Category::kLocation, Strength::kLow, Method::kRedact,
     "town of a person's address"},
    ClassInfo{Class::kRegion, "region", Category::kLocation, Strength::kLow, Method::kRedact,
     "state, province or county of a person's address"},
    ClassInfo{Class::kPostcode, "postcode", Category::kLocation, Strength::kLow, Method::kGeneralise,
     "postal code of a person's address"},
    ClassInfo{Class::kBirthDate, "birth_date", Category::kPii, Strength::kMedium, Method::kGeneralise,
     "date of birth"},
    ClassInfo{Class::kAge, "age", Category::kPii, Strength::kLow, Method::kGeneralise,
     "age in years"},
    ClassInfo{Class::kGender, "gender", Category::kPii, Strength::kLow, Method::kRedact,
     "gender or sex"},
    ClassInfo{Class::kNationality, "nationality", Category::kPii, Strength::kLow, Method::kRedact,
     "nationality or citizenship"},
    ClassInfo{Class::kReligion, "religion", Category::kPii, Strength::kHigh, Method::kRedact,
     "religion or belief"},
    ClassInfo{Class::kEthnicity, "ethnicity", Category::kPii, Strength::kHigh, Method::kRedact,
     "ethnic origin"},
    ClassInfo{Class::kNationalId, "national_id", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "national or personal identity number of a scheme not listed by itself"},
    ClassInfo{Class::kUsSsn, "us_ssn", Category::kPii, Strength::kHigh, Method::kPartial,
     "US Social Security number"},
    ClassInfo{Class::kUsItin, "us_itin", Category::kPii, Strength::kHigh, Method::kPartial,
     "US individual taxpayer identification number"},
    ClassInfo{Class::kUkNino, "uk_nino", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "UK National Insurance number"},
    ClassInfo{Class::kUkNhs, "uk_nhs", Category::kHealth, Strength::kHigh, Method::kPseudonym,
     "UK NHS number"},
    ClassInfo{Class::kDeTaxId, "de_tax_id", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "German Steuer-Identifikationsnummer"},
    ClassInfo{Class::kFrNir, "fr_nir", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "French social security number (NIR)"},
    ClassInfo{Class::kEsDni, "es_dni", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "Spanish DNI or NIE"},
    ClassInfo{Class::kItCodiceFiscale, "it_codice_fiscale", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "Italian codice fiscale"},
    ClassInfo{Class::kNlBsn, "nl_bsn", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "Dutch citizen service number (BSN)"},
    ClassInfo{Class::kPlPesel, "pl_pesel", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "Polish PESEL"},
    ClassInfo{Class::kSePersonnummer, "se_personnummer", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "Swedish personal identity number"},
    ClassInfo{Class::kBrCpf, "br_cpf", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "Brazilian CPF"},
    ClassInfo{Class::kBrCnpj, "br_cnpj", Category::kPii, Strength::kMedium, Method::kPseudonym,
     "Brazilian CNPJ"},
    ClassInfo{Class::kInAadhaar, "in_aadhaar", Category::kPii, Strength::kHigh, Method::kPartial,
     "Indian Aadhaar number"},
    ClassInfo{Class::kInPan, "in_pan", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "Indian permanent account number (PAN)"},
    ClassInfo{Class::kCaSin, "ca_sin", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "Canadian social insurance number"},
    ClassInfo{Class::kAuTfn, "au_tfn", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "Australian tax file number"},
    ClassInfo{Class::kMxCurp, "mx_curp", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "Mexican CURP"},
    ClassInfo{Class::kTaxId, "tax_id", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "tax identification number of a person"},
    ClassInfo{Class::kPassport, "passport", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "passport or identity card number"},
    ClassInfo{Class::kDrivingLicence, "driving_licence", Category::kPii, Strength::kHigh, Method::kPseudonym,
     "driving licence number"},
    ClassInfo{Class::kVehicleId, "vehicle_id", Category::kPii, Strength::kMedium, Method::kPseudonym,
     "vehicle identification number (VIN)"},
    ClassInfo{Class::kLicencePlate, "licence_plate", Category::kPii, Strength::kMedium, Method::kPseudonym,
     "vehicle registration plate"},
    ClassInfo{Class::kUserName, "user_name", Category::kPii, Strength::kLow, Method::kPseudonym,
     "user or login name"},
    ClassInfo{Class::kSocialHandle, "social_handle", Category::kPii, Strength::kMedium, Method::kPseudonym,
     "name in a social network"},
    ClassInfo{Class::kIpAddress, "ip_address", Category::kPii, Strength::kMedium, Method::kGeneralise,
     "IPv4 or IPv6 address"},
    ClassInfo{Class::kMacAddress, "mac_address", Category::kPii, Strength::kMedium, Method::kPseudonym,
     "hardware (MAC) address"},
    ClassInfo{Class::kImei, "imei", Category::kPii, Strength::kMedium, Method::kPseudonym,
     "IMEI of a mobile device"},
    ClassInfo{Class::kDeviceId, "device_id", Category::kPii, Strength::kMedium, Method::kPseudonym,
     "identifier of a device, advertising or installation id"},
    ClassInfo{Class::kCardNumber, "card_number", Category::kFinancial, Strength::kHigh, Method::kPartial,
     "payment card number"},
    ClassInfo{Class::kCardCode, "card_code", Category::kFinancial, Strength::kHigh, Method::kRedact,
     "card verification code (CVV, CVC) or PIN"},
    ClassInfo{Class::kCardExpiry, "card_expiry", Category::kFinancial, Strength::kLow, Method::kRedact,
     "expiry of a payment card"},
    ClassInfo{Class::kIban, "iban", Category::kFinancial, Strength::kHigh, Method::kPartial,
     "international bank account number"},
    ClassInfo{Class::kBankAccount, "bank_account", Category::kFinancial, Strength::kHigh, Method::kPartial,
     "bank account number"},
    ClassInfo{Class::kBankRouting, "bank_routing", Category::kFinancial, Strength::kLow, Method::kRedact,
     "bank, sort or routing code"},
    ClassInfo{Class::kBic, "bic", Category::kFinancial, Strength::kLow, Method::kRedact,
     "bank identifier code (BIC, SWIFT)"},
    ClassInfo{Class::kCryptoWallet, "crypto_wallet", Category::kFinancial, Strength::kHigh, Method::kPseudonym,
     "address of a crypto wallet"},
    ClassInfo{Class::kSalary, "salary", Category::kFinancial, Strength::kLow, Method::kGeneralise,
     "salary or income of a person"},
    ClassInfo{Class::kMedicalRecord, "medical_record", Category::kHealth, Strength::kHigh, Method::kPseudonym,
     "medical record or patient number"},
    ClassInfo{Class::kHealthInsurance, "health_insurance", Category::kHealth, Strength::kHigh, Method::kPseudonym,
     "health insurance or policy number"},
    ClassInfo{Class::kHealthData, "health_data", Category::kHealth, Strength::kHigh, Method::kRedact,
     "diagnosis, medication, allergy, blood group and the like"},
    ClassInfo{Class::kPassword, "password", Category::kCredential, Strength::kHigh, Method::kRedact,
     "password or passphrase"},
    ClassInfo{Class::kPasswordHash, "password_hash", Category::kCredential, Strength::kHigh, Method::kRedact,
     "hash of a password (bcrypt, argon2, scrypt, crypt, PBKDF2, SCRAM)"},
    ClassInfo{Class::kApiKey, "api_key", Category::kCredential, Strength::kHigh, Method::kRedact,
     "key or secret for a service"},
    ClassInfo{Class::kAccessToken, "access_token", Category::kCredential, Strength::kHigh, Method::kRedact,
     "access, refresh or bearer token"},
    ClassInfo{Class::kJwt, "jwt", Category::kCredential, Strength::kHigh, Method::kRedact,
     "JSON web token"},
    ClassInfo{Class::kPrivateKey, "private_key", Category::kCredential, Strength::kHigh, Method::kRedact,
     "private key (PEM, SSH, age, WIF)"},
    ClassInfo{Class::kConnectionString, "connection_string", Category::kCredential, Strength::kHigh, Method::kRedact,
     "connection string or URL with a password"},
    ClassInfo{Class::kSessionCookie, "session_cookie", Category::kCredential, Strength::kHigh, Method::kRedact,
     "session identifier or cookie"},
    ClassInfo{Class::kMfaSeed, "mfa_seed", Category::kCredential, Strength::kHigh, Method::kRedact,
     "seed or recovery code of a second factor"},
    ClassInfo{Class::kSeedPhrase, "seed_phrase", Category::kCredential, Strength::kHigh, Method::kRedact,
     "seed phrase of a wallet (BIP 39)"},
    ClassInfo{Class::kGeoPosition, "geo_position", Category::kLocation, Strength::kMedium, Method::kGeneralise,
     "position of a person or device"},
};
// clang-format on

constexpr bool in_order() {
  for (size_t i = 0; i < kClasses.size(); ++i)
    if (static_cast<size_t>(kClasses[i].id) != i + 1) return false;
  return kClasses.size() + 1 == static_cast<size_t>(Class::kCount);
}
static_assert(in_order(), "the table has one row for each class, in the order of the enumeration");

}  // namespace

std::span<const ClassInfo> classes() { return kClasses; }

const ClassInfo& info(Class id) {
  const auto i = static_cast<size_t>(id);
  return i == 0 || i > kClasses.size() ? kNoClass : kClasses[i - 1];
}

std::optional<Class> find_class(std::string_view name) {
  if (name == kNoClass.name) return Class::kNone;
  for (const ClassInfo& each : kClasses)
    if (each.name == name) return each.id;
  return std::nullopt;
}

std::string_view name(Category category) {
  switch (category) {
    case Category::kPii:
      return "pii";
    case Category::kFinancial:
      return "financial";
    case Category::kHealth:
      return "health";
    case Category::kCredential:
      return "credential";
    case Category::kLocation:
      return "location";
  }
  return "";
}

std::string_view name(Strength strength) {
  switch (strength) {
    case Strength::kLow:
      return "low";
    case Strength::kMedium:
      return "medium";
    case Strength::kHigh:
      return "high";
  }
  return "";
}

std::string_view name(Method method) {
  switch (method) {
    case Method::kRedact:
      return "redact";
    case Method::kPartial:
      return "partial";
    case Method::kPseudonym:
      return "pseudonym";
    case Method::kGeneralise:
      return "generalise";
    case Method::kNull:
      return "null";
    case Method::kHash:
      return "hash";
  }
  return "";
}

bool is_national_id(Class id) { return id >= Class::kNationalId && id <= Class::kTaxId; }

}  // namespace sluice::privacy
