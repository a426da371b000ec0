// How long questions to an audit log take that sluice_make_records has written:
//   sluice_measure_search AUDIT-FOLDER [--runs N] [--only BEGINNING]
// Prints one line for each kind of question, in milliseconds.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "audit/count.h"
#include "audit/filters.h"
#include "audit/search.h"
#include "audit/subjects.h"
#include "audit/who_saw.h"
#include "base/clock.h"
#include "people.h"

namespace {

using namespace sluice;

std::mt19937_64 random_numbers(1);
std::string only;  ///< how the questions begin that are asked
constexpr int64_t kHour = 3'600'000'000;

uint64_t below(uint64_t end) { return random_numbers() % end; }

struct Question {
  const char* name;
  std::function<audit::Query()> make;
};

/// Some part of the week that the records are of.
audit::Query within(audit::Query query, int64_t begin, int64_t end) {
  const int64_t length = (1 + static_cast<int64_t>(below(48))) * kHour;
  query.since_micros = begin + static_cast<int64_t>(below(static_cast<uint64_t>(end - begin)));
  query.until_micros = query.since_micros + length;
  return query;
}

void measure(const char* name, int runs, const std::function<size_t()>& ask) {
  if (!std::string_view(name).starts_with(only)) return;
  std::vector<double> took;
  size_t found = 0;
  for (int i = 0; i < runs; ++i) {
    const auto begun = Clock::now();
    found += ask();
    took.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
  }
  std::sort(took.begin(), took.end());
  fmt::print("{:<44} p50 {:>8.1f}  p95 {:>8.1f}  max {:>8.1f}  found {:.1f}\n", name,
             took[took.size() / 2], took[took.size() * 95 / 100], took.back(),
             static_cast<double>(found) / runs);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr,
                 "usage: sluice_measure_search AUDIT-FOLDER [--runs N] [--only BEGINNING]\n");
    return 2;
  }
  const std::filesystem::path audit = argv[1];
  const int runs = argc > 3 && std::strcmp(argv[2], "--runs") == 0 ? std::atoi(argv[3]) : 40;
  if (argc > 5 && std::strcmp(argv[4], "--only") == 0) only = argv[5];
  const auto end_of = [&](audit::Order order) {
    const auto found = audit::search(audit, {.limit = 1, .order = order});
    if (!found || found->empty()) {
      std::fprintf(stderr, "no records: %s\n", found ? "" : found.error().text.c_str());
      std::exit(1);
    }
    return found->front().time_micros;
  };
  const int64_t begin = end_of(audit::Order::kOldest), end = end_of(audit::Order::kNewest);
  const auto user = [] { return fmt::format("user{}", below(2000)); };
  const auto table = [] { return fmt::format("public.table_{}", below(40)); };
  const std::vector<Question> questions = {
      {"time", [] { return audit::Query{}; }},
      {"user (most are rare)", [&] { return audit::Query{.user = user()}; }},
      {"table", [&] { return audit::Query{.table = table()}; }},
      {"session", [] { return audit::Query{.session = below(20'000)}; }},
      {"rare user, denied", [&] { return audit::Query{.user = user(), .outcome = "denied"}; }},
      {"address", [] { return audit::Query{.address = fmt::format("10.1.{}.", below(100))}; }},
      {"column and kind of principal",
       [&] { return audit::Query{.principal_kind = "agent", .column = table() + ".email"}; }},
      {"group, action, rule",
       [&] {
         return audit::Query{.group = "support", .action = "update " + table(), .rule = "writes"};
       }},
      {"class and environment",
       [] { return audit::Query{.environment = "staging", .data_class = "person_name"}; }},
      {"duration over 1 s", [] { return audit::Query{.min_duration_micros = 1'000'000}; }},
      {"rows, most first",
       [&] { return audit::Query{.user = user(), .min_rows = 90, .order = audit::Order::kRows}; }},
      {"nothing that exists", [] { return audit::Query{.user = "nobody"}; }},
  };
  const auto ask = [&](const audit::Query& query) {
    const auto found = audit::search(audit, query);
    if (!found) {
      std::fprintf(stderr, "%s\n", found.error().text.c_str());
      std::exit(1);
    }
    return found->size();
  };
  for (const auto& [name, make] : questions) {
    measure(fmt::format("{}, with a time range", name).c_str(), runs,
            [&] { return ask(within(make(), begin, end)); });
  }
  for (const auto& [name, make] : questions) {
    measure(fmt::format("{}, of all time", name).c_str(), runs / 4 + 1,
            [&] { return ask(make()); });
  }
  for (const audit::Field field : audit::fields()) {
    audit::Query query;
    (void)audit::set_order(query, audit::name_of(field));
    measure(fmt::format("sorted by {}, with a time range", audit::name_of(field)).c_str(),
            runs / 4 + 1, [&] { return ask(within(query, begin, end)); });
  }
  const auto rare = [] { return fmt::format("customer{}", below(1'000'000)); };
  const auto words = [](std::string of) { return audit::Query{.words = std::move(of)}; };
  measure("words: one in a million", runs, [&] { return ask(words(rare())); });
  measure("words: rare and common", runs, [&] { return ask(words("select " + rare())); });
  measure("words: common", runs, [&] { return ask(words("select email")); });
  measure("words: beginning", runs, [&] { return ask(words(rare().substr(0, 12) + "*")); });
  measure("words: table, with a time range", runs,
          [&] { return ask(within(words("table_7 customer"), begin, end)); });
  measure("words: that nobody wrote", runs, [&] { return ask(words("nothing" + rare())); });
  measure("text: phrase, with a time range", runs, [&] {
    return ask(within({.text = fmt::format("FROM public.table_{} WHERE", below(40))}, begin, end));
  });
  const auto count = [&](const audit::Query& query, const audit::Counting& counting) {
    const auto counts = audit::count(audit, query, counting);
    return counts ? counts->counts.size() : 0;
  };
  measure("counts: by user, with a time range", runs,
          [&] { return count(within({}, begin, end), {{audit::Field::kUser}, 0}); });
  measure("counts: by table and decision, of all time", runs / 4 + 1,
          [&] { return count({}, {{audit::Field::kTable, audit::Field::kDecision}, 0}); });
  if (const auto showed = audit::search(audit, {.limit = 1, .min_subjects = 1});
      showed && !showed->empty()) {
    const auto saw = [&](uint64_t digest, const audit::Query& when) {
      const auto found =
          audit::who_saw(audit, {{{digest}}, false, when.since_micros, when.until_micros, 10'000});
      return found ? found->size() : 0;
    };
    measure("who-saw, of all time", runs, [&] { return saw(digest_of(below(kPeople)), {}); });
    measure("who-saw, with a time range", runs,
            [&] { return saw(digest_of(below(kPeople)), within({}, begin, end)); });
    measure("who-saw: what nobody has, of all time", runs,
            [&] { return saw(digest_of(kPeople + below(kPeople)), {}); });
    // As a telephone number without its country's code is looked for.
    measure("who-saw: 330 spellings, of all time", runs, [&] {
      audit::WhoSawQuery query{{}, false, 0, 0, 10'000};
      for (int i = 0; i < 330; ++i)
        query.spellings.push_back({digest_of(kPeople + below(1'000'000'000)), "spelled"});
      const auto found = audit::who_saw(audit, query);
      return found ? found->size() : 0;
    });
    const auto subjects = [&](audit::Query query) {
      const int64_t day = 24 * kHour;
      query.since_micros = (begin / day + 1 + static_cast<int64_t>(below(5))) * day;
      query.until_micros = query.since_micros + day - 1;
      query.limit = 10'000;
      const auto seen = audit::subjects_seen(audit, query, end);
      return seen ? seen->size() : 0;
    };
    measure("subjects: of a user, a day", runs, [&] { return subjects({.user = user()}); });
    measure("subjects: of everybody, a day", runs / 8 + 1, [&] { return subjects({}); });
  }
  measure("counts: by the hour, of all time", runs / 4 + 1, [&] { return count({}, {{}, kHour}); });
  return 0;
}
