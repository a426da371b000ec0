#include "privacy/cues.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "privacy/fold.h"
#include "privacy/scan.h"

namespace sluice::privacy {
namespace {

struct Line {
  uint32_t cue;
  std::string_view words;
};

// clang-format off
constexpr Line kLines[] = {
    {kCueCard, "card visa mastercard amex karte kreditkarte carte tarjeta cartao carta kaart creditcard karta kort kreditkort charged pan"},
    {kCueCode, "security prufziffer code cvv cvc cvv2 cvc2 csc pin"},
    {kCuePhone, "phone tel telephone mobile cell cellphone whatsapp telefon telefonnummer handy mobil fax telefono movil celular telefone "
                "telemovel cellulare telefoon mobiel gsm komorka numer rufnummer telefonnr tlf puhelin portable sms"},
    {kCueDirect, "appel call called ring dial text reach contact callback anrufen unter erreichbar rufen appeler appelez joindre llamar llame llamame ligar "
                 "ligue chiamare chiama bellen bel zadzwon zadzwonic dzwonic ring ringa soita zavolat "
                "llama llaman chiamami chiamatemi chiamarlo chiamarla rappelez telefonare telefonato contattare contattato llamarle llamarlo llamarla contactar contacter joint "
                 "richiamato richiamata richiami richiamo teruggebeld oddzwonienie kontaktowac zadzwonila "
                 "appele appelee appelle rappele rappelee rappelle rappeler joignable angerufen zuruckgerufen zuruckrufen ruckruf telefonisch ruft llamo llamado llamar llamada ligou chamou chamar chiamato chiamata richiamare "
                "gebeld belde terugbellen bereikbaar dzwonil dzwonila oddzwonic ringde ringte ringer oppringt soitti volal volala aradi arayin звонил звонила позвоните перезвоните"},
    {kCueAccount, "account acct konto kontonummer compte cuenta conta conto rekening rekeningnummer rachunek iban routing sort"},
    {kCueIdentity, "ni insurance steuer sozialversicherung personalausweis ssn sin tfn nino nhs bsn pesel cpf cnpj dni nie nif nir curp rfc pan aadhaar aadhar uid tax taxpayer tin itin steuer-id steuernummer "
                   "steueridentifikationsnummer idnr social sozialversicherungsnummer identity identification national id-number personnummer "
                   "fodselsnummer cpr hetu henkilotunnus insee secu securite codice fiscale burgerservicenummer sofinummer rodne snils inn personal "
                   "fiscal ausweis ausweisnummer nummer identidad citizen ssid"},
    {kCuePassport, "travel passports reisepassnummer passaporte pasu passport reisepass passeport pasaporte passaporte passaporto paspoort paszport pass passnummer"},
    {kCueLicence, "dl carnet jazdy korkort licence license driver driving driver's fuhrerschein fuhrerscheinnummer permis conducir licencia cnh patente rijbewijs prawo korkort"},
    {kCueDevice, "aaid ser seriennummer imei device udid idfa gaid serial geratenummer"},
    {kCueVehicle, "kennz fahrzeug wagen auto pkw lkw vehicle car van truck voiture vehicule coche vehiculo carro veiculo veicolo macchina voertuig samochod pojazd bil plaque placas rejestracja nummerplade number fin vin plate registration kennzeichen fahrgestellnummer immatriculation matricula placa targa kenteken chassis reg"},
    {kCueMedical, "record clinical clinica clinique historia prontuario cartella akte patientennummer pat pid mrn patient chart medical krankenakte dossier paciente"},
    {kCueInsurance, "krankenversichertennummer versichertennr tessera sanitaria nhs health insurance policy member versicherung versichertennummer krankenversicherung krankenkasse mutuelle seguro polizza polis medicare"},
    {kCueBirth, "d o b nasc urodzonego born birth birthday birthdate dob geboren geburtsdatum geburtstag geb ne nee naissance nacido nacida nacimiento nascimento nascido nascida "
                "nato nata nascita geboortedatum geboortedag urodzony urodzona urodzenia fodd fodelsedatum fodt syntynyt narozen"},
    {kCueThing, "firmware fw driver order ref reference invoice ticket tracking item sku part version release build case article artikel bestellung auftrag rechnung "
                "rechnungsnummer bestellnummer vorgang commande facture numero-de-commande pedido factura fatura ordine fattura bestelling factuur "
                "zamowienie faktura ordrenummer paket sendung package parcel shipment consignment transaction batch lot serial barcode ean isbn "
                "qty quantity model po booking buchung reservation"},
    {kCuePerson, "p pania panem hr hrn fr mr mrs ms miss dr prof sir madam dear herr herrn frau hallo liebe lieber monsieur madame mme mlle cher chere sr sra srta senor senora "
                 "don dona estimado estimada sig signor signora gentile egregio ra dott ssa dottor dottoressa avv avvocato dhr heer mevr meneer mevrouw doctor doktor dokter docteur beste pan pani panu szanowny "
                 "contact name named patient customer client employee manager colleague"},
    {kCuePassword, "password passwd pwd passwort kennwort passphrase pass"},
};
// clang-format on

using Map = std::unordered_map<std::string_view, uint32_t>;

const Map& words() {
  static const Map all = [] {
    Map map;
    for (const Line& line : kLines) {
      for (size_t at = 0; at < line.words.size();) {
        const size_t end = std::min(line.words.find(' ', at), line.words.size());
        if (end > at) map[line.words.substr(at, end - at)] |= line.cue;
        at = end + 1;
      }
    }
    return map;
  }();
  return all;
}

bool ends_with_cue(std::string_view text) {
  constexpr size_t kLongestAbbreviation = 6;
  size_t begin = text.size();
  while (begin > 0 && is_word(text[begin - 1])) --begin;
  return text.size() - begin <= kLongestAbbreviation && cue_of(fold(text.substr(begin))) != 0;
}

}  // namespace

uint32_t cue_of(std::string_view word) {
  const auto found = words().find(word);
  return found == words().end() ? 0 : found->second;
}

uint32_t cues_before(std::string_view text, size_t position) {
  constexpr size_t kReach = 48;
  constexpr int kWords = 5;
  uint32_t cues = 0;
  // Scripts without spaces: the last few characters.
  const std::string_view near =
      text.substr(position > 24 ? position - 24 : 0, std::min<size_t>(position, 24));
  if (!near.empty() &&
      (is_high(near.back()) || near.find_first_of("\xe7\xe6\xe9\xec") != std::string_view::npos))
    for (const std::string_view word : {"电话", "手机", "電話", "携帯", "전화", "핸드폰", "연락처"})
      if (near.find(word) != std::string_view::npos) cues |= kCuePhone;
  size_t i = position;
  const size_t least = position > kReach ? position - kReach : 0;
  for (int count = 0; count < kWords && i > least;) {
    const char c = text[i - 1];
    if (!is_word(c)) {
      const bool sentence = (c == '.' || c == '!' || c == '?' || c == ';' || c == '\n') &&
                            i < position && text[i] == ' ' && i >= 5 && is_word(text[i - 2]) &&
                            is_word(text[i - 3]) && is_word(text[i - 4]);
      // "tel. 539": what is abbreviated says what follows, and ends no sentence.
      if (c == '\n' || (sentence && !ends_with_cue(text.substr(0, i - 1)))) break;
      --i;
      continue;
    }
    const size_t end = i;
    while (i > least && is_word(text[i - 1])) --i;
    if (end - i <= 32) cues |= cue_of(fold(text.substr(i, end - i)));
    ++count;
  }
  return cues;
}

}  // namespace sluice::privacy
