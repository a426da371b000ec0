// Any text can be analysed: nothing crashes, and what is not understood says so.
#include <pthread.h>

#include "input.h"
#include "policy/policy.h"
#include "sql/analyse.h"
#include "sql/facts_text.h"
#include "sql/normalise.h"
#include "sql/sample_catalog.h"

/// libpg_query 15-4.0.0 loses one empty string per PL/pgSQL body it parses.
extern "C" const char* __lsan_default_suppressions() { return "leak:pg_query_raw_parse"; }

namespace {

struct Job {
  std::string_view text;
};

/// Facts that are shared by all texts of one form have to be the facts of each.
void compare_with_other_literals(std::string_view text, const sluice::sql::StatementFacts& facts,
                                 const sluice::sql::Settings& settings,
                                 const sluice::sql::Scope& scope) {
  std::string form;
  if (facts.depends_on_literals || !sluice::sql::normalise(text, form)) return;
  std::string other;
  for (const char c : form) {
    if (c > '\4' || c < '\1') {
      other.push_back(c);
    } else {
      other += c == '\1' ? "31" : c == '\2' ? "7.5" : c == '\3' ? "'%; ''x'" : "/*'*/";
    }
  }
  const auto others = sluice::sql::analyse(other, settings, scope);
  if (!others->unanalysable.empty()) return;  // Refused here or by the server: nothing slips by.
  require(sluice::sql::facts_text(*others, scope.catalog.get()) ==
          sluice::sql::facts_text(facts, scope.catalog.get()));
}

/// Whatever a text reaches is told of where it is used.
void check_whole(const sluice::sql::StatementFacts& facts) {
  for (const auto& action : facts.actions) {
    require(!sluice::sql::name_of(action.kind).empty());
    require(action.lock <= sluice::sql::LockLevel::kAccessExclusive);
  }
  for (size_t i = 1; i < facts.columns.size(); ++i) {
    require(facts.columns[i - 1].column < facts.columns[i].column);
  }
  require(facts.results.size() == facts.statements);
  for (const auto& result : facts.results) {
    for (const auto& column : result.columns) {
      for (const auto& source : column.sources) require(source.column.column >= 0);
    }
  }
  require(facts.weight() >= sizeof facts);
}

/// What the default policy says, to somebody in production.
std::shared_ptr<const sluice::policy::Decision> decide(const sluice::sql::StatementFacts& facts,
                                                       const sluice::catalog::Catalog* catalog) {
  static const auto policy = *sluice::policy::Policy::profile("standard");
  sluice::policy::Principal somebody;
  somebody.user = "bob";
  return sluice::policy::judge(policy, facts, catalog, somebody, {"db", "production"})->decide({});
}

void* run(void* argument) {
  static const auto catalog = sluice::sql::SampleCatalog::make();
  const auto* job = static_cast<const Job*>(argument);
  sluice::sql::Scope scopes[2];
  scopes[1] = {catalog, {"pg_temp_3", "pg_catalog", "public"}};
  for (const auto& scope : scopes) {
    for (const bool conforming : {true, false}) {
      const sluice::sql::Settings settings{conforming, "UTF8"};
      const auto facts = sluice::sql::analyse(job->text, settings, scope);
      require(facts->unanalysable.empty() == facts->unanalysable_sqlstate.empty());
      check_whole(*facts);
      const auto decision = decide(*facts, scope.catalog.get());
      require(facts->unanalysable.empty() || !decision->allowed());
      require(decision->allowed() || !decision->message.empty());
      compare_with_other_literals(job->text, *facts, settings, scope);
    }
  }
  return nullptr;
}

}  // namespace

FUZZ(bytes) {
  // Analysis wants the big stack it has in the gateway.
  Job job{bytes};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, sluice::sql::kAnalyserStackBytes);
  pthread_t thread;
  require(pthread_create(&thread, &attributes, run, &job) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}
