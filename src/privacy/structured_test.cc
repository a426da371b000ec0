#include "privacy/structured.h"

#include <chrono>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "privacy/classes.h"

namespace sluice::privacy {
namespace {

std::string marked(std::string_view text, const std::vector<Span>& spans) {
  std::string out;
  size_t at = 0;
  for (const Span& span : spans) {
    out.append(text.substr(at, span.begin - at)).append("[").append(name(span.cls)).append("]");
    at = span.end;
  }
  return out.append(text.substr(at));
}

TEST(Structured, JsonByKeyAndByValue) {
  const std::string_view text =
      R"({"ref": "1649148210480362", "account": {"mail": "d.h@example.com", "fullName": "Dustin Hodges"}, "release": "8.12.57.189", "client_ip": "122.186.46.21", "phones": ["030 1107822", null], "ok": true, "n": 5})";
  EXPECT_EQ(
      marked(text, find_in_json(text)),
      R"({"ref": "1649148210480362", "account": {"mail": "[email]", "fullName": "[person_name]"}, "release": "8.12.57.189", "client_ip": "[ip_address]", "phones": ["[phone]", null], "ok": true, "n": 5})");
}

TEST(Structured, KeysOfOneLetterSayNothing) {
  const std::string_view text = R"({"a": "Yolanda Fairbanks", "b": 7, "x": "open"})";
  EXPECT_EQ(marked(text, find_in_json(text)), R"({"a": "[person_name]", "b": 7, "x": "open"})");
}

TEST(Structured, ASessionIsATokenWhereItLooksLikeOne) {
  const std::string_view text =
      R"({"session": "eGAXOigI2GbXe91JmLSwFY19WnwbCOIoI7RQ93e0", "talk": {"session": "Morning"}})";
  EXPECT_EQ(marked(text, find_in_json(text)),
            R"({"session": "[session_cookie]", "talk": {"session": "Morning"}})");
}

TEST(Structured, JsonKeepsEscapesWhole) {
  const std::string_view text =
      R"({"note": "tel\u003a\t+44 20 7946 0018\n", "first_name": "Jos\u00e9"})";
  EXPECT_EQ(marked(text, find_in_json(text)),
            R"({"note": "tel\u003a\t[phone]\n", "first_name": "[person_name]"})");
}

TEST(Structured, JsonWithinJsonAndBrokenJson) {
  const std::string_view broken = R"({"email": "a@b.example", "x": [1, {"phone": "+4930123456)";
  EXPECT_EQ(marked(broken, find_in_json(broken)),
            R"({"email": "[email]", "x": [1, {"phone": "[phone])");
  std::string deep(5000, '[');
  deep += "\"a@b.example\"";
  EXPECT_EQ(find_in_json(deep).size(), 1U);
}

TEST(Structured, MembersThatSayWhatOthersHold) {
  const std::string_view text =
      R"([{"q": "Your phone", "a": "555 0187"}, {"answer": "Marta Lis", "question": "nom"}, {"key": "colour", "value": "dark red"}, {"full_name": "Marta Lis", "value": "7"}])";
  EXPECT_EQ(
      marked(text, find_in_json(text)),
      R"([{"q": "Your phone", "a": "[phone]"}, {"answer": "[person_name]", "question": "nom"}, {"key": "colour", "value": "dark red"}, {"full_name": "[person_name]", "value": "7"}])");
  for (const char* broken : {R"({"q": "phone)", R"({"q": "phone", "a)", R"({"q": )", "{\"", "{"})
    EXPECT_TRUE(find_in_json(broken).empty()) << broken;
}

TEST(Structured, Xml) {
  const std::string_view text =
      R"(<c id="7"><email>a@b.example</email><f name="phone">030/1107822</f><sku>5500005555555559</sku><!-- ask x@y.example --></c>)";
  EXPECT_EQ(
      marked(text, find_in_xml(text)),
      R"(<c id="7"><email>[email]</email><f name="phone">[phone]</f><sku>5500005555555559</sku><!-- ask [email] --></c>)");
}

TEST(Structured, ArraysAndComposites) {
  EXPECT_EQ(marked(R"({a@b.example,"c@d.example",NULL})",
                   find_in_array(R"({a@b.example,"c@d.example",NULL})", {"emails"})),
            R"({[email],"[email]",NULL})");
  const std::string_view row = R"(("12 Acacia Avenue",Oslo,0150,7))";
  EXPECT_EQ(marked(row, find_in_array(row, {"street", "town", "zip", "floor_count"})),
            R"(("[postal_address]",Oslo,0150,7))");
}

TEST(Structured, Pairs) {
  const std::string_view hstore = R"("email"=>"a@b.example", "size"=>"12")";
  EXPECT_EQ(marked(hstore, find_in_pairs(hstore)), R"("email"=>"[email]", "size"=>"12")");
  const std::string_view text = "first_name=Odile; qty=3; phone=+44 20 7946 0018";
  EXPECT_EQ(marked(text, find_in_pairs(text)), "first_name=[person_name]; qty=3; phone=[phone]");
}

TEST(Structured, ANameIsAPersonsInPairsCompositesAndXmlToo) {
  const auto pairs = [](std::string_view text) { return marked(text, find_in_pairs(text)); };
  EXPECT_EQ(pairs(R"("name"=>"Paul Porter", "mail"=>"p@b.example")"),
            R"("name"=>"[person_name]", "mail"=>"[email]")");
  EXPECT_EQ(pairs("name=Blue lamp; price=7"), "name=Blue lamp; price=7");
  const auto row = [](std::string_view text, std::vector<std::string> names) {
    return marked(text, find_in_array(text, names));
  };
  EXPECT_EQ(row(R"((7,"Paul Porter",p@b.example))", {"id", "name", "email"}),
            R"((7,"[person_name]",[email]))");
  EXPECT_EQ(row(R"((7,"Blue lamp",9))", {"id", "name", "price"}), R"((7,"Blue lamp",9))");
  const auto xml = [](std::string_view text) { return marked(text, find_in_xml(text)); };
  EXPECT_EQ(xml("<row><name>Paul Porter</name><phone>+44 20 7946 0018</phone></row>"),
            "<row><name>[person_name]</name><phone>[phone]</phone></row>");
  EXPECT_EQ(xml(R"(<row name="Paul Porter" email="p@b.example"/>)"),
            R"(<row name="[person_name]" email="[email]"/>)");
  EXPECT_EQ(xml("<row><mail>p@b.example</mail><plan><name>Gold plus</name></plan></row>"),
            "<row><mail>[email]</mail><plan><name>Gold plus</name></plan></row>");
}

TEST(Structured, WhatAnElementIsTellsWhatItsAttributesAre) {
  const auto xml = [](std::string_view text) { return marked(text, find_in_xml(text)); };
  EXPECT_EQ(xml(R"(<payee name="Lorna Wojtowicz" account="3121113099" ccy="USD"/>)"),
            R"(<payee name="[person_name]" account="[bank_account]" ccy="USD"/>)");
  EXPECT_EQ(xml(R"(<product name="Teak Bench" account="3121113099"/>)"),
            R"(<product name="Teak Bench" account="3121113099"/>)");
}

TEST(Structured, WhatAMemberIsTellsWhatItsNumberIs) {
  const auto json = [](std::string_view text) { return marked(text, find_in_json(text)); };
  EXPECT_EQ(json(R"({"docs": [{"no": "BC3113446", "kind": "passport"}]})"),
            R"({"docs": [{"no": "[passport]", "kind": "passport"}]})");
  EXPECT_EQ(json(R"({"room": {"no": "BC3113446", "kind": "double"}})"),
            R"({"room": {"no": "BC3113446", "kind": "double"}})");
  EXPECT_EQ(json(R"({"driver": {"lic": "R56852587"}, "app": {"lic": "R56852587"}})"),
            R"({"driver": {"lic": "[driving_licence]"}, "app": {"lic": "R56852587"}})");
}

TEST(Structured, ANameBesideAPersonsThingsIsThatPersons) {
  const auto json = [](std::string_view text) { return marked(text, find_in_json(text)); };
  EXPECT_EQ(json(R"({"name":"Paul Porter","email":"p@b.example"})"),
            R"({"name":"[person_name]","email":"[email]"})");
  EXPECT_EQ(json(R"({"id":7,"dob":"1971-03-14","name":"Paul Porter"})"),
            R"({"id":7,"dob":"[birth_date]","name":"[person_name]"})");
  // Of other things, of firms, and of things that a person has.
  EXPECT_EQ(json(R"({"name":"Nordwind Logistik GmbH","email":"p@b.example"})"),
            R"({"name":"Nordwind Logistik GmbH","email":"[email]"})");
  EXPECT_EQ(json(R"({"name":"Acme Corp","phone":"+44 20 7946 0958"})"),
            R"({"name":"Acme Corp","phone":"[phone]"})");
  EXPECT_EQ(json(R"({"name":"Blue lamp","price":7})"), R"({"name":"Blue lamp","price":7})");
  EXPECT_EQ(json(R"({"nom":"Paul Porter","tags":["a","b"],"email":"p@b.example"})"),
            R"({"nom":"[person_name]","tags":["a","b"],"email":"[email]"})");
  EXPECT_EQ(json(R"({"patient":{"display":"Paul Porter","code":"7"}})"),
            R"({"patient":{"display":"[person_name]","code":"7"}})");
  EXPECT_EQ(json(R"({"who":{"name":"Paul Porter","contacts":[{"type":"fax","value":"x"}]}})"),
            R"({"who":{"name":"[person_name]","contacts":[{"type":"fax","value":"x"}]}})");
  EXPECT_EQ(json(R"({"email":"p@b.example","plan":{"name":"Gold plus","seats":3}})"),
            R"({"email":"[email]","plan":{"name":"Gold plus","seats":3}})");
}

TEST(Structured, Looks) {
  EXPECT_TRUE(looks_like_json(R"( {"a": 1} )"));
  EXPECT_FALSE(looks_like_json("{a,b}"));
  EXPECT_TRUE(looks_like_xml("<a>b</a>"));
  EXPECT_FALSE(looks_like_xml("a < b"));
  EXPECT_TRUE(looks_like_pairs("a=1;b=2"));
  EXPECT_FALSE(looks_like_pairs("https://x.example/?a=1&b=2"));
}

RC_GTEST_PROP(Structured, SpansAreInOrderAndWithin, (const std::string& text)) {
  for (const auto& spans : {find_in_json(text), find_in_xml(text), find_in_pairs(text),
                            find_in_array(text, {"email"})}) {
    size_t at = 0;
    for (const Span& span : spans) {
      RC_ASSERT(span.begin >= at && span.begin < span.end && span.end <= text.size());
      at = span.end;
    }
  }
}

TEST(Structured, NothingHidesBetweenTheParts) {
  const auto xml = [](std::string_view text) { return marked(text, find_in_xml(text)); };
  EXPECT_EQ(xml("<a>a&#64;b.example &amp; c</a>"), "<a>[email] &amp; c</a>");
  EXPECT_EQ(xml("<a href=mailto:a@b.example>x</a>"), "<a href=mailto:[email]>x</a>");
  EXPECT_EQ(xml("<a@b.example>"), "<[email]>");
  EXPECT_EQ(xml("<a b a@b.example c=\"d\">"), "<a b [email] c=\"d\">");
  EXPECT_EQ(xml("<a DE89370400440532013000 =>"), "<a [iban] =>");
  EXPECT_EQ(xml("<DE89370400440532013000>"), "<[iban]>");
  EXPECT_EQ(xml("<a>x</a a@b.example>"), "<a>x</a [email]>");
  const auto pairs = [](std::string_view text) { return marked(text, find_in_pairs(text)); };
  EXPECT_EQ(pairs("mail a@b.example, x=1"), "mail [email], x=1");
  EXPECT_EQ(pairs("\"a@b.example\"=>\"1\""), "\"[email]\"=>\"1\"");
}

TEST(Structured, NamesSpeakForClassesThatARuleMayMask) {
  EXPECT_TRUE(find_in_named("city", "Leipzig").empty());
  Context context;
  context.low = true;
  const auto found = find_in_named("city", "Leipzig", {}, context);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].cls, Class::kCity);
}

/// Each brace is looked behind, but not to the end of the text.
TEST(Structured, AnEndlessRowOfBracesCostsNoMoreThanItsLength) {
  std::string text;
  for (int i = 0; i < 170'000; ++i) text += "{\"a\":x";
  text += '}';
  const auto begun = std::chrono::steady_clock::now();
  (void)find_in_json(text, {});
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
}

}  // namespace
}  // namespace sluice::privacy
