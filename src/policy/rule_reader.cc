#include "policy/rule_reader.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/units.h"
#include "policy/approval_reader.h"
#include "policy/methods.h"
#include "policy/veil_reader.h"

namespace sluice::policy {
namespace {

using yaml::Item;
using yaml::MapReader;

/// Of one rule, with its anchors written out.
constexpr size_t kMaxRule = 64 << 10;

/// Names that verdicts without a rule carry.
constexpr std::string_view kReserved[] = {"default-deny", "unparsed-statement", "harmless"};

void read_words(MapReader& map, const std::string& key, std::optional<Words>& out) {
  Words words;
  if (map.list(key, [&](const Item& item) {
        words.add(item.text);
        return item.text == "!" ? "expected a word after !" : "";
      }))
    out = std::move(words);
}

void read_kinds(MapReader& map, std::optional<Words>& out) {
  Words words;
  const auto add = [&](const Item& item) -> std::string {
    const std::string_view word = item.text;
    if (!find_kind(word.starts_with('!') ? word.substr(1) : word))
      return fmt::format("expected human, service or agent, got \"{}\"", word);
    words.add(word);
    return "";
  };
  if (map.list("kinds", add)) out = std::move(words);
}

void read_methods(MapReader& map, std::optional<Words>& out) {
  Words words;
  const auto add = [&](const Item& item) -> std::string {
    std::string problem = unknown_method(item.text);
    if (problem.empty()) words.add(item.text);
    return problem;
  };
  if (map.list("method", add)) out = std::move(words);
}

void read_names(MapReader& map, const std::string& key, const std::vector<std::string_view>& parts,
                std::vector<NamePattern>& out) {
  map.list(key, [&](const Item& item) -> std::string {
    auto pattern = parse_name_pattern(item.text, parts);
    if (!pattern) return pattern.error().text;
    out.push_back(std::move(*pattern));
    return "";
  });
}

void read_functions(MapReader& map, std::optional<FunctionPatterns>& out) {
  FunctionPatterns patterns;
  const auto add = [&](const Item& item) -> std::string {
    patterns.texts.push_back(item.text);
    if (const auto risk = find_risk(item.text)) {
      patterns.risks |= 1U << static_cast<unsigned>(*risk);
      return "";
    }
    auto pattern = parse_name_pattern(item.text, {"schema", "function"});
    if (!pattern) {
      return pattern.error().text +
             "; or a risk: file, program, network, dynamic_sql, setting, sleep, server, "
             "large_object, statistics, unknown";
    }
    patterns.names.push_back(std::move(*pattern));
    return "";
  };
  if (map.list("functions", add)) out = std::move(patterns);
}

void read_classes(MapReader& map, std::optional<ClassChoice>& out) {
  ClassChoice choice;
  ClassWords words;
  bool none = false, free_text = true, wrong = false;
  const auto add = [&](const Item& item) -> std::string {
    choice.texts.push_back(item.text);
    choice.free_text = choice.free_text || item.text == "*" || item.text == "free_text";
    if (item.text == "!free_text") free_text = false;
    none = none || item.text == "none";
    if (item.text == "none" || item.text == "free_text" || item.text == "!free_text") return "";
    auto problem = words.add(item.text);
    wrong = wrong || !problem.empty();
    return problem.empty()
               ? problem
               : problem + ", free_text, or none for columns that hold nothing of the kind";
  };
  if (!map.list("classes", add)) return;
  const bool any = (words.named | words.grouped | words.excluded).any();
  if (any) choice.chosen = words.chosen();
  choice.chosen.set(static_cast<size_t>(privacy::Class::kNone), none);
  choice.free_text = choice.free_text && free_text;
  if (choice.chosen.none() && !choice.free_text && !wrong)
    map.problem("classes", "excludes every class that it names");
  out = std::move(choice);
}

void read_flag(MapReader& map, const std::string& key, std::optional<bool>& out) {
  if (!map.has(key)) {
    (void)map.node(key);
    return;
  }
  bool value = false;
  map.boolean(key, value);
  out = value;
}

/// 0 and up; also "1e6".
void read_bound(MapReader& map, const std::string& key, std::optional<double>& out) {
  std::string text;
  if (!map.scalar(key, text)) return;
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !(value >= 0 && value <= 1e18)) {
    map.problem(key, fmt::format("expected a number of rows, got \"{}\"", text));
  } else {
    out = value;
  }
}

void read_range(MapReader& map, const std::string& key, std::optional<Range>& out) {
  map.map(key, [&](MapReader& inner) {
    Range range;
    read_bound(inner, "more_than", range.more_than);
    read_bound(inner, "at_most", range.at_most);
    if (!range.more_than && !range.at_most) {
      map.problem(key, "expected more_than or at_most");
    } else if (range.more_than && range.at_most && *range.more_than >= *range.at_most) {
      map.problem(key, "no number is more than the one and at most the other");
    }
    out = range;
  });
}

void read_time(MapReader& map, std::optional<TimeWindow>& out) {
  map.map("time", [&](MapReader& inner) {
    // An unusable window never opens, and the policy is refused anyway.
    if (auto window = read_window(inner); window.zone) out = std::move(window);
  });
}

void read_claims(MapReader& map, When& when) {
  const YAML::Node claims = map.node("claims");
  if (!claims.IsDefined()) return;
  if (!claims.IsMap() || claims.size() == 0) {
    map.problem("claims", "expected a mapping such as {device_managed: \"true\"}");
    return;
  }
  map.map("claims", [&](MapReader& inner) {
    for (const auto& entry : claims) {
      const auto name = entry.first.as<std::string>("");
      std::optional<Words> words;
      read_words(inner, name, words);
      if (words) when.claims.emplace_back(name, std::move(*words));
    }
  });
}

void read_authentication(MapReader& map, When& when) {
  map.map("authentication", [&](MapReader& inner) {
    if (inner.empty()) {
      map.problem("authentication",
                  "expected method, issuer, acr, claims, mfa, max_age or older_than");
    }
    read_methods(inner, when.methods);
    read_words(inner, "issuer", when.issuers);
    read_words(inner, "acr", when.acr);
    read_claims(inner, when);
    read_flag(inner, "mfa", when.mfa);
    const auto age = [&](const std::string& key, std::optional<Duration>& out) {
      Duration value{};
      inner.parsed(key, value, parse_duration);
      if (inner.has(key)) out = value;
    };
    age("max_age", when.max_age);
    age("older_than", when.older_than);
  });
}

template <typename T>
void read_count(MapReader& map, const std::string& key, std::optional<T>& out, uint64_t most) {
  std::string text;
  if (!map.scalar(key, text)) return;
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value > most) {
    map.problem(key, fmt::format("expected a whole number up to {}, got \"{}\"", most, text));
  } else {
    out = static_cast<T>(value);
  }
}

void read_do(MapReader& map, Rule& rule) {
  Verbs verbs = 0;
  const auto add = [&](const Item& item) -> std::string {
    const Verbs found = find_verbs(item.text);
    verbs |= found;
    if (found != 0) return "";
    return fmt::format("unknown action \"{}\"; known: {}", item.text,
                       fmt::join(verb_words(), ", "));
  };
  rule.names_verbs = map.list("do", add);
  if (rule.names_verbs) rule.verbs = verbs;
}

}  // namespace

std::string check_rule_name(const std::string& name) {
  const auto ok = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  if (name.size() > 63 || !std::all_of(name.begin(), name.end(), ok))
    return fmt::format("\"{}\" is no name: use up to 63 of a-z, 0-9, \"-\", \"_\", \".\"", name);
  if (std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved))
    return fmt::format("\"{}\" is kept for verdicts that no rule made", name);
  return "";
}

void read_who(MapReader& map, Who& who) {
  read_words(map, "users", who.users);
  read_words(map, "groups", who.groups);
  read_words(map, "end_users", who.end_users);
  read_kinds(map, who.kinds);
  const YAML::Node attributes = map.node("attributes");
  if (!attributes.IsDefined()) return;
  if (!attributes.IsMap() || attributes.size() == 0) {
    map.problem("attributes", "expected a mapping such as {team: data}");
    return;
  }
  map.map("attributes", [&](MapReader& inner) {
    for (const auto& entry : attributes) {
      std::optional<Words> words;
      const auto name = entry.first.as<std::string>("");
      read_words(inner, name, words);
      if (words) who.attributes.emplace_back(name, std::move(*words));
    }
  });
}

void read_on(MapReader& map, On& on) {
  read_words(map, "databases", on.databases);
  read_words(map, "environments", on.environments);
  read_names(map, "schemas", {"schema"}, on.schemas);
  read_names(map, "tables", {"schema", "table"}, on.tables);
  read_names(map, "columns", {"schema", "table", "column"}, on.columns);
  read_functions(map, on.functions);
  read_classes(map, on.classes);
}

void read_when(MapReader& map, When& when) {
  read_flag(map, "without_where", when.without_where);
  read_flag(map, "cascade", when.cascade);
  std::string level;
  if (map.scalar("lock", level)) {
    when.lock = find_lock(level);
    if (!when.lock) {
      map.problem("lock", fmt::format("expected a lock level from access_share to "
                                      "access_exclusive, got \"{}\"",
                                      level));
    }
  }
  read_range(map, "table_rows", when.table_rows);
  read_flag(map, "dynamic_sql", when.dynamic_sql);
  read_flag(map, "cartesian", when.cartesian);
  read_flag(map, "no_limit", when.no_limit);
  read_functions(map, when.functions);
  read_classes(map, when.classes);
  read_authentication(map, when);
  read_range(map, "estimated_rows", when.estimated_rows);
  read_time(map, when.time);
  map.list("client", [&](const Item& item) -> std::string {
    auto network = parse_network(item.text);
    if (!network) return network.error().text;
    when.client.push_back(std::move(*network));
    return "";
  });
  read_words(map, "application", when.application);
  read_words(map, "purpose", when.purpose);
  read_flag(map, "in_transaction", when.in_transaction);
  read_flag(map, "run", when.run);
  read_flag(map, "prompt", when.prompt);
  read_flag(map, "tainted", when.tainted);
}

void read_part(MapReader& map, const std::string& key,
               const std::function<void(MapReader&)>& read) {
  map.map(key, [&](MapReader& inner) {
    if (inner.empty()) map.problem(key, "is empty; leave the key out for any");
    read(inner);
  });
}

LimitSpec read_limit(MapReader& map) {
  LimitSpec limit;
  constexpr uint64_t kMost = 1'000'000'000'000;
  read_count(map, "rows", limit.rows, kMost);
  size_t bytes = 0;
  map.parsed("bytes", bytes, parse_size);
  if (map.has("bytes")) limit.bytes = bytes;
  Duration duration{};
  map.parsed("duration", duration, parse_duration);
  if (map.has("duration")) {
    limit.duration = duration;
    if (duration < std::chrono::milliseconds(1)) map.problem("duration", "expected at least 1ms");
  }
  read_count(map, "statements_per_minute", limit.statements_per_minute, 1'000'000);
  if (limit.statements_per_minute == 0U)
    map.problem("statements_per_minute", "none at all is a deny rule");
  read_count(map, "rows_changed", limit.rows_changed, kMost);
  read_count(map, "tables_changed", limit.tables_changed, 1'000'000);
  return limit;
}

void read_capture(MapReader& map, Rule& rule) {
  constexpr size_t kLeast = 1 << 10, kMost = 64 << 20;
  size_t bytes = 0;
  map.parsed("capture", bytes, parse_size);
  if (!map.has("capture")) return;
  rule.capture = bytes;
  if (bytes < kLeast || bytes > kMost) map.problem("capture", "expected from 1KiB to 64MiB");
}

Rule read_rule(MapReader& map, yaml::Problems& problems) {
  Rule rule;
  rule.line = map.mark().line + 1;
  rule.column = map.mark().column + 1;
  rule.text = map.dump(kMaxRule);
  if (rule.text.empty()) {
    problems.add(map.mark(), fmt::format("a rule longer than {} bytes, or without end", kMaxRule));
    map.skip();
    return rule;
  }
  if (map.scalar("name", rule.name, true)) {
    if (const auto wrong = check_rule_name(rule.name); !wrong.empty()) map.problem("name", wrong);
  }
  bool effect = false;
  map.one_of("effect", {"allow", "hold", "deny", "mask", "unmask"}, [&](size_t i) {
    rule.effect = static_cast<Effect>(i);
    effect = true;
  });
  if (!effect && !map.has("effect")) problems.add(map.mark(), "a rule lacks \"effect\"");
  map.one_of("mode", {"enforce", "shadow"}, [&](size_t i) { rule.shadow = i == 1; });
  read_part(map, "who", [&](MapReader& inner) { read_who(inner, rule.who); });
  read_part(map, "on", [&](MapReader& inner) {
    read_on(inner, rule.on);
    if (rule.veils() && rule.on.classes)
      inner.problem("classes", "rules that mask or unmask name classes beside \"on\"");
  });
  read_do(map, rule);
  read_part(map, "when", [&](MapReader& inner) {
    read_when(inner, rule.when);
    if (rule.veils()) check_when_of_veil(inner);
  });
  read_part(map, "limit", [&](MapReader& inner) { rule.limit = read_limit(inner); });
  read_capture(map, rule);
  map.scalar("message", rule.message);
  map.scalar("hint", rule.hint);
  read_approve(map, rule, [](MapReader& inner, Rule& automatic) {
    read_part(inner, "who", [&](MapReader& who) { read_who(who, automatic.who); });
    read_part(inner, "when", [&](MapReader& when) {
      read_when(when, automatic.when);
      if (automatic.when.classes)
        when.problem("classes", "is for rules: hold what may not be approved automatically by one");
    });
  });
  read_veil(map, rule.veil);
  if (effect) check_keys_of_effect(map, rule);
  return rule;
}

std::set<std::string> rule_keys() {
  yaml::Problems problems("");
  for (const char* text :
       {"{who: {}, on: {}, limit: {}, when: {table_rows: {}, time: {}, authentication: {}}, "
        "approve: {automatic: {}, on_call: [{}], escalate: [{}]}}",
        "{approve: {automatic: {dry_run_rows: {}, ticket: {}}, stages: [{}]}}", "{approve: {}}"}) {
    const YAML::Node rule = yaml::load_document(text, problems);
    yaml::MapReader map(rule, "a rule", problems);
    (void)read_rule(map, problems);
  }
  return problems.keys();
}

TimeWindow read_window(MapReader& map) {
  TimeWindow window;
  map.scalar("zone", window.zone_name);
  auto zone = find_zone(window.zone_name);
  if (zone) {
    window.zone = std::move(*zone);
  } else {
    map.problem("zone", zone.error().text);
  }
  uint8_t days = 0;
  const auto add = [&](const Item& item) -> std::string {
    const auto bits = parse_days(item.text);
    if (!bits) return bits.error().text;
    days |= *bits;
    return "";
  };
  if (map.list("days", add)) window.days = days;
  map.parsed("from", window.from, parse_time_of_day);
  map.parsed("to", window.to, parse_time_of_day);
  if (window.from == window.to) {
    map.problem("to", "the window has no length; leave out from and to for whole days");
  } else if (window.from == 24 * 60) {
    map.problem("from", "24:00 is the end of a day; write 00:00 of the next");
  }
  return window;
}

}  // namespace sluice::policy
