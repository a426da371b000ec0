#include "wire/postgres/startup_parameters.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace sluice::wire::postgres {
namespace {

/// Session settings that change how values look or how long things may take, but not who somebody
/// is, what they may do, or what code the server loads; and what a client says it is for.
/// `search_path` is among them: it belongs to
/// the client's own statements, and the gateway's own look-ups do not depend on it.
constexpr auto kAllowed = std::to_array<std::string_view>({
    "application_name",
    "bytea_output",
    "client_encoding",
    "client_min_messages",
    "datestyle",
    "default_transaction_deferrable",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "enable_seqscan",
    "extra_float_digits",
    "geqo",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "intervalstyle",
    "jit",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "lock_timeout",
    "search_path",
    "sluice.dataset",
    "sluice.model",
    "sluice.purpose",
    "standard_conforming_strings",
    "statement_timeout",
    "timezone",
    "transaction_timeout",
    "work_mem",
    "xmloption",
});

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

bool is_false(std::string_view value) {
  const std::string v = lower(value);
  return v == "off" || v == "false" || v == "no" || v == "0" || v == "f" || v == "n";
}

/// What a client wrote, fit to stand in a message to it.
std::string shown(std::string_view text) {
  constexpr size_t kLongest = 100;
  return "\"" + to_printable_utf8(utf8_prefix(text, kLongest)) + "\"";
}

/// Adds a setting; a later one of the same name wins, as at the server.
Result<> add_setting(StartupParameters& out, std::string_view name, std::string_view value) {
  const std::string key = lower(name);
  if (key == kAskedFrom) {
    out.asked_from = value;
    return {};
  }
  if (key == kDryRun) {
    // Not understood, nothing is done rather than something.
    out.dry_run = !is_false(value);
    return {};
  }
  if (std::find(kAllowed.begin(), kAllowed.end(), key) == kAllowed.end()) {
    return fail(ErrorCode::kDenied,
                "42501 parameter " + shown(name) + " may not be set at connection start");
  }
  if (key == "application_name") {
    out.application_name = value;
    return {};
  }
  std::erase_if(out.settings, [&](const auto& setting) { return setting.first == key; });
  out.settings.emplace_back(key, value);
  return {};
}

/// Splits on white space; a backslash takes the next character as it is (pg_split_opts).
std::vector<std::string> split_options(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
      continue;
    }
    in_word = true;
    if (c == '\\' && ++i == text.size()) break;
    word.push_back(text[i]);
  }
  if (in_word) words.push_back(std::move(word));
  return words;
}

/// "-c name=value", "-cname=value" and "--name=value"; dashes in names stand for underscores.
Result<> add_options(StartupParameters& out, std::string_view options) {
  const auto words = split_options(options);
  for (size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word == "-c" && i + 1 < words.size()) {
      word = words[++i];
    } else if (word.starts_with("-c")) {
      word.remove_prefix(2);
    } else if (word.starts_with("--")) {
      word.remove_prefix(2);
    } else {
      return fail(ErrorCode::kInvalidInput,
                  "42601 invalid command-line argument in options: " + shown(words[i]));
    }
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos) {
      return fail(ErrorCode::kInvalidInput, "42601 options: " + shown(words[i]) + " needs a value");
    }
    std::string name(word.substr(0, equals));
    std::replace(name.begin(), name.end(), '-', '_');
    SLUICE_TRY(add_setting(out, name, word.substr(equals + 1)));
  }
  return {};
}

}  // namespace

Result<StartupParameters> sort_startup_parameters(const StartupMessage& message) {
  StartupParameters out;
  // First, wherever it stands: a parameter of its own wins over `options`, as at the server.
  SLUICE_TRY(add_options(out, message.find("options")));
  for (const auto& [name, value] : message.parameters) {
    if (name == "options") continue;
    if (name == "user") {
      out.user = value;
    } else if (name == "database") {
      out.database = value;
    } else if (name == "replication") {
      if (is_false(value)) continue;
      return fail(ErrorCode::kDenied,
                  "0A000 replication connections do not pass through the gateway");
    } else {
      SLUICE_TRY(add_setting(out, name, value));
    }
  }
  if (out.user.empty()) {
    return fail(ErrorCode::kInvalidInput,
                "28000 no PostgreSQL user name specified in startup packet");
  }
  if (out.database.empty()) out.database = out.user;
  return out;
}

std::string clean_application_name(std::string_view name) {
  std::string out(name.substr(0, 63));
  for (char& c : out) {
    if (c < 32 || c > 126) c = '?';
  }
  return out;
}

std::string quote_literal(std::string_view value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const auto plain = [](char c) { return c >= 0x20 && c < 0x7F && c != '\\'; };
  const bool escape = !std::all_of(value.begin(), value.end(), plain);
  std::string out = escape ? "E'" : "'";
  for (const char c : value) {
    if (!plain(c)) {
      out += {'\\', 'x', kDigits[static_cast<unsigned char>(c) >> 4], kDigits[c & 15]};
      continue;
    }
    if (c == '\'') out.push_back(c);
    out.push_back(c);
  }
  out.push_back('\'');
  return out;
}

std::string build_set_batch(const Settings& settings) {
  // set_config takes any value as one literal, where SET would need list syntax for search_path.
  std::string out;
  for (const auto& [name, value] : settings) {
    out += out.empty() ? "SELECT " : ", ";
    out +=
        "pg_catalog.set_config(" + quote_literal(name) + ", " + quote_literal(value) + ", false)";
  }
  return out;
}

}  // namespace sluice::wire::postgres
