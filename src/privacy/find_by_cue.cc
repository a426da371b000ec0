// What only its label gives away: "passport no. X1234567", "born on 3 May 1980".
#include "privacy/cues.h"
#include "privacy/patterns.h"
#include "privacy/scan.h"

namespace sluice::privacy {
namespace {

#define NUMBER                                                                                    \
  "(?i:(?:[ "                                                                                     \
  "-]?(?:number|no|num|nr|nummer|numero|n\\xc3\\xbamero|num\\xc3\\xa9ro|n\\xc2\\xb0|n\\xc2\\xba|" \
  "id|#|code))?\\.?)"
#define IS "(?i:[ :=#-]{1,3}(?:(?:is|ist|est|es|e|was|lautet)[ :]{1,2})?)"
#define CODE "([A-Z0-9](?:[A-Z0-9]|[ -][A-Z0-9])*[0-9](?:[A-Z0-9]|-[A-Z0-9])*)"

// clang-format off
const PatternList& labels() {
  static const PatternList all = {
    {Class::kPassport, .9F, "\\b(?i:passports?|travel doc(?:ument)?|reisepass|reisepassnummer|passeport|pasaporte|passaporte|passaporto|paspoort|paszport|passnummer|pasu|pass)" NUMBER IS CODE},
    {Class::kDrivingLicence, .9F, "\\b(?i:driv(?:ing|er'?s?) licen[cs]e|licen[cs]e|dl|f\\xc3\\xbchrerschein(?:nummer)?|permis(?: de conduire)?|carnet de conducir|licencia(?: de conducir)?|cnh|patente|rijbewijs|prawo jazdy|k\\xc3\\xb6rkort)" NUMBER IS CODE},
    {Class::kMedicalRecord, .92F, "\\b(MRN[-:# ]{0,2}[A-Z]{0,3}[0-9][0-9-]{3,14})\\b"},
      {Class::kMedicalRecord, .92F, "\\b((?:MRN|PAT|PID|CHART)[-:# ]{1,2}[A-Z]{0,3}[0-9][0-9-]{3,14})\\b"},
    {Class::kMedicalRecord, .88F, "\\b(?i:medical record|patient(?: record| file)?|mrn|krankenakte|patientennummer|dossier(?: patient| m\\xc3\\xa9" "dical)|historia cl\\xc3\\xadnica|prontu\\xc3\\xa1rio|cartella clinica)" NUMBER IS CODE},
    {Class::kHealthInsurance, .88F, "\\b(?i:(?:health )?insurance(?: policy)?|policy|member id|versichertennummer|versichertennr|krankenversicherung|krankenkasse|mutuelle|seguro|p\\xc3\\xb3liza|polizza|tessera sanitaria|medicare|nhs)" NUMBER IS CODE},
    {Class::kLicencePlate, .88F, "\\b(?i:(?:licen[cs]e |number )?plates?|registration|reg|kennzeichen|kennz|immatriculation|plaque|matr\\xc3\\xad" "cula|placas?|targa|kenteken|rejestracja|nummerplade)" NUMBER IS "([A-Z0-9]{1,4}(?:[ -]?[A-Z0-9]{1,4}){1,3})\\b"},
    // "Fahrzeug HH ES 605", not "vehicle BMW 320".
    {Class::kLicencePlate, .85F, "\\b(?i:fahrzeug|wagen|car|[pl]kw|voiture|v\\xc3\\xa9hicule|vehicles?|coche|ve\\xc3\\xad" "culo|veicolo|voertuig|samoch\\xc3\\xb3" "d)" IS
     "([A-Z]{1,3}[ -][A-Z]{1,3}[ -]?[0-9]{1,4}|[A-Z]{2,3}[ -]?[0-9]{2,4}[ -]?[A-Z]{1,3}(?:[ -]?[0-9]{4})?|[0-9]{1,4}[ -]?[A-Z]{1,3}[ -][0-9]{1,4})\\b"},
    {Class::kVehicleId, .92F, "\\b(?i:vin|chassis|fahrgestellnummer|fin)" NUMBER IS "([A-HJ-NPR-Z0-9]{17})\\b"},
    {Class::kDeviceId, .85F, "\\b(?i:device|udid|idfa|gaid|aaid|ser(?:ial|\\.)|seriennummer)" NUMBER IS "([A-Fa-f0-9]{8}(?:-[A-Fa-f0-9]{4}){3}-[A-Fa-f0-9]{12}|[A-Z0-9]{8,20}\\b)"},
    {Class::kCardCode, .9F, "\\b(?i:cvv2?|cvc2?|csc|security code|pr\\xc3\\xbc" "fziffer|pin)" NUMBER IS "([0-9]{3,6})\\b"},
    {Class::kBankAccount, .85F, "\\b(?i:(?:bank )?acc(?:oun)?t|konto|kontonummer|compte|cuenta|conta|conto|rekening|rachunek)" NUMBER IS "([0-9][0-9 -]{5,20}[0-9])\\b"},
    {Class::kNationalId, .85F, "\\b(?i:ssn|social security|sin|tfn|nino|national insurance|ni|nhs|bsn|pesel|cpf|cnpj|dni|nie|nif|curp|rfc|aadhaar|pan|tax id|tin|steuer-?id|steuernummer|idnr|sozialversicherungsnummer|codice fiscale|personnummer|id card|national id|personalausweis|ausweis)" NUMBER IS CODE},
    {Class::kBirthDate, .9F,
     "\\b(?i:born|birth(?:day|date)?|date of birth|dob|d\\.o\\.b|geboren|geb|geburts(?:datum|tag)|n\\xc3\\xa9" "e?|date de naissance|nacid[oa]|fecha de nacimiento|nascid[oa]|data de nascimento|nat[oa]|data di nascita|geboortedatum|urodzon[ya]|data urodzenia|f\\xc3\\xb6" "dd|f\\xc3\\xb8" "dt|f\\xc3\\xb6" "delsedatum)\\b\\.?"
     "[ :(=]{1,3}(?i:(?:is|on|am|le|el|il|em|op|den|dnia|was|ist)[ :]{1,2})?"
     "([0-9]{1,2}(?:st|nd|rd|th|\\.)? ?(?:de )?[A-Za-z\\x80-\\xff]{3,12}\\.?,? (?:de )?[0-9]{4}|[A-Z][a-z]{2,9} [0-9]{1,2}(?:st|nd|rd|th)?,? [0-9]{4}|[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[./-] ?[0-9]{1,2}[./-] ?[0-9]{2,4})"},
  };
  return all;
}
// clang-format on

#undef NUMBER
#undef IS
#undef CODE

/// A code has a digit, and is no lone year or count.
float judge(std::string_view match, const Pattern& pattern) {
  if (pattern.cls == Class::kBirthDate || pattern.cls == Class::kCardCode)
    return pattern.confidence;
  return match.size() < 5 || match.find_first_of("0123456789") == std::string_view::npos
             ? 0
             : pattern.confidence;
}

/// Whether any word before a number could be its label.
bool is_labelled(std::string_view text, size_t digit) {
  // The number may be in a code with letters ("X123", "B-MW 4711"): its label stands before them.
  size_t begin = digit;
  while (begin > 0 && digit - begin < 24 &&
         (is_upper(text[begin - 1]) || text[begin - 1] == '-' || text[begin - 1] == ' '))
    --begin;
  return (cues_before(text, digit) | cues_before(text, begin)) != 0;
}

}  // namespace

void find_by_cue(Scan& scan) { labels().find_near_digits(scan, 72, 64, judge, is_labelled); }

}  // namespace sluice::privacy
