#include "mask/text.h"

#include <gtest/gtest.h>
TEST(Smoke, Smoke) {
  using namespace sluice::mask;
  const Permuter p(sluice::SecretString("k"));
  for (auto [t, k] : std::initializer_list<std::pair<const char*, Kind>>{
           {"Jane Doe", Kind::kName}, {"jane.doe@example.co.uk", Kind::kEmail},
           {"4111 1111 1111 1111", Kind::kCard}, {"DE89 3704 0044 0532 0130 00", Kind::kIban},
           {"1980-03-04", Kind::kDate}, {"04.03.1980", Kind::kDate}, {"1980-03-04T10:20:30.12Z", Kind::kDate},
           {"10.1.22.133", Kind::kIp}, {"2001:db8::1", Kind::kIp}, {"Жук Üßler 山田", Kind::kName},
           {"0d5c7aa0-6f5a-4d0a-9e3c-0123456789ab", Kind::kUuid}, {"+49 151 2345678", Kind::kPhone}, {"48.137, -11.57", Kind::kGeo}}) {
    for (auto s : {Strategy::kPseudonym, Strategy::kPartial, Strategy::kGeneralise, Strategy::kHash}) {
      std::string out, back;
      mask_text(t, {s, k}, p, kNoLimit, out);
      mask_text(out, {s, k}, p.backwards(), kNoLimit, back);
      printf("%-40s %-40s %s\n", t, out.c_str(), s == Strategy::kPseudonym ? back == t ? "back" : "NOT BACK" : "");
    }
  }
}
