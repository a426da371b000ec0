#include "cli/password.h"

#include <iostream>

#include <termios.h>
#include <unistd.h>

namespace sluice::cli {

Result<SecretString> read_line_hidden(const std::string& prompt) {
  std::cerr << prompt << std::flush;
  termios before{};
  tcgetattr(STDIN_FILENO, &before);
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  std::string line;
  const bool got = static_cast<bool>(std::getline(std::cin, line));
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::cerr << '\n';
  if (!got) return fail(ErrorCode::kInvalidInput, "no password given");
  return SecretString(std::move(line));
}

Result<SecretString> read_password(bool from_stdin, const std::string& prompt) {
  if (from_stdin) {
    std::string line;
    if (!std::getline(std::cin, line))
      return fail(ErrorCode::kInvalidInput, "no password on standard input");
    return SecretString(std::move(line));
  }
  if (isatty(STDIN_FILENO) == 0)
    return fail(ErrorCode::kInvalidInput, "give the password with --password-stdin");
  return read_line_hidden(prompt + ": ");
}

}  // namespace sluice::cli
