#include "cli/output.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "cli/printable_lines.h"

namespace sluice::cli {
namespace {

namespace json = boost::json;

std::string printed(const Listing& listing, Format format) {
  std::ostringstream out;
  print(out, listing, format);
  return out.str();
}

Listing sample() {
  Listing listing{{"name", "groups", "note"}, {}};
  listing.rows.push_back(json::object{
      {"name", "alice"}, {"groups", json::array{"engineering", "on call"}}, {"note", nullptr}});
  listing.rows.push_back(json::object{{"name", "Zoë"}, {"hidden", 1}, {"note", "a\n\tb\x1b[31m"}});
  return listing;
}

/// A plain RFC 4180 reader, to see what others make of what we write.
std::vector<std::vector<std::string>> read_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1);
  std::string field;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      field += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == ',') {
      rows.back().push_back(std::move(field));
      field.clear();
    } else if (!quoted && c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
      rows.back().push_back(std::move(field));
      field.clear();
      rows.emplace_back();
      ++i;
    } else {
      field += c;
    }
  }
  rows.pop_back();
  return rows;
}

TEST(Output, TableIsAlignedAndSafeOnATerminal) {
  EXPECT_EQ(printed(sample(), Format::kTable),
            "NAME   GROUPS                NOTE\n"
            "alice  engineering, on call  \n"
            "Zoë                          a\\n b\\x1b[31m\n");
}

TEST(Output, TableShortensLongCellsAtACharacter) {
  Listing listing{{"text"}, {}};
  std::string text(96, 'x');
  listing.rows.push_back(json::object{{"text", text + "éééé"}});
  EXPECT_EQ(printed(listing, Format::kTable), "TEXT\n" + text + "…\n");
}

TEST(Output, EmptyListingIsStillAHeadAndAnArray) {
  const Listing listing{{"name", "groups"}, {}};
  EXPECT_EQ(printed(listing, Format::kTable), "NAME  GROUPS\n");
  EXPECT_EQ(printed(listing, Format::kCsv), "name,groups\r\n");
  EXPECT_EQ(printed(listing, Format::kJson), "[]\n");
}

TEST(Output, WhatIsNotSeenOrTurnsTheWritingIsEscaped) {
  for (const auto& [text, code] :
       std::vector<std::pair<std::string, std::string>>{{"\u061C", "061c"},
                                                        {"\u200B", "200b"},
                                                        {"\u200F", "200f"},
                                                        {"\u2028", "2028"},
                                                        {"\u202E", "202e"},
                                                        {"\u2060", "2060"},
                                                        {"\u2066", "2066"},
                                                        {"\u2069", "2069"},
                                                        {"\uFEFF", "feff"}}) {
    EXPECT_EQ(printable("a" + text + "b"), "a\\u" + code + "b");
    EXPECT_EQ(json_text(json::value("a" + text)), "\"a\\u" + code + "\"");
    EXPECT_EQ(json::parse(json_text(json::value("a" + text))), json::value("a" + text));
  }
  for (const char* text : {"\u061B", "\u061D", "\u200A", "\u2010", "\u2027", "\u202F", "\u205F",
                           "\u206A", "\uFEFE", "\uFF00", "\u00A0", "\u0160", "\U0001F600"})
    EXPECT_EQ(printable(text), text);
}

TEST(Output, LinesAreSafeEachByItself) {
  EXPECT_EQ(printable_lines("a\x1b[2J\nb\r\n\n"), "a\\x1b[2J\nb\\x0d\n\n");
  EXPECT_EQ(printable_lines(""), "");
}

TEST(Output, JsonHoldsEverything) {
  const auto parsed = json::parse(printed(sample(), Format::kJson));
  EXPECT_EQ(parsed, json::value(sample().rows));
}

TEST(Output, CsvQuotesAndDefusesFormulas) {
  EXPECT_EQ(csv_field("plain"), "plain");
  EXPECT_EQ(csv_field(""), "");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(csv_field("two\nlines"), "\"two\nlines\"");
  for (const char* formula : {"=1+1", "+1", "-1", "@SUM(A1)", "\tx"})
    EXPECT_EQ(csv_field(formula), std::string("'") + formula);
  EXPECT_EQ(csv_field("=HYPERLINK(\"http://x\",\"y\")"),
            "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
}

RC_GTEST_PROP(Output, CsvComesBackAsItWas, (std::vector<std::string> values)) {
  // Control characters other than these are escaped, in CSV too.
  for (auto& value : values) {
    std::erase_if(value, [](char c) {
      const auto u = static_cast<unsigned char>(c);
      return (u < 0x20 && c != '\n' && c != '\t') || u >= 0x7F;
    });
  }
  Listing listing{{"a", "b"}, {}};
  for (const auto& value : values) listing.rows.push_back(json::object{{"a", value}, {"b", "x"}});
  const auto rows = read_csv(printed(listing, Format::kCsv));
  RC_ASSERT(rows.size() == values.size() + 1);
  for (size_t i = 0; i < values.size(); ++i) {
    RC_ASSERT(rows[i + 1].size() == 2U);
    const std::string& got = rows[i + 1][0];
    RC_ASSERT(got == values[i] || got == "'" + values[i]);
    RC_ASSERT(got.empty() || std::string_view("=+-@\t\r").find(got[0]) == std::string_view::npos);
  }
}

RC_GTEST_PROP(Output, PrintableTextHasNoControls, (const std::string& text)) {
  const std::string out = printable(text);
  for (size_t i = 0; i < out.size(); ++i) {
    const auto c = static_cast<unsigned char>(out[i]);
    RC_ASSERT(c >= 0x20 && c != 0x7F);
    if (c == 0xC2) RC_ASSERT(static_cast<unsigned char>(out[i + 1]) >= 0xA0);
  }
}

TEST(Output, PrintableKeepsTextAndEscapesTheRest) {
  EXPECT_EQ(printable("Zoë ist da"), "Zoë ist da");
  EXPECT_EQ(printable("a\r\x7F\xC2\x9B"), "a\\x0d\\x7f\\x9b");
  EXPECT_EQ(printable("\xFFx"), "\\xffx");
}

TEST(Output, PlainValues) {
  EXPECT_EQ(plain("text"), "text");
  EXPECT_EQ(plain(nullptr), "");
  EXPECT_EQ(plain(42), "42");
  EXPECT_EQ(plain(true), "true");
  EXPECT_EQ(plain(json::array{"a", 1, nullptr}), "a, 1, ");
}

}  // namespace
}  // namespace sluice::cli
