#include "privacy/find.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "privacy/scan.h"

namespace sluice::privacy {
namespace {

/// "«email:a@b.example»": a text with its finds marked.
std::string marked(std::string_view text, const Context& context = {}) {
  std::string out;
  size_t at = 0;
  for (const Span& span : find_sensitive(text, context)) {
    out.append(text.substr(at, span.begin - at)).append("[").append(name(span.cls)).append(":");
    out.append(text.substr(span.begin, span.end - span.begin)).append("]");
    at = span.end;
  }
  return out.append(text.substr(at));
}

struct Case {
  const char* text;
  const char* marked;
};

void expect(std::initializer_list<Case> cases) {
  for (const Case& each : cases) EXPECT_EQ(marked(each.text), each.marked);
}

TEST(FindSensitive, ContactsInSentences) {
  expect({
      {"write to anna.lee+x@mail.example.org, please",
       "write to [email:anna.lee+x@mail.example.org], please"},
      {"<a href=mailto:bob@example.com>", "<a href=mailto:[email:bob@example.com]>"},
      {"meet me @ noon", "meet me @ noon"},
      {"call +44 20 7946 0018 now", "call [phone:+44 20 7946 0018] now"},
      {"Tel. 030/1107822.", "Tel. [phone:030/1107822]."},
      {"ring (555) 234-5678 x12 today", "ring [phone:(555) 234-5678 x12] today"},
      {"01 42 68 53 00", "[phone:01 42 68 53 00]"},
      {"on 2021-07-24 and 24.07.2021 at 10:15:30", "on 2021-07-24 and 24.07.2021 at 10:15:30"},
      {"Order 8812345678 shipped", "Order 8812345678 shipped"},
  });
}

TEST(FindSensitive, WhatSomebodyCalledFrom) {
  expect({
      {"elle a appelé depuis le 0612345678 hier",
       "elle a appelé depuis le [phone:0612345678] hier"},
      {"hat von 01701234567 angerufen", "hat von 01701234567 angerufen"},
      {"returned to 5 The Maltings last week",
       "returned to [postal_address:5 The Maltings] last week"},
      {"rated 5 The best", "rated 5 The best"},
      {"木村 花子様から電話", "[person_name:木村 花子]様から電話"},
      {"木村花子様から電話", "[person_name:木村花子]様から電話"},
      {"my_signing_key=q8Zr2LwXp0vT5yUa in env",
       "my_signing_key=[api_key:q8Zr2LwXp0vT5yUa] in env"},
  });
}

TEST(FindSensitive, WhatAbbreviationsSay) {
  expect({
      {"Herr Dr. Tiedemann, geb. 20.07.1943",
       "Herr Dr. [person_name:Tiedemann], geb. [birth_date:20.07.1943]"},
      {"Zadzwoń do p. Gajda, tel. 539-078-381.",
       "Zadzwoń do p. [person_name:Gajda], tel. [phone:539-078-381]."},
      {"Mr. Whitcombe called", "Mr. [person_name:Whitcombe] called"},
      {"Rückruf unter 04567 / 692749", "Rückruf unter [phone:04567 / 692749]"},
      {"lives at 1462 W 43rd St, Apt 9", "lives at [postal_address:1462 W 43rd St, Apt 9]"},
      {"steht im Lager Leipzig bereit", "steht im Lager Leipzig bereit"},
  });
}

TEST(FindSensitive, TitlesInSmallLetters) {
  expect({
      {"Il sig. Mancuso chiede", "Il sig. [person_name:Mancuso] chiede"},
      {"la sig.ra Bellini chiede", "la sig.ra [person_name:Bellini] chiede"},
      {"el sr. Lozano llega", "el sr. [person_name:Lozano] llega"},
      {"namens mevr. Jansen", "namens mevr. [person_name:Jansen]"},
      {"De heer Jansen belt", "De heer [person_name:Jansen] belt"},
      {"am. Anfang", "am. Anfang"},
      {"Mme Le Goff a appelé", "Mme [person_name:Le Goff] a appelé"},
      {"Mevrouw van der Berg belt", "Mevrouw [person_name:van der Berg] belt"},
      {"mail dhr. van Dijk", "mail dhr. [person_name:van Dijk]"},
      {"il sig. De Angelis chiede", "il sig. [person_name:De Angelis] chiede"},
      {"Herr der Lage", "Herr der Lage"},
  });
}

TEST(FindSensitive, WhatBelongsToATelephoneNumber) {
  expect({
      {"call 613 339-9950 poste 10", "call [phone:613 339-9950 poste 10]"},
      {"call 613 339-9950, ext. 10", "call [phone:613 339-9950, ext. 10]"},
      {"tel. 030 1107822 Durchwahl 17", "tel. [phone:030 1107822 Durchwahl 17]"},
      {"tel. (22) 345 67 89 wew. 104", "tel. [phone:(22) 345 67 89 wew. 104]"},
      {"chiede di essere richiamato al 347-4495572",
       "chiede di essere richiamato al [phone:347-4495572]"},
      {"613 339-9950 poste 10", "[phone:613 339-9950 poste 10]"},
      {"8178807833 x2", "8178807833 x2"},
      {"call 613 339-9950 posted 10", "call [phone:613 339-9950] posted 10"},
  });
}

TEST(FindSensitive, NumbersWithMoreBetweenThem) {
  expect({
      {"joindre au 04 - 41 - 96 - 91 - 12.", "joindre au [phone:04 - 41 - 96 - 91 - 12]."},
      {"au 0937396053, appel de midi", "au 0937396053, appel de midi"},
      {"un appel au 0937396053", "un appel au [phone:0937396053]"},
      {"0341 155 754617", "[phone:0341 155 754617]"},
      {"pages 120 - 134, 5000 - 10000 pieces", "pages 120 - 134, 5000 - 10000 pieces"},
      {"2019 - 2021 - 2023", "2019 - 2021 - 2023"},
  });
}

TEST(FindSensitive, PlatesAndPapersBesideWhatHasThem) {
  expect({
      {"Fahrzeug HH ES 605 abgeschleppt", "Fahrzeug [licence_plate:HH ES 605] abgeschleppt"},
      {"Kennz. OHZ-L 24 gemeldet", "Kennz. [licence_plate:OHZ-L 24] gemeldet"},
      {"Car UP32JB4917 parked", "Car [licence_plate:UP32JB4917] parked"},
      {"vehicle BMW 320 sold, car A4 2020", "vehicle BMW 320 sold, car A4 2020"},
      {"travel doc G24347952 expired", "travel doc [passport:G24347952] expired"},
  });
}

TEST(FindSensitive, WhatAPasswordWasSetTo) {
  expect({
      {"Password reset to hunter_82 by phone", "Password reset to [password:hunter_82] by phone"},
      {"password changed to default by phone", "password changed to default by phone"},
  });
}

TEST(FindSensitive, StreetsAsTheyAreWritten) {
  expect({
      {"Adres dostawy: ul. 3 Maja 18 m. 7.", "Adres dostawy: [postal_address:ul. 3 Maja 18 m. 7]."},
      {"Via 25 Aprile 12", "[postal_address:Via 25 Aprile 12]"},
      {"6a Station Approach", "[postal_address:6a Station Approach]"},
      {"Pza. España, 25", "[postal_address:Pza. España, 25]"},
      {"西安市雁塔区和平里3区102号楼", "[postal_address:西安市雁塔区和平里3区102号楼]"},
      {"12 Stück U-48811 fehlen", "12 Stück U-48811 fehlen"},
      {"Calle 5 de Mayo 23", "[postal_address:Calle 5 de Mayo 23]"},
  });
}

TEST(FindSensitive, StreetsOfNumbersAndMarkets) {
  expect({
      {"Deliver to 4622 Highway 151 N now", "Deliver to [postal_address:4622 Highway 151 N] now"},
      {"at 12 County Road 7", "at [postal_address:12 County Road 7]"},
      {"Dostawa: Rynek 9/2.", "Dostawa: [postal_address:Rynek 9/2]."},
      {"Livraison au BP 53 avant", "Livraison au [postal_address:BP 53] avant"},
      {"Livraison au 85, sq. Carpeaux avant",
       "Livraison au [postal_address:85, sq. Carpeaux] avant"},
      {"Vive en Pje. Miraflores 8", "Vive en [postal_address:Pje. Miraflores 8]"},
      {"highway 66 is closed", "highway 66 is closed"},
  });
}

TEST(FindSensitive, NoMachineHasTheMaskOfANetwork) {
  expect({{"mask 255.255.255.0 of 10.2.3.4", "mask 255.255.255.0 of [ip_address:10.2.3.4]"},
          {"*A90344F71A4ACA90344F71A4ACA90344F71A4AC0",
           "[password_hash:*A90344F71A4ACA90344F71A4ACA90344F71A4AC0]"}});
}

TEST(FindSensitive, AddressesWrittenForPeopleAndUrls) {
  expect({
      {"mail me at anna.lee (at) mail.example soon",
       "mail me at [email:anna.lee (at) mail.example] soon"},
      {"anna [at] mail [dot] example", "[email:anna [at] mail [dot] example]"},
      {"anna at mail dot example", "[email:anna at mail dot example]"},
      {"/u?e=anna%40mail.example&c=5", "/u?e=[email:anna%40mail.example]&c=5"},
      {"meet (at) noon, 100%40", "meet (at) noon, 100%40"},
      {"it is at rest dot", "it is at rest dot"},
  });
}

TEST(FindSensitive, WhatIsNobodysAddress) {
  expect({
      {"git@forge.example:team/app.git", "git@forge.example:team/app.git"},
      {"ssh://git@forge.example/team/app", "ssh://git@forge.example/team/app"},
      {"lodash@4.17.21 and icon@2x.png", "lodash@4.17.21 and icon@2x.png"},
      {"git@forge.example wrote", "[email:git@forge.example] wrote"},
      {"x@[10.0.0.1] wrote", "[email:x@[10.0.0.1]] wrote"},
      {"2x@mail.example", "[email:2x@mail.example]"},
  });
}

TEST(FindSensitive, VersionsOfPrograms) {
  expect({
      {"Mozilla/5.0 (X11) Chrome/119.0.0.0", "Mozilla/5.0 (X11) Chrome/119.0.0.0"},
      {"Firmware 2.2.1.1 of it", "Firmware 2.2.1.1 of it"},
      {"http://119.0.7.1/x", "http://[ip_address:119.0.7.1]/x"},
  });
}

TEST(FindSensitive, NumbersWithCheckDigits) {
  expect({
      {"card 4111 1111 1111 1111 declined", "card [card_number:4111 1111 1111 1111] declined"},
      {"paid with 5500005555555559", "paid with [card_number:5500005555555559]"},
      {"paid with 5500005555555558", "paid with 5500005555555558"},
      {"tracking 5500005555555559", "tracking 5500005555555559"},
      {"to DE89 3704 0044 0532 0130 00 today", "to [iban:DE89 3704 0044 0532 0130 00] today"},
      {"GB82WEST12345698765432", "[iban:GB82WEST12345698765432]"},
      {"GB82WEST12345698765433", "GB82WEST12345698765433"},
      {"SSN 536-90-4399", "SSN [us_ssn:536-90-4399]"},
      {"part 000-12-3456", "part 000-12-3456"},
      {"NINO AB 12 34 56 C", "NINO [uk_nino:AB 12 34 56 C]"},
      {"CPF 529.982.247-25", "CPF [br_cpf:529.982.247-25]"},
      {"DNI 12345678Z", "DNI [es_dni:12345678Z]"},
      {"DNI 12345678A", "DNI [national_id:12345678A]"},
      {"CF RSSMRA85T10A562S", "CF [it_codice_fiscale:RSSMRA85T10A562S]"},
      {"secu 1 85 05 78 006 084 91", "secu [fr_nir:1 85 05 78 006 084 91]"},
      {"personnummer 811228-9874", "personnummer [se_personnummer:811228-9874]"},
      {"PESEL 44051401359", "PESEL [pl_pesel:44051401359]"},
      {"VIN 1M8GDM9AXKP042788", "VIN [vehicle_id:1M8GDM9AXKP042788]"},
  });
}

TEST(FindSensitive, MachinesAndSecrets) {
  expect({
      {"from 72.11.34.27?", "from [ip_address:72.11.34.27]?"},
      {"version 9.12.34.1 of it", "version 9.12.34.1 of it"},
      {"described in version 9.12.3.", "described in version 9.12.3."},
      {"at fe80::1ff:fe23:4567:890a up", "at [ip_address:fe80::1ff:fe23:4567:890a] up"},
      {"mac 00:1A:2b:3c:4d:5e", "mac [mac_address:00:1A:2b:3c:4d:5e]"},
      {"uuid 123e4567-e89b-12d3-a456-426614174000", "uuid 123e4567-e89b-12d3-a456-426614174000"},
      {"key AKIAIOSFODNN7EXAMPLE here", "key [api_key:AKIAIOSFODNN7EXAMPLE] here"},
      {"password: hunter2!", "password: [password:hunter2!]"},
      {"please reset my password today", "please reset my password today"},
      {"db postgres://app:s3cret@db.example/x",
       "db [connection_string:postgres://app:s3cret@db.example/x]"},
      {"see https://example.com/a:b/c", "see https://example.com/a:b/c"},
      {"$2b$12$t4Rk.oPVXl893Uz3oeuGIdOfjjNPvwbQX678j4WuNNzcMIgChkJsI",
       "[password_hash:$2b$12$t4Rk.oPVXl893Uz3oeuGIdOfjjNPvwbQX678j4WuNNzcMIgChkJsI]"},
      {"send to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq now",
       "send to [crypto_wallet:bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq] now"},
      {"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "[crypto_wallet:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa]"},
      {"commit d65f18ca813f93e13e49829f985df6ddd5db0e7c",
       "commit d65f18ca813f93e13e49829f985df6ddd5db0e7c"},
  });
}

TEST(FindSensitive, PeopleAndPlaces) {
  expect({
      {"Dear Mr. Whitcombe, thanks", "Dear Mr. [person_name:Whitcombe], thanks"},
      {"please ask Odile Fontanelle about it",
       "please ask [person_name:Odile Fontanelle] about it"},
      {"Bitte Jörg Überall anrufen", "Bitte [person_name:Jörg Überall] anrufen"},
      {"sent by Jan van der Meulen yesterday",
       "sent by [person_name:Jan van der Meulen] yesterday"},
      {"the Oslo Lamp is broken", "the Oslo Lamp is broken"},
      {"All is fine. Nothing to add.", "All is fine. Nothing to add."},
      {"lives at 12 Acacia Avenue now", "lives at [postal_address:12 Acacia Avenue] now"},
      {"Umzug nach Lindenstraße 7b.", "Umzug nach [postal_address:Lindenstraße 7b]."},
      {"habite 12 bis rue de la Paix", "habite [postal_address:12 bis rue de la Paix]"},
      {"vive en Calle de Alcalá 45", "vive en [postal_address:Calle de Alcalá 45]"},
      {"Step 5/9 finished in 2348 ms", "Step 5/9 finished in 2348 ms"},
      {"v ulici Block Krásná 12/4", "v ulici [postal_address:Block Krásná 12/4]"},
      {"東京都世田谷区桜57丁目5番3号", "[postal_address:東京都世田谷区桜57丁目5番3号]"},
      {"浙江省杭州市西湖区文三路5031号3单元501室",
       "[postal_address:浙江省杭州市西湖区文三路5031号3单元501室]"},
      {"mieszka ul. Długa 5/3", "mieszka [postal_address:ul. Długa 5/3]"},
      {"seen at 52.520008, 13.404954", "seen at [geo_position:52.520008, 13.404954]"},
      {"born on 3 May 1980 in town", "born on [birth_date:3 May 1980] in town"},
      {"passport no. X1234567 expired", "passport no. [passport:X1234567] expired"},
      {"file MRN-476715 found", "file [medical_record:MRN-476715] found"},
  });
}

TEST(FindSensitive, UsesWhatTheRowSays) {
  Context context;
  context.known = {{"Zyx Qwerty", Class::kPersonName}, {"K-77-A", Class::kPassport}};
  EXPECT_EQ(marked("zyx qwerty was here; later Qwerty again, with k-77-a.", context),
            "[person_name:zyx qwerty] was here; later [person_name:Qwerty] again, with "
            "[passport:k-77-a].");
  WordSet harmless = {"odile", "fontanelle"};
  context = {};
  context.harmless = &harmless;
  EXPECT_EQ(marked("please send Odile Fontanelle", context), "please send Odile Fontanelle");
  context = {};
  context.people = false;
  EXPECT_EQ(marked("please ask Odile Fontanelle", context), "please ask Odile Fontanelle");
}

RC_GTEST_PROP(FindSensitive, SpansAreInOrderAndWithin, (const std::string& text)) {
  size_t at = 0;
  for (const Span& span : find_sensitive(text)) {
    RC_ASSERT(span.begin >= at);
    RC_ASSERT(span.begin < span.end);
    RC_ASSERT(span.confidence >= kLeastConfidence);
    at = span.end;
  }
  RC_ASSERT(at <= text.size());
}

}  // namespace
}  // namespace sluice::privacy
