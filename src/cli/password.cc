#include "cli/password.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <optional>

#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace sluice::cli {

namespace {

constexpr std::array kSignals = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGALRM,
                                 SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};
volatile std::sig_atomic_t caught[NSIG];

void catch_signal(int number) { caught[number] = 1; }

/// A terminal without echo. Signals are held back until the echo is there again, as
/// readpassphrase(3) does: a terminal that stays silent shows nothing that is typed.
class Silence {
 public:
  Silence() {
    for (auto& one : caught) one = 0;
    struct sigaction hold{};
    hold.sa_handler = catch_signal;
    sigemptyset(&hold.sa_mask);
    // They come while the line is waited for, and at no other time: none is missed before that.
    sigset_t all;
    sigemptyset(&all);
    for (const int number : kSignals) sigaddset(&all, number);
    sigprocmask(SIG_BLOCK, &all, &mask_);
    for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &hold, &before_[i]);
    tcgetattr(STDIN_FILENO, &terminal_);
    termios silent = terminal_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  ~Silence() {
    while (tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_) != 0 && errno == EINTR &&
           caught[SIGTTOU] == 0) {
    }
    std::cerr << '\n';
    for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
    sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }

  /// One line without its end; nothing when there is none, or a signal comes.
  std::optional<std::string> read_line() const {
    std::string line;
    for (;;) {
      pollfd input{STDIN_FILENO, POLLIN, 0};
      char c = 0;
      if (::ppoll(&input, 1, nullptr, &mask_) != 1 || ::read(STDIN_FILENO, &c, 1) != 1)
        return std::nullopt;
      if (c == '\n') return line;
      line += c;
    }
  }

 private:
  sigset_t mask_{};
  termios terminal_{};
  std::array<struct sigaction, kSignals.size()> before_{};
};

/// Whether the process was stopped meanwhile, and goes on: the question is asked again.
bool signals_given() {
  bool stopped = false;
  for (const int number : kSignals) {
    if (caught[number] == 0) continue;
    ::kill(::getpid(), number);
    stopped = stopped || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
  }
  return stopped;
}

}  // namespace

Result<SecretString> read_line_hidden(const std::string& prompt) {
  for (;;) {
    std::optional<std::string> line;
    {
      const Silence silence;
      std::cerr << prompt << std::flush;
      line = silence.read_line();
    }
    if (signals_given()) continue;
    if (!line) return fail(ErrorCode::kInvalidInput, "no password given");
    return SecretString(std::move(*line));
  }
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
