#include "mask/row_masker.h"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "mask/copy.h"
#include "mask/json_string.h"
#include "mask/test_values.h"
#include "mask/xml.h"

namespace sluice::mask {
namespace {

using privacy::Class;
using privacy::Shape;

constexpr Oid kBytea = 17, kName = 19, kInt8 = 20, kInt4 = 23, kText = 25, kJson = 114, kXml = 142,
              kTextArray = 1009, kBpchar = 1042, kVarchar = 1043, kDate = 1082, kJsonb = 3802,
              kVector = 3614, kRecord = 2249;
constexpr Oid kPerson = 20002, kMood = 20000, kMail = 20001, kHstore = 20004, kOdd = 20005,
              kCitext = 20006, kPersons = 20007, kLoop = 20008;

class Types : public TypeSource {
 public:
  Types() {
    all_[kTextArray] = {.kind = TypeKind::kArray, .name = "_text", .inner = {kText, -1}};
    all_[kMood] = {.kind = TypeKind::kEnum, .name = "mood", .labels = {"good", "bad", "so"}};
    all_[kMail] = {.kind = TypeKind::kDomain, .name = "mail", .inner = {kVarchar, 34}};
    all_[kPerson] = {
        .kind = TypeKind::kComposite,
        .name = "person",
        .fields = {{"note", {kText, -1}}, {"email", {kText, -1}}, {"age", {kInt4, -1}}}};
    all_[kPersons] = {.kind = TypeKind::kArray, .name = "_person", .inner = {kPerson, -1}};
    all_[kHstore] = {.name = "hstore"};
    all_[kOdd] = {.name = "odd"};
    all_[kCitext] = {.name = "citext"};
    all_[kLoop] = {.kind = TypeKind::kDomain, .name = "loop", .inner = {kLoop, -1}};
  }
  const TypeInfo* find(Oid oid) const override {
    const auto found = all_.find(oid);
    return found == all_.end() ? nullptr : &found->second;
  }

 private:
  std::map<Oid, TypeInfo> all_;
};

std::shared_ptr<const Types> types() {
  static const auto all = std::make_shared<const Types>();
  return all;
}

std::shared_ptr<const Treatment> redact_all() {
  auto out = std::make_shared<Treatment>();
  for (auto& rule : out->rules) rule = Rule{};
  return out;
}

using Row = std::vector<std::optional<std::string>>;

std::string body_of(const Row& row) {
  std::string out;
  append_be16(out, static_cast<uint16_t>(row.size()));
  for (const auto& value : row) {
    append_be32(out, value ? static_cast<uint32_t>(value->size()) : 0xFFFFFFFFU);
    if (value) out.append(*value);
  }
  return out;
}

/// Whether it is a row, and which.
std::optional<Row> row_of(Bytes body) {
  if (body.size() < 2) return std::nullopt;
  const uint16_t count = load_be16(body.data());
  body.remove_prefix(2);
  Row out;
  for (uint16_t i = 0; i < count; ++i) {
    if (body.size() < 4) return std::nullopt;
    const uint32_t size = load_be32(body.data());
    body.remove_prefix(4);
    if (size == 0xFFFFFFFFU) {
      out.emplace_back();
      continue;
    }
    if (size > body.size()) return std::nullopt;
    out.emplace_back(body.substr(0, size));
    body.remove_prefix(size);
  }
  if (!body.empty()) return std::nullopt;
  return out;
}

struct Column {
  ColumnPlan plan;
  FieldType field;
};

std::shared_ptr<const RowMasker> compiled(const std::vector<Column>& columns) {
  std::vector<ColumnPlan> plans;
  std::vector<FieldType> fields;
  for (const Column& column : columns) {
    plans.push_back(column.plan);
    fields.push_back(column.field);
  }
  return RowMasker::compile(std::move(plans), fields, test_permuter(), types()).value();
}

Row masked(const std::vector<Column>& columns, const Row& row, RowScratch* counts = nullptr) {
  RowScratch scratch;
  std::string out;
  const auto done = compiled(columns)->mask_row(body_of(row), scratch, out);
  if (!done) return {"!" + done.error().text};
  if (counts != nullptr) *counts = scratch;
  return row_of(out).value();
}

ColumnPlan whole(Class cls, Strategy strategy, Kind kind = Kind::kAny) {
  ColumnPlan plan;
  plan.shape = Shape::kWhole;
  plan.cls = cls;
  plan.rule = {.strategy = strategy, .kind = kind};
  return plan;
}

ColumnPlan search(Shape shape, std::vector<std::string> names = {}) {
  ColumnPlan plan;
  plan.shape = shape;
  plan.names = std::move(names);
  plan.treatment = redact_all();
  return plan;
}

/// One column of a shape and type, one value.
std::string one(ColumnPlan plan, TypeRef type, std::string value, Format format = Format::kText) {
  const Row row = masked({{std::move(plan), {type, format}}}, {std::move(value)});
  return row[0].value_or("NULL");
}

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

using namespace std::string_literals;

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

/// How a text is sent as a value of a type, alone or among others.
struct Wrap {
  TypeRef type;
  Format format;
  std::string (*wrap)(const std::string& text);
};

std::string quoted(const std::string& text, Bytes escaped, Bytes with) {
  std::string out;
  for (const char c : text) {
    if (escaped.find(c) != Bytes::npos) out.append(with == "same" ? std::string(1, c) : with);
    out.push_back(c);
  }
  return out;
}

std::string json_of(const std::string& text) {
  std::string out = "{\"a\": [1, \"";
  append_json_body(text, out);
  return out + "\"]}";
}

std::string xml_of(const std::string& text) {
  std::string out = "<a b=\"1\"><c>";
  append_xml_text(text, out);
  return out + "</c></a>";
}

std::string counted(const std::string& text) {
  std::string out;
  append_be32(out, static_cast<uint32_t>(text.size()));
  return out + text;
}

const std::vector<Wrap>& wraps() {
  static const std::vector<Wrap> all = {
      {{kText}, Format::kText, [](const std::string& t) { return t; }},
      {{kCitext}, Format::kBinary, [](const std::string& t) { return t; }},
      {{kJson}, Format::kText, json_of},
      {{kJsonb}, Format::kBinary, [](const std::string& t) { return "\1" + json_of(t); }},
      {{kText}, Format::kText, json_of},
      {{kXml}, Format::kText, xml_of},
      {{kText}, Format::kText, xml_of},
      {{kBytea}, Format::kText, [](const std::string& t) { return "\\x" + to_hex(t); }},
      {{kBytea}, Format::kBinary, [](const std::string& t) { return t; }},
      {{kBytea}, Format::kBinary, [](const std::string& t) { return "\xff " + t; }},
      {{kHstore},
       Format::kText,
       [](const std::string& t) { return "\"k\"=>\"" + quoted(t, "\"\\", "\\") + "\""; }},
      {{kHstore},
       Format::kBinary,
       [](const std::string& t) { return "\0\0\0\1\0\0\0\1k"s + counted(t); }},
      {{kTextArray},
       Format::kText,
       [](const std::string& t) { return "{a,\"" + quoted(t, "\"\\", "\\") + "\"}"; }},
      {{kTextArray},
       Format::kBinary,
       [](const std::string& t) {
         return "\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\1\0\0\0\1"s + counted(t);
       }},
      {{kPerson},
       Format::kText,
       [](const std::string& t) { return "(\"" + quoted(t, "\"\\", "same") + "\",,7)"; }},
      {{kPerson},
       Format::kBinary,
       [](const std::string& t) {
         return "\0\0\0\3\0\0\0\x19"s + counted(t) +
                "\0\0\0\x19\377\377\377\377\0\0\0\x17\0\0\0\4\0\0\0\7"s;
       }},
      {{kRecord},
       Format::kText,
       [](const std::string& t) { return "(\"" + quoted(t, "\"\\", "same") + "\",x)"; }},
      {{kOdd}, Format::kText, [](const std::string& t) { return t; }},
  };
  return all;
}

rc::Gen<std::string> filler() {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                          "abc", "Xyz", " ", " ", "\"", "\\", "'", "{", "}", "[", "]", "(", ")",
                          ",", ";", "=", "<", ">", "&", "\xc3\xa9", "\n", "7", "/", "-", "=>")),
                      [](const std::vector<std::string>& parts) {
                        std::string out;
                        for (const std::string& part : parts) out += part;
                        return out;
                      });
}

RC_GTEST_PROP(RowMasker, NothingPlantedSurvives, ()) {
  const std::string plant = *rc::gen::element<std::string>(
      "anna.lee@mail.example.org", "4111 1111 1111 1111", "DE89370400440532013000");
  const std::string text = *filler() + " " + plant + " " + *filler();
  const Wrap wrap = *rc::gen::elementOf(wraps());
  ColumnPlan plan = search(*rc::gen::element(Shape::kFreeText, Shape::kStructured, Shape::kByKey));
  plan.key_column = 0;
  const std::string other = *rc::gen::arbitrary<std::string>();
  const std::string value = wrap.wrap(text);
  RC_LOG() << value;
  const Row row = masked({{{}, {{kText}}}, {plan, {wrap.type, wrap.format}}, {{}, {{kText}}}},
                         {"note", value, other});
  RC_ASSERT(row.size() == 3U);
  RC_ASSERT(row[0] == "note");
  RC_ASSERT(row[2] == other);
  if (!row[1]) return;
  RC_ASSERT(row[1]->find(plant) == std::string::npos);
  RC_ASSERT(row[1]->find(to_hex(plant)) == std::string::npos);
}

RC_GTEST_PROP(RowMasker, AnyBytesGiveARowOrAnError, ()) {
  const auto types_of_all = {kBytea,     kName,   kInt8,    kInt4,   kText,  kJson,   kXml,
                             kTextArray, kBpchar, kVarchar, kDate,   kJsonb, kVector, kRecord,
                             kPerson,    kMood,   kMail,    kHstore, kOdd,   kCitext, kPersons};
  std::vector<Column> columns;
  Row row;
  const auto count = *rc::gen::inRange<size_t>(0, 5);
  for (size_t i = 0; i < count; ++i) {
    ColumnPlan plan = search(static_cast<Shape>(*rc::gen::inRange(0, 5)), {"email"});
    plan.cls = *rc::gen::element(Class::kNone, Class::kPersonName);
    plan.key_column = *rc::gen::inRange(-1, 5);
    plan.rule.strategy = static_cast<Strategy>(*rc::gen::inRange(0, 6));
    columns.push_back(
        {plan,
         {{*rc::gen::elementOf(std::vector<Oid>(types_of_all)), *rc::gen::element(-1, 12)},
          *rc::gen::element(Format::kText, Format::kBinary)}});
    row.push_back(
        *rc::gen::oneOf(rc::gen::just(std::optional<std::string>()),
                        rc::gen::map(rc::gen::oneOf(filler(), rc::gen::arbitrary<std::string>()),
                                     [](std::string t) { return std::optional(std::move(t)); })));
  }
  RowScratch scratch;
  std::string out;
  if (!compiled(columns)->mask_row(body_of(row), scratch, out)) return;
  const auto read = row_of(out);
  RC_ASSERT(read.has_value());
  RC_ASSERT(read->size() == count);
  for (size_t i = 0; i < count; ++i) {
    if (columns[i].plan.shape == Shape::kNone) RC_ASSERT((*read)[i] == row[i]);
    if (!row[i]) RC_ASSERT(!(*read)[i]);
  }
}

}  // namespace
}  // namespace sluice::mask
