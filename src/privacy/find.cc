// The one pass that tells which kinds may be in a text at all, and what becomes of their finds.
#include "privacy/find.h"

#include <algorithm>
#include <memory>
#include <string>

#include <re2/re2.h>
#include <re2/set.h>

#include "privacy/scan.h"

namespace sluice::privacy {
namespace {

/// If a text has no match of `hint`, then `detect` would find nothing in it. Hints are coarse: the
/// automaton of all of them must stay small to be fast.
struct Hint {
  const char* hint;
  void (*detect)(Scan&);
};

// clang-format off
constexpr Hint kHints[] = {
    {"[0-9][0-9]", nullptr},  // see kDigits
    {"@[A-Za-z0-9\\[\\x80-\\xff]", find_emails},
    {"%40[A-Za-z0-9]|(?i:[(\\[{<](?:at|arroba)[)\\]}>]| (?:dot|punkt|punto|ponto) [a-z])", find_written_emails},
    {"[0-9][-0-9 ./()]{4}[-0-9 ./()]*[0-9]", find_numbers},
    {"[A-Za-z][0-9]{2}|[0-9]{2}[A-Za-z]|[A-Z]{2} [0-9]{2}|[0-9] [A-Z]|[0-9]-[A-Z]", find_codes},
    {"[0-9]\\.[0-9]+\\.[0-9]+\\.[0-9]|[0-9A-Fa-f]:[0-9A-Fa-f]{1,4}:|::[0-9A-Fa-f]|[0-9A-Fa-f]:[0-9A-Fa-f:]*::|[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-|[0-9A-Fa-f]{4}\\.[0-9A-Fa-f]{4}\\.", find_machines},
    {"[A-Za-z0-9]{25}", find_wallets},
    // Secrets: by signs that prose seldom has.
    {"://[^ @/]*:[^ @]+@|-----BEGIN|eyJ[A-Za-z0-9_-]{6}|[$][A-Za-z0-9]+-?[A-Za-z0-9]*[$]|[A-Za-z0-9_+/=-]{16}|AKIA|AIza|PuTTY|hooks\\.slack|api/webhooks|\\*[0-9A-F]{8}|"
     "[{][A-Z0-9]+[}]|pbkdf2|scrypt|SCRAM-", find_secrets},
    {"(?i:passwords?|passwd|passphrase|pwd|pw|kennwort|passwort|mot de passe|contrase[^ ]{1,2}a|clave|senha|wachtwoord|has[^ ]{1,2}o|senord|adgangskode|passord|salasana|heslo|parola|"
     "secret|token|key|\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c|sid|sessid|phrase|words|mnemonic|seed)[\"']?(?: ?[:=]| (?:reset|set|changed|is|was|ist|lautet|est|es|era|to|e|\xc3\xa8|\xc3\xa9) |  ?[^ ]+[0-9])|"
     "otpauth:|(?i:bearer|basic) +[A-Za-z0-9._~+/-]{12}", find_said_secrets},
    {"[0-9][A-Za-z]?,? (?:[A-Z\\xc3-\\xc5]|[0-9]{1,3}(?:st|nd|rd|th) )", find_numbered_streets},
    {"(?i:flat|studio|apt|apartment|unit|suite|h\\. ?no|house no|plot no|box|b\\.?p|postfach|postbus|postale?|skr\\.|psc)\\.? (?:[A-Za-z]+ )?[0-9]", find_boxes},
    {"(?i:stra\xc3\x9f" "e|strasse|str\\.|gasse|weg|platz|allee|ring|damm|ufer|chaussee|steig|pfad|graben|stieg|markt|straat|laan|plein|gracht|kade|dijk|singel|steeg|dreef|plantsoen|"
     "pad|hof|gata|gatan|gt\\.|gate|v\xc3\xa4gen|vegen|veien|vej|gade|nd|torget|plads|all\xc3\xa9|all\xc3\xa9n|stien|de|katu|tie|kuja|polku|kaari|penger|g|stigen|backen) [0-9]|(?:Am|Im|An|Auf|In|Zum|Zur|Unter|Beim|Alter?|Neuer?) ", find_streets_by_ending},
    {"[0-9] ?(?:bis|ter|quater)?,? (?i:rue|avenue|av\\.|boulevard|bd|blvd|chemin|place|impasse|all\xc3\xa9" "e|quai|route|cours|passage|square|sq\\.|sentier|faubourg|ruelle|mont\xc3\xa9" "e|villa) |"
     "(?:rue|avenue|boulevard|chemin|impasse|all\xc3\xa9" "e|quai|ruelle) (?:[dl]|[A-Z\xc3])", find_french_streets},
    {"[A-Za-z\\x80-\\xff.'-],? (?:n[^ ]{1,3} ?|s/n|#)?[0-9]", find_streets_by_beginning},
    {"[a-z\\x80-\\xff] [0-9]{1,4}/[0-9]", find_bare_streets},
    {"Mah|Cad|Cd\\.|Sok|Sk\\.|Bulv|Blv|[\\xd0-\\xd1][^ ]+ [\\x80-\\xff]|[\\xe4-\\xed][\\x80-\\xff]+ ?[0-9]", find_streets_in_other_scripts},
    {"[0-9]\\.[0-9]{3}|\xc2\xb0|POINT|geo:", find_positions},
    {"[A-Z\\xc3-\\xd4][A-Za-z\\x80-\\xff'.-]* (?:(?:de|da|do|dos|das|du|del|della|di|la|van|von|der|den|ter|ten|bin|al|el|ibn|zu|af|av|y|e|le|vom) ){0,3}[A-Z\\xc3-\\xd4]|"
     "[a-z\\x80-\\xff,;] [A-Z\\xc3-\\xd4][a-z\\x80-\\xff]|(?:^|[ (])(?:[pP]|(?i:[mhfsdp]rs?|ms|sra|srta|sig|sig\\.ra|dhr|mevr|prof|mme|mlle|hrn|dott|dott\\.ssa|avv))\\. ?[A-Z\\xc3-\\xd4]|\xe6\xa7\x98|\xe3\x81\x95\xe3\x82\x93|\xe6\xb0\x8f|\xe5\x85\x88\xe7\x94\x9f|\xe5\xa5\xb3\xe5\xa3\xab|\xe5\xb0\x8f\xe5\xa7\x90|\xeb\x8b\x98|\xec\x94\xa8", find_people},
    {"(?i:born|birth|dob|d\\.o\\.b|gebor|geb\\.|geburt|naiss|n\xc3\xa9|nac|nasc|nat[oa]|urod|f\xc3\xb6" "d|f\xc3\xb8" "d|passp|reisep|passe|pasap|passa|paspo|paszp|pass|pasu|licen|dl|schein|permis|carnet|cnh|patente|rijbew|prawo|k\xc3\xb6rk|"
     "mrn|pat[-:# ]|pid[-:# ]|chart|record|patient|akte|dossier|historia|prontu|cartella|insur|policy|member|versich|kranken|mutuelle|seguro|p\xc3\xb3liz|polizza|tessera|medicare|nhs|"
     "plate|regis|reg[ .:]|kennz|immat|plaque|matr|placa|targa|kentek|rejestr|travel doc|car [A-Z0-9]{2}|fahrzeug|wagen|pkw|lkw|voiture|hicul|vehicle|coche|veicol|voertuig|samoch|vin|chassis|fahrg|fin[ .:]|device|udid|idfa|gaid|aaid|ser\\.|serial|serien|bic|swift|cvv|cvc|csc|code|ziffer|pin|"
     "acc|konto|compte|cuenta|conta|conto|rekening|rachunek|ssn|social|sin[ .:]|tfn|nino|ni[ .:]|national|bsn|pesel|cpf|cnpj|dni|nie|nif|curp|rfc|aadhaar|pan[ .:]|tax|tin[ .:]|steuer|idnr|sozial|codice|personn|id card|ausweis|"
     "nummer|numer)", find_by_cue},
};
// clang-format on

/// Labels without a number behind them are no business of find_by_cue.
constexpr int kDigits = 0;

class Hints {
 public:
  Hints() {
    RE2::Options options;
    options.set_encoding(RE2::Options::EncodingLatin1);
    options.set_log_errors(false);
    options.set_max_mem(64 << 20);
    set_ = std::make_unique<RE2::Set>(options, RE2::UNANCHORED);
    for (const Hint& hint : kHints)
      if (set_->Add(hint.hint, nullptr) < 0) __builtin_trap();
    if (!set_->Compile()) __builtin_trap();
  }

  /// The numbers of the hints that match. When the automaton runs out of memory, all of them.
  void match(std::string_view text, std::vector<int>& out) const {
    RE2::Set::ErrorInfo error;
    if (!set_->Match({text.data(), text.size()}, &out, &error) &&
        error.kind != RE2::Set::kNoError) {
      out.clear();
      for (size_t i = 0; i < std::size(kHints); ++i) out.push_back(static_cast<int>(i));
    }
  }

 private:
  std::unique_ptr<RE2::Set> set_;
};

const Hints& hints() {
  static const Hints all;
  return all;
}

}  // namespace

namespace {

/// A short word, as keys of documents and many values are: nothing is found in one but what is
/// known. Every detector needs a digit, a space, a sign or a longer run of letters.
bool is_short_word(std::string_view text) {
  constexpr size_t kShortestSecret = 16;
  return text.size() < kShortestSecret &&
         std::all_of(
             text.begin(), text.end(), [](char c) { return is_letter(c) || c == '_' || c == '-'; });
}

}  // namespace

std::vector<Span> Scan::take() {
  std::sort(spans_.begin(), spans_.end(), [](const Span& a, const Span& b) {
    if (a.begin != b.begin) return a.begin < b.begin;
    return a.end != b.end ? a.end > b.end : a.confidence > b.confidence;
  });
  std::vector<Span> out;
  for (const Span& span : spans_) {
    if (out.empty() || span.begin >= out.back().end) {
      out.push_back(span);
      continue;
    }
    Span& last = out.back();
    last.end = std::max(last.end, span.end);
    if (span.confidence > last.confidence) {
      last.cls = span.cls;
      last.confidence = span.confidence;
    }
  }
  return out;
}

std::vector<Span> find_sensitive(std::string_view text, const Context& context) {
  Scan scan(text, context);
  std::vector<int> matching;
  if (!is_short_word(text)) hints().match(text, matching);
  std::sort(matching.begin(), matching.end());
  const bool digits = !matching.empty() && matching.front() == kDigits;
  void (*last)(Scan&) = nullptr;
  for (const int i : matching) {
    const auto detect = kHints[static_cast<size_t>(i)].detect;
    if (detect == nullptr || detect == last || (detect == find_by_cue && !digits) ||
        (detect == find_people && !context.people))
      continue;
    detect(scan);
    last = detect;
  }
  if (!context.known.empty()) find_known(scan);
  return scan.take();
}

void warm_up_detectors() {
  (void)find_sensitive(
      "4111 1111 1111 1111 a@b.example 10.1.2.3 Mr Xy Zzyx, 1 Xyz Road password=x1", {});
}

}  // namespace sluice::privacy
