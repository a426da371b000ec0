#include "identity/server_password.h"

#include <array>
#include <atomic>
#include <cstdlib>

#include <boost/json.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "config/secrets.h"
#include "http/transport.h"

namespace sluice::identity {
namespace {

using config::PasswordSource;

constexpr size_t kLongestPassword = 4096;

/// A program that was started in a process group of its own; whatever of it is left is killed.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (!waited_) {
      kill(-pid_, SIGKILL);
      (void)wait_for_end();
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  int wait_for_end() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    waited_ = true;
    return status;
  }
  /// Nothing while it runs.
  std::optional<int> ended() {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
    waited_ = true;
    return status;
  }

 private:
  pid_t pid_;
  bool waited_ = false;
};

Result<pid_t> start(const std::vector<std::string>& command, int out) {
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  // What it complains of may hold secrets, and is for whoever tries it by hand.
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : {SIGPIPE, SIGTERM, SIGINT, SIGHUP}) sigaddset(&defaults, signal);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, arguments[0], &files, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return fail(io_error(command.front(), error));
  return pid;
}

Result<SecretString> first_line(std::string text) {
  const size_t end = text.find('\n');
  if (end != std::string::npos) text.resize(end);
  if (!text.empty() && text.back() == '\r') text.pop_back();
  SecretString line(std::move(text));
  if (line.empty()) return fail(ErrorCode::kInvalidInput, "it gave no password");
  return line;
}

Result<SecretString> of_command(const PasswordSource& source) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail(io_error("pipe", errno));
  const UniqueFd in(ends[0]);
  UniqueFd out(ends[1]);
  SLUICE_ASSIGN(const pid_t pid, start(source.command, out.get()));
  Child child(pid);
  out.reset();
  const auto deadline = Clock::now() + source.timeout;
  const auto late = [&] {
    return fail(ErrorCode::kTimeout, fmt::format("it gave no password within {} ms",
                                                 source.timeout / std::chrono::milliseconds(1)));
  };
  std::string text;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd waiting{in.get(), POLLIN, 0};
    const int ready = left.count() <= 0 ? 0 : poll(&waiting, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return late();
    std::array<char, 1024> some{};
    const ssize_t got = read(in.get(), some.data(), some.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(io_error("its output", errno));
    if (got == 0) break;
    text.append(some.data(), static_cast<size_t>(got));
    sodium_memzero(some.data(), some.size());
    if (text.size() > kLongestPassword)
      return fail(ErrorCode::kInvalidInput, "it gave more than a password can be long");
  }
  // It has closed its output, and should be about to end.
  auto status = child.ended();
  while (!status && Clock::now() < deadline) {
    poll(nullptr, 0, 5);
    status = child.ended();
  }
  if (!status) return late();
  if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0) {
    return fail(ErrorCode::kUnavailable,
                WIFEXITED(*status) ? fmt::format("it ended with {}", WEXITSTATUS(*status))
                                   : fmt::format("it was ended by signal {}", WTERMSIG(*status)));
  }
  return first_line(std::move(text));
}

Result<SecretString> of_vault(const PasswordSource& source) {
  static const std::atomic<bool> never{false};
  const config::VaultSecret& vault = source.vault;
  SLUICE_ASSIGN(const auto token, config::read_secret_file(vault.token_file));
  http::Options options;
  options.tls.ca = vault.ca;
  options.ca_setting = "password_vault.ca";
  options.timeout = source.timeout;
  options.headers = {{"X-Vault-Token", std::string(token.reveal())}, {"X-Vault-Request", "true"}};
  SLUICE_ASSIGN(const auto client, http::HttpClient::create(options, never));
  SLUICE_ASSIGN(const auto answer, client->get(vault.url + "/v1/" + vault.path, {}));
  if (!answer.good()) {
    const char* why = answer.status == 403   ? " (the token may not read it)"
                      : answer.status == 404 ? " (there is no such secret)"
                      : answer.status == 503 ? " (it is sealed or not ready)"
                                             : "";
    return fail(ErrorCode::kUnavailable,
                fmt::format("it answered with status {}{}", answer.status, why));
  }
  boost::json::error_code error;
  const auto value = boost::json::parse(answer.body, error);
  const auto at = [](const boost::json::value* in, std::string_view name) {
    const auto* object = in == nullptr ? nullptr : in->if_object();
    return object == nullptr ? nullptr : object->if_contains(name);
  };
  const auto* found = error ? nullptr : at(at(at(&value, "data"), "data"), vault.field);
  const auto* text = found == nullptr ? nullptr : found->if_string();
  if (text == nullptr || text->empty() || text->size() > kLongestPassword) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("its answer has no text \"{}\" in data.data", vault.field));
  }
  return SecretString(std::string(*text));
}

Result<SecretString> ask(const PasswordSource& source) {
  switch (source.kind) {
    case PasswordSource::Kind::kFile:
      return config::read_secret_file(source.name);
    case PasswordSource::Kind::kEnvironment: {
      const char* value = getenv(source.name.c_str());
      if (value == nullptr) return fail(ErrorCode::kNotFound, "it is not set");
      return SecretString(value);
    }
    case PasswordSource::Kind::kCommand:
      return of_command(source);
    case PasswordSource::Kind::kVault:
      return of_vault(source);
    case PasswordSource::Kind::kGiven:
      break;
  }
  return fail(ErrorCode::kInternal, "it stands in the configuration");
}

}  // namespace

Result<SecretString> read_server_password(const PasswordSource& source) {
  auto password = ask(source);
  if (!password) {
    Error error = std::move(password.error());
    return fail(std::move(error).within("no password from " + config::describe(source)));
  }
  return password;
}

}  // namespace sluice::identity
