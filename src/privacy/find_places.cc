// Street addresses, written as in many countries, and positions.
#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string>

#include "privacy/patterns.h"
#include "privacy/scan.h"

namespace sluice::privacy {
namespace {

// Pieces of expressions: a capital, a capitalised word, small words between them, a town behind.
#define CAPITAL "(?:[A-Z]|\\xc3[\\x80-\\x9e]|[\\xc4\\xc5][\\x80-\\xbf])"
#define WORD CAPITAL "[A-Za-z\\x80-\\xff'.-]*"
#define WORDS WORD "(?: " WORD "){0,3}"
#define SMALL                                                                                     \
  "(?:(?:de la|de las|de los|de les|de "                                                          \
  "l'|della|delle|degli|dello|dei|del|des|de|du|dos|das|da|do|di|la|le|les|el|los|las|l'|d'|den|" \
  "der|van|von|zu|am|im) ?)*"
// Streets called by a day: ul. 3 Maja, Via 25 Aprile, Calle 5 de Mayo.
#define DAY "(?:[0-9]{1,2}(?:\\xc2[\\xba\\xb0])? )?"
#define HOUSE "[0-9]{1,5}(?:[a-z]\\b| ?[A-Z]\\b)?(?:[/-] ?[0-9]{1,4}(?:[a-z]\\b| ?[A-Z]\\b)?)*\\b"
#define TOWN \
  "(?:,? ?\\n? ?(?:[A-Z]{1,2}-)?[0-9]{4,6}(?:-[0-9]{3,4})?,? " WORD "(?:[ -]" WORD "){0,2})?"
#define UNIT                                                                                      \
  "(?:,? "                                                                                        \
  "(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|Rm|Room|Dept|Depto|Apto|Int|Lot|Box|bus|sc|lgh|" \
  "piso|dpto)\\b\\.? ?#?[A-Za-z0-9-]+)?"
#define ENGLISH                                                                                    \
  "(?i:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|circle|cir|terrace|"  \
  "ter|trail|trl|parkway|pkwy|highway|hwy|close|crescent|"                                         \
  "gardens|grove|mews|square|place|pl|row|hill|rise|walk|way|wharf|quay|fort|station|plaza|alley|" \
  "crossing|path|pike|turnpike|nagar|marg|chowk|colony|"                                           \
  "ganj|vihar|enclave|bypass|expressway|loop|point|ridge|run|view|vista|cove|bend|creek|valley|"   \
  "meadows|estate|estates|extn|drives|roads|ways|parade|esplanade|approach)"

#define DWELLING                                                                                \
  "(?:Green|Close|Paddocks?|Lane|Mews|Avenue|Crescent|Drive|Grove|Limes|Elms|Oaks|Willows|"     \
  "Orchards?|"                                                                                  \
  "Meadows?|Maltings|Cloisters?|Terrace|Parade|Hollow|Crofts?|Leas|Laurels|Hawthorns|Beeches|"  \
  "Birches|Chase|Spinney|Coppice|Copse|Glebe|Glade|Warren|Ridings?|Rise|Ridge|Mount|Quadrant|"  \
  "Pastures|Furrows|Poplars|Chestnuts|Firs|Pines|Cedars|Hollies|Sycamores|Rowans|Larches|Dell|" \
  "Moorings|Wharf|Esplanade|Fairway|Vale|Common|Causeway|Gables|Lodge|Cottage|Cottages|Old "    \
  "[A-Z][a-z]+)"

// clang-format off
const PatternList& number_first() {
  static const PatternList all = {
    // 8287 Teresa Lake Suite 289; 12 Acacia Avenue
    {Class::kPostalAddress, .92F, "\\b([0-9]{1,6}[A-Za-z]?(?:[-/][0-9]+)?,? (?:(?:N|S|E|W|NE|NW|SE|SW)\\.? )?(?:" WORD " ){1,4}" ENGLISH "\\b\\.?" UNIT ")"},
    {Class::kPostalAddress, .92F, "\\b([0-9]{1,6} " WORDS ",? (?:Apt|Suite|Ste|Unit|Apartment)\\.? ?#?[A-Za-z0-9-]+)"},
    // 1462 W 43rd St
    {Class::kPostalAddress, .92F, "\\b([0-9]{1,6}[A-Za-z]?,? (?:(?:N|S|E|W|NE|NW|SE|SW)\\.? )?[0-9]{1,3}(?:st|nd|rd|th) " ENGLISH "\\b\\.?" UNIT ")"},
    // 4622 Highway 151 N
    {Class::kPostalAddress, .9F, "\\b([0-9]{1,6} (?:(?:N|S|E|W|NE|NW|SE|SW)\\.? )?(?i:(?:state |us |county |farm to market |old )*(?:highway|hwy|route|rte|road|fm|cr))\\.? [0-9]{1,4}\\b(?: (?:N|S|E|W|NE|NW|SE|SW)\\b)?" UNIT ")"},
    // 5 The Paddocks: estates are named so, without a word for a street.
    {Class::kPostalAddress, .85F, "\\b([0-9]{1,4}[A-Za-z]?,? The " DWELLING "\\b)"},
    {Class::kPostalAddress, .6F, "\\b([0-9]{1,5} " WORD "(?:-" WORD ")? " WORD ")\\b"},
  };
  return all;
}

const PatternList& boxes() {
  static const PatternList all = {
    {Class::kPostalAddress, .88F, "\\b((?:Flat|Studio|Apartment|Apt|Unit|Suite|H\\.? ?No\\.?|House No\\.?|Plot No\\.?)\\.? ?[0-9]+[A-Za-z]?,?\\s(?:[0-9]+[A-Za-z]?,? )?" WORD " (?:" WORD "|[a-z]+)(?: " WORD ")?)"},
    {Class::kPostalAddress, .92F, "\\b((?i:p\\. ?o\\. ?box|po box|postfach|postbus|bo\\xc3\\xaete postale|apartado(?: de correos| postal)?|caixa postal|casella postale|skr\\. poczt\\.|postboks|psc|unit) [0-9]{2,6}(?: ?,? ?Box [0-9]+)?)"},
    {Class::kPostalAddress, .7F, "\\b(B\\.?P\\.? [0-9]{2,6})\\b"},
    };
  return all;
}

const PatternList& named_by_ending() {
  static const PatternList all = {
    // Hauptstraße 5; Lambert-Röhrdanz-Platz 0/3; Kerkstraat 12; Storgatan 4
    {Class::kPostalAddress, .92F,
     "((?:" CAPITAL "[A-Za-z\\x80-\\xff.]*[ -]){0,4}" CAPITAL "[A-Za-z\\x80-\\xff-]*(?i:stra\\xc3\\x9f" "e|strasse|str\\.|gasse|weg|platz|allee|ring|damm|ufer|chaussee|steig|pfad|graben|stieg|markt|"
     "straat|laan|plein|gracht|kade|dijk|singel|steeg|dreef|plantsoen|pad|hof|gatan|gata|gt\\.|gate|v\\xc3\\xa4gen|vegen|veien|vej|gade|gr\\xc3\\xa4nd|torget|plads|"
     "all\\xc3\\xa9|all\\xc3\\xa9n|stien|str\\xc3\\xa6" "de|katu|tie|kuja|polku|kaari|penger|v\\xc3\\xa4g|stigen|backen) " HOUSE TOWN ")"},
    {Class::kPostalAddress, .85F, "\\b((?:Am|Im|An der|An den|Auf dem|Auf der|In der|In den|Zum|Zur|Unter den|Unter der|Beim|Alte|Neue|Alter|Neuer) " WORD " " HOUSE TOWN ")"},
    };
  return all;
}

const PatternList& french() {
  static const PatternList all = {
    // 12 bis rue de la Paix; chemin Michelle Martin
    {Class::kPostalAddress, .92F,
     "\\b([0-9]{1,4}(?: ?(?:bis|ter|quater))?,? (?i:rue|avenue|av\\.|boulevard|bd|blvd|chemin|place|impasse|all\\xc3\\xa9" "e|quai|route|cours|passage|square|sq\\.|sentier|faubourg|ruelle|mont\\xc3\\xa9" "e|villa) " SMALL WORD "(?:[ -]" SMALL WORD "){0,4}" TOWN ")"},
    {Class::kPostalAddress, .7F, "\\b((?:rue|avenue|boulevard|chemin|impasse|all\\xc3\\xa9" "e|quai|ruelle) " SMALL WORD "(?:[ -]" SMALL WORD "){0,4})"},
    };
  return all;
}

const PatternList& named_by_beginning() {
  static const PatternList all = {
    // Calle de Alcalá 12; Via Roma, 5; Rua Augusta 1500
    {Class::kPostalAddress, .92F,
     "((?i:\\bcalle|\\bpje\\.?|\\bloc\\.|\\bfraz\\.|\\bpza\\.?|\\bplza\\.?|\\bctra\\.?|\\bcno\\.?|\\burb\\.?|\\bc/|\\bc\\.|\\bavenida|\\bavda\\.?|\\bav\\.?|\\bplaza|\\bpaseo|\\bpasaje|\\bcamino|\\bcarretera|\\bcarrera|\\bronda|\\btraves\\xc3\\xad" "a|\\brambla|\\bglorieta|\\burbanizaci\\xc3\\xb3n|\\bacceso|"
     "\\bcuesta|\\bcallej\\xc3\\xb3n|\\bprivada|\\bcircuito|\\bcalzada|\\bprolongaci\\xc3\\xb3n|\\bcerrada|\\bandador|\\bvereda|\\bvialidad|\\bviaducto|\\bcorredor|\\bdiagonal|\\bperif\\xc3\\xa9rico|\\bretorno|\\bperiferico|"
     "\\bvia|\\bviale|\\bpiazza|\\bpiazzale|\\bcorso|\\bvicolo|\\bstretto|\\bincrocio|\\brotonda|\\bborgo|\\bcanale|\\bstrada|\\bcontrada|\\blargo|"
     "\\brua|\\br\\.|\\btravessa|\\bpra\\xc3\\xa7" "a|\\balameda|\\brodovia|\\bestrada|\\bvila|\\bladeira|\\btrecho|\\bquadra|\\bn\\xc3\\xba" "cleo|\\bch\\xc3\\xa1" "cara|\\bfazenda|\\bs\\xc3\\xadtio|\\besplanada|\\baeroporto|\\bviela|\\bcampo|\\bconjunto|\\bcol\\xc3\\xb4nia|\\blargo|\\bparque|\\bpasarela|\\bpassarela|\\bp\\xc3\\xa1tio|\\bvale|\\bmorro|\\bloteamento|\\bloteamiento|\\blagoa|\\bjardim|\\bfavela|\\bdistrito|\\bcondom\\xc3\\xadnio|\\b\\xc3\\xa1rea|\\bfeira|\\besta\\xc3\\xa7\\xc3\\xa3o|\\brecanto|\\bresidencial|\\bsetor|\\bvereda|\\bvia) "
     DAY SMALL WORD "(?: " SMALL WORD "){0,4},? (?:n[.\\xc2\\xba\\xb0]{0,2} ?|n\\xc3\\xbam\\.? ?|num\\.? ?|s/n|#)?" HOUSE UNIT TOWN ")"},
    // Rynek 9/2: a market needs no other name.
    {Class::kPostalAddress, .85F, "\\b(Rynek [0-9]{1,3}[a-z]?(?:/[0-9]{1,3})?)\\b"},
    // ul. Długa 5/3
    {Class::kPostalAddress, .93F, "\\b((?i:ul|al|pl|os|ulica|aleja|plac|osiedle)\\.? " DAY WORDS " " HOUSE "(?: (?:m|lok)\\. ?[0-9]{1,4}[a-z]?\\b)?" TOWN ")"},
    };
  return all;
}

const PatternList& bare_name() {
  static const PatternList all = {
    // Dlouhá 123/4
    {Class::kPostalAddress, .6F, "(?:^|[ ,:])(" CAPITAL "[a-z\\x80-\\xff]+(?: [A-Za-z\\x80-\\xff]+)? [0-9]{1,4}/[0-9]{1,4}[a-z]?)(?:$|[ ,.;])"},
  };
  return all;
}

const PatternList& other_scripts() {
  static const PatternList all = {
    {Class::kPostalAddress, .88F, "(" WORDS " (?:Mahallesi|Mah\\.|Caddesi|Cad\\.|Cd\\.|Soka\\xc4\\x9f\\xc4\\xb1|Sokak|Sok\\.|Sk\\.|Bulvar\\xc4\\xb1|Blv\\.)(?: ?No ?:? ?[0-9/]+)?)"},
    {Class::kPostalAddress, .92F, "((?:\xd1\x83\xd0\xbb\\.|\xd1\x83\xd0\xbb\xd0\xb8\xd1\x86\xd0\xb0|\xd0\xbf\xd1\x80\\.|\xd0\xbf\xd1\x80\xd0\xbe\xd1\x81\xd0\xbf\xd0\xb5\xd0\xba\xd1\x82|\xd0\xbf\xd0\xb5\xd1\x80\\.|\xd1\x88\\.|\xd0\xbd\xd0\xb0\xd0\xb1\\.|\xd0\xb1\xd1\x83\xd0\xbb\\.|\xd0\xb0\xd0\xbb\\.) ?[\\x80-\\xff][\\x80-\\xff -]+,? (?:\xd0\xb4\\.? ?)?[0-9]+(?:/[0-9]+)?(?: [\\x80-\\xff]{1,4}\\.? ?[0-9]+)?)"},
    // 北京路123号; 千代田区1-2-3; 세종대로 110; 西湖区和平里3区95号楼
    {Class::kPostalAddress, .9F, "([\\x80-\\xff]{6,60}?(?:\xe5\xb8\x82|\xe5\x8c\xba|\xe5\x8e\xbf|\xe9\x95\x87)[\\x80-\\xff]{0,40}[0-9]{1,4}(?:\xe5\x8c\xba|\xe5\x8f\xb7|\xe6\xa0\x8b|\xe5\xbc\x84|\xe6\xa5\xbc)[\\x80-\\xff0-9]{0,30})"},
    {Class::kPostalAddress, .9F, "([\\x80-\\xff]{6,60}(?:\xe8\xb7\xaf|\xe8\xa1\x97|\xe9\x81\x93|\xe5\xb7\xb7)[A-Za-z]?(?:[\\x80-\\xff]{0,6})[0-9]*(?:\xe5\x8f\xb7|\xe5\xba\xa7)?(?:[0-9]+(?:\xe5\x8f\xb7|\xe5\xba\xa7|\xe6\xa0\x8b|\xe6\xa5\xbc|\xe5\xae\xa4|\xe5\x8d\x95\xe5\x85\x83))*(?: ?[0-9]{6})?)"},
    {Class::kPostalAddress, .9F, "([\\x80-\\xff]{6,60}?(?:\xe9\x83\xbd|\xe9\x81\x93|\xe5\xba\x9c|\xe7\x9c\x8c|\xe5\xb8\x82|\xe5\x8c\xba|\xe7\x94\xba|\xe6\x9d\x91)[\\x80-\\xff]{0,40}[0-9]{1,4}(?:-[0-9]{1,4}|\xe4\xb8\x81\xe7\x9b\xae[0-9-]*(?:\xe7\x95\xaa[0-9-]*(?:\xe5\x8f\xb7)?)?|\xe7\x95\xaa[\\x80-\\xff0-9-]*)[0-9-]*(?: [\\x80-\\xff]+[0-9]*)?)"},
    {Class::kPostalAddress, .9F, "((?:[\\x80-\\xff]{6,30} ){0,3}[\\x80-\\xff]{3,24}(?:\xeb\xa1\x9c|\xea\xb8\xb8|\xea\xb0\x80) ?[0-9]{1,4}(?:-[0-9]+)?(?:\xea\xb8\xb8 ?[0-9]+)?(?: \\([\\x80-\\xff0-9]+\\))?)"},
  };
  return all;
}

const PatternList& positions() {
  static const PatternList all = {
    {Class::kGeoPosition, .88F, "(?:^|[^0-9.-])(-?[0-9]{1,3}\\.[0-9]{3,15}[\xc2\xb0]{0,2} ?[NSns]? ?[,;/ |] ?-?[0-9]{1,3}\\.[0-9]{3,15}[\xc2\xb0]{0,2} ?[EWOewo]?)(?:$|[^0-9.])"},
    {Class::kGeoPosition, .92F, "([0-9]{1,3}\xc2\xb0 ?[0-9]{1,2}['\xe2\x80\xb2] ?(?:[0-9.]+ ?(?:\"|''|\xe2\x80\xb3))? ?[NSEWO](?:[ ,]+[0-9]{1,3}\xc2\xb0 ?[0-9]{1,2}['\xe2\x80\xb2] ?(?:[0-9.]+ ?(?:\"|''|\xe2\x80\xb3))? ?[NSEWO])?)"},
    {Class::kGeoPosition, .95F, "((?:POINT ?(?:Z ?)?\\( ?|geo:)-?[0-9]{1,3}\\.[0-9]+[ ,]+-?[0-9]{1,3}\\.[0-9]+(?: [0-9.]+)?\\)?)"},
  };
  return all;
}
// clang-format on

#undef CAPITAL
#undef WORD
#undef WORDS
#undef SMALL
#undef DAY
#undef HOUSE
#undef TOWN
#undef UNIT
#undef ENGLISH
#undef DWELLING

/// No number of a position is above 180.
float judge_position(std::string_view match, const Pattern& pattern) {
  for (size_t i = 0; i < match.size();) {
    if (!is_digit(match[i])) {
      ++i;
      continue;
    }
    const std::string number(match.substr(i, 20));
    if (std::strtod(number.c_str(), nullptr) > 180) return 0;
    while (i < match.size() && (is_digit(match[i]) || match[i] == '.')) ++i;
  }
  return pattern.confidence;
}

/// "Step 5/9": which of how many.
bool counts_parts(std::string_view match) {
  static constexpr std::string_view kParts[] = {
      "Step",    "Stage", "Phase",   "Part",    "Page",   "Test",  "Task",    "Run",
      "Attempt", "Try",   "Retry",   "Build",   "Batch",  "Chunk", "Shard",   "Worker",
      "Round",   "Level", "Episode", "Chapter", "Season", "Slide", "Section", "Sheet",
      "Row",     "Line",  "File",    "Item",    "Day",    "Week",  "Schritt", "Teil",
      "Seite",   "Etape", "Paso",    "Passo",   "Parte",  "Krok",  "Strona",  "Block"};
  const std::string_view word = match.substr(0, match.find(' '));
  return word.size() + 1 < match.size() && is_digit(match[word.size() + 1]) &&
         std::find(std::begin(kParts), std::end(kParts), word) != std::end(kParts);
}

/// "2021 Annual Report" and "3 Blue Boxes" have the form of the weakest pattern.
float judge_street(std::string_view match, const Pattern& pattern) {
  if (pattern.confidence > .6F) return pattern.confidence;
  if (!is_digit(match[0])) return counts_parts(match) ? 0 : pattern.confidence;
  // "12 Stück U-48811": a letter before a hyphen is no street.
  const std::string_view last = match.substr(match.rfind(' ') + 1);
  if (last.size() == 1 || (last.size() == 2 && (last[1] == '-' || last[1] == '.'))) return 0;
  size_t digits = 0;
  while (digits < match.size() && is_digit(match[digits])) ++digits;
  const bool year = digits == 4 && (match.starts_with("19") || match.starts_with("200") ||
                                    match.starts_with("201") || match.starts_with("202") ||
                                    match.starts_with("203"));
  return digits < 2 || year ? .4F : pattern.confidence;
}

}  // namespace

void find_numbered_streets(Scan& scan) {
  number_first().find_near_digits(scan, 8, 120, judge_street);
}
void find_boxes(Scan& scan) { boxes().find_near_digits(scan, 48, 80); }
void find_streets_by_ending(Scan& scan) { named_by_ending().find_near_digits(scan, 100, 80); }
void find_french_streets(Scan& scan) { french().find(scan); }
void find_streets_by_beginning(Scan& scan) { named_by_beginning().find_near_digits(scan, 100, 80); }
void find_bare_streets(Scan& scan) { bare_name().find_near_digits(scan, 60, 16, judge_street); }
void find_streets_in_other_scripts(Scan& scan) { other_scripts().find(scan); }
void find_positions(Scan& scan) { positions().find_near_digits(scan, 16, 60, judge_position); }

}  // namespace sluice::privacy
