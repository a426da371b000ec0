#include "catalog/loader.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "catalog/row_reader.h"

namespace sluice::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kNull = std::nullopt;

enum : size_t {
  kSchemas = 2,
  kRelations,
  kColumns,
  kInherits,
  kRules,
  kTriggers,
  kIndexes,
  kConstraints,
  kFunctions,
  kTypes,
  kOperators,
  kCalls,
};

/// What PostgreSQL 15 answered (shortened) for a small schema; text as it came.
std::vector<Rows> answers() {
  return {
      {{"94a3be3b"}},
      {{"{pg_catalog,public,\"my \\\"app\\\"\"}"}},
      {{"11", "pg_catalog"}, {"2200", "public"}, {"16386", "app"}, {"16500", "pg_temp_3"}},
      {{"1259", "11", "pg_class", "r", "p", "postgres", "f", "420", "14", kNull, kNull},
       {"16388", "16386", "t", "r", "p", "alice", "t", "1e+06", "8334", "the \"t\"", kNull},
       {"16395", "16386", "v", "v", "p", "alice", "f", "-1", "0", kNull, " SELECT 1;"},
       {"16410", "2200", "p", "p", "p", "alice", "f", "-1", "0", kNull, kNull},
       {"16413", "2200", "p1", "r", "u", "alice", "f", "-1", "0", kNull, kNull},
       {"16501", "16500", "t", "r", "t", "alice", "f", "0", "0", kNull, kNull}},
      {{"16388", "3", "g", "23", "integer", "f", "t", "t", "f", "(1 + 1)", kNull},
       {"16388", "1", "id", "23", "integer", "t", "f", "f", "t", kNull, "the key"},
       {"99999", "1", "gone", "23", "integer", "f", "f", "f", "f", kNull, kNull}},
      {{"16413", "16410"}, {"99999", "16410"}},
      {{"16395", "ins", "3", "O", "CREATE RULE ins AS ON INSERT TO app.v DO INSTEAD NOTHING;"}},
      {{"16388", "audit", "16399", "t", "f", "D", kNull}},
      {{"16388", "16393", "t_pkey", "t", "t", "t", "f", "1 3", "1", "CREATE UNIQUE INDEX …"},
       {"16388", "16394", "t_expr", "f", "f", "f", "t", "0", "1", "CREATE INDEX …"}},
      {{"16388", "16394", "t_pkey", "p", "{1}", "0", kNull, " ", " ", "t", "f", "PRIMARY KEY (id)"},
       {"16413", "16419", "fk", "f", "{1,2}", "16388", "{1,3}", "a", "c", "f", "t", "FOREIGN …"}},
      {{"16399", "16386", "f", "f", "23 25", "{a,t,b}", "{i,b,o}", "1", "f", "2249", "t", "sql",
        "v", "t", "", "t",
        "CREATE OR REPLACE FUNCTION app.f(a integer, t text DEFAULT '\nRETURN 1'::text)\n "
        "RETURNS SETOF record\n LANGUAGE sql\nBEGIN ATOMIC\n SELECT 1;\nEND\n",
        "{search_path=app,\"x=a b\"}"},
       {"1299", "11", "now", "f", "", kNull, kNull, "0", "f", "1184", "f", "internal", "s", "f",
        "now", "f", kNull, kNull}},
      {{"23", "11", "int4", "b", "0", "0", "0", kNull},
       {"16402", "16386", "e", "e", "0", "0", "0", "'a', 'b'"}},
      {{"16600", "16386", "===", "23", "23", "16399"}},
      {{"c", "16402", "25", "16399", "a"},
       {"e", "16700", "0", "16399", "ddl_command_end,CREATE TABLE,DROP TABLE"},
       {"e", "16701", "0", "16399", "sql_drop"},
       {"f", "16399", "0", "0", "'1'::text"},
       {"a", "16399", "0", "16398", kNull},
       {"d", "16402", "0", "0", "CHECK (app.f(VALUE))"},
       {"r", "16402", "23", "0", kNull},
       {"t", "16402", "0", "16399", kNull},
       {"o", "16402", "0", "16399", kNull},
       {"m", "16600", "0", "16399", kNull},
       {"x", "16388", "0", "16399", kNull},
       {"t", "99999", "0", "16399", kNull},
       {"p", "16388", "0", "0", "(owner = CURRENT_USER)"},
       {"k", "16410", "0", "0", "app.f(a)"},
       {"b", "16410", "16413", "0", "1 0 -3"},
       {"v", "16402", "0", "0", "app.f(1)"}},
  };
}

std::shared_ptr<const Catalog> built(std::vector<Rows> results = answers(),
                                     const Catalog* base = nullptr) {
  auto catalog = build(std::move(results), base);
  EXPECT_TRUE(catalog.has_value()) << (catalog ? "" : catalog.error().text);
  return catalog ? *catalog : nullptr;
}

std::string refusal(std::vector<Rows> results, const Catalog* base = nullptr) {
  const auto catalog = build(std::move(results), base);
  return catalog ? "" : catalog.error().text;
}

TEST(Build, TakesRelationsWithAllTheirParts) {
  const auto catalog = built();
  ASSERT_NE(catalog, nullptr);
  EXPECT_EQ(catalog->fingerprint(), "94a3be3b");
  EXPECT_THAT(catalog->definition_path(), ElementsAre("pg_catalog", "public", "my \"app\""));
  EXPECT_THAT(catalog->schemas(), ElementsAre("pg_catalog", "public", "app", "pg_temp_3"));

  const Relation* t = catalog->relation("app", "t");
  ASSERT_NE(t, nullptr);
  EXPECT_EQ(t->owner, "alice");
  EXPECT_TRUE(t->row_security);
  EXPECT_EQ(t->estimated_rows, 1e6);
  EXPECT_EQ(t->bytes, 8334U * 8192U);
  EXPECT_EQ(t->comment, "the \"t\"");
  ASSERT_EQ(t->columns.size(), 2U);
  EXPECT_EQ(t->columns[0].name, "id");
  EXPECT_TRUE(t->columns[0].not_null && t->columns[0].identity);
  EXPECT_EQ(t->columns[0].comment, "the key");
  EXPECT_EQ(t->columns[1].number, 3);
  EXPECT_TRUE(t->columns[1].generated && t->columns[1].has_default);
  EXPECT_EQ(t->columns[1].default_text, "(1 + 1)");

  ASSERT_EQ(t->triggers.size(), 1U);
  EXPECT_EQ(t->triggers[0].enabled, 'D');
  EXPECT_TRUE(t->triggers[0].deferrable);
  EXPECT_EQ(t->triggers[0].definition, "") << "vanished while it was read";
  ASSERT_EQ(t->indexes.size(), 2U);
  EXPECT_THAT(t->indexes[0].columns, ElementsAre(1)) << "without INCLUDE";
  EXPECT_THAT(t->indexes[1].columns, ElementsAre(0));
  EXPECT_TRUE(t->indexes[1].partial && !t->indexes[1].valid);
  EXPECT_EQ(catalog->relation("app", "v")->view_definition, " SELECT 1;");
  EXPECT_EQ(catalog->relation("app", "v")->rules.at(0).event, '3');
  EXPECT_EQ(catalog->relation("pg_temp", "t")->oid, 16501U);
}

TEST(Build, TakesChildrenAndForeignKeys) {
  const auto catalog = built();
  ASSERT_NE(catalog, nullptr);
  EXPECT_THAT(catalog->relation(16410)->children, ElementsAre(16413U));
  EXPECT_THAT(catalog->relation(16413)->parents, ElementsAre(16410U));
  const auto keys = catalog->referencing(16388);
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].first->oid, 16413U);
  const Constraint& key = *keys[0].second;
  EXPECT_THAT(key.columns, ElementsAre(1, 2));
  EXPECT_THAT(key.referenced_columns, ElementsAre(1, 3));
  EXPECT_EQ(key.on_update, 'a');
  EXPECT_EQ(key.on_delete, 'c');
  EXPECT_FALSE(key.validated);
  EXPECT_TRUE(catalog->has_deferrable());
}

TEST(Build, TakesFunctionsByTheModesOfTheirArguments) {
  const auto catalog = built();
  ASSERT_NE(catalog, nullptr);
  const Function* f = catalog->function(16399);
  ASSERT_NE(f, nullptr);
  EXPECT_THAT(f->argument_types, ElementsAre(23U, 25U));
  EXPECT_THAT(f->argument_names, ElementsAre("a", "t"));
  EXPECT_THAT(f->result_columns, ElementsAre("t", "b"));
  EXPECT_EQ(f->defaults, 1);
  EXPECT_TRUE(f->security_definer && f->returns_set);
  EXPECT_EQ(f->settings, "search_path=app\nx=a b");
  EXPECT_EQ(f->source, "BEGIN ATOMIC\n SELECT 1;\nEND\n") << "not the RETURN in its default";
  EXPECT_EQ(catalog->function(1299)->source, "now");
  EXPECT_EQ(catalog->type(16402)->definition, "'a', 'b'");
  EXPECT_EQ(catalog->operators().at(0).function, 16399U);
}

TEST(Build, TakesWhatTheServerCallsByItself) {
  const auto catalog = built();
  ASSERT_NE(catalog, nullptr);
  const auto casts = catalog->casts(16402);
  ASSERT_EQ(casts.size(), 1U);
  EXPECT_EQ(casts[0]->target, 25U);
  EXPECT_EQ(casts[0]->context, 'a');
  EXPECT_EQ(catalog->casts(25), casts);
  EXPECT_THAT(catalog->system_casts(), IsEmpty());
  ASSERT_EQ(catalog->event_triggers().size(), 2U);
  EXPECT_EQ(catalog->event_triggers()[0].event, "ddl_command_end");
  EXPECT_THAT(catalog->event_triggers()[0].tags, ElementsAre("CREATE TABLE", "DROP TABLE"));
  EXPECT_THAT(catalog->event_triggers()[1].tags, IsEmpty());
  EXPECT_EQ(catalog->function(16399)->default_text, "'1'::text");
  EXPECT_THAT(catalog->function(16399)->supports, ElementsAre(16398U));
  const Type* type = catalog->type(16402);
  EXPECT_THAT(type->checks, ElementsAre("CHECK (app.f(VALUE))"));
  EXPECT_THAT(type->functions, ElementsAre(16399U));
  EXPECT_THAT(type->class_functions, ElementsAre(16399U));
  EXPECT_THAT(catalog->operators().at(0).substitutes, ElementsAre(16399U));
  EXPECT_THAT(catalog->relation(16388)->class_functions, ElementsAre(16399U));
  EXPECT_EQ(type->subtype, 23U);
  EXPECT_THAT(catalog->types_with_calls(), ElementsAre(16402U));
  EXPECT_TRUE(catalog->types_call());
  EXPECT_EQ(type->default_text, "app.f(1)");
  EXPECT_EQ(catalog->relation("public", "p")->partition_key, "app.f(a)");
  EXPECT_THAT(catalog->relation("public", "p")->partition_columns, ElementsAre(1, 0, -3));
  EXPECT_EQ(catalog->relation("public", "p")->default_partition, 16413U);
  EXPECT_THAT(catalog->relation("app", "t")->policies, ElementsAre("(owner = CURRENT_USER)"));
  EXPECT_EQ(catalog->table_of_index(16393)->name, "t");
  EXPECT_EQ(catalog->table_of_index(16388), nullptr);
}

TEST(Build, FindsTheCodeBehindInternalFunctions) {
  auto results = answers();
  results[kFunctions][0][11] = "internal";
  results[kFunctions][0][14] = "now";
  results[kFunctions][0][15] = "f";
  const auto catalog = built(results);
  ASSERT_NE(catalog, nullptr);
  const auto same = catalog->same_code(*catalog->function(16399));
  ASSERT_EQ(same.size(), 1U);
  EXPECT_EQ(same[0]->oid, 1299U);
}

TEST(Build, AnEmptyBodyIsNotAMissingOne) {
  auto results = answers();
  results[kFunctions][0][16] = "CREATE FUNCTION f()\n LANGUAGE sql\nAS $function$$function$\n";
  EXPECT_EQ(built(results)->function(16399)->source, "");
  results[kFunctions][0][16] = "CREATE FUNCTION f()\n LANGUAGE sql\nRETURN 1\n";
  EXPECT_EQ(built(results)->function(16399)->source, "RETURN 1\n");
  results[kFunctions][0][16] = "CREATE FUNCTION f()\n LANGUAGE sql\n";
  EXPECT_THAT(refusal(results), HasSubstr("has no body"));
}

TEST(Build, SaysWhenADefinitionCouldNotBeRead) {
  auto whole = answers();
  whole[kTriggers][0][6] = "CREATE TRIGGER …";
  EXPECT_TRUE(built(whole)->complete());
  EXPECT_FALSE(built()->complete()) << "the trigger's";
  const auto without = [&](size_t result, size_t row, size_t column) {
    auto results = whole;
    results[result][row][column] = kNull;
    return built(results);
  };
  EXPECT_FALSE(without(kRelations, 2, 10)->complete());
  EXPECT_FALSE(without(kColumns, 0, 9)->complete());
  EXPECT_FALSE(without(kRules, 0, 4)->complete());
  EXPECT_FALSE(without(kCalls, 3, 4)->complete());
  EXPECT_FALSE(without(kCalls, 5, 4)->complete());
  const auto catalog = without(kFunctions, 0, 16);
  EXPECT_FALSE(catalog->complete());
  EXPECT_EQ(catalog->function(16399)->language, "") << "must not pass for an empty SQL function";
  EXPECT_TRUE(without(kRelations, 2, 9)->complete());
}

TEST(Build, TakesTheSystemsObjectsFromABase) {
  const auto base = built();
  auto results = answers();
  results[kRelations].erase(results[kRelations].begin());
  results[kFunctions].pop_back();
  results[kTypes].erase(results[kTypes].begin());
  EXPECT_THAT(refusal(results), HasSubstr("no base"));
  results[kRelations].pop_back();  // the temporary table is gone
  const auto catalog = built(results, base.get());
  ASSERT_NE(catalog, nullptr);
  EXPECT_NE(catalog->relation("pg_catalog", "pg_class"), nullptr);
  EXPECT_NE(catalog->function(1299), nullptr);
  EXPECT_NE(catalog->type(23), nullptr);
  EXPECT_EQ(catalog->relation(16501), nullptr);
  EXPECT_EQ(catalog->relations().size(), base->relations().size() - 1);
}

TEST(Build, LeavesOutWhatIsOfASchemaItDoesNotKnow) {
  auto results = answers();
  results[kSchemas].erase(results[kSchemas].begin() + 2);
  const auto catalog = built(results);
  ASSERT_NE(catalog, nullptr);
  EXPECT_EQ(catalog->relation(16388), nullptr);
  EXPECT_EQ(catalog->function(16399), nullptr);
  EXPECT_EQ(catalog->type(16402), nullptr);
  EXPECT_THAT(catalog->operators(), IsEmpty());
}

TEST(Build, RefusesAnotherNumberOfResults) {
  auto results = answers();
  results.pop_back();
  EXPECT_THAT(refusal(results), HasSubstr("13 results, expected 14"));
  EXPECT_THAT(refusal({}), HasSubstr("0 results"));
  results = answers();
  results[0].clear();
  EXPECT_THAT(refusal(results), HasSubstr("not one row"));
}

TEST(Build, EveryRowMustHaveItsWidth) {
  for (size_t number = 0; number < answers().size(); ++number) {
    auto longer = answers();
    longer[number][0].emplace_back("x");
    EXPECT_THAT(refusal(longer), HasSubstr("columns, expected")) << number;
    auto shorter = answers();
    shorter[number][0].pop_back();
    EXPECT_THAT(refusal(shorter), HasSubstr("columns, expected")) << number;
  }
}

TEST(Build, RefusesValuesThatTheQueryWouldNotGive) {
  struct Case {
    size_t result, row, column;
    std::optional<std::string> value;
  };
  const Case cases[] = {
      {kRelations, 1, 0, kNull},
      {kRelations, 1, 0, "-1"},
      {kRelations, 1, 0, "4294967296"},
      {kRelations, 1, 0, "1259"},
      {kRelations, 1, 0, ""},
      {kRelations, 1, 0, " 16388"},
      {kRelations, 1, 3, "z"},
      {kRelations, 1, 3, "rr"},
      {kRelations, 1, 4, "x"},
      {kRelations, 1, 6, "true"},
      {kRelations, 1, 7, "nan"},
      {kRelations, 1, 7, "inf"},
      {kRelations, 1, 7, "1,5"},
      {kRelations, 1, 8, "1.5"},
      {kColumns, 0, 1, "40000"},
      {kColumns, 0, 2, kNull},
      {kRules, 0, 2, "5"},
      {kTriggers, 0, 5, "X"},
      {kIndexes, 0, 7, "1  3"},
      {kIndexes, 0, 7, "1 x"},
      {kIndexes, 0, 8, "3"},
      {kIndexes, 0, 8, "-1"},
      {kConstraints, 1, 3, "t"},
      {kConstraints, 1, 4, "1,2"},
      {kConstraints, 1, 4, "{1,2"},
      {kConstraints, 1, 4, "{1,x}"},
      {kConstraints, 1, 4, "{{1}}"},
      {kConstraints, 1, 4, "{NULL}"},
      {kFunctions, 0, 5, "{a}"},
      {kFunctions, 0, 6, "{i,b,z}"},
      {kFunctions, 0, 7, "3"},
      {kFunctions, 0, 7, "-1"},
      {kFunctions, 0, 12, "x"},
      {kTypes, 0, 3, "q"},
      {kOperators, 0, 5, kNull},
      {kCalls, 0, 0, "z"},
      {kCalls, 0, 3, kNull},
      {kCalls, 0, 4, "x"},
      {kCalls, 0, 4, kNull},
      {1, 0, 0, "public"},
  };
  for (const Case& item : cases) {
    auto results = answers();
    results[item.result][item.row][item.column] = item.value;
    EXPECT_NE(refusal(results), "")
        << item.result << " " << item.column << " " << item.value.value_or("NULL");
  }
}

TEST(ParseArray, ReadsWhatTheServerWrites) {
  EXPECT_THAT(parse_array("{}").value(), IsEmpty());
  EXPECT_THAT(parse_array("{a,b}").value(), ElementsAre("a", "b"));
  EXPECT_THAT(parse_array(R"({"a,b","","NULL","q\"\\}"})").value(),
              ElementsAre("a,b", "", "NULL", "q\"\\}"));
  for (const auto text : {"", "{", "}", "{a", "{a,", "{a,}", "{,a}", "{\"a}", "{\"a\\", "{a}b",
                          "{NULL}", "{null}", "{{a}}", "{a\"b\"}", "{\"a\"b}", "[0:1]={a,b}"}) {
    EXPECT_FALSE(parse_array(text).has_value()) << text;
  }
}

/// Operators that stand without a schema, after quoted text is taken out.
std::set<std::string> bare_operators(std::string_view query) {
  std::string code;
  bool quoted = false;
  for (const char c : query) {
    if (c == '\'' || c == '"') quoted = !quoted;
    code += quoted ? ' ' : c;
  }
  for (size_t at; (at = code.find("OPERATOR(pg_catalog.")) != std::string::npos;) {
    code.erase(at, code.find(')', at) + 1 - at);
  }
  std::set<std::string> found;
  for (size_t i = 0; i < code.size(); ++i) {
    if (std::string_view("=<>!~|+/%^&#@?-").find(code[i]) != std::string_view::npos) {
      found.insert(code.substr(i, 2));
    }
  }
  return found;
}

TEST(LoadQuery, TrustsNoSearchPathAndSetsNothing) {
  for (const auto query : {load_query(true), load_query(false), fingerprint_query()}) {
    EXPECT_THAT(bare_operators(query), IsEmpty());
    for (const auto word : {"BETWEEN", "DISTINCT", "USING", " LIKE ", " IN ", "SET ", "BEGIN",
                            "COMMIT", "TEMP ", "\\", "NULLIF"}) {
      EXPECT_EQ(query.find(word), std::string_view::npos) << word;
    }
    EXPECT_EQ(query.find("{first}"), std::string_view::npos);
    EXPECT_EQ(query.find("{rows"), std::string_view::npos);
    EXPECT_TRUE(query.find(" FROM pg_class") == std::string_view::npos &&
                query.find("JOIN pg_class") == std::string_view::npos);
  }
  EXPECT_TRUE(load_query(true).starts_with(fingerprint_query()));
}

std::optional<std::string> arbitrary_value() {
  static const std::vector<std::string> kUsual = {
      "0", "1", "16384", "16388", "2200",  "t",     "f",
      "r", "p", "{}",    "{1}",   "{a,b}", "{i,o}", "1 2",
      "",  "s", "c",     "A",     "sql",   "-1",    "CREATE\nRETURN 1"};
  const int choice = *rc::gen::inRange(0, 12);
  if (choice == 0) return std::nullopt;
  if (choice == 1) return *rc::gen::arbitrary<std::string>();
  return *rc::gen::elementOf(kUsual);
}

RC_GTEST_PROP(Build, TakesAnyRowsWithoutHarm, ()) {
  static const auto base = built();
  auto results = answers();
  const int changes = *rc::gen::inRange(1, 6);
  for (int i = 0; i < changes; ++i) {
    Rows& rows = results[*rc::gen::inRange<size_t>(0, results.size())];
    if (rows.empty()) continue;
    Row row = rows[*rc::gen::inRange<size_t>(0, rows.size())];
    for (auto& value : row) {
      if (*rc::gen::inRange(0, 4) == 0) value = arbitrary_value();
    }
    if (*rc::gen::inRange(0, 8) == 0) row.resize(*rc::gen::inRange<size_t>(0, 20));
    rows.push_back(std::move(row));
  }
  const auto catalog =
      build(std::move(results), *rc::gen::arbitrary<bool>() ? base.get() : nullptr);
  if (!catalog) {
    RC_ASSERT(!catalog.error().text.empty());
    return;
  }
  for (const Relation& item : (*catalog)->relations()) {
    RC_ASSERT((*catalog)->relation(item.oid) != nullptr);
    (*catalog)->referencing(item.oid);
    (*catalog)->casts((*catalog)->row_type(item.oid));
  }
}

RC_GTEST_PROP(ParseArray, TakesAnyText, (const std::string& text)) {
  parse_array(text);
  parse_array("{" + text + "}");
}

}  // namespace
}  // namespace sluice::catalog
