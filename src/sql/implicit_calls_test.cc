// What the server calls without being told to, against a small database of its own.
#include <algorithm>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "sql/analyse.h"
#include "sql/function_risk.h"
#include "sql/harmless_text.h"

namespace sluice::sql {
namespace {

constexpr Oid kInt = 23, kText = 25, kVoid = 2278;
constexpr Oid kDomain = 20001, kHolder = 20002, kLever = 20003, kArray = 20004, kRange = 20005;
constexpr Oid kHolderRows = 20010, kLeverRows = 20011, kTable = 20020, kStored = 20021,
              kTableRows = 20012;

/// Each thing that calls a function calls one named after it; all delete from public.victims.
class Database {
 public:
  static std::shared_ptr<const catalog::Catalog> make() { return Database().finish(); }

 private:
  Oid function(const std::string& name, std::vector<Oid> arguments, Oid result) {
    catalog::Function item;
    item.oid = ++oid_;
    item.schema = "public";
    item.name = name;
    item.argument_types = std::move(arguments);
    item.return_type = result;
    item.language = "sql";
    item.source = "DELETE FROM public.victims; SELECT 1";
    contents_.functions.push_back(item);
    return item.oid;
  }

  void type(Oid oid, const std::string& name, char kind, Oid relation = 0) {
    catalog::Type item;
    item.oid = oid;
    item.schema = oid < catalog::kFirstUserOid ? "pg_catalog" : "public";
    item.name = name;
    item.kind = kind;
    item.relation = relation;
    contents_.types.push_back(item);
  }

  catalog::Relation& relation(Oid oid, const std::string& name,
                              const std::vector<std::pair<std::string, Oid>>& columns) {
    catalog::Relation item;
    item.oid = oid;
    item.schema = "public";
    item.name = name;
    for (const auto& [column, type] : columns) {
      catalog::Column one;
      one.number = static_cast<int16_t>(item.columns.size() + 1);
      one.name = column;
      one.type = type;
      item.columns.push_back(one);
    }
    contents_.relations.push_back(item);
    return contents_.relations.back();
  }

  void system() {
    type(kInt, "int4", 'b');
    type(kText, "text", 'b');
    type(2206, "regtype", 'b');
    type(kVoid, "void", 'p');
    for (const char* name : {"lower", "domain_in", "json_populate_record", "pg_read_file"}) {
      catalog::Function item;
      item.oid = ++system_;
      item.schema = "pg_catalog";
      item.name = name;
      item.language = "internal";
      item.source = std::string(name) == "lower" ? "lower" : std::string(name) + "_code";
      item.argument_types = {kText, kText, kInt};
      item.defaults = 2;
      item.volatility = 'i';
      contents_.functions.push_back(item);
    }
  }

  void types() {
    type(kDomain, "d", 'd');
    contents_.types.back().base = kInt;
    contents_.types.back().checks = {"CHECK (on_check(VALUE))"};
    function("on_check", {kInt}, kInt);
    type(kHolder, "holder", 'c', kHolderRows);
    relation(kHolderRows, "holder", {{"d", kDomain}}).kind = catalog::RelationKind::kCompositeType;
    type(kLever, "lever", 'c', kLeverRows);
    relation(kLeverRows, "lever", {{"a", kInt}}).kind = catalog::RelationKind::kCompositeType;
    contents_.types.back().class_functions = {function("on_compare", {kLever, kLever}, kInt)};
    type(kTableRows, "with_domain", 'c', kTable);
    type(kArray, "_d", 'b');
    contents_.types.back().element = kDomain;
    type(kRange, "d_range", 'r');
    contents_.types.back().subtype = kDomain;
    contents_.casts = {{1, kLever, kInt, function("on_cast", {kLever}, kInt), 'e'},
                       {2, kLever, kText, function("on_any_cast", {kLever}, kText), 'i'}};
  }

  void tables() {
    relation(19000, "victims", {{"id", kInt}});
    relation(kTable, "with_domain", {{"id", kInt}, {"v", kDomain}});
    catalog::Relation& stored = relation(kStored, "stored", {{"id", kInt}, {"v", kText}});
    catalog::Constraint check;
    check.definition = "CHECK ((on_table(v) > 0)) NOT VALID";
    stored.constraints.push_back(check);
    check.definition = "CHECK ((v <> 'x(y)'))";
    stored.constraints.push_back(check);
    catalog::Index index;
    index.oid = 20030;
    index.columns = {0};
    index.definition =
        "CREATE INDEX i ON public.stored USING btree (on_index(v)) WHERE on_part(id)";
    stored.indexes.push_back(index);
    relation(20030, "i", {}).kind = catalog::RelationKind::kIndex;
    for (const char* name : {"on_table", "on_index", "on_part"}) function(name, {kText}, kInt);
    catalog::Relation& guarded = relation(20032, "guarded", {{"id", kInt}});
    guarded.row_security = true;
    guarded.policies = {"(on_policy(id) > 0)", "(id > 0)"};
    function("on_policy", {kInt}, kInt);
    relation(20031, "defaulted", {{"id", kInt}, {"v", kInt}});
    contents_.relations.back().columns[1].has_default = true;
    contents_.relations.back().columns[1].default_text = "on_default()";
    function("on_default", {}, kInt);
  }

  void functions() {
    function("with_default", {kInt, kInt}, kInt);
    contents_.functions.back().defaults = 1;
    contents_.functions.back().default_text = "on_argument()";
    contents_.functions.back().source = "SELECT 1";
    function("on_argument", {}, kInt);
    const Oid state = function("on_state", {kInt, kInt}, kInt);
    function("agg", {kInt}, kInt);
    contents_.functions.back().kind = 'a';
    contents_.functions.back().language = "internal";
    contents_.functions.back().source = "aggregate_dummy";
    contents_.functions.back().volatility = 'i';
    contents_.functions.back().supports = {state};
    for (const auto& [name, language, source] :
         {std::tuple("reads", "internal", "pg_read_file_code"),
          {"low", "internal", "lower"},
          {"odd", "internal", "nobody_knows"},
          {"python", "plpython3u", ""},
          {"perl", "plperl", ""},
          {"code", "c", "x"}}) {
      function(name, {kText}, kText);
      contents_.functions.back().language = language;
      contents_.functions.back().source = source;
      contents_.functions.back().volatility = 'i';
    }
    const Oid event = function("on_event", {}, kVoid);
    const Oid tagged = function("on_drop", {}, kVoid);
    contents_.event_triggers = {{1, "ddl_command_end", {}, event},
                                {2, "ddl_command_start", {"DROP TABLE"}, tagged}};
  }

  std::shared_ptr<const catalog::Catalog> finish() {
    contents_.schemas = {"pg_catalog", "public", "pg_temp_3"};
    contents_.definition_path = {"pg_catalog", "public"};
    contents_.relations.reserve(50);
    contents_.functions.reserve(50);
    system();
    types();
    tables();
    functions();
    return std::make_shared<const catalog::Catalog>(std::move(contents_));
  }

  catalog::Catalog::Contents contents_;
  Oid oid_ = 21000;
  Oid system_ = 1300;
};

const Scope& scope() {
  static const Scope scope{Database::make(), {"pg_temp_3", "pg_catalog", "public"}};
  return scope;
}

std::shared_ptr<const StatementFacts> facts_of(std::string_view text) {
  auto facts = analyse(text, {}, scope());
  EXPECT_EQ(facts->unanalysable, "") << text;
  return facts;
}

/// The functions named on_…, sorted; "!" before them when nothing says that rows are written.
std::string called(std::string_view text) {
  const auto facts = facts_of(text);
  std::vector<std::string> names;
  for (const FunctionUse& use : facts->functions) {
    if (use.name.starts_with("on_")) names.push_back(use.name);
  }
  std::sort(names.begin(), names.end());
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : " ") + name;
  const bool deletes = std::any_of(facts->actions.begin(), facts->actions.end(),
                                   [](const auto& a) { return a.kind == ActionKind::kDelete; });
  EXPECT_EQ(deletes, !names.empty()) << text;
  EXPECT_FALSE(facts->unresolved) << text;
  return out;
}

TEST(ImplicitCalls, ChecksOfDomains) {
  for (const char* text :
       {"SELECT 1::d",
        "SELECT CAST('1' AS public.d)",
        "SELECT ARRAY[1]::d[]",
        "SELECT $1::d",
        "SELECT '{1}'::_d",
        "SELECT '[1,2]'::d_range",
        "SELECT '(1)'::holder",
        "INSERT INTO with_domain VALUES (1, 1)",
        "UPDATE with_domain SET v = 1",
        "COPY with_domain FROM STDIN",
        "SELECT domain_in('1', 'd'::regtype, -1)",
        "SELECT domain_in('1', 20001, -1)",
        "SELECT json_populate_record(NULL::holder, '{}')",
        "SELECT * FROM json_populate_record(NULL, '{}') AS x (d d)",
        "SELECT * FROM XMLTABLE('/a' PASSING '<a/>' COLUMNS x d PATH '.')",
        "DO $$DECLARE x d := 1; BEGIN END$$",
        "DO $$DECLARE x d ARRAY; BEGIN x := '{1}'; END$$",
        "DO $$DECLARE x \"public\" /* c */ . d [3]; BEGIN x[1] := 1; END$$",
        "DO $$DECLARE x with_domain.v%TYPE := 1; BEGIN END$$",
        "DO $$DECLARE x public.with_domain . v % /* c */ tYpe; BEGIN END$$",
        "DO $$DECLARE x holder; BEGIN x := ROW(1); END$$",
        "DO $$DECLARE x holder%ROWTYPE; BEGIN x.v := 1; END$$",
        "DO $$DECLARE x public . holder % /* c */ RowType; BEGIN x.v := 1; END$$",
        "DO $$DECLARE x with_domain%ROWTYPE; BEGIN x.v := 1; END$$",
        "WITH w AS (INSERT INTO with_domain VALUES (1, 1)) SELECT 1"}) {
    EXPECT_EQ(called(text), "on_check") << text;
  }
  for (const char* text : {"SELECT 1::int4", "SELECT v FROM with_domain", "SELECT 'x'::text"}) {
    EXPECT_EQ(called(text), "") << text;
  }
}

TEST(ImplicitCalls, CastsAndComparisons) {
  EXPECT_EQ(called("SELECT ROW(1)::lever::int4"), "on_any_cast on_cast on_compare");
  EXPECT_EQ(called("SELECT int4(ROW(1)::lever)"), "on_any_cast on_cast on_compare");
  EXPECT_EQ(called("SELECT 1 + ROW(1)::lever"), "on_any_cast on_compare");
  EXPECT_EQ(called("SELECT DISTINCT l FROM (VALUES (ROW(1)::lever)) AS v (l)"),
            "on_any_cast on_compare");
  EXPECT_EQ(called("SELECT '1'::int4, '2'::text"), "");
}

TEST(ImplicitCalls, ExpressionsOfTables) {
  EXPECT_EQ(called("INSERT INTO stored VALUES (1, 'a')"), "on_index on_part on_table");
  EXPECT_EQ(called("UPDATE stored SET v = 'a' WHERE id = 1"), "on_index on_part on_table");
  EXPECT_EQ(called("COPY stored FROM STDIN"), "on_index on_part on_table");
  EXPECT_EQ(called("REINDEX TABLE stored"), "on_drop on_event on_index on_part on_table");
  EXPECT_EQ(called("REINDEX INDEX i"), "on_drop on_event on_index on_part on_table");
  EXPECT_EQ(called("SELECT * FROM stored"), "");
  EXPECT_EQ(called("EXPLAIN INSERT INTO stored VALUES (1, 'a')"), "");
  EXPECT_EQ(called("INSERT INTO defaulted VALUES (1)"), "on_default");
  EXPECT_EQ(called("INSERT INTO defaulted VALUES (1, DEFAULT)"), "on_default");
  EXPECT_EQ(called("UPDATE defaulted SET v = DEFAULT WHERE id = 1"), "on_default");
  EXPECT_EQ(called("UPDATE defaulted SET v = 2 WHERE id = 1"), "");
}

TEST(ImplicitCalls, PoliciesOfRowSecurity) {
  EXPECT_EQ(called("SELECT * FROM guarded"), "on_policy");
  EXPECT_EQ(called("DELETE FROM victims WHERE id IN (SELECT id FROM guarded)"), "on_policy");
  EXPECT_EQ(called("UPDATE guarded SET id = 1 WHERE id = 2"), "on_policy");
  EXPECT_EQ(called("COPY guarded FROM STDIN"), "on_policy");
  EXPECT_EQ(called("EXPLAIN SELECT * FROM guarded"), "");
}

TEST(ImplicitCalls, DefaultsOfArguments) {
  EXPECT_EQ(called("SELECT with_default(1)"), "on_argument");
  EXPECT_EQ(called("SELECT with_default(1, 2)"), "");
}

TEST(ImplicitCalls, FunctionsOfAggregates) {
  EXPECT_EQ(called("SELECT agg(id) FROM with_domain"), "on_state");
  EXPECT_EQ(called("SELECT agg(id) OVER (ORDER BY id) FROM with_domain"), "on_state");
  const auto facts = facts_of("SELECT agg(id) FILTER (WHERE id > 1) FROM with_domain");
  EXPECT_TRUE(facts->writes);
  for (const FunctionUse& use : facts->functions) {
    if (use.name == "agg") EXPECT_EQ(use.volatility, 'v');
    EXPECT_EQ(use.risk, FunctionRisk::kNone) << use.name;
  }
}

TEST(ImplicitCalls, EventTriggers) {
  EXPECT_EQ(called("CREATE TEMP TABLE t (a int4)"), "on_event");
  EXPECT_EQ(called("CREATE TABLE t AS SELECT 1"), "on_event");
  EXPECT_EQ(called("SELECT 1 INTO t"), "on_drop on_event") << "may have any tag";
  EXPECT_EQ(called("DROP TABLE stored"), "on_drop on_event");
  EXPECT_EQ(called("GRANT SELECT ON stored TO alice"), "on_drop on_event");
  EXPECT_EQ(called("CREATE ROLE alice"), "");
  EXPECT_EQ(called("SELECT 1"), "");
  EXPECT_EQ(called("VACUUM victims"), "");
}

TEST(ImplicitCalls, RisksOfLanguages) {
  const auto risk = [](const char* text) {
    const auto facts = facts_of(text);
    std::string out(facts->functions.empty() ? "" : name_of(facts->functions[0].risk));
    return out + (facts->dynamic_sql ? "+" : "");
  };
  EXPECT_EQ(risk("SELECT public.reads('x')"), "file");
  EXPECT_EQ(risk("SELECT low('x')"), "");
  EXPECT_EQ(risk("SELECT odd('x')"), "server");
  EXPECT_EQ(risk("SELECT python('x')"), "program+");
  EXPECT_EQ(risk("SELECT perl('x')"), "unknown+");
  EXPECT_EQ(risk("SELECT code('x')"), "unknown");
}

TEST(ImplicitCalls, TypesDeclaredForParameters) {
  for (const Oid type : {kDomain, kHolder, kArray, kRange}) {
    Settings settings;
    settings.parameter_types = {type};
    const auto facts = analyse("SELECT $1", settings, scope());
    EXPECT_TRUE(facts->writes) << type;
  }
  EXPECT_EQ(called("PREPARE p(d) AS SELECT $1"), "on_check");
}

TEST(HarmlessExpression, IsSureOfWhatItSays) {
  const catalog::Catalog& catalog = *scope().catalog;
  for (const char* text : {"1", "'x'", "(a > 1.5)", "lower(a)", "CHECK ((v <> 'on_check(x)'))",
                           "'it''s (x)'", "lower(a) - b"}) {
    EXPECT_TRUE(harmless_expression(catalog, text)) << text;
  }
  for (const char* text :
       {"", "on_check(1)", "public.f()", "\"F\"()", "a::lever", "pg_read_file('x')", "'x", "E'\\''",
        "f(1).x", "OPERATOR(public.+)", "1 || on_check(2)"}) {
    EXPECT_FALSE(harmless_expression(catalog, text)) << text;
  }
}

}  // namespace
}  // namespace sluice::sql
