// Any text can be analysed: nothing crashes, and what is not understood says so.
#include <pthread.h>

#include "input.h"
#include "policy/decide.h"
#include "sql/analyse.h"
#include "sql/normalise.h"

/// libpg_query 15-4.0.0 loses one empty string per PL/pgSQL body it parses.
extern "C" const char* __lsan_default_suppressions() { return "leak:pg_query_raw_parse"; }

namespace {

struct Job {
  std::string_view text;
};

/// Facts that are shared by all texts of one form have to be the facts of each.
void compare_with_other_literals(std::string_view text, const sluice::sql::StatementFacts& facts,
                                 const sluice::sql::Settings& settings) {
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
  const auto others = sluice::sql::analyse(other, settings);
  if (!others->unanalysable.empty()) return;  // Refused here or by the server: nothing slips by.
  require(others->kind == facts.kind && others->tables == facts.tables);
  require(others->actions.size() == facts.actions.size());
  for (size_t i = 0; i < facts.actions.size(); ++i) {
    require(others->actions[i].kind == facts.actions[i].kind);
    require(others->actions[i].targets.size() == facts.actions[i].targets.size());
    require(others->actions[i].without_where == facts.actions[i].without_where);
  }
}

void* run(void* argument) {
  const auto* job = static_cast<const Job*>(argument);
  for (const bool conforming : {true, false}) {
    const auto facts = sluice::sql::analyse(job->text, {conforming, "UTF8"});
    require(facts->unanalysable.empty() == facts->unanalysable_sqlstate.empty());
    const auto decision = sluice::policy::decide(*facts, {"db", "production"});
    require(facts->unanalysable.empty() || !decision.allowed);
    require(decision.allowed || !decision.message.empty());
    compare_with_other_literals(job->text, *facts, {conforming, "UTF8"});
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
