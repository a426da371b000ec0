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
