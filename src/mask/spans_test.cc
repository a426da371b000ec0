#include "mask/spans.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "mask/json.h"
#include "mask/test_values.h"

namespace sluice::mask {
namespace {

const Rule kRedact{.strategy = Strategy::kRedact};

std::string spans(Bytes text, std::vector<Span> list, size_t limit = kNoLimit) {
  std::string out;
  const auto done = mask_spans(text, list, *test_permuter(), limit, out);
  return done ? out : "!" + done.error().text;
}

TEST(Spans, OnlyTheSpansAreMasked) {
  EXPECT_EQ(spans("Call Jane now", {{5, 9, kRedact}}), "Call [redacted] now");
  EXPECT_EQ(spans("Call Jane now", {}), "Call Jane now");
  EXPECT_EQ(spans("JaneBob", {{0, 4, kRedact}, {4, 7, {.strategy = Strategy::kNull}}}),
            "[redacted]");
  EXPECT_EQ(spans("a@b.org!", {{0, 7, {.strategy = Strategy::kPartial, .kind = Kind::kEmail}}}),
            "*@b.org!");
  EXPECT_EQ(spans("Call Jane", {{5, 9, kRedact}}, 9), "Call [red");
}

TEST(Spans, BadSpansAreErrors) {
  EXPECT_TRUE(spans("Jane", {{0, 5, kRedact}}).starts_with("!"));
  EXPECT_TRUE(spans("Jane", {{3, 2, kRedact}}).starts_with("!"));
  EXPECT_TRUE(spans("Jane", {{0, 2, kRedact}, {1, 3, kRedact}}).starts_with("!"));
}

std::string json(Bytes document, const JsonVisitor& visit) {
  std::string out;
  const auto done = mask_json(document, visit, *test_permuter(), out);
  return done ? out : "!" + done.error().text;
}

TEST(Json, SpansKeepTheRestByteForByte) {
  // The é of the key and of the text are written in different ways, and stay so.
  const auto document = R"( {"\u00e9" : "\u00e9t\u00E9 Jane \/ \ud83d\ude00é"} )";
  EXPECT_EQ(json(document,
                 [](const JsonLeaf& leaf) {
                   const size_t at = leaf.text.find("Jane");
                   return JsonAction{.spans = {{at, at + 4, kRedact}}};
                 }),
            R"( {"\u00e9" : "\u00e9t\u00E9 [redacted] \/ \ud83d\ude00é"} )");
  // A span that cuts a character takes all of it.
  EXPECT_EQ(
      json(R"("a\u00e9b")", [](const JsonLeaf&) { return JsonAction{.spans = {{2, 3, kRedact}}}; }),
      R"("a[redacted]b")");
}

TEST(Json, LeavesKnowTheirPath) {
  std::string seen;
  const auto document = R"({"a":[1,{"b":"x"}],"c":true})";
  EXPECT_EQ(json(document,
                 [&](const JsonLeaf& leaf) {
                   for (const auto& step : leaf.path) seen += step + "/";
                   seen += std::string(leaf.text) + " ";
                   return JsonAction{};
                 }),
            document);
  EXPECT_EQ(seen, "a/[]/1 a/[]/b/x c/true ");
}

TEST(Json, LeavesAreNamedByTheMemberBesideThem) {
  std::vector<std::string> names;
  json(R"({"key": "email", "value": "x", "at": 3})", [&](const JsonLeaf& leaf) {
    names.push_back(leaf.path.back());
    return JsonAction{};
  });
  EXPECT_EQ(names, (std::vector<std::string>{"key", "email", "at"}));
}

TEST(Json, MaskedStringsAreEscaped) {
  const auto all = [](const JsonLeaf&) {
    return JsonAction{.whole = true, .rule = {.strategy = Strategy::kPseudonym}};
  };
  const auto out = json(R"(["\"a\\\n\u0001"])", all);
  EXPECT_EQ(out.substr(0, 4), R"(["\")");
  EXPECT_EQ(out.substr(5), R"(\\\u000a\u0001"])");
}

TEST(Json, DeepDocumentsAreRefused) {
  const auto keep = [](const JsonLeaf&) { return JsonAction{}; };
  EXPECT_EQ(json(std::string(900, '[') + std::string(900, ']'), keep).size(), 1800U);
  EXPECT_TRUE(json(std::string(100000, '['), keep).starts_with("!"));
}

}  // namespace
}  // namespace sluice::mask
