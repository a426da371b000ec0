// E-mail addresses that are written so that no program takes them for one, or for a URL.
#include "privacy/patterns.h"
#include "privacy/scan.h"

namespace sluice::privacy {

void find_written_emails(Scan& scan) {
#define LOCAL "([A-Za-z0-9\\x80-\\xff](?:[A-Za-z0-9\\x80-\\xff._+-]|%2[BbEeDd])*"
#define AT " ?[(\\[{<](?i:at|arroba)[)\\]}>] ?"
#define DOT "(?: ?[(\\[{<](?i:dot|punkt|punto|ponto)[)\\]}>] ?|\\.| (?i:dot|punkt|punto|ponto) )"
#define LABEL "[A-Za-z0-9\\x80-\\xff-]+"
#define TOP "[A-Za-z]{2,24})\\b"
  static const PatternList patterns = {
      {Class::kEmail, .95F, LOCAL "%40" LABEL "(?:(?:\\.|%2[Ee])" LABEL ")*(?:\\.|%2[Ee])" TOP},
      {Class::kEmail, .95F, LOCAL AT LABEL "(?:" DOT LABEL ")*" DOT TOP},
      {Class::kEmail, .9F, LOCAL " at " LABEL " (?i:dot|punkt|punto|ponto) " TOP},
  };
#undef LOCAL
#undef AT
#undef DOT
#undef LABEL
#undef TOP
  patterns.find(scan);
}

}  // namespace sluice::privacy
