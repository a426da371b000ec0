#include "sql/compatibility.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Compatibility, WhatOnlyAddsBreaksNobody) {
  for (const char* script :
       {"CREATE TABLE t (a int PRIMARY KEY, b text NOT NULL)", "ALTER TABLE t ADD COLUMN c text",
        "ALTER TABLE t ADD c int NOT NULL DEFAULT 0, ADD d text UNIQUE",
        "ALTER TABLE t ADD COLUMN e bigint GENERATED ALWAYS AS IDENTITY",
        "CREATE INDEX CONCURRENTLY i ON t (c)", "CREATE VIEW v AS SELECT 1",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "GRANT SELECT ON t TO r",
        "COMMENT ON TABLE t IS 'x'", "ALTER TYPE mood ADD VALUE 'fine'",
        "SET lock_timeout = '2s'; BEGIN; INSERT INTO t VALUES (1); COMMIT",
        "ALTER TABLE t VALIDATE CONSTRAINT k", "ALTER TABLE t ALTER COLUMN c SET DEFAULT 1", ""}) {
    EXPECT_THAT(breaks_older_clients(script), IsEmpty()) << script;
  }
}

TEST(Compatibility, EverythingElseIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"ALTER TABLE t DROP COLUMN c", "column \"c\" is dropped"},
      {"ALTER TABLE t ALTER c TYPE bigint", "another type"},
      {"ALTER TABLE t ALTER c SET NOT NULL", "must be given"},
      {"ALTER TABLE t ALTER c DROP NOT NULL", "may be null"},
      {"ALTER TABLE t ADD c int NOT NULL", "has no default"},
      {"ALTER TABLE t ADD c int PRIMARY KEY", "has no default"},
      {"ALTER TABLE t ADD c int CHECK (c > 0)", "may refuse"},
      {"ALTER TABLE t ADD c int DEFAULT 1 UNIQUE", "may refuse"},
      {"ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID", "may refuse"},
      {"ALTER TABLE t ENABLE ROW LEVEL SECURITY", "EnableRowSecurity"},
      {"ALTER TABLE t RENAME TO u", "Rename"},
      {"ALTER TABLE t RENAME COLUMN a TO b", "Rename"},
      {"ALTER TABLE t SET SCHEMA s", "AlterObjectSchema"},
      {"ALTER TYPE mood RENAME VALUE 'a' TO 'b'", "another name"},
      {"CREATE UNIQUE INDEX i ON t (a)", "UNIQUE"},
      {"CREATE OR REPLACE VIEW v AS SELECT 1", "OR REPLACE"},
      {"CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "OR REPLACE"},
      {"CREATE TRIGGER g BEFORE INSERT ON t EXECUTE FUNCTION f()", "CreateTrig"},
      {"CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING", "Rule"},
      {"CREATE POLICY p ON t", "CreatePolicy"},
      {"REVOKE SELECT ON t FROM r", "REVOKE"},
      {"DROP TABLE t", "Drop"},
      {"TRUNCATE t", "Truncate"},
      {"DO $$ BEGIN DROP TABLE t; END $$", "Do"},
      {"CALL p()", "Call"},
      {"CREATE EXTENSION x", "CreateExtension"},
      {"DROP TAB", "cannot be read"},
  };
  for (const auto& [script, why] : cases)
    EXPECT_THAT(breaks_older_clients(script), ElementsAre(HasSubstr(why))) << script;
}

TEST(Compatibility, EachOfSeveralIsNamed) {
  EXPECT_THAT(breaks_older_clients("ALTER TABLE t ADD a int, DROP b, DROP c; DROP VIEW v"),
              ElementsAre(HasSubstr("\"b\""), HasSubstr("\"c\""), HasSubstr("Drop ")));
}

TEST(Compatibility, WhatCannotBeReadIsNamed) {
  using namespace std::string_literals;
  EXPECT_THAT(breaks_older_clients("SELECT 1\0"s), ElementsAre(HasSubstr("cannot be read")));
  EXPECT_THAT(breaks_older_clients("SELECT '\xFF'"), ElementsAre(HasSubstr("cannot be read")));
  EXPECT_THAT(breaks_older_clients("SELECT " + std::string(50'000, '(')),
              ElementsAre(HasSubstr("cannot be read")));
}

}  // namespace
}  // namespace sluice::sql
