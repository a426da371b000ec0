#include "cli/tree/command_tree.h"

#include <iostream>

#include "cli/elsewhere.h"
#include "cli/printable_lines.h"

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

/// What was to be read has to have been written: a full disk is no success.
int finished(int code) {
  std::cout.flush();
  if (std::cout) return code;
  std::cerr << "sluice: cannot write to standard output\n";
  return code == 0 ? 1 : code;
}

}  // namespace

CommandTree::CommandTree() {
  app_.require_subcommand(1);
  app_.option_defaults()->always_capture_default(false);
  app_.add_option("--config", common_.config_file, "Configuration file")
      ->envname("SLUICE_CONFIG")
      ->default_str(kUsualConfig);
  common_.config_file = kUsualConfig;
  app_.fallthrough();
  app_.footer(
      "Examples:\n  sluice serve --config sluice.yaml\n  sluice user add alice --group "
      "engineering --password-stdin\n"
      "  sluice audit search --user alice --since 1h -o json\n\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 not found, 4 exists\n"
      "already, 5 gateway or database cannot be reached.");
}

CLI::App* CommandTree::group(CLI::App& parent, const std::string& name, const std::string& help) {
  auto* sub = parent.add_subcommand(name, help);
  sub->require_subcommand(1);
  return sub;
}

CLI::App* CommandTree::add(CLI::App& parent, const std::string& name, const std::string& help,
                           const std::string& example, std::function<Result<>()> action) {
  auto* sub = parent.add_subcommand(name, help);
  sub->footer("Example:\n  " + example);
  sub->callback([this, action = std::move(action)] { action_ = action; });
  return sub;
}

CLI::App* CommandTree::formatted(CLI::App* sub) {
  static const std::map<std::string, Format> formats = {
      {"table", Format::kTable}, {"json", Format::kJson}, {"csv", Format::kCsv}};
  sub->add_option("-o,--output", common_.format, "table, json or csv")
      ->transform(CLI::CheckedTransformer(formats, CLI::ignore_case).description(""))
      ->type_name("FORMAT");
  return sub;
}

CLI::App* CommandTree::listing(CLI::App* sub) {
  sub->add_option("--limit", common_.limit, "At most so many (default 100)")->type_name("N");
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
    const int code = app_.exit(error);
    return finished(code == 0 ? 0 : 2);
  }
  try {
    const auto done = action_();
    if (done) return finished(0);
    std::cerr << "sluice: " << printable_lines(done.error().text) << '\n';
    return finished(exit_code(done.error().code));
  } catch (const std::exception& error) {
    // Answers of a gateway are read as what they should be.
    std::cerr << "sluice: the answer is not as expected (" << printable(error.what()) << ")\n";
    return finished(1);
  }
}

}  // namespace sluice::cli
