#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "control/role.h"

namespace sluice::control {

struct HttpRequest {
  std::string method;
  std::string path;
  std::string body;
  std::string authorization = {};  ///< the header of that name (RFC 9110, 11.6.2)
  std::string peer = {};           ///< address of who asks; empty on a Unix-domain socket
  bool tls = false;                ///< whether it came over TLS
  std::map<std::string, std::string> headers = {};  ///< all of them, names in lower case

  /// Told once the connection is closed by who asked, or half of it: nobody waits for the answer.
  /// Looked at while it is made by HttpResponse::later.
  std::stop_token gone = {};

  /// Who asks, once the front door has made sure of it; empty: whoever may open the state folder.
  std::string user = {};
  std::string person = {};  ///< for whom they act; empty: for themselves
  Roles roles = {};

  /// A header by its name in lower case; empty where there is none.
  std::string_view header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : found->second;
  }
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  /// Besides those that all answers have; neither names nor values come from a peer as they are.
  std::map<std::string, std::string> headers = {};
  /// What takes longer than others may wait: makes the answer, on another thread, in place of this
  /// one. One at a time; with `whose` also beside others, of which one `whose` has only a few; so
  /// it is with streams.
  std::function<HttpResponse()> later = nullptr;
  std::string whose = {};
  /// In what `later` has made: it is to be asked again after so long, as `later` of that says. No
  /// thread waits for it.
  std::chrono::milliseconds pause{0};
  /// Of `later`: asked every now and then, on the server's thread, what to tell while the answer is
  /// made; "" is nothing. From the first time that there is something the answer is an event stream
  /// (text/event-stream): of what it says, which are whole events, and of the answer's body at
  /// last.
  std::function<std::string()> meanwhile = nullptr;
  /// An answer without an end (text/event-stream): asked every now and then for more, on the
  /// server's thread; "" is nothing yet, no value the end.
  std::function<std::optional<std::string>()> stream = nullptr;
  bool eager = false;  ///< of a stream: somebody waits for each piece of it
};

/// Called on the server's thread; may block it.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

/// HTTP/1.1 on a thread of its own, off the data path. Requests are bounded in size, connections
/// in number and time.
class HttpServer {
 public:
  virtual ~HttpServer() = default;
  static std::unique_ptr<HttpServer> create();

  /// Speaks TLS on TCP addresses, with a PEM certificate chain and key, to whoever begins with it;
  /// without this, to nobody. Taken for connections that come from now on.
  virtual Result<> use_tls(const std::string& certificate_file, const std::string& key_file) = 0;
  /// Whether many come from one address, that of a proxy; else none has more than a part of the
  /// connections.
  virtual void share_addresses(bool shared) = 0;
  /// Answers on a TCP address; returns the port (useful when it was 0).
  virtual Result<uint16_t> listen(const std::string& host, uint16_t port, HttpHandler handler) = 0;
  /// Answers on a Unix-domain socket (mode 0600); an old one in its place is removed.
  virtual Result<> listen(const std::filesystem::path& socket, HttpHandler handler) = 0;
  virtual void start() = 0;
  virtual void stop() = 0;
};

/// One request to a Unix-domain socket, for the command line. Blocking, with a time-out.
Result<HttpResponse> http_call(const std::filesystem::path& socket, const HttpRequest& request);

}  // namespace sluice::control
