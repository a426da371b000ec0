#pragma once

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/test_folder.h"
#include "config/config.h"
#include "store/postgres.h"

namespace sluice::store {

namespace test_postgres {

inline constexpr const char* kPrograms = "/usr/lib/postgresql/15/bin/";

[[noreturn]] inline void give_up(const std::string& why) {
  std::fprintf(stderr, "the tests' PostgreSQL: %s\n", why.c_str());
  std::abort();
}

/// PostgreSQL does not run as root.
inline const passwd* owner() { return getuid() == 0 ? getpwnam("postgres") : nullptr; }

/// Runs a program of PostgreSQL's in a group of its own, which is told when this one ends.
inline pid_t run(const std::string& program, std::vector<std::string> words,
                 const std::string& log) {
  const std::string path = kPrograms + program;
  words.insert(words.begin(), path);
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const passwd* user = owner();
  const pid_t child = fork();
  if (child != 0) return child;
  setpgid(0, 0);
  if (user != nullptr && (setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) _exit(126);
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(out, 1);
  dup2(out, 2);
  execv(path.c_str(), arguments.data());
  _exit(127);
}

}  // namespace test_postgres

/// A PostgreSQL server of the test program's own, which ends with it: reached by a socket in a
/// temporary folder alone, so that it needs no port.
class TestPostgres {
 public:
  /// Started at the first use; aborts where that cannot be.
  static TestPostgres& running();
  ~TestPostgres();

  /// How a store is reached in it.
  config::StoreConfig store() const;
  void start();
  /// As if its machine had failed.
  void kill();

 private:
  TestPostgres();
  TestFolder folder_;
  pid_t process_ = 0;
};

inline TestPostgres& TestPostgres::running() {
  static TestPostgres server;
  return server;
}

inline TestPostgres::TestPostgres() {
  if (const passwd* user = test_postgres::owner()) {
    if (chown(folder_.path().c_str(), user->pw_uid, user->pw_gid) != 0)
      test_postgres::give_up("chown");
  }
  const std::string data = folder_ / "data";
  const pid_t made = test_postgres::run(
      "initdb",
      {"-D", data, "-A", "trust", "-U", "sluice", "-E", "UTF8", "--no-locale", "--no-sync"},
      folder_ / "log");
  int status = 0;
  if (waitpid(made, &status, 0) != made || status != 0) test_postgres::give_up("initdb has failed");
  std::ofstream(folder_ / "data" / "postgresql.conf", std::ios::app)
      << "listen_addresses = ''\nunix_socket_directories = '" << folder_.path().string()
      << "'\nfsync = off\nmax_connections = 200\n";
  start();
}

inline TestPostgres::~TestPostgres() {
  if (process_ > 0) kill();
}

inline config::StoreConfig TestPostgres::store() const {
  config::StoreConfig out;
  out.server.host = folder_.path();
  out.server.server_database = "postgres";
  out.server.user = "sluice";
  out.server.sslmode = config::SslMode::kDisable;
  return out;
}

inline void TestPostgres::start() {
  process_ = test_postgres::run("postgres", {"-D", folder_ / "data"}, folder_ / "log");
  const auto deadline = Clock::now() + std::chrono::seconds(60);
  while (Clock::now() < deadline) {
    Database probe(std::move(*open_postgres(store())));
    if (probe.execute("SELECT 1")) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  std::ifstream log(folder_ / "log");
  test_postgres::give_up(std::string(std::istreambuf_iterator<char>(log), {}));
}

inline void TestPostgres::kill() {
  ::kill(process_, SIGQUIT);
  int status = 0;
  waitpid(process_, &status, 0);
  process_ = 0;
}

}  // namespace sluice::store
