// Writes an audit log as a busy company would leave it, through the real writer, for measuring:
//   sluice_make_records AUDIT-FOLDER [--records N] [--seed S] [--rate PER-SECOND] [--span SECONDS]
//                       [--values]
//   sluice_make_records AUDIT-FOLDER --archive
// With --values one record in ten says that it showed some of the values of a million people
// (digest_of), and one in ten thousand 5,000 of them. The same seed gives the same records. Says on
// standard output how long opening and writing took, when all was in the index, and how far that was
// behind at most; with --records 0 of a log that is there. With --archive
// nothing is written: all segments of the log are compressed, as audit.archive does it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "audit/details.h"
#include "audit/log.h"
#include "audit/rewrite.h"
#include "audit/segment.h"
#include "audit/subject_set.h"
#include "base/clock.h"
#include "people.h"

namespace {

using namespace sluice;

struct Text {
  std::string text;  ///< {} stands for a number that differs from run to run
  std::string kind;
  std::string details;
  bool writes = false;
  bool literal = false;  ///< the number stands in the text, else it is a parameter
};

/// A few hundred statements of an application over forty tables, and of people at a prompt.
std::vector<Text> make_texts() {
  std::vector<Text> texts;
  for (unsigned t = 0; t < 40; ++t) {
    const std::string table = fmt::format("public.table_{}", t);
    const auto column = [&](const char* name) { return table + "." + name; };
    texts.push_back({fmt::format("SELECT id, status, email FROM {} WHERE id = $1", table), "SELECT",
                     audit::encode_details({{table},
                                            {"read " + table},
                                            {column("email"), column("id"), column("status")},
                                            {column("id")},
                                            {},
                                            {"email"}})});
    texts.push_back(
        {fmt::format("UPDATE {} SET status = $2, changed_at = now() WHERE id = $1", table),
         "UPDATE",
         audit::encode_details({{table},
                                {"update " + table},
                                {},
                                {column("id")},
                                {column("changed_at"), column("status")},
                                {}}),
         true});
    texts.push_back(
        {fmt::format("SELECT count(*) FROM {} WHERE customer = 'customer{{}}'", table), "SELECT",
         audit::encode_details(
             {{table}, {"read " + table}, {}, {column("customer")}, {}, {"person_name"}}),
         false, true});
  }
  return texts;
}

struct Options {
  std::string folder;
  uint64_t records = 1'000'000;
  uint64_t seed = 1;
  uint64_t rate = 0;
  uint64_t span = 7 * 86'400;
  bool values = false;
  bool archive = false;
};

/// The values that some record has shown; empty for most.
std::string shown(std::mt19937_64& random, std::vector<uint64_t>& digests) {
  const bool many = random() % 10'000 == 0;
  if (!many && random() % 10 != 0) return {};
  digests.clear();
  for (uint64_t count = many ? 5'000 : 1 + random() % 20; count > 0; --count)
    digests.push_back(digest_of(random() % kPeople));
  std::sort(digests.begin(), digests.end());
  digests.erase(std::unique(digests.begin(), digests.end()), digests.end());
  return audit::encode_set(digests);
}

Options options_of(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const auto number = [&] { return i + 1 < argc ? std::stoull(argv[++i]) : 0; };
    if (std::strcmp(argv[i], "--records") == 0) {
      options.records = number();
    } else if (std::strcmp(argv[i], "--seed") == 0) {
      options.seed = number();
    } else if (std::strcmp(argv[i], "--rate") == 0) {
      options.rate = number();
    } else if (std::strcmp(argv[i], "--span") == 0) {
      options.span = number();
    } else if (std::strcmp(argv[i], "--values") == 0) {
      options.values = true;
    } else if (std::strcmp(argv[i], "--archive") == 0) {
      options.archive = true;
    } else {
      options.folder = argv[i];
    }
  }
  return options;
}

/// The sessions that are open at one writer, each replaced now and then.
class Sessions {
 public:
  explicit Sessions(std::mt19937_64& random) : random_(random) {
    for (size_t i = 0; i < 200; ++i) open_.push_back(make());
  }
  const audit::EncodedContext& any() {
    const size_t at = random_() % open_.size();
    if (random_() % 500 == 0) open_[at] = make();
    return *open_[at];
  }

 private:
  std::unique_ptr<audit::EncodedContext> make() {
    // Few users do most.
    const uint64_t user = random_() % 10 == 0 ? random_() % 2000 : random_() % 20;
    audit::SessionContext context;
    context.session_id = ++last_;
    context.user = fmt::format("user{}", user);
    context.database = user % 3 == 0 ? "shop" : "orders";
    context.environment = user % 7 == 0 ? "staging" : "production";
    context.application = user % 5 == 0 ? "psql" : "web";
    context.client_address =
        fmt::format("10.{}.{}.{}:{}", user % 4, user % 100, user % 250, 1024 + random_() % 60000);
    context.authentication = "scram-sha-256";
    context.groups = {user % 2 == 0 ? "engineering" : "support"};
    context.kind = user % 11 == 0 ? "agent" : "human";
    context.driver = "JDBC";
    return std::make_unique<audit::EncodedContext>(context);
  }
  std::mt19937_64& random_;
  uint64_t last_ = 0;
  std::vector<std::unique_ptr<audit::EncodedContext>> open_;
};

/// Of a log that is closed: all of its segments are complete.
int archive(const std::string& folder) {
  const auto segments = audit::list_segments(folder + "/log");
  for (const auto& file : segments ? *segments : std::vector<std::filesystem::path>()) {
    if (const auto done = audit::archive_segment(file); !done) {
      std::fprintf(stderr, "%s\n", done.error().text.c_str());
      return 1;
    }
  }
  return segments ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = options_of(argc, argv);
  if (options.folder.empty()) {
    std::fprintf(stderr,
                 "usage: sluice_make_records AUDIT-FOLDER [--records N] [--seed S]"
                 " [--rate PER-SECOND] [--span SECONDS] [--values] | --archive\n");
    return 2;
  }
  if (options.archive) return archive(options.folder);
  audit::LogOptions log_options;
  log_options.directory = options.folder;
  const auto started = Clock::now();
  auto opened = audit::Log::open(log_options, 2);
  const double open_s = std::chrono::duration<double>(Clock::now() - started).count();
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().text.c_str());
    return 1;
  }
  audit::Log& log = **opened;
  std::mt19937_64 random(options.seed);
  const auto texts = make_texts();
  Sessions sessions(random);
  constexpr int64_t kBegin = 1'760'000'000'000'000;
  const double step =
      static_cast<double>(options.span) * 1e6 / static_cast<double>(options.records);
  const auto begun = Clock::now();
  double lag = 0;  // of the index, in seconds
  std::string text, parameters, values;
  std::vector<uint64_t> digests;
  for (uint64_t i = 0; i < options.records; ++i) {
    const Text& of = texts[random() % texts.size()];
    const uint64_t number = random() % 1'000'000;
    audit::Event event;
    event.time_micros = kBegin + static_cast<int64_t>(static_cast<double>(i) * step);
    event.phase = of.literal ? audit::Phase::kSimple : audit::Phase::kExecute;
    text = of.text;
    if (of.literal) {
      text.replace(text.find("{}"), 2, std::to_string(number));
    } else {
      parameters.assign("\0\0\0\1\0\0\0\6", 8).append(fmt::format("{:06}", number));
      event.parameters = parameters;
      event.statement_name = "S_1";
    }
    event.text = text;
    event.kind = of.kind;
    event.details = of.details;
    const bool denied = random() % 200 == 0;
    event.outcome = denied ? audit::Outcome::kDenied : audit::Outcome::kAllowed;
    event.rule = denied ? "no-secrets" : of.writes ? "writes" : "reads";
    event.policy_version = "2f1d8a01";
    event.rows = denied ? 0 : of.writes ? 1 : random() % 100;
    event.bytes = event.rows * 64;
    event.duration_micros =
        denied ? 0 : 100 + random() % 900 + (random() % 1000 == 0 ? 5'000'000 : 0);
    event.server_micros = event.duration_micros;
    event.transaction = 1 + i / 400;
    if (options.values && !denied && !of.writes) {
      values = shown(random, digests);
      event.seen_shown = values;
    }
    if (!log.writer(random() % 2).append(sessions.any(), event)) {
      std::fprintf(stderr, "cannot write: %s\n", log.health().problem.c_str());
      return 1;
    }
    if (i % 1000 == 0 && options.rate > 0) {
      std::this_thread::sleep_until(begun +
                                    std::chrono::microseconds(i * 1'000'000 / options.rate));
      const auto health = log.health();
      const double behind = static_cast<double>(health.last_sequence - health.indexed_sequence);
      lag = std::max(lag, behind / static_cast<double>(options.rate));
    }
  }
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - begun).count(); };
  const double written = seconds();
  // A stop does not wait for the index, and what it does not have is searched in the log.
  for (auto health = log.health(); health.indexed_sequence < health.last_sequence;
       health = log.health())
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const double indexed = seconds();
  log.close();
  fmt::print(
      "{{\"records\": {}, \"opened_s\": {:.3f}, \"written_s\": {:.2f}, \"indexed_s\": {:.2f}, "
      "\"closed_s\": {:.2f}, \"index_lag_s\": {:.2f}}}\n",
      options.records, open_s, written, indexed, seconds(), lag);
  return 0;
}
