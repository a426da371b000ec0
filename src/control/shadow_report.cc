#include "control/shadow_report.h"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "audit/search.h"
#include "base/bytes.h"
#include "base/clock.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr size_t kPage = 10'000;
constexpr size_t kMostSamples = 5, kMostUsers = 20, kMostTexts = 100'000;

/// What one rule has matched so far.
struct Matched {
  uint64_t statements = 0;
  uint64_t ran = 0;  ///< though it denies or holds them
  std::map<std::string, uint64_t> users;
  std::unordered_set<size_t> texts;
  int64_t first_micros = 0, last_micros = 0;
  std::vector<json::object> samples;  ///< of different texts, the newest first
};

void add(Matched& matched, const audit::Record& record, std::string_view effect) {
  ++matched.statements;
  if (effect != "allow" && record.outcome == audit::Outcome::kAllowed) ++matched.ran;
  ++matched.users[record.context.user];
  const bool first = matched.statements == 1;
  matched.first_micros =
      first ? record.time_micros : std::min(matched.first_micros, record.time_micros);
  matched.last_micros = std::max(matched.last_micros, record.time_micros);
  if (matched.texts.size() >= kMostTexts) return;
  if (!matched.texts.insert(std::hash<std::string>()(record.text)).second) return;
  if (matched.samples.size() >= kMostSamples) return;
  matched.samples.push_back(json::object{{"record", record.sequence},
                                         {"time", format_time(record.time_micros)},
                                         {"user", to_printable_utf8(record.context.user)},
                                         {"database", to_printable_utf8(record.context.database)},
                                         {"text", to_printable_utf8(record.text)}});
}

json::object to_json(const std::string& rule, const std::string& effect, const Matched& matched) {
  std::vector<std::pair<std::string, uint64_t>> users(matched.users.begin(), matched.users.end());
  std::sort(users.begin(), users.end(), [](const auto& a, const auto& b) {
    return std::tie(b.second, a.first) < std::tie(a.second, b.first);
  });
  json::array who;
  for (const auto& [user, statements] : users) {
    if (who.size() == kMostUsers) break;
    who.push_back(json::object{{"user", to_printable_utf8(user)}, {"statements", statements}});
  }
  return {{"rule", rule},
          {"effect", effect},
          {"statements", matched.statements},
          {"would_be_stopped", matched.ran},
          {"texts", matched.texts.size()},
          {"users", users.size()},
          {"by_user", std::move(who)},
          {"first", format_time(matched.first_micros)},
          {"last", format_time(matched.last_micros)},
          {"samples", json::array(matched.samples.begin(), matched.samples.end())}};
}

}  // namespace

Result<json::object> shadow_report(const std::filesystem::path& audit_directory,
                                   audit::Query query) {
  query.type = "statement";
  const size_t most = query.limit;
  std::map<std::pair<std::string, std::string>, Matched> rules;
  size_t looked_at = 0;
  bool more = true;
  while (more && looked_at < most) {
    query.limit = std::min(kPage, most - looked_at);
    SLUICE_ASSIGN(const auto page, audit::search_page(audit_directory, query));
    looked_at += page.records.size();
    for (auto record = page.records.rbegin(); record != page.records.rend(); ++record) {
      // What was only parsed or skipped would not have been stopped.
      const bool sent =
          record->phase != audit::Phase::kParse && record->outcome != audit::Outcome::kSkipped;
      for (const std::string& entry : sent ? record->shadow : std::vector<std::string>()) {
        const size_t colon = entry.rfind(": ");
        if (colon == std::string::npos) continue;
        const std::string effect = entry.substr(colon + 2);
        add(rules[{entry.substr(0, colon), effect}], *record, effect);
      }
    }
    query.after = page.next;
    more = page.next.has_value();
  }
  using Entry = std::pair<const std::pair<std::string, std::string>, Matched>;
  std::vector<const Entry*> sorted;
  sorted.reserve(rules.size());
  for (const Entry& entry : rules) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](const Entry* a, const Entry* b) {
    return std::tie(b->second.statements, a->first) < std::tie(a->second.statements, b->first);
  });
  json::array told;
  for (const Entry* entry : sorted)
    told.push_back(to_json(entry->first.first, entry->first.second, entry->second));
  return json::object{{"statements", looked_at}, {"complete", !more}, {"rules", std::move(told)}};
}

}  // namespace sluice::control
