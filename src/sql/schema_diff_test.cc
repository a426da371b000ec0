#include "sql/schema_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/catalog.h"

namespace sluice::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

catalog::Column column(int16_t number, const std::string& name, const std::string& type) {
  catalog::Column out;
  out.number = number;
  out.name = name;
  out.type_name = type;
  return out;
}

std::vector<std::string> diff(std::string_view script) {
  catalog::Catalog::Contents contents;
  catalog::Relation& people = contents.relations.emplace_back();
  people.oid = catalog::kFirstUserOid;
  people.schema = "public";
  people.name = "people";
  people.columns = {column(1, "id", "integer"), column(2, "name", "text")};
  Scope scope;
  scope.catalog = std::make_shared<const catalog::Catalog>(std::move(contents));
  scope.search_path = {"public"};
  return schema_diff(script, scope);
}

TEST(SchemaDiff, ColumnsThatComeGoAndChange) {
  EXPECT_THAT(
      diff("ALTER TABLE people ADD COLUMN note text NOT NULL DEFAULT '', DROP name,\n"
           "  ALTER COLUMN id TYPE bigint USING id::bigint, ALTER COLUMN id SET NOT NULL"),
      ElementsAre("  table public.people", "+   note text NOT NULL DEFAULT ''", "-   name text",
                  "-   id integer", "+   id bigint", "-   id integer", "+   id integer NOT NULL"));
}

TEST(SchemaDiff, TablesThatComeAndGo) {
  EXPECT_THAT(diff("CREATE TABLE app.fresh (id bigint PRIMARY KEY, t text, UNIQUE (t))"),
              ElementsAre("+ table app.fresh", "+   id bigint PRIMARY KEY", "+   t text",
                          "+   UNIQUE (t)"));
  EXPECT_THAT(diff("DROP TABLE people, unknown").front(), "- table public.people");
  EXPECT_THAT(diff("DROP TABLE people, unknown").back(), "- table public.unknown");
}

TEST(SchemaDiff, NewNames) {
  EXPECT_THAT(diff("ALTER TABLE people RENAME COLUMN name TO title"),
              ElementsAre("  table public.people", "-   name text", "+   title text"));
  EXPECT_THAT(diff("ALTER TABLE people RENAME TO persons"),
              ElementsAre("- table public.people", "+ table public.persons"));
}

TEST(SchemaDiff, WhatElseThereIs) {
  EXPECT_THAT(
      diff("CREATE INDEX ON people (name); DROP VIEW v; ALTER TABLE people ENABLE ROW LEVEL "
           "SECURITY; GRANT SELECT ON people TO r"),
      ElementsAre("+ CREATE INDEX ON people (name)", "- VIEW v", "  table public.people",
                  "~   ENABLE ROW LEVEL SECURITY", "~ GRANT SELECT ON people TO r"));
}

TEST(SchemaDiff, DataAndWhatCannotBeReadGiveNothing) {
  EXPECT_THAT(diff("SELECT 1; DELETE FROM people"), IsEmpty());
  EXPECT_THAT(diff("ALTER TAB"), IsEmpty());
}

}  // namespace
}  // namespace sluice::sql
