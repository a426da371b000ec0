// What a client may set at start-up: only the allow-list gets through, and the statement that sets
// it is one harmless SELECT whatever the values are.
#include <algorithm>

#include <pthread.h>

#include "base/bytes.h"
#include "input.h"
#include "sql/analyse.h"
#include "wire/postgres/startup_parameters.h"

using namespace sluice;
using namespace sluice::wire::postgres;

namespace {

void check_batch(const Settings& settings) {
  const std::string batch = build_set_batch(settings);
  if (settings.empty()) {
    require(batch.empty());
    return;
  }
  require(std::all_of(batch.begin(), batch.end(), [](char c) { return c >= 0x20 && c < 0x7F; }));
  for (const bool conforming : {true, false}) {
    const auto facts = sql::analyse(batch, {conforming, "UTF8"});
    // E'\xHH' of bytes that are not UTF-8 is refused by the parser, and so by the server.
    if (!facts->unanalysable.empty()) continue;
    require(facts->statements == 1 && facts->kind == "SELECT" && facts->tables.empty());
  }
}

}  // namespace

FUZZ(bytes) {
  StartupMessage message;
  message.parameters.emplace_back("user", "alice");
  // The first line is `options`, further ones are name=value.
  std::string_view rest = bytes.substr(0, 10'000);
  const auto line = [&] {
    const std::string_view one = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    return one;
  };
  message.parameters.emplace_back("options", line());
  while (!rest.empty()) {
    const std::string_view one = line();
    const size_t equals = std::min(one.find('='), one.size());
    message.parameters.emplace_back(one.substr(0, equals),
                                    one.substr(std::min(equals + 1, one.size())));
  }
  const auto sorted = sort_startup_parameters(message);
  if (!sorted) {
    require(sorted.error().text.size() > 6 && sorted.error().text[5] == ' ');
    require(is_utf8(sorted.error().text));
    return;
  }
  for (const auto& [name, value] : sorted->settings) {
    for (const auto* forbidden : {"role", "session_authorization", "session_preload_libraries",
                                  "local_preload_libraries", "replication"}) {
      require(name != forbidden);
    }
    // A dot stands in the gateway's own alone.
    const std::string_view own = "sluice.";
    const std::string_view word =
        std::string_view(name).substr(name.starts_with(own) ? own.size() : 0);
    for (const char c : word) require((c >= 'a' && c <= 'z') || c == '_');
  }
  require(clean_application_name(sorted->application_name).size() <= 63);
  check_batch(sorted->settings);
}
