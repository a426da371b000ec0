#include "gateway/fresh_state.h"

#include <array>
#include <vector>

#include <fmt/format.h>

#include "catalog/loader.h"
#include "gateway/asking.h"

namespace sluice::gateway {
namespace {

/// What stands in the answer to kSessionQuery, in its order.
constexpr std::array<std::string_view, 14> kNames = {"role",
                                                     "session role",
                                                     "schemas",
                                                     "search_path",
                                                     "client_encoding",
                                                     "standard_conforming_strings",
                                                     "session_replication_role",
                                                     "row_security",
                                                     "TimeZone",
                                                     "DateStyle",
                                                     "IntervalStyle",
                                                     "default_tablespace",
                                                     "default_table_access_method",
                                                     "digest of all others"};

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (size_t end = text.find(at); end != text.npos; end = text.find(at)) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parts.push_back(text);
  return parts;
}

void show_answer(std::string_view answer, std::string& out) {
  const auto fields = split(answer, '\x1f');
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].empty()) continue;
    if (fields.size() >= kNames.size())
      fmt::format_to(std::back_inserter(out), "{} ", i < kNames.size() ? kNames[i] : "its own");
    fmt::format_to(std::back_inserter(out), "{}\n", fields[i]);
  }
}

}  // namespace

std::string shown_session(std::string_view session) {
  std::string out;
  for (std::string_view answer : split(session, '\n')) {
    const std::string_view first = answer.substr(0, answer.find('\x1f'));
    if (const size_t colon = first.find(": "); colon != std::string_view::npos) {
      fmt::format_to(std::back_inserter(out), "{}:\n", first.substr(0, colon));
      answer.remove_prefix(colon + 2);
    }
    show_answer(answer, out);
  }
  if (!out.empty()) out.pop_back();
  return out;
}

Result<FreshState> fresh_state(const config::DatabaseConfig& config) {
  SLUICE_ASSIGN(const auto asking, Asking::connect(config));
  FreshState state;
  for (const auto& [question, answer] :
       {std::pair{kSessionQuery, &state.session},
        std::pair{std::string_view(catalog::fingerprint_query()), &state.schema}}) {
    SLUICE_ASSIGN(const auto results, asking->ask(question));
    if (results.size() != 1 || results[0].empty() || results[0][0].empty() || !results[0][0][0])
      return fail(ErrorCode::kProtocol, "the server of " + config.name + " gave no answer");
    *answer = *results[0][0][0];
  }
  return state;
}

}  // namespace sluice::gateway
