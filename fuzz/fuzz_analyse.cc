// Any text can be analysed: nothing crashes, and what is not understood says so.
#include <pthread.h>

#include "input.h"
#include "policy/decide.h"
#include "sql/analyse.h"

/// libpg_query 15-4.0.0 loses one empty string per PL/pgSQL body it parses.
extern "C" const char* __lsan_default_suppressions() { return "leak:pg_query_raw_parse"; }

namespace {

struct Job {
  std::string_view text;
};

void* run(void* argument) {
  const auto* job = static_cast<const Job*>(argument);
  for (const bool conforming : {true, false}) {
    const auto facts = sluice::sql::analyse(job->text, {conforming, "UTF8"});
    require(facts->digest.size() == 32);
    require(facts->unanalysable.empty() == facts->unanalysable_sqlstate.empty());
    const auto decision = sluice::policy::decide(*facts, {"db", "production"});
    require(facts->unanalysable.empty() || !decision.allowed);
    require(decision.allowed || !decision.message.empty());
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
