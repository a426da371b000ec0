#include "undo/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/test_folder.h"
#include "undo/capture.h"
#include "undo/seal.h"

namespace sluice::undo {
namespace {

using catalog::Rows;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Images one_table(std::vector<RowImage> rows) {
  return {
      "700",
      {{"public",
        "t",
        {{"id", "integer"}, {"n", "numeric", true}, {"s", "integer", false, true}, {"v", "text"}},
        {"id"},
        std::move(rows)}}};
}

/// What the server says: how the transaction ended, the table's columns, its rows.
std::vector<Rows> standing(const std::string& status, Rows rows) {
  return {{{status}},
          {{"id", "integer"}, {"n", "numeric"}, {"s", "integer"}, {"v", "text"}},
          std::move(rows)};
}

TEST(Plan, LeavesOutWhatHasChangedSince) {
  const Images images = one_table({{"(1)", "(1,b)", "(1,a)"},
                                   {"(2)", "(2,b)", "(2,a)"},
                                   {"(3)", "(3,b)", std::nullopt},
                                   {"(4)", "(4,b)", std::nullopt},
                                   {"(5)", std::nullopt, "(5,a)"},
                                   {"(6)", "(6,b)", "(6,a)"}});
  const auto made = plan(
      images,
      standing("committed",
               {{"(1)", "(1,a)"}, {"(2)", "(2,other)"}, {"(4)", "(4,new)"}, {"(5)", "(5,a)"}}));
  ASSERT_TRUE(made);
  std::vector<std::string> conflicts, restored;
  for (const auto& conflict : made->conflicts) conflicts.push_back(conflict.key + conflict.why);
  for (const auto& row : made->restored.tables.at(0).rows) restored.push_back(row.key);
  EXPECT_THAT(conflicts, ElementsAre("(2)it has been changed since",
                                     "(4)a row with its key has been inserted since",
                                     "(6)it has been deleted since"));
  EXPECT_THAT(restored, ElementsAre("(1)", "(3)", "(5)"));
}

TEST(Plan, RefusesWhatWasNotCommittedOrIsAnotherTable) {
  const Images images = one_table({{"(1)", "(1,b)", "(1,a)"}});
  EXPECT_THAT(plan(images, standing("aborted", {})).error().text, HasSubstr("rolled back"));
  EXPECT_THAT(plan(images, standing("in progress", {})).error().text, HasSubstr("not over"));
  auto others = standing("committed", {});
  others[1].pop_back();
  EXPECT_THAT(plan(images, others).error().text, HasSubstr("columns are others"));
  others[1].clear();
  EXPECT_THAT(plan(images, others).error().text, HasSubstr("not there"));
  EXPECT_FALSE(plan(images, {}));
}

TEST(RestoreStatements, DeleteThenUpdateThenInsert) {
  const auto statements = restore_statements(one_table({{"(1)", "(1,'b)", "(1,a)"},
                                                        {"(3)", "(3,b)", std::nullopt},
                                                        {"(5)", std::nullopt, "(5,a)"}}));
  EXPECT_THAT(
      statements,
      ElementsAre("DELETE FROM ONLY public.t AS t WHERE ROW(t.id)::pg_catalog.text = "
                  "ANY(ARRAY['(5)']::pg_catalog.text[])",
                  "UPDATE ONLY public.t AS t SET v = r.v FROM "
                  "pg_catalog.unnest(ARRAY['(1,''b)']::public.t[]) AS r WHERE t.id = r.id",
                  "INSERT INTO public.t (id, s, v) OVERRIDING SYSTEM VALUE SELECT r.id, r.s, r.v "
                  "FROM pg_catalog.unnest(ARRAY['(3,b)']::public.t[]) AS r"));
}

TEST(CheckRestored, NamesTheRowThatIsNotAsItWas) {
  const Images images = one_table({{"(1)", "(1,b)", "(1,a)"}, {"(5)", std::nullopt, "(5,a)"}});
  EXPECT_TRUE(check_restored(images, standing("committed", {{"(1)", "(1,b)"}})));
  EXPECT_THAT(check_restored(images, standing("committed", {{"(1)", "(1,c)"}})).error().text,
              AllOf(HasSubstr("a row of \""), Not(HasSubstr("(1)"))));
  EXPECT_THAT(check_restored(images, standing("committed", {{"(1)", "(1,b)"}, {"(5)", "(5,a)"}}))
                  .error()
                  .text,
              AllOf(HasSubstr("a row of \""), Not(HasSubstr("(5)"))));
}

RC_GTEST_PROP(Images, AreReadAsTheyWereWritten, ()) {
  const auto text = rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127));
  const auto row =
      rc::gen::map(rc::gen::tuple(text, text, rc::gen::inRange(0, 4)), [](const auto& given) {
        const auto& [key, value, which] = given;
        RowImage image;
        image.key = key;
        if (which != 1) image.before = value;
        if (which != 2) image.after = value + "'\"\\";
        return image;
      });
  const Images images = one_table(*rc::gen::container<std::vector<RowImage>>(row));
  const auto again = decode_images(encode(images));
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == images);
}

TEST(Images, WhatIsNoImageIsRefused) {
  for (
      const char* text :
      {"", "{", "[]", "{}", R"({"transaction":1,"tables":[]})",
       R"({"transaction":"1","tables":[{"schema":"s"}]})",
       R"({"transaction":"1","tables":[{"schema":"s","name":"t","columns":[],"key":[],"rows":[["a"]]}]})"}) {
    EXPECT_FALSE(decode_images(text)) << text;
  }
}

TEST(Capture, CountsEveryRowOrRefuses) {
  catalog::Catalog::Contents contents;
  catalog::Relation relation;
  relation.oid = 20000;
  relation.schema = "public";
  relation.name = "t";
  relation.columns = {{.number = 1, .name = "id", .type_name = "integer"},
                      {.number = 2, .name = "v", .type_name = "text"}};
  relation.indexes = {{.name = "t_pkey", .unique = true, .primary = true, .columns = {1}}};
  contents.relations = {relation};
  const catalog::Catalog known(std::move(contents));
  const auto answers = [](Rows after, Rows locked) {
    std::vector<Rows> all(1 + image_settings().size());
    all.push_back({{"700"}});
    all.push_back(std::move(after));
    all.push_back(std::move(locked));
    all.resize(all.size() + 2);
    return all;
  };
  const auto old = [](Rows rows) {
    std::vector<Rows> all(2 + image_settings().size());
    all.push_back(std::move(rows));
    return all;
  };
  const auto capture = [&](uint64_t changed) {
    auto made = Capture::of({{"public.t", changed}}, known);
    EXPECT_TRUE(made);
    // (0,9) is locked for a foreign key, no more.
    EXPECT_TRUE(made->take_new(answers({{"(1)", "(1,a)"}}, {{"(0,9)"}})));
    return made;
  };
  const Rows before = {
      {"(1)", "(0,1)", "(1,b)"}, {"(2)", "(0,2)", "(2,b)"}, {"(9)", "(0,9)", "(9,x)"}};
  const auto images = capture(2)->take_old(old(before), {});
  ASSERT_TRUE(images);
  EXPECT_THAT(images->tables.at(0).rows, ElementsAre(RowImage{"(1)", "(1,b)", "(1,a)"},
                                                     RowImage{"(2)", "(2,b)", std::nullopt}));
  EXPECT_EQ(images->summary(), "2 rows of public.t");
  EXPECT_THAT(capture(3)->take_old(old(before), {}).error().text, HasSubstr("3 rows"));
  // What an earlier statement of the transaction has done is not this one's.
  Images earlier = one_table({{"(2)", "(2,b)", std::nullopt}});
  const auto later = capture(1)->take_old(old(before), earlier);
  ASSERT_TRUE(later);
  EXPECT_EQ(later->rows(), 1u);
  EXPECT_THAT(Capture::of({{"public.other", 1}}, known).error().text, HasSubstr("made just now"));
  EXPECT_THAT(Capture::of({{"public.t", kMostRows + 1}}, known).error().text, HasSubstr("at most"));
}

TEST(Seal, OpensOnlyWhatItClosed) {
  const TestFolder folder;
  const auto file = folder.path() / "undo.key";
  const auto seal = Seal::open(file);
  ASSERT_TRUE(seal);
  const std::string closed = seal->close("rows", "12/orders");
  EXPECT_EQ(closed.find("rows"), std::string::npos);
  EXPECT_EQ(*Seal::open(file)->open(closed, "12/orders"), "rows");
  EXPECT_FALSE(seal->open(closed, "13/orders"));
  for (size_t i = 0; i < closed.size(); ++i) {
    std::string altered = closed;
    altered[i] ^= 1;
    EXPECT_FALSE(seal->open(altered, "12/orders")) << i;
    EXPECT_FALSE(seal->open(closed.substr(0, i), "12/orders")) << i;
  }
  EXPECT_FALSE(Seal::open(folder.path() / "another.key")->open(closed, "12/orders"));
}

}  // namespace
}  // namespace sluice::undo
