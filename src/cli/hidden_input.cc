#include "cli/hidden_input.h"

#include <iostream>
#include <string>

#include <termios.h>
#include <unistd.h>

namespace sluice::cli {

Result<SecretString> read_line_hidden(const char* prompt) {
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

}  // namespace sluice::cli
