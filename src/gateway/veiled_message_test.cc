#include "gateway/veiled_message.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

namespace pg = wire::postgres;

pg::ErrorFields error(std::string_view message, std::string_view detail = {}) {
  pg::ErrorFields fields;
  fields.set_severity("ERROR");
  fields.set(pg::kFieldSqlstate, "22P02");
  fields.set(pg::kFieldMessage, message);
  if (!detail.empty()) fields.set(pg::kFieldDetail, detail);
  fields.set('W', "PL/pgSQL function f() line 1 at ada@example.org");
  fields.set('q', "SELECT 'ada@example.org'");
  fields.set('n', "members_pkey");
  return fields;
}

struct Case {
  std::string_view message, text, told;
};

class OwnWords : public testing::TestWithParam<Case> {};

TEST_P(OwnWords, AreAllThatIsQuoted) {
  const auto& one = GetParam();
  const auto out = veiled(error(one.message, "Key (email)=(ada@example.org)"), one.text,
                          Telling::kOwnWords, mask::default_treatment());
  EXPECT_EQ(out.message(), one.told);
  EXPECT_EQ(out.get(pg::kFieldDetail).find("ada"), std::string_view::npos);
  EXPECT_EQ(out.get('W'), "");
  EXPECT_EQ(out.get('q'), "");
  EXPECT_EQ(out.get('n'), "members_pkey");
  EXPECT_EQ(out.sqlstate(), "22P02");
}

INSTANTIATE_TEST_SUITE_P(
    Messages, OwnWords,
    testing::Values(
        Case{"invalid input syntax for type integer: \"ada@example.org\"",
             "SELECT email::int FROM members", "invalid input syntax for type integer: \"***\""},
        Case{"column \"emial\" does not exist", "SELECT emial FROM members",
             "column \"emial\" does not exist"},
        Case{"invalid input syntax for type integer: \"a \"b\" c\"", "SELECT b FROM members",
             "invalid input syntax for type integer: \"***\""},
        Case{"invalid input syntax for type integer: \"{\"name\": \"ada\"}\"",
             "SELECT data::text::int, '{', ': '", "invalid input syntax for type integer: \"***\""},
        Case{"column \"a\" of relation \"members\" does not exist", "UPDATE members SET a = 1",
             "column \"a\" of relation \"members\" does not exist"},
        Case{"value \"4012888888881881\" is out of range for type integer", "SELECT card::int",
             "value \"***\" is out of range for type integer"},
        Case{"bytes 4012888888881881 are too many", "SELECT repeat('x', card::int)",
             "bytes *** are too many"},
        Case{"wert \xe2\x80\x9e"
             "ada@example.org\xe2\x80\x9c ist keine Zahl",
             "SELECT email::int", "the server's message is hidden (SQLSTATE 22P02)"},
        Case{"unbalanced \"ada", "SELECT 1", "the server's message is hidden (SQLSTATE 22P02)"}));

TEST(VeiledMessage, WhatHidesNothingIsAsItWas) {
  pg::ErrorFields fields;
  fields.set_severity("ERROR");
  fields.set(pg::kFieldSqlstate, "42P01");
  fields.set(pg::kFieldMessage, "relation \"nowhere\" does not exist");
  fields.set(pg::kFieldPosition, "15");
  const auto out =
      veiled(fields, "SELECT * FROM nowhere", Telling::kOwnWords, mask::default_treatment());
  EXPECT_EQ(out.all(), fields.all());
}

TEST(VeiledMessage, OfUsersCodeTellsNothing) {
  const auto out = veiled(error("no ada@example.org", "nor her"), "SELECT f()", Telling::kNothing,
                          mask::default_treatment());
  EXPECT_EQ(out.message(), "the server's message is hidden (SQLSTATE 22P02)");
  EXPECT_EQ(out.get(pg::kFieldDetail).find("her"), std::string_view::npos);
  EXPECT_EQ(out.get('n'), "");
  EXPECT_EQ(out.get(pg::kFieldSeverity), "ERROR");
}

TEST(VeiledMessage, WhereNothingIsHiddenLosesOnlyWhatLooksSensitive) {
  const auto out = veiled(error("no such thing: ada@example.org", "Key (id)=(7)"), "SELECT 1",
                          Telling::kAll, mask::default_treatment());
  EXPECT_EQ(out.message(), "no such thing: ***");
  EXPECT_EQ(out.get(pg::kFieldDetail), "Key (id)=(7)");
  EXPECT_EQ(out.get('W'), "PL/pgSQL function f() line 1 at ***");
}

}  // namespace
}  // namespace sluice::gateway
