#include "cli/tree/command_tree.h"

#include <algorithm>
#include <iostream>
#include <string_view>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "cli/elsewhere.h"
#include "cli/printable_lines.h"
#include "cli/tree/usage.h"
#include "control/api.h"

namespace sluice::cli {
namespace {

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidInput:
      return 2;
    case ErrorCode::kNotFound:
      return 3;
    case ErrorCode::kExists:
      return 4;
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
      return 5;
    default:
      return 1;
  }
}

const char* name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidInput:
      return "invalid_input";
    case ErrorCode::kProtocol:
      return "protocol";
    case ErrorCode::kAuthentication:
      return "authentication";
    case ErrorCode::kDenied:
      return "denied";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kExists:
      return "exists";
    case ErrorCode::kLimit:
      return "limit";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kIo:
      return "io";
    case ErrorCode::kInternal:
      break;
  }
  return "internal";
}

/// For programs: one line, the last one.
void say_error_as_json(const char* code, std::string_view message, std::string_view hint = {}) {
  boost::json::object error{{"code", code}, {"message", message}};
  if (!hint.empty()) error["hint"] = hint;
  std::cerr << json_text(boost::json::object{{"error", std::move(error)}}) << '\n';
}

/// Whether -o json is among words that could not be parsed.
bool want_json(const std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "-ojson" || word == "-o=json" || word == "--output=json") return true;
    const bool option = word == "-o" || word == "--output";
    if (option && i + 1 < words.size() && words[i + 1] == "json") return true;
  }
  return false;
}

/// Says why the words could not be parsed; returns the exit code.
int say_usage(const CLI::App& app, const CLI::ParseError& error,
              const std::vector<std::string>& words) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help
  const auto wrong = unknown_word(app, words);
  const UsageError said = wrong.value_or(UsageError{error.what(), see_help(app, words)});
  if (want_json(words)) {
    say_error_as_json("usage", said.message, said.hint);
  } else {
    std::cerr << "sluice: " << printable_lines(said.message + "; " + said.hint) << '\n';
  }
  return 2;
}

/// What was to be read has to have been written: a full disk is no success.
int finished(int code) {
  std::cout.flush();
  if (std::cout) return code;
  std::cerr << "sluice: cannot write to standard output\n";
  return code == 0 ? 1 : code;
}

}  // namespace

CommandTree::CommandTree() {
  app_.name("sluice");
  app_.require_subcommand(1);
  app_.option_defaults()->always_capture_default(false);
  app_.add_option("--config", common_.config_file, "Configuration file")
      ->envname("SLUICE_CONFIG")
      ->default_str(kUsualConfig);
  common_.config_file = kUsualConfig;
  app_.fallthrough();
  app_.set_version_flag("--version", fmt::format("sluice {}", control::kVersion), "What this is");
  app_.footer(
      "Examples:\n  sluice serve --config sluice.yaml\n  sluice user add alice --group "
      "engineering --password-stdin\n"
      "  sluice audit search --user alice --since 1h -o json\n\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 not found, 4 exists\n"
      "already, 5 gateway or database cannot be reached. With -o json an error is the last\n"
      "line on standard error: {\"error\": {\"code\": …, \"message\": …}}.");
}

CLI::App* CommandTree::group(CLI::App& parent, const std::string& name, const std::string& help) {
  auto* sub = parent.add_subcommand(name, help);
  sub->require_subcommand(1);
  sub->footer("Examples:");
  return sub;
}

CLI::App* CommandTree::add(CLI::App& parent, const std::string& name, const std::string& help,
                           const std::string& example, std::function<Result<>()> action) {
  auto* sub = parent.add_subcommand(name, help);
  sub->footer("Example:\n  " + example);
  if (parent.get_parent() != nullptr) {
    // Of a group, the first ones of its commands.
    constexpr auto kShown = 4;
    std::string text = parent.get_footer();
    if (std::count(text.begin(), text.end(), '\n') < kShown)
      parent.footer(text + "\n  " + example.substr(0, example.find('\n')));
  }
  sub->callback([this, action = std::move(action)] { action_ = action; });
  return sub;
}

const CLI::Validator& whole_number() {
  static const CLI::Validator kWhole(
      [](std::string& text) -> std::string {
        const bool digits = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
        return digits ? "" : "expected a whole number from 0, got \"" + text + "\"";
      },
      "");
  return kWhole;
}

CLI::App* CommandTree::formatted(CLI::App* sub) {
  static const std::map<std::string, Format> formats = {
      {"table", Format::kTable}, {"json", Format::kJson}, {"csv", Format::kCsv}};
  // A transformer would show the values behind the names to whoever writes another one.
  const auto known = [](std::string& text) -> std::string {
    text = CLI::detail::to_lower(text);
    return formats.contains(text) ? "" : "expected table, json or csv, got \"" + text + "\"";
  };
  sub->add_option_function<std::string>(
         "-o,--output", [this](const std::string& text) { common_.format = formats.at(text); },
         "table, json or csv")
      ->transform(CLI::Validator(known, ""))
      ->type_name("FORMAT");
  return sub;
}

CLI::App* CommandTree::listing(CLI::App* sub) {
  sub->add_option("--limit", common_.limit, "At most so many (default 100)")
      ->type_name("N")
      ->check(whole_number());
  return formatted(sub);
}

void add_proof(CLI::App& sub, ProofOptions& who) {
  sub.add_option("--user", who.user,
                 "Who says so, with their password (default: who has logged in with sluice "
                 "login, or the credential in SLUICE_TOKEN)")
      ->type_name("NAME");
  sub.add_flag("--password-stdin", who.password_stdin, "Read the password from standard input");
  sub.add_option("--totp", who.totp, "The one-time code, where codes are set up")
      ->type_name("CODE");
}

int CommandTree::run(int argc, char** argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return finished(say_usage(app_, error, {argv + std::min(argc, 1), argv + argc}));
  }
  try {
    const auto done = action_();
    if (done) return finished(0);
    if (common_.format == Format::kJson) {
      say_error_as_json(name_of(done.error().code), done.error().text);
    } else {
      std::cerr << "sluice: " << printable_lines(done.error().text) << '\n';
    }
    return finished(exit_code(done.error().code));
  } catch (const std::exception& error) {
    // Answers of a gateway are read as what they should be.
    const std::string text = "the answer is not as expected (" + printable(error.what()) + ")";
    if (common_.format == Format::kJson) {
      say_error_as_json("internal", text);
    } else {
      std::cerr << "sluice: " << text << '\n';
    }
    return finished(1);
  }
}

}  // namespace sluice::cli
