#include "privacy/columns.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "catalog/catalog.h"

namespace sluice::privacy {
namespace {

ColumnInput column(std::string name, std::string type, std::vector<std::string> values) {
  ColumnInput out;
  out.name = std::move(name);
  out.type = std::move(type);
  for (std::string& value : values) out.sample.emplace_back(std::move(value));
  return out;
}

ColumnDecision alone(ColumnInput input) {
  TableInput table;
  table.name = "t";
  table.columns.push_back(std::move(input));
  return classify(table).at(0);
}

template <typename F>
std::vector<std::string> many(int n, F f) {
  std::vector<std::string> out;
  for (int i = 0; i < n; ++i) out.push_back(f(i));
  return out;
}

std::string with_luhn(std::string digits) {
  int sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    int d = digits[digits.size() - 1 - i] - '0';
    if (i % 2 == 0) d = d * 2 > 9 ? d * 2 - 9 : d * 2;
    sum += d;
  }
  return digits + static_cast<char>('0' + (10 - sum % 10) % 10);
}

TEST(Columns, CardsDifferFromOrderNumbersByTheirCheckDigits) {
  const auto cards =
      many(50, [](int i) { return with_luhn(fmt::format("45320151{:07}", i * 7919 + 13)); });
  const auto orders = many(50, [](int i) { return fmt::format("45320151{:08}", i * 79193 + 13); });
  EXPECT_EQ(alone(column("col7", "text", cards)).cls, Class::kCardNumber);
  EXPECT_EQ(alone(column("col7", "text", orders)).shape, Shape::kNone);
  EXPECT_EQ(alone(column("col7", "bigint", cards)).cls, Class::kCardNumber);
}

TEST(Columns, NumbersOfOrdersMayHaveTheCheckDigitOfCards) {
  const auto one_issuer =
      many(50, [](int i) { return with_luhn(fmt::format("48320151{:07}", i * 7919 + 13)); });
  const auto issuers = many(50, [](int i) {
    return with_luhn(fmt::format("{}320151{:07}", i % 3 == 0 ? "52" : "45", i * 7919 + 13));
  });
  EXPECT_EQ(alone(column("order_number", "text", one_issuer)).shape, Shape::kNone);
  EXPECT_EQ(alone(column("payment_ref", "text", issuers)).cls, Class::kCardNumber);
  EXPECT_EQ(
      alone(column("po_no", "text",
                   many(30, [](int i) { return fmt::format("{}-45-{}", 211 + i, 1234 + i * 17); })))
          .shape,
      Shape::kNone);
}

TEST(Columns, KeysOfPaymentsAreAccounts) {
  EXPECT_EQ(alone(column("chave_pix", "text",
                         {"8d0c3f7e-2b51-4c6a-9a55-0f5b1c2d3e4f", "rui.lobo@correio.example",
                          "+5511987654321", "31415926535"}))
                .cls,
            Class::kBankAccount);
}

TEST(Columns, ShortNamesAreNoFirms) {
  EXPECT_EQ(alone(column("fornamn", "text", {"Åsa", "Saga", "Bo"})).cls, Class::kPersonName);
}

TEST(Columns, BirthDatesSpreadOverLifetimes) {
  const auto births = many(
      40, [](int i) { return fmt::format("{}-0{}-1{}", 1940 + i * 17 % 65, i % 9 + 1, i % 9); });
  const auto orders =
      many(40, [](int i) { return fmt::format("{}-0{}-1{}", 2019 + i % 6, i % 9 + 1, i % 9); });
  EXPECT_EQ(alone(column("c3", "date", births)).cls, Class::kBirthDate);
  EXPECT_EQ(alone(column("c3", "date", orders)).shape, Shape::kNone);
}

TEST(Columns, OtherDatesBesideOneOfBirth) {
  const auto dates = many(
      40, [](int i) { return fmt::format("{}-0{}-1{}", 1940 + i * 17 % 65, i % 9 + 1, i % 9); });
  TableInput table;
  table.name = "staff";
  table.year = 2025;
  table.columns = {column("dob", "date", dates), column("RELEDATE", "date", dates),
                   column("c7", "date", dates), column("spouse_birth_dt", "date", dates)};
  const auto decisions = classify(table);
  EXPECT_EQ(decisions[0].cls, Class::kBirthDate);
  EXPECT_EQ(decisions[1].shape, Shape::kNone) << "it is called something else";
  EXPECT_EQ(decisions[2].cls, Class::kBirthDate) << "it has no name";
  EXPECT_EQ(decisions[3].cls, Class::kBirthDate);
}

TEST(Columns, DatesOfBirthAsTheyAreWrittenElsewhere) {
  const auto births =
      many(40, [](int i) { return fmt::format("{}. {}. {}", i % 28 + 1, i % 12 + 1, 1940 + i); });
  EXPECT_EQ(alone(column("datum_narozeni", "text", births)).cls, Class::kBirthDate);
  const auto published = many(40, [](int i) { return fmt::format("{}-05-1{}", 1940 + i, i % 9); });
  EXPECT_EQ(alone(column("date_parution", "date", published)).shape, Shape::kNone);
}

TEST(Columns, BareDigitsBesideTelephoneNumbers) {
  const auto phones = many(40, [](int i) {
    return i % 2 == 0 ? fmt::format("06 12 34 {:02} 78", i) : fmt::format("07882845{:02}", i);
  });
  EXPECT_EQ(alone(column("attr6", "text", phones)).cls, Class::kPhone);
  const auto numbers = many(40, [](int i) { return fmt::format("07882845{:02}", i * 37 % 100); });
  EXPECT_FALSE(alone(column("attr6", "text", numbers)).masked());
}

TEST(Columns, WhatIsMaskedGoesBeforeWhatIsShown) {
  const auto names = many(40, [](int i) {
    return fmt::format("{} {}", i % 2 == 0 ? "Marisol" : "Dwight",
                       std::string(1, static_cast<char>('A' + i % 26)) + "enoit");
  });
  EXPECT_EQ(alone(column("salutation_name", "text", names)).cls, Class::kPersonName);
}

TEST(Columns, ValuesGainsayNames) {
  EXPECT_EQ(alone(column("phone", "text", {"ok", "pending", "ok", "failed"})).shape, Shape::kNone);
  EXPECT_EQ(alone(column("email", "boolean", {"t", "f"})).shape, Shape::kNone);
  EXPECT_EQ(alone(column("driver", "text", {"nvidia-535", "intel-12", "amd-7"})).cls, Class::kNone);
  EXPECT_EQ(alone(column("email", "text", {})).cls, Class::kEmail);
}

TEST(Columns, VersionsAreNoAddresses) {
  const auto versions = many(30, [](int i) {
    return fmt::format("{}.{}.{}.{}", i % 9 + 1, i * 7 % 90, i * 13 % 99, i * 31 % 250);
  });
  const auto addresses = many(30, [](int i) {
    return fmt::format("{}.{}.{}.{}", i * 37 % 220 + 1, i * 7 % 255, i * 13 % 255, i * 31 % 250);
  });
  EXPECT_EQ(alone(column("v8", "text", versions)).shape, Shape::kNone);
  EXPECT_EQ(alone(column("v8", "text", addresses)).cls, Class::kIpAddress);
}

TEST(Columns, NamesAreKnownByTheAddressesBesideThem) {
  const char* people[][2] = {{"Odile Fontanelle", "odile.f@mail.example"},
                             {"Bram Okonkwo", "bokonkwo@mail.example"},
                             {"Sunniva Tveit", "tveit77@mail.example"},
                             {"Iker Zubiri", "iker@mail.example"}};
  TableInput table;
  table.columns = {column("c1", "text", {}), column("c2", "text", {})};
  for (const auto& each : people) {
    table.columns[0].sample.emplace_back(each[0]);
    table.columns[1].sample.emplace_back(each[1]);
  }
  const auto decisions = classify(table);
  EXPECT_EQ(decisions[0].cls, Class::kPersonName);
  EXPECT_EQ(decisions[1].cls, Class::kEmail);
  ASSERT_FALSE(decisions[0].evidence.empty());
  EXPECT_NE(decisions[0].evidence[0].find("c2"), std::string::npos);
}

TEST(Columns, ProductsAndFirmsAreNoPeople) {
  const char* nouns[] = {"Chair", "Lamp", "Backpack"};
  const auto products =
      many(60, [&](int i) { return fmt::format("{} {}", i % 2 ? "Oslo" : "Nora", nouns[i % 3]); });
  const auto firms = many(60, [](int i) {
    return fmt::format("Name{0} and Other{0} Ltd", static_cast<char>('a' + i % 26));
  });
  EXPECT_EQ(alone(column("c1", "text", products)).shape, Shape::kNone);
  EXPECT_NE(alone(column("name", "text", firms)).cls, Class::kPersonName);
}

TEST(Columns, KeyValueTables) {
  TableInput table;
  table.columns = {
      column("entity", "integer", {"1", "1", "2", "2"}),
      column("attr", "text", {"email", "color", "email", "phone"}),
      column("value", "text", {"a@b.example", "red", "c@d.example", "+44 20 7946 0018"})};
  const auto decisions = classify(table);
  EXPECT_EQ(decisions[2].shape, Shape::kByKey);
  EXPECT_EQ(decisions[2].key_column, 1);
}

TEST(Columns, InheritWhatTheyReferTo) {
  ColumnInput input = column("ref", "text", {"x"});
  input.inherited = Class::kPassport;
  input.inherited_from = "public.people.doc";
  const ColumnDecision decision = alone(input);
  EXPECT_EQ(decision.cls, Class::kPassport);
  EXPECT_NE(decision.evidence.at(0).find("public.people.doc"), std::string::npos);
}

TEST(Columns, TextAndDocuments) {
  EXPECT_EQ(alone(column("notes", "text",
                         {"She asked to be called back soon.", "Nothing else was said about it."}))
                .shape,
            Shape::kFreeText);
  EXPECT_EQ(alone(column("body", "jsonb", {"{}"})).shape, Shape::kStructured);
  EXPECT_EQ(alone(column("c1", "text", {R"({"a":"b"})", R"({"a":"c"})"})).shape,
            Shape::kStructured);
  EXPECT_EQ(alone(column("emails", "text[]", {"{a@b.example}"})).cls, Class::kEmail);
}

TEST(Columns, DescribesRelations) {
  catalog::Relation relation;
  relation.name = "people";
  relation.columns.resize(2);
  relation.columns[0].number = 1;
  relation.columns[0].name = "id";
  relation.columns[0].type_name = "integer";
  relation.columns[1].number = 2;
  relation.columns[1].name = "x";
  relation.columns[1].comment = "date of birth";
  relation.columns[1].type_name = "date";
  relation.constraints.resize(1);
  relation.constraints[0].type = 'p';
  relation.constraints[0].columns = {1};
  const TableInput table = describe(relation);
  EXPECT_TRUE(table.columns.at(0).key);
  EXPECT_EQ(classify(table).at(1).cls, Class::kBirthDate);
}

TEST(Columns, InheritThroughForeignKeys) {
  catalog::Relation relation;
  relation.columns.resize(2);
  relation.columns[0].number = 3;
  relation.columns[1].number = 5;
  relation.columns[1].name = "who";
  relation.columns[1].type_name = "text";
  relation.constraints.resize(1);
  relation.constraints[0] = {.name = "visits_who",
                             .type = 'f',
                             .columns = {5},
                             .referenced = 17,
                             .referenced_columns = {2}};
  TableInput table = describe(relation);
  inherit(table, relation, [](uint32_t oid, int16_t column) {
    return oid == 17 && column == 2 ? std::optional(Class::kEmail) : std::nullopt;
  });
  EXPECT_EQ(classify(table).at(1).cls, Class::kEmail);
  EXPECT_FALSE(table.columns.at(0).inherited);
}

TEST(Columns, PositionsInTwoColumns) {
  TableInput table;
  table.columns = {
      column(
          "c1", "numeric(9,6)",
          many(20, [](int i) { return fmt::format("{}.{:06}", i * 7 % 80, i * 7919 % 1000000); })),
      column(
          "c2", "numeric(9,6)",
          many(20,
               [](int i) { return fmt::format("-{}.{:06}", i * 11 % 170, i * 6007 % 1000000); })),
      column("c3", "numeric(9,2)",
             many(20, [](int i) { return fmt::format("{}.{:02}", i * 11 % 90, i * 7 % 100); }))};
  const auto decisions = classify(table);
  EXPECT_EQ(decisions[0].cls, Class::kGeoPosition);
  EXPECT_EQ(decisions[1].cls, Class::kGeoPosition);
  EXPECT_EQ(decisions[2].shape, Shape::kNone);
}

TEST(Columns, TitlesOfThingsAreNotSearchedForPeople) {
  const std::vector<std::string> titles = {"The long way home of Ada Quill",
                                           "A short walk with Bram Noor"};
  const ColumnDecision titled = alone(column("book_title", "text", titles));
  EXPECT_EQ(titled.shape, Shape::kFreeText);
  EXPECT_FALSE(titled.people);
  EXPECT_TRUE(alone(column("comment", "text", titles)).people);
}

TEST(Columns, LinksHoldAddressesToo) {
  const auto links = many(40, [](int i) {
    return i % 2 ? fmt::format("https://shop.example/stop?u=user{}@mail.example", i)
                 : fmt::format("https://shop.example/p/{}", i);
  });
  const auto pages = many(40, [](int i) { return fmt::format("https://shop.example/p/{}", i); });
  EXPECT_EQ(alone(column("link", "text", links)).shape, Shape::kFreeText);
  EXPECT_EQ(alone(column("link", "text", pages)).shape, Shape::kNone);
  const auto forges = many(40, [](int i) { return fmt::format("git@forge.example:t/p{}.git", i); });
  EXPECT_EQ(alone(column("repo_url", "text", forges)).shape, Shape::kNone);
}

TEST(Columns, DatesOfBirthInOtherForms) {
  const auto seconds = many(40, [](int i) { return std::to_string((i - 9) * 23'932'800LL); });
  const auto short_dates = many(
      40, [](int i) { return fmt::format("{:02}{:02}{:02}", i % 28 + 1, i % 12 + 1, i + 40); });
  const auto ranges =
      many(40, [](int i) { return fmt::format("[{0}-03-04,{0}-03-05)", 1950 + i); });
  EXPECT_EQ(alone(column("birth_epoch", "bigint", seconds)).cls, Class::kBirthDate);
  EXPECT_EQ(alone(column("bday", "text", short_dates)).cls, Class::kBirthDate);
  EXPECT_EQ(alone(column("dob_range", "daterange", ranges)).cls, Class::kBirthDate);
  EXPECT_EQ(alone(column("created_epoch", "bigint", seconds)).shape, Shape::kNone);
  EXPECT_EQ(alone(column("valid", "daterange", ranges)).shape, Shape::kNone);
}

TEST(Columns, ShapesAndNumbersOfOtherTypes) {
  EXPECT_EQ(alone(column("home_area", "circle", {"<(13.40495,52.52001),2>"})).cls,
            Class::kGeoPosition);
  EXPECT_EQ(alone(column("imei", "numeric(15,0)", {"356938035643809"})).cls, Class::kImei);
}

TEST(Columns, PlacesInATableOfPeopleAreTheirs) {
  TableInput table;
  table.columns = {column("home", "point", {"(13.404954,52.520008)", "(1.5,2.5)"}),
                   column("email", "text", {"a@b.example", "c@d.example"})};
  EXPECT_EQ(classify(table)[0].cls, Class::kGeoPosition);
  table.columns[0].name = "label_size";
  EXPECT_EQ(classify(table)[0].shape, Shape::kNone);
  table.columns[0].name = "home";
  table.columns[1] = column("title", "text", {"Blue lamp", "Red lamp"});
  EXPECT_EQ(classify(table)[0].shape, Shape::kNone);
}

TEST(Columns, WordsForSearchingAreThoseOfTheTable) {
  TableInput table;
  table.columns = {column("words", "tsvector", {"'ann':1", "'bob':1"}),
                   column("email", "text", {"a@b.example", "c@d.example"})};
  EXPECT_EQ(classify(table)[0].shape, Shape::kFreeText);
  table.columns[1] = column("title", "text", {"Blue lamp", "Red lamp"});
  EXPECT_EQ(classify(table)[0].shape, Shape::kNone);
}

TEST(Columns, FamilyNamesStandBesideGivenNames) {
  const char* given[] = {"Anna",   "Peter",   "Maria",  "Thomas", "Julia",
                         "Stefan", "Laura",   "Martin", "Sabine", "Andreas",
                         "Petra",  "Michael", "Karin",  "Paul",   "Eva"};
  const char* starts[] = {"Vor", "Grem", "Zwick", "Plau", "Dros"};
  const char* ends[] = {"bek", "nitz", "holt", "dorn"};
  const auto firsts = many(60, [&](int i) { return std::string(given[i % 15]); });
  const auto lasts =
      many(60, [&](int i) { return fmt::format("{}{}", starts[i % 5], ends[i % 4]); });
  TableInput table;
  table.columns = {column("c1", "text", lasts), column("c2", "text", firsts)};
  EXPECT_EQ(classify(table)[0].cls, Class::kPersonName);
  table.columns = {column("colour", "text", lasts), column("c2", "text", firsts)};
  EXPECT_EQ(classify(table)[0].shape, Shape::kNone);
}

TEST(Columns, ColoursAreGivenNamesToo) {
  const char* colours[] = {"Amber", "Jasmine", "Olive", "Hazel", "Violet", "Rose", "Ruby", "Iris"};
  EXPECT_EQ(
      alone(column("c1", "text", many(120, [&](int i) { return std::string(colours[i % 8]); })))
          .shape,
      Shape::kNone);
}

TEST(Columns, NamesInScriptsWithoutCapitals) {
  const char* chinese[] = {"欧阳雪梅", "王伟强", "张秀兰", "刘晓明", "陈丽华",
                           "赵建国",   "黄志远", "周思琪", "徐海波", "孙玉珍"};
  EXPECT_EQ(
      alone(column("f2", "text", many(60, [&](int i) { return std::string(chinese[i % 10]); })))
          .cls,
      Class::kPersonName);
  TableInput table;
  table.name = "العملاء";
  table.columns = {column("الاسم", "text", {"خالد الحربي", "ليلى النجار", "يوسف الهاشمي"})};
  EXPECT_EQ(classify(table)[0].cls, Class::kPersonName);
}

TEST(Columns, NamedDigestsAreNoKeys) {
  const auto digests = many(40, [](int i) {
    std::string out = "sha512-";
    for (int k = 0; k < 86; ++k) out += static_cast<char>("Ab3dEf7hIj+LmNo9"[(i * 7 + k * k) % 16]);
    return out + "==";
  });
  EXPECT_EQ(alone(column("col4", "text", digests)).shape, Shape::kNone);
}

TEST(Columns, KeysThatTellOfPeople) {
  TableInput table;
  table.columns = {column("attr", "text", {"email", "name", "email", "phone"}),
                   column("value", "text", {"a@b.example", "Ann", "c@d.example", "030 1107822"})};
  EXPECT_TRUE(classify(table)[1].people);
}

TEST(Columns, AFieldWithANumberIsNoField) {
  for (const char* name : {"field2", "item_3", "col7"})
    EXPECT_EQ(
        alone(column(name, "text", {"+44 20 7946 0018", "+44 20 7946 0123", "+49 30 1107822"})).cls,
        Class::kPhone)
        << name;
}

TEST(Columns, AddressesByTheirWordsForStreets) {
  const auto all = [](std::vector<std::string> streets) {
    return many(40, [&](int i) {
      return fmt::format("{} {}", streets[static_cast<size_t>(i) % streets.size()], i + 3);
    });
  };
  EXPECT_EQ(alone(column("k6", "text", all({"Str. Eminescu nr.", "Bd. Unirii nr."}))).cls,
            Class::kPostalAddress);
  EXPECT_EQ(alone(column("k6", "text", all({"Rákóczi út", "Kossuth tér", "Ady utca"}))).cls,
            Class::kPostalAddress);
  EXPECT_EQ(alone(column("k6", "text", all({"شارع التحلية", "حي النزهة شارع"}))).cls,
            Class::kPostalAddress);
  EXPECT_EQ(alone(column("k6", "text", all({"Blue shelf", "Red shelf", "Green box"}))).shape,
            Shape::kNone);
}

TEST(Columns, ChineseNamesInTwoColumns) {
  const char* families[] = {"王", "张", "刘", "陈", "赵",   "黄",
                            "周", "徐", "孙", "郭", "欧阳", "林"};
  const char* given[] = {"伟强", "秀兰", "晓明", "丽华", "建国", "雪梅", "志远",
                         "思琪", "海波", "玉珍", "子涵", "文博", "一诺"};
  TableInput table;
  table.columns = {
      column("x2", "text", many(60, [&](int i) { return std::string(given[i % 13]); })),
      column("x3", "text", many(60, [&](int i) { return std::string(families[i % 12]); }))};
  const auto decisions = classify(table);
  EXPECT_EQ(decisions[0].cls, Class::kPersonName);
  EXPECT_EQ(decisions[1].cls, Class::kPersonName);
}

TEST(Columns, PeopleStandWhereAddressesDo) {
  const auto rows =
      many(30, [](int i) { return fmt::format("{};Paul Porter;p{}@mail.example;gold", i, i); });
  EXPECT_TRUE(alone(column("csv_row", "text", rows)).people);
}

TEST(Columns, TelephonesBeginAsTelephonesDo) {
  const auto numbers = [](std::string_view begin) {
    return many(50,
                [=](int i) { return with_luhn(fmt::format("{}{:012}", begin, i * 79190051LL)); });
  };
  EXPECT_EQ(alone(column("c6", "text", numbers("35"))).cls, Class::kImei);
  EXPECT_EQ(alone(column("c6", "text", numbers("73"))).shape, Shape::kNone);
}

TEST(Columns, QuestionsAndAnswersInOtherLanguages) {
  TableInput table;
  table.columns = {column("question", "text", {"Nom", "Téléphone", "Pointure", "E-mail"}),
                   column("reponse", "text", {"Perrault", "06 12 34 56 78", "42", "a@b.example"})};
  EXPECT_EQ(classify(table)[1].shape, Shape::kByKey);
}

TEST(Columns, AddressesWithATownOnALineOfItsOwn) {
  const auto american = many(40, [](int i) {
    return i % 4 == 0 ? fmt::format("Unit {} Box {}\nDPO AP {}", 1000 + i, 2000 + i, 34000 + i)
                      : fmt::format("{} Harbor Street Suite {}\nNorth Easton, MT {}", 100 + i * 7,
                                    i + 10, 29000 + i);
  });
  EXPECT_EQ(alone(column("f3", "text", american)).cls, Class::kPostalAddress);
  const auto korean = many(40, [](int i) {
    return i % 2 ? fmt::format("부산광역시 중구 테헤란로 {}", i)
                 : "서울특별시 강남구 봉은사로 (역삼동)";
  });
  EXPECT_EQ(alone(column("c3", "text", korean)).cls, Class::kPostalAddress);
  const auto sentences = many(40, [](int i) {
    return fmt::format("The parcel for {} Harbor Street was left at the door yesterday.", 100 + i);
  });
  EXPECT_EQ(alone(column("f3", "text", sentences)).shape, Shape::kFreeText);
}

TEST(Columns, PricesInPairsAreNoPlaces) {
  const auto numbers = [](double from, int decimals) {
    return many(40, [=](int i) { return fmt::format("{:.{}f}", from + i * .173205, decimals); });
  };
  TableInput table;
  table.columns = {column("bid", "numeric(12,6)", numbers(41, 6)),
                   column("ask", "numeric(12,6)", numbers(41.5, 6))};
  EXPECT_EQ(classify(table)[0].shape, Shape::kNone);
  table.columns[0].name = "c1";
  table.columns[1].name = "c2";
  EXPECT_EQ(classify(table)[0].cls, Class::kGeoPosition);
  table.columns = {column("c1", "numeric(12,4)", numbers(41, 4)),
                   column("c2", "numeric(12,4)", numbers(41.5, 4)),
                   column("email", "text", {"a@b.example", "c@d.example"})};
  EXPECT_EQ(classify(table)[0].shape, Shape::kNone);
}

TEST(Columns, DatesAndTelephonesOfEastAsia) {
  const auto dates =
      many(40, [](int i) { return fmt::format("{}年{}月{}日", 1950 + i, i % 12 + 1, i % 28 + 1); });
  EXPECT_EQ(alone(column("c5", "text", dates)).cls, Class::kBirthDate);
  const auto mobiles = many(60, [](int i) {
    return fmt::format("1{}{}{:08}", "3589"[i % 4], i % 9,
                       (i * 15'485'863LL + 77'777) % 100'000'000);
  });
  EXPECT_EQ(alone(column("c4", "text", mobiles)).cls, Class::kPhone);
  const auto orders = many(60, [](int i) { return fmt::format("150{:08}", i * 1'548'586LL); });
  EXPECT_EQ(alone(column("c4", "text", orders)).shape, Shape::kNone);
}

}  // namespace
}  // namespace sluice::privacy
