#include "mask/row_masker.h"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "mask/copy.h"
#include "mask/json_string.h"
#include "mask/row_masker_fixture.h"
#include "mask/test_values.h"
#include "mask/xml.h"

namespace sluice::mask {
namespace {

using privacy::Class;
TEST(RowMasker, MasksWholeColumnsAndLeavesOthers) {
  RowScratch counts;
  const std::vector<Column> columns = {
      {{}, {{kInt4}}},
      {whole(Class::kEmail, Strategy::kPartial, Kind::kEmail), {{kText}}},
      {whole(Class::kAge, Strategy::kNull), {{kInt4}, Format::kBinary}},
      {whole(Class::kBirthDate, Strategy::kGeneralise, Kind::kDate), {{kDate}}},
      {redacted(), {{kText}}}};
  EXPECT_EQ(masked(columns, {"7", "ann@x.org", "\0\0\0\5", "1980-05-03", std::nullopt}, &counts),
            (Row{"7", "***@x.org", std::nullopt, "1980-01-01", "[redacted]"}))
      << "what an expression makes is not even told to be NULL";
  EXPECT_EQ(counts.rows, 1U);
  EXPECT_EQ(counts.counts[0].values, 0U);
  EXPECT_EQ(counts.counts[1].values, 1U);
  EXPECT_EQ(counts.counts[1].of(Class::kEmail), 1U);
  EXPECT_EQ(counts.counts[4].values, 1U);
}

TEST(RowMasker, PseudonymsThatAreKeptAreThoseThatAreMade) {
  const auto masker =
      compiled({{whole(Class::kPersonName, Strategy::kPseudonym, Kind::kName), {{kText}}}});
  RowScratch kept;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 2000; ++i) {
      const std::string body = body_of({"Ann Number " + std::to_string(i)});
      RowScratch fresh;
      std::string once, again;
      ASSERT_TRUE(masker->mask_row(body, fresh, once));
      ASSERT_TRUE(masker->mask_row(body, kept, again));
      ASSERT_EQ(once, again);
    }
  }
}

TEST(RowMasker, HidesWhatItCannotMask) {
  EXPECT_EQ(one(whole(Class::kEmail, Strategy::kPartial), {kOdd}, "x"), "NULL");
  EXPECT_EQ(one(whole(Class::kEmail, Strategy::kPartial), {99999}, "x"), "NULL");
  EXPECT_EQ(one(whole(Class::kEmail, Strategy::kPartial), {kLoop}, "x"), "NULL");
  EXPECT_EQ(one(redacted(), {99999}, "x", Format::kBinary), "NULL");
  EXPECT_EQ(one(redacted(), {kText}, "x"), "[redacted]");
  EXPECT_EQ(one(redacted(), {kInt4}, "7"), "NULL");
  EXPECT_EQ(one(redacted(), {kJson}, R"({"ann": 1})"), "NULL") << "keys would stay";
  ColumnPlan untreated = search(Shape::kFreeText);
  untreated.treatment = nullptr;
  EXPECT_EQ(one(untreated, {kText}, "x"), "[redacted]");
  EXPECT_EQ(one(search(Shape::kByKey), {kText}, "x"), "[redacted]");
}

TEST(RowMasker, RefusesWhatIsNoRow) {
  const auto masker = compiled({{{}, {{kText}}}, {redacted(), {{kText}}}});
  RowScratch scratch;
  const std::string good = body_of({"a", "b"});
  for (std::string bad :
       {std::string(), std::string("\0", 1), body_of({"a"}), body_of({"a", "b", "c"}), good + "x",
        good.substr(0, good.size() - 1), std::string("\0\2\0\0\0\1a\377\377\377\376", 11)}) {
    std::string out = "before";
    EXPECT_FALSE(masker->mask_row(bad, scratch, out));
    EXPECT_EQ(out, "before");
  }
  EXPECT_FALSE(RowMasker::compile({{}}, {}, test_permuter(), nullptr));
  // A value that is not of its type.
  EXPECT_EQ(one(whole(Class::kAge, Strategy::kRedact), {kInt4}, "x").substr(0, 1), "!");
  EXPECT_EQ(one(search(Shape::kFreeText), {kJson}, "{").substr(0, 1), "!");
  EXPECT_EQ(one(search(Shape::kFreeText), {kTextArray}, "{a").substr(0, 1), "!");
}

struct Case {
  const char* what;
  Shape shape;
  std::vector<std::string> names;
  TypeRef type;
  std::string value, masked;
  Format format = Format::kText;
};

std::vector<Case> cases() {
  const std::string array_head = "\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\2\0\0\0\1"s;
  const std::string person_binary = "\0\0\0\3\0\0\0\x19\0\0\0\2hi\0\0\0\x19\0\0\0\7a@x.org"s;
  return {
      {"prose",
       Shape::kFreeText,
       {},
       {kText},
       "Write to a.b@x.org, please",
       "Write to [redacted], please"},
      {"prose, binary",
       Shape::kFreeText,
       {},
       {kText},
       "Write to a.b@x.org",
       "Write to [redacted]",
       Format::kBinary},
      {"nothing found", Shape::kFreeText, {}, {kText}, "It rains", "It rains"},
      {"limit", Shape::kFreeText, {}, {kVarchar, 4 + 12}, "to a@x.de ab", "to [redacted"},
      {"padded", Shape::kFreeText, {}, {kBpchar, 4 + 16}, "to a@x.de       ", "to [redacted]   "},
      {"padded, unchanged", Shape::kFreeText, {}, {kBpchar, 4 + 4}, "to  ", "to  "},
      {"name", Shape::kFreeText, {}, {kName}, "a.b@x.org", "[redacted]"},
      {"citext", Shape::kFreeText, {}, {kCitext}, "a.b@x.org", "[redacted]"},
      {"domain", Shape::kFreeText, {}, {kMail}, "a.b@x.org", "[redacted]"},
      {"json",
       Shape::kFreeText,
       {},
       {kJson},
       R"({"note": "mail a@x.org", "n":1})",
       R"({"note": "mail [redacted]", "n":1})"},
      {"jsonb, binary",
       Shape::kStructured,
       {},
       {kJsonb},
       "\1{\"email\": \"a@x.org\"}",
       "\1{\"email\": \"[redacted]\"}",
       Format::kBinary},
      {"json key", Shape::kStructured, {}, {kJsonb}, R"({"a@x.org": 3})", R"({"[redacted]": 3})"},
      {"json number",
       Shape::kStructured,
       {},
       {kJsonb},
       R"({"phone": 4915112345678})",
       R"({"phone": 0})"},
      {"json path",
       Shape::kStructured,
       {},
       {kJsonb},
       R"({"patient": {"name": "Ann Lee"}, "tags": ["x"]})",
       R"({"patient": {"name": "[redacted]"}, "tags": ["x"]})"},
      {"json escapes",
       Shape::kStructured,
       {},
       {kJsonb},
       R"(["\u00e9 a@x.org \u00e9"])",
       R"(["\u00e9 [redacted] \u00e9"])"},
      {"json in json",
       Shape::kStructured,
       {},
       {kJson},
       R"(["{\"email\": \"a@x.org\"}"])",
       R"(["{\"email\": \"[redacted]\"}"])"},
      {"json in text",
       Shape::kFreeText,
       {},
       {kText},
       R"({"phone": 4915112345678})",
       R"({"phone": 0})"},
      {"almost json",
       Shape::kFreeText,
       {},
       {kText},
       R"({"email": "a@x.org",})",
       R"({"email": "[redacted]",})"},
      {"xml",
       Shape::kStructured,
       {},
       {kXml},
       "<a><email>a@x.org</email></a>",
       "<a><email>[redacted]</email></a>"},
      {"xml entities",
       Shape::kStructured,
       {},
       {kXml},
       "<a>to a&#64;x.org &amp; b</a>",
       "<a>to [redacted] &amp; b</a>"},
      {"xml in text",
       Shape::kFreeText,
       {},
       {kText},
       "<p>to <a href=mailto:a@x.org>us</a></p>",
       "<p>to <a href=mailto:[redacted]>us</a></p>"},
      {"hstore",
       Shape::kStructured,
       {},
       {kHstore},
       R"("email"=>"a@x.org", "b"=>NULL)",
       R"("email"=>"[redacted]", "b"=>NULL)"},
      {"hstore key",
       Shape::kStructured,
       {},
       {kHstore},
       R"("a@x.org"=>"1")",
       R"("[redacted]"=>"1")"},
      {"hstore, binary",
       Shape::kStructured,
       {},
       {kHstore},
       "\0\0\0\1\0\0\0\5email\0\0\0\7a@x.org"s,
       "\0\0\0\1\0\0\0\5email\0\0\0\n[redacted]"s,
       Format::kBinary},
      {"bytea",
       Shape::kFreeText,
       {},
       {kBytea},
       "\\x746f206140782e6f7267",
       "\\x746f205b72656461637465645d"},
      {"bytea, escaped",
       Shape::kFreeText,
       {},
       {kBytea},
       "to a@x.org",
       "\\x746f205b72656461637465645d"},
      {"bytea, binary",
       Shape::kFreeText,
       {},
       {kBytea},
       "to a@x.org",
       "to [redacted]",
       Format::kBinary},
      {"bytea, no text",
       Shape::kFreeText,
       {},
       {kBytea},
       "\xff a@x.org \0"s,
       "[redacted]",
       Format::kBinary},
      {"bytea, unchanged", Shape::kFreeText, {}, {kBytea}, "\\xff00", "\\xff00"},
      {"array",
       Shape::kFreeText,
       {},
       {kTextArray},
       R"({a,"b c",NULL,a@x.org})",
       R"({a,"b c",NULL,"[redacted]"})"},
      {"array by name",
       Shape::kStructured,
       {"phones"},
       {kTextArray},
       R"({0151 1234567,NULL})",
       R"({"[redacted]",NULL})"},
      {"array, binary",
       Shape::kFreeText,
       {},
       {kTextArray},
       array_head + "\0\0\0\1a\0\0\0\7a@x.org"s,
       array_head + "\0\0\0\1a\0\0\0\n[redacted]"s,
       Format::kBinary},
      {"composite",
       Shape::kStructured,
       {"note", "email", "age"},
       {kPerson},
       R"(("see a@x.org",ann,41))",
       R"(("see [redacted]",ann,"0"))"},
      {"composite, its own names",
       Shape::kFreeText,
       {},
       {kPerson},
       R"((hi,a@x.org,))",
       R"((hi,"[redacted]",))"},
      {"composite, binary",
       Shape::kStructured,
       {},
       {kPerson},
       person_binary + "\0\0\0\x17\0\0\0\4\0\0\0\x29"s,
       "\0\0\0\3\0\0\0\x19\0\0\0\2hi\0\0\0\x19\0\0\0\n[redacted]\0\0\0\x17\0\0\0\4\0\0\0\0"s,
       Format::kBinary},
      {"array of composites",
       Shape::kStructured,
       {"staff"},
       {kPersons},
       R"x({"(hi,a@x.org,7)"})x",
       R"x({"(hi,\"[redacted]\",\"0\")"})x"},
      {"record", Shape::kFreeText, {}, {kRecord}, R"((1,a@x.org))", R"((1,"[redacted]"))"},
      {"record, binary",
       Shape::kFreeText,
       {},
       {kRecord},
       "\0\0\0\1\0\0\0\x19\0\0\0\7a@x.org"s,
       "\0\0\0\1\0\0\0\x19\0\0\0\n[redacted]"s,
       Format::kBinary},
      {"number", Shape::kFreeText, {}, {kInt8}, "4111111111111111", "4111111111111111"},
      {"enum", Shape::kFreeText, {}, {kMood}, "good", "good"},
      {"tsvector", Shape::kFreeText, {}, {kVector}, "'ann':1", ""},
      {"unknown type", Shape::kFreeText, {}, {kOdd}, "x a@x.org y", "NULL"},
      {"unknown type, nothing found", Shape::kFreeText, {}, {kOdd}, "x", "x"},
      {"pairs", Shape::kFreeText, {}, {kText}, "email=a@x.org; n=1", "email=[redacted]; n=1"},
      {"a name in pairs",
       Shape::kFreeText,
       {},
       {kText},
       "name=Ann Lee; email=a@x.org",
       "name=[redacted]; email=[redacted]"},
      {"a name in a document",
       Shape::kStructured,
       {},
       {kJsonb},
       R"({"name": "Ann Lee", "email": "a@x.org"})",
       R"({"name": "[redacted]", "email": "[redacted]"})"},
      {"a name of a thing",
       Shape::kStructured,
       {},
       {kJsonb},
       R"({"name": "Blue lamp", "price": 7})",
       R"({"name": "Blue lamp", "price": 7})"},
      {"array in text", Shape::kStructured, {"links"}, {kText}, "{a@x.org,b}", "{[redacted],b}"},
  };
}

TEST(RowMasker, SearchesEveryType) {
  for (const Case& each : cases())
    EXPECT_EQ(one(search(each.shape, each.names), each.type, each.value, each.format), each.masked)
        << each.what;
}

TEST(RowMasker, NullStaysNull) {
  for (const Case& each : cases())
    EXPECT_EQ(masked({{search(each.shape, each.names), {each.type, each.format}}}, {std::nullopt}),
              Row{std::nullopt});
}

TEST(RowMasker, KeysSayWhatValuesAre) {
  ColumnPlan by_key = search(Shape::kByKey);
  by_key.key_column = 0;
  const auto both = [&](TypeRef key, TypeRef value, Row row, Format format = Format::kText) {
    return masked({{{}, {key, format}}, {by_key, {value, format}}}, std::move(row));
  };
  EXPECT_EQ(both({kText}, {kText}, {"phone", "0151 12345"})[1], "[redacted]");
  EXPECT_EQ(both({kMail}, {kText}, {"phone", "0151 12345"}, Format::kBinary)[1], "[redacted]");
  EXPECT_EQ(both({kText}, {kText}, {"theme", "dark blue"}), (Row{"theme", "dark blue"}));
  EXPECT_EQ(both({kText}, {kText}, {"name", "Ann Lee"})[1], "[redacted]");
  EXPECT_EQ(both({kText}, {kText}, {std::nullopt, "see a@x.org"})[1], "see [redacted]");
  EXPECT_EQ(both({kText}, {kInt8}, {"phone", "4915112345678"})[1], "0");
  EXPECT_EQ(both({kText}, {kInt8}, {"phone", "\0\0\0\4\x78\x69\x47\x0e"s}, Format::kBinary)[1],
            "\0\0\0\0\0\0\0\0"s);
  EXPECT_EQ(both({kText}, {kJsonb}, {"phone", "\"0151 12345\""})[1], "\"[redacted]\"");
  // A key that cannot be read may say anything.
  EXPECT_EQ(both({kOdd}, {kText}, {"?", "dark blue"}, Format::kBinary)[1], "[redacted]");
  by_key.key_column = 2;
  EXPECT_EQ(both({kText}, {kText}, {"theme", "dark blue"})[1], "[redacted]");
}

TEST(RowMasker, ValuesOfTheRowAreKnownInItsTexts) {
  const ColumnPlan name = whole(Class::kPersonName, Strategy::kRedact);
  ColumnPlan text = search(Shape::kFreeText);
  text.people = false;
  const Row row = {"Zyx Okrul", "12345678", "ask zyx okrul, or Okrul, about 12345678"};
  const ColumnPlan account = whole(Class::kBankAccount, Strategy::kRedact);
  for (const Format format : {Format::kText, Format::kBinary}) {
    Row sent = row;
    if (format == Format::kBinary) sent[1] = "\0\xbc\x61\x4e"s;
    EXPECT_EQ(
        masked({{name, {{kText}, format}}, {account, {{kInt4}, format}}, {text, {{kText}, format}}},
               sent)[2],
        "ask [redacted], or [redacted], about [redacted]");
  }
  ColumnPlan shown;
  shown.cls = Class::kPersonName;
  const Row shown_row = masked({{shown, {{kText}}}, {{}, {{kText}}}, {text, {{kText}}}}, row);
  EXPECT_EQ(shown_row[0], "Zyx Okrul");
  EXPECT_EQ(shown_row[2], "ask [redacted], or [redacted], about 12345678");
  shown.raw_known = false;
  EXPECT_EQ(masked({{shown, {{kText}}}, {{}, {{kText}}}, {text, {{kText}}}}, row)[2], row[2]);
}

TEST(RowMasker, ClassesWithoutARuleStay) {
  auto some = std::make_shared<Treatment>();
  some->of(Class::kEmail) = Rule{.strategy = Strategy::kPartial, .kind = Kind::kEmail};
  ColumnPlan plan = search(Shape::kFreeText);
  plan.treatment = some;
  RowScratch counts;
  EXPECT_EQ(masked({{plan, {{kText}}}}, {"a@x.org 4111 1111 1111 1111"}, &counts)[0],
            "*@x.org 4111 1111 1111 1111");
  EXPECT_EQ(counts.counts[0].values, 1U);
  EXPECT_EQ(counts.counts[0].of(Class::kEmail), 1U);
  EXPECT_EQ(counts.counts[0].of(Class::kCardNumber), 0U);
  // Names speak for all that has a rule.
  some = std::make_shared<Treatment>();
  some->of(Class::kCity) = Rule{};
  plan = search(Shape::kStructured);
  plan.treatment = some;
  EXPECT_EQ(one(plan, {kJsonb}, R"({"city": "Leipzig", "email": "a@x.org"})"),
            R"({"city": "[redacted]", "email": "a@x.org"})");
}

TEST(RowMasker, XmlStaysWellFormed) {
  auto secrets = std::make_shared<Treatment>();
  for (auto& rule : secrets->rules)
    rule = Rule{.strategy = Strategy::kPseudonym, .kind = Kind::kSecret};
  ColumnPlan plan = search(Shape::kStructured);
  plan.treatment = secrets;
  const std::string out =
      one(plan, {kXml}, "<a><!-- a@x.org --><password>k&amp;-x-&lt;--Zq9!w</password></a>");
  const size_t comment = out.find("-->");
  EXPECT_EQ(out.find("--", 7), comment);
  const size_t begin = out.find("<password>") + 10;
  const Bytes body = Bytes(out).substr(begin, out.find("</password>") - begin);
  EXPECT_EQ(body.find_first_of("<>\"'"), Bytes::npos);
}

TEST(RowMasker, CopyRowsKnowTheirOtherColumns) {
  ColumnPlan by_key = search(Shape::kByKey);
  by_key.key_column = 1;
  const auto masker = compiled({{whole(Class::kPersonName, Strategy::kRedact), {{kText}}},
                                {{}, {{kText}}},
                                {by_key, {{kText}}},
                                {search(Shape::kFreeText), {{kText}}},
                                {search(Shape::kStructured), {{kTextArray}}}});
  CopyMasker text(masker, {}, 1000);
  std::string out;
  ASSERT_TRUE(
      text.feed("Zyx\\tOkrul\tphone\t0151 123456\task\\nOkrul\t{a@x.org}\n"
                "\\N\ttheme\tdark\\\\blue\tno\\tone\t\\N\n",
                out));
  EXPECT_EQ(out,
            "[redacted]\tphone\t[redacted]\task\\n[redacted]\t{\"[redacted]\"}\n"
            "\\N\ttheme\tdark\\\\blue\tno\\tone\t\\N\n");
  EXPECT_EQ(text.counts()[3].values, 1U);
  CopyMasker csv(masker, CopyOptions::csv(), 1000);
  out.clear();
  ASSERT_TRUE(csv.feed("\"Zyx, Okrul\",phone,0151 123456,\"ask, \"\"Okrul\"\"\",{a@x.org}\n", out));
  EXPECT_EQ(out,
            "[redacted],phone,[redacted],\"ask, \"\"[redacted]\"\"\",\"{\"\"[redacted]\"\"}\"\n");
}

}  // namespace
}  // namespace sluice::mask
