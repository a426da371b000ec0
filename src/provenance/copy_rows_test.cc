#include "provenance/copy_rows.h"

#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice::provenance {
namespace {

using namespace std::string_literals;
using Row = std::vector<std::optional<std::string>>;

std::string data_row(const Row& row) {
  std::string out;
  append_be16(out, static_cast<uint16_t>(row.size()));
  for (const auto& value : row) {
    append_be32(out, value ? static_cast<uint32_t>(value->size()) : UINT32_MAX);
    if (value) out += *value;
  }
  return out;
}

tlog::Hash root_of(const std::vector<Row>& rows) {
  RowTree tree;
  for (const auto& row : rows) tree.add(data_row(row));
  return tree.root();
}

/// Of data that comes in pieces of `step` bytes; nothing where it is refused.
std::optional<RowTree> read(const CopyForm& form, const std::string& data, size_t step = SIZE_MAX,
                            bool file = false) {
  RowTree tree;
  CopyRows rows(form, tree);
  for (size_t at = 0; at < data.size(); at += std::min(step, data.size() - at)) {
    if (!rows.feed(Bytes(data).substr(at, step))) return std::nullopt;
  }
  if (!rows.finish(file)) return std::nullopt;
  return tree;
}

void expect_rows(const CopyForm& form, const std::string& data, const std::vector<Row>& rows) {
  for (const size_t step : {size_t{1}, size_t{3}, SIZE_MAX}) {
    const auto tree = read(form, data, step);
    ASSERT_TRUE(tree) << data;
    EXPECT_EQ(tree->size(), rows.size()) << data;
    EXPECT_EQ(tree->root(), root_of(rows)) << data << " in steps of " << step;
  }
}

TEST(CopyRows, Text) {
  expect_rows({}, "", {});
  expect_rows({}, "1\tann\n2\t\\N\n3\t\n", {{"1", "ann"}, {"2", std::nullopt}, {"3", ""}});
  expect_rows({}, "a\\tb\\nc\\\\d\\101\\x42\n", {{"a\tb\nc\\dAB"}});
  // What is escaped is no NULL, and no delimiter.
  expect_rows({}, "\\\\N\ta\\\tb\n", {{"\\N", "a\tb"}});
  CopyForm form;
  form.delimiter = '|';
  form.null_text = "null";
  form.header = true;
  expect_rows(form, "id|name\n1|null\n2|null0\n", {{"1", std::nullopt}, {"2", "null0"}});
}

TEST(CopyRows, Csv) {
  const CopyForm csv = CopyForm::csv();
  expect_rows(csv, "1,ann\n2,\n3,\"\"\n", {{"1", "ann"}, {"2", std::nullopt}, {"3", ""}});
  expect_rows(csv, "\"a,b\",\"say \"\"hi\"\"\"\n\"two\nlines\",x\n",
              {{"a,b", "say \"hi\""}, {"two\nlines", "x"}});
  CopyForm other = csv;
  other.escape = '\\';
  other.header = true;
  expect_rows(other, "\"head\ner\"\n\"a\\\"b\\\\\nc\\d\"\n", {{"a\"b\\\nc\\d"}});
}

TEST(CopyRows, Binary) {
  const Row first = {"\1\2", std::nullopt}, second = {"", "x"};
  const std::string head = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"s;
  expect_rows({CopyFormat::kBinary}, head + data_row(first) + data_row(second) + "\xff\xff",
              {first, second});
  expect_rows({CopyFormat::kBinary}, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\3abc\xff\xff"s, {});
  for (const auto& data :
       {head, head + "\xff\xff" + "x", head + data_row(first), "PGCOPY\n\377\r\n\1"s + head,
        head + "\x80\x01", head + "\0\1\x80\0\0\0"s, head + "\0\1\7\0\0\0\xff\xff"s})
    EXPECT_FALSE(read({CopyFormat::kBinary}, data));
}

TEST(CopyRows, WhatIsNotWhole) {
  EXPECT_FALSE(read({}, "1\t2"));
  EXPECT_TRUE(read({}, "1\t2", 1, true)) << "a file may lack its last newline";
  EXPECT_FALSE(read(CopyForm::csv(), "\"a\n", 1, true));
  EXPECT_FALSE(read({}, "a\\\n"));
  EXPECT_FALSE(read({}, "1\t2\n1\n")) << "rows of other widths";
}

/// As the server writes it.
std::string as_text(const Row& row) {
  std::string out;
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out.push_back('\t');
    if (!row[i]) out += "\\N";
    if (!row[i]) continue;
    for (const char c : *row[i]) {
      const size_t at = "\b\f\n\r\t\v\\"s.find(c);
      if (at == std::string::npos) {
        out.push_back(c);
      } else {
        out.push_back('\\');
        out.push_back("bfnrtv\\"[at]);
      }
    }
  }
  return out + "\n";
}

std::string as_csv(const Row& row) {
  std::string out;
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out.push_back(',');
    if (!row[i]) continue;
    out.push_back('"');
    for (const char c : *row[i]) out.append(c == '"' ? 2 : 1, c);
    out.push_back('"');
  }
  return out + "\n";
}

RC_GTEST_PROP(CopyRows, EveryFormOfTheSameRowsHasTheSameRoot, ()) {
  const auto width = *rc::gen::inRange<size_t>(1, 5);
  const auto value = rc::gen::weightedOneOf<std::optional<std::string>>(
      {{1, rc::gen::just(std::optional<std::string>())},
       {5, rc::gen::map(rc::gen::container<std::string>(rc::gen::elementOf("ab\\\"N,\t\n\r\b. é"s)),
                        [](std::string s) { return std::optional(std::move(s)); })}});
  const auto rows = *rc::gen::container<std::vector<Row>>(rc::gen::container<Row>(width, value));
  const auto step = *rc::gen::inRange<size_t>(1, 40);
  std::string text, csv, binary = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"s;
  for (const auto& row : rows) {
    text += as_text(row);
    csv += as_csv(row);
    binary += data_row(row);
  }
  const auto root = root_of(rows);
  const auto same = [&](const CopyForm& form, const std::string& data) {
    const auto tree = read(form, data, step);
    return tree && tree->root() == root;
  };
  RC_ASSERT(same({}, text));
  RC_ASSERT(same(CopyForm::csv(), csv));
  RC_ASSERT(same({CopyFormat::kBinary}, binary + "\xff\xff"));
}

}  // namespace
}  // namespace sluice::provenance
