#include "cli/oidc_login.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/output.h"
#include "identity/oidc_provider.h"

extern char** environ;

namespace sluice::cli {
namespace {

constexpr auto kPatience = std::chrono::minutes(10);
constexpr auto kLongestInterval = std::chrono::seconds(60);
constexpr size_t kLongestRequest = 16 * 1024;

std::string text_of(const boost::json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  const auto* field = object == nullptr ? nullptr : object->if_contains(name);
  return field != nullptr && field->is_string() ? std::string(field->get_string()) : std::string();
}

int64_t number_of(const boost::json::value& value, std::string_view name, int64_t otherwise) {
  const auto* object = value.if_object();
  const auto* field = object == nullptr ? nullptr : object->if_contains(name);
  return field != nullptr && field->is_int64() ? field->get_int64() : otherwise;
}

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

/// Where the browser comes back to: "http://127.0.0.1:PORT/path".
struct Home {
  std::string prefix, path;  ///< "http://127.0.0.1", "/callback"
  uint16_t port = 0;         ///< 0: any
  bool six = false;
};

Home home_of(const std::string& redirect) {
  Home home;
  const size_t authority = redirect.find("://") + 3;
  const size_t slash = std::min(redirect.find('/', authority), redirect.size());
  const size_t bracket = redirect.find(']', authority);
  const size_t from = bracket < slash ? bracket : authority;
  const size_t colon = redirect.find(':', from);
  home.six = redirect.compare(authority, 1, "[") == 0;
  home.path = redirect.substr(slash);
  home.prefix = redirect.substr(0, std::min(colon, slash));
  if (colon < slash) home.port = static_cast<uint16_t>(std::atoi(redirect.c_str() + colon + 1));
  return home;
}

/// Listens on this machine alone; the port that it got goes to `home`.
Result<int> listen_at(Home& home) {
  const int fd = socket(home.six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(io_error("open a socket for the browser", errno));
  sockaddr_storage storage{};
  socklen_t size = home.six ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  if (home.six) {
    auto* address = reinterpret_cast<sockaddr_in6*>(&storage);
    address->sin6_family = AF_INET6;
    address->sin6_addr = in6addr_loopback;
    address->sin6_port = htons(home.port);
  } else {
    auto* address = reinterpret_cast<sockaddr_in*>(&storage);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address->sin_port = htons(home.port);
  }
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(fd, reinterpret_cast<sockaddr*>(&storage), size) != 0 || listen(fd, 8) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    const int error = errno;
    close(fd);
    return fail(io_error(fmt::format("listen on port {} of this machine for the browser; end what "
                                     "listens there, or log in with --device",
                                     home.port),
                         error));
  }
  home.port = ntohs(home.six ? reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port
                             : reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
  return fd;
}

/// What a browser may be sent to: pages, and those in clear on this machine alone. Whatever else
/// there is (file:, programs of their own) a gateway has no business with.
Result<> check_page(const std::string& url) {
  const auto in_clear = [&](std::string_view host) {
    const std::string_view rest = std::string_view(url).substr(std::min(url.size(), size_t{7}));
    return url.starts_with("http://") && rest.starts_with(host) &&
           (rest.size() == host.size() || rest[host.size()] == ':' || rest[host.size()] == '/');
  };
  const bool printed =
      std::all_of(url.begin(), url.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F; });
  if (printed && (url.starts_with("https://") || in_clear("127.0.0.1") || in_clear("localhost") ||
                  in_clear("[::1]")))
    return {};
  return fail(ErrorCode::kDenied, fmt::format("the gateway names \"{}\" to log in at, which is no "
                                              "https:// page",
                                              printable(url)));
}

void open_browser(const std::string& url) {
  std::cerr << "Log in with a browser on this machine:\n\n  " << printable(url) << "\n\n";
  if (isatty(STDERR_FILENO) == 0) return;
  // Nothing of a shell: the url comes from somewhere else.
  std::string program = "xdg-open", argument = url;
  char* arguments[] = {program.data(), argument.data(), nullptr};
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  (void)posix_spawnp(&child, program.c_str(), &quiet, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&quiet);
}

/// Reads one request's head; "" when it does not come.
std::string read_head(int fd) {
  std::string head;
  pollfd wanted{fd, POLLIN, 0};
  while (head.size() < kLongestRequest && head.find("\r\n\r\n") == std::string::npos) {
    if (poll(&wanted, 1, 5000) <= 0) return {};
    char bytes[2048];
    const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0) return {};
    head.append(bytes, static_cast<size_t>(got));
  }
  return head;
}

void answer_browser(int fd, const char* status, const std::string& text) {
  const std::string page = fmt::format(
      "<!doctype html><meta charset=utf-8><title>Sluice</title><p style=\"font:16px sans-serif\">"
      "{}</p>",
      text);
  const std::string answer = fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n"
      "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
      "Referrer-Policy: no-referrer\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n{}",
      status, page.size(), page);
  (void)send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
}

/// What the browser brings back.
Result<std::map<std::string, std::string>> wait_for_browser(int listener, const std::string& path) {
  const auto deadline = Clock::now() + kPatience;
  while (Clock::now() < deadline) {
    pollfd wanted{listener, POLLIN, 0};
    if (poll(&wanted, 1, 1000) <= 0) continue;
    const Fd client(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (client.get() < 0) continue;
    const auto query = query_of_request(read_head(client.get()), path);
    auto brought = query ? identity::decode_form(*query) : std::nullopt;
    if (!brought || !(brought->contains("code") || brought->contains("error"))) {
      answer_browser(client.get(), "404 Not Found", "There is nothing here.");
      continue;
    }
    answer_browser(client.get(), "200 OK", "Done here: go back to the terminal.");
    return std::move(*brought);
  }
  return fail(ErrorCode::kTimeout, "nobody has logged in for ten minutes; begin again");
}

Result<boost::json::value> in_browser(const AskGateway& ask_gateway, const std::string& issuer) {
  const auto ask = [&](const char* method, const char* path, const std::string& body) {
    Duration wait{};  // Nobody waits for a browser that long: it is begun anew.
    return ask_gateway(method, path, body, wait);
  };
  SLUICE_ASSIGN(const auto issuers, ask("GET", "/api/v1/login/issuers", ""));
  std::string redirect;
  const auto* all = issuers.if_array();
  for (const auto& one : all == nullptr ? boost::json::array() : *all) {
    if (issuer.empty() || text_of(one, "name") == issuer) redirect = text_of(one, "redirect");
  }
  if (redirect.empty()) redirect = "http://127.0.0.1/callback";  // The gateway says what is wrong.
  Home home = home_of(redirect);
  SLUICE_ASSIGN(const int socket, listen_at(home));
  const Fd listener(socket);
  // A port that is configured stands in the redirection as it does there.
  const std::string uri = home_of(redirect).port != 0
                              ? redirect
                              : fmt::format("{}:{}{}", home.prefix, home.port, home.path);
  SLUICE_ASSIGN(
      const auto begun,
      ask("POST", "/api/v1/login/oidc",
          boost::json::serialize(boost::json::object{{"issuer", issuer}, {"redirect_uri", uri}})));
  SLUICE_TRY(check_page(text_of(begun, "url")));
  open_browser(text_of(begun, "url"));
  SLUICE_ASSIGN(auto brought,
                wait_for_browser(listener.get(), home.path.empty() ? "/" : home.path));
  if (brought.contains("error")) {
    return fail(ErrorCode::kAuthentication,
                fmt::format("the identity provider refuses: {} {}", printable(brought["error"]),
                            printable(brought["error_description"])));
  }
  boost::json::object body{{"attempt", text_of(begun, "attempt")},
                           {"secret", text_of(begun, "secret")},
                           {"code", brought["code"]},
                           {"state", brought["state"]}};
  if (brought.contains("iss")) body["iss"] = brought["iss"];
  return ask("POST", "/api/v1/login/oidc/finish", boost::json::serialize(body));
}

/// Whether the same question may be answered in a while.
bool is_passing(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kTimeout;
}

/// In whole seconds, up.
std::chrono::seconds seconds_of(Duration wait) {
  return std::chrono::ceil<std::chrono::seconds>(wait);
}

Result<boost::json::value> on_device(const AskGateway& ask, const std::string& issuer) {
  Duration wait{};
  SLUICE_ASSIGN(const auto begun,
                ask("POST", "/api/v1/login/device",
                    boost::json::serialize(boost::json::object{{"issuer", issuer}}), wait));
  SLUICE_TRY(check_page(text_of(begun, "verification_uri")));
  const auto life = std::chrono::seconds(number_of(begun, "expires_in", 600));
  std::cerr << fmt::format(
      "Open {} in a browser anywhere and enter the code\n\n  {}\n\nEnter no code that somebody "
      "sent you. This waits until it is entered, for at most {} min.\n",
      printable(text_of(begun, "verification_uri")), printable(text_of(begun, "user_code")),
      (life.count() + 59) / 60);
  const std::string body = boost::json::serialize(boost::json::object{
      {"attempt", text_of(begun, "attempt")}, {"secret", text_of(begun, "secret")}});
  const auto deadline = Clock::now() + life;
  auto interval = std::chrono::seconds(std::max<int64_t>(1, number_of(begun, "interval", 5)));
  auto pause = interval;
  while (Clock::now() + pause < deadline) {
    std::this_thread::sleep_for(pause);
    wait = {};
    auto answer = ask("POST", "/api/v1/login/device/poll", body, wait);
    pause = interval;
    if (answer && !text_of(*answer, "secret").empty()) return answer;
    if (answer) {
      // Where the issuer wants to be asked less often, the gateway does so.
      if (isatty(STDERR_FILENO) != 0) std::cerr << '.' << std::flush;
    } else if (is_passing(answer.error())) {
      // Who cannot be reached is asked half as often from then on (RFC 8628, section 3.5).
      interval = std::min(2 * interval, kLongestInterval);
      // And no sooner than it says.
      pause = std::max(interval, seconds_of(wait));
      std::cerr << fmt::format("{}; again in {} s\n", printable(answer.error().text),
                               pause.count());
    } else {
      return answer;
    }
  }
  return fail(ErrorCode::kTimeout, "nobody has entered the code in time; begin again");
}

}  // namespace

std::optional<std::string> query_of_request(std::string_view request, std::string_view path) {
  const std::string_view line = request.substr(0, request.find("\r\n"));
  if (!line.starts_with("GET ")) return std::nullopt;
  const std::string_view target = line.substr(4, line.find(' ', 4) - 4);
  const size_t mark = target.find('?');
  if (mark == std::string_view::npos || target.substr(0, mark) != path) return std::nullopt;
  return std::string(target.substr(mark + 1));
}

Result<boost::json::value> login_by_issuer(const AskGateway& ask, const std::string& issuer,
                                           bool device) {
  return device ? on_device(ask, issuer) : in_browser(ask, issuer);
}

}  // namespace sluice::cli
