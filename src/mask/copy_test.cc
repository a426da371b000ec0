#include "mask/copy.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "mask/test_values.h"

namespace sluice::mask {
namespace {

MaskerPtr text_mask(Strategy strategy) {
  return compile({.oid = 25}, means(strategy), nullptr).value();
}

std::shared_ptr<const RowMasker> columns(std::vector<MaskerPtr> all,
                                         Format format = Format::kText) {
  return RowMasker::of(std::move(all), format);
}

std::string row(Bytes text, const CopyOptions& options, Strategy strategy = Strategy::kRedact) {
  std::string out;
  CopyScratch scratch;
  const auto masker = columns({nullptr, text_mask(strategy)});
  const auto done = mask_copy_row(text, *masker, options, scratch, out);
  return done ? out : "!" + done.error().text;
}

TEST(Copy, TextRows) {
  const CopyOptions text;
  EXPECT_EQ(row("a\tb", text), "a\t[redacted]");
  EXPECT_EQ(row("a\\tb\t\\N", text), "a\\tb\t\\N");
  EXPECT_EQ(row("a\tb", text, Strategy::kNull), "a\t\\N");
  EXPECT_EQ(row("a\t\\\\N", text), "a\t[redacted]");
  EXPECT_TRUE(row("a", text).starts_with("!"));
  EXPECT_TRUE(row("a\tb\tc", text).starts_with("!"));
  EXPECT_TRUE(row("a\tb\\", text).starts_with("!"));
  CopyOptions pipes;
  pipes.delimiter = '|';
  EXPECT_EQ(row("a\\|b|c", pipes), "a\\|b|[redacted]");
}

TEST(Copy, CsvRows) {
  const auto csv = CopyOptions::csv();
  EXPECT_EQ(row("a,b", csv), "a,[redacted]");
  EXPECT_EQ(row("\"a,\"\"b\",\"c\nd\"", csv), "\"a,\"\"b\",[redacted]");
  EXPECT_EQ(row("a,", csv), "a,");
  EXPECT_EQ(row("a,\"\"", csv), "a,\"\"");
  EXPECT_EQ(row("a,b", csv, Strategy::kNull), "a,");
  EXPECT_TRUE(row("a,\"b", csv).starts_with("!"));
  auto odd = csv;
  odd.escape = '\\';
  odd.quote = '\'';
  EXPECT_EQ(row("'a\\'b',c", odd), "'a\\'b',[redacted]");
  odd.force_quote = {false, true};
  EXPECT_EQ(row("a,c", odd), "a,'[redacted]'");
}

TEST(Copy, WhatAnExpressionMadeOfNothingIsHiddenToo) {
  const std::vector<FieldType> texts(2, {.type = {.oid = 25}, .format = Format::kText});
  const auto masker = RowMasker::compile({{}, redacted()}, texts, nullptr, nullptr);
  ASSERT_TRUE(masker) << masker.error().text;
  std::string out;
  CopyMasker copy(*masker, {}, 1000);
  ASSERT_TRUE(copy.feed("a\t\\N\n\\N\tb\n", out));
  EXPECT_EQ(out, "a\t[redacted]\n\\N\t[redacted]\n");
}

RC_GTEST_PROP(Copy, FieldsReadAsTheyWereWritten, (std::string value)) {
  CopyOptions odd = CopyOptions::csv();
  odd.escape = '\\';
  odd.delimiter = ';';
  for (const auto& options : {CopyOptions(), CopyOptions::csv(), odd}) {
    std::string raw;
    const bool csv = options.form == CopyForm::kCsv;
    if (csv) {
      append_csv_field(Bytes(value), false, options, raw);
    } else {
      append_text_field(Bytes(value), options, raw);
    }
    std::string buffer;
    const auto read =
        csv ? read_csv_field(raw, options, buffer) : read_text_field(raw, options, buffer);
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == Bytes(value));
    RC_ASSERT(field_end(raw + options.delimiter + "x", 0, options) == raw.size());
  }
}

TEST(Copy, EscapesOfOthersAreRead) {
  std::string buffer;
  EXPECT_EQ(read_text_field("\\101\\x42\\x4\\q\\v", {}, buffer).value(), "AB\4q\v");
}

std::string feed(CopyMasker& masker, Bytes data, size_t piece) {
  std::string out;
  for (size_t at = 0; at < data.size(); at += piece) {
    const auto done = masker.feed(data.substr(at, piece), out);
    if (!done) return "!" + done.error().text;
  }
  const auto done = masker.finish(out);
  return done ? out : "!" + done.error().text;
}

TEST(Copy, DataMayBeCutAnywhere) {
  const std::string data = "h,\"x\ny\"\n1,\"Jane \"\"D\"\"\n, x\"\n2,\n\"3\n\",Bob";
  auto options = CopyOptions::csv();
  options.header = true;
  for (size_t piece = 1; piece <= data.size(); ++piece) {
    CopyMasker masker(columns({nullptr, text_mask(Strategy::kRedact)}), options, 100);
    EXPECT_EQ(feed(masker, data, piece), "h,\"x\ny\"\n1,[redacted]\n2,\n\"3\n\",[redacted]");
    EXPECT_EQ(masker.rows(), 3U);
  }
}

TEST(Copy, RowsHaveALimit) {
  CopyMasker masker(columns({text_mask(Strategy::kRedact)}), {}, 10);
  std::string out;
  EXPECT_TRUE(masker.feed("0123456789", out));
  EXPECT_FALSE(masker.feed("x", out));
  EXPECT_EQ(out, "");
}

std::string binary_copy() {
  using namespace std::string_literals;
  return "PGCOPY\n\377\r\n\0"s + "\0\0\0\0\0\0\0\2ab"s + "\0\2\0\0\0\1x\0\0\0\4Jane"s +
         "\0\2\377\377\377\377\377\377\377\377"s + "\377\377"s;
}

TEST(Copy, BinaryMayBeCutAnywhere) {
  using namespace std::string_literals;
  CopyOptions options;
  options.form = CopyForm::kBinary;
  const auto data = binary_copy();
  const auto expected = "PGCOPY\n\377\r\n\0"s + "\0\0\0\0\0\0\0\2ab"s +
                        "\0\2\0\0\0\1x\0\0\0\12[redacted]"s +
                        "\0\2\377\377\377\377\377\377\377\377"s + "\377\377"s;
  for (size_t piece = 1; piece <= data.size(); ++piece) {
    CopyMasker masker(columns({nullptr, text_mask(Strategy::kRedact)}, Format::kBinary), options,
                      100);
    EXPECT_EQ(feed(masker, data, piece), expected);
    EXPECT_EQ(masker.rows(), 2U);
  }
  for (size_t size = 1; size < data.size(); ++size) {
    CopyMasker masker(columns({nullptr, text_mask(Strategy::kRedact)}, Format::kBinary), options,
                      100);
    EXPECT_TRUE(feed(masker, data.substr(0, size), 5).starts_with("!")) << size;
  }
  CopyMasker masker(columns({nullptr, text_mask(Strategy::kRedact)}, Format::kBinary), options,
                    100);
  EXPECT_TRUE(feed(masker, data + "x", 1000).starts_with("!"));
  CopyMasker other(columns({text_mask(Strategy::kRedact)}, Format::kBinary), options, 100);
  EXPECT_TRUE(feed(other, data, 1000).starts_with("!"));
}

}  // namespace
}  // namespace sluice::mask
