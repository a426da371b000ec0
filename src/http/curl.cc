// The one place that includes libcurl: HTTP, and plain connections with TLS.
#include <algorithm>

#include <curl/curl.h>
#include <fmt/format.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "http/transport.h"

namespace sluice::http {
namespace {

constexpr int kTickMillis = 50;

long millis(Duration duration) {
  return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

struct EasyCloser {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, EasyCloser>;
struct MultiCloser {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
using Multi = std::unique_ptr<CURLM, MultiCloser>;
struct ListCloser {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListCloser>;

Result<> readable(const std::string& file, const char* what) {
  if (file.empty() || access(file.c_str(), R_OK) == 0) return {};
  Error error = io_error(fmt::format("cannot read the {} {}", what, file), errno);
  error.code = ErrorCode::kInvalidInput;
  return fail(std::move(error));
}

/// What HTTP and plain connections have in common.
Result<Easy> make_handle(const Options& options) {
  [[maybe_unused]] static const CURLcode once = curl_global_init(CURL_GLOBAL_ALL);
  SLUICE_TRY(readable(options.tls.ca, "authorities"));
  SLUICE_TRY(readable(options.tls.certificate, "certificate"));
  SLUICE_TRY(readable(options.tls.key, "key"));
  Easy handle(curl_easy_init());
  if (!handle) return fail(ErrorCode::kInternal, "no memory for a connection");
  CURL* curl = handle.get();
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  // A name server that does not answer must not hold up the end.
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, options.https_only ? "https" : "http,https");
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, millis(options.timeout));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, millis(options.timeout));
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  if (!options.tls.ca.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, options.tls.ca.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  }
  if (!options.tls.certificate.empty()) {
    curl_easy_setopt(curl, CURLOPT_SSLCERT, options.tls.certificate.c_str());
    curl_easy_setopt(curl, CURLOPT_SSLKEY, options.tls.key.c_str());
  }
  return handle;
}

/// What to do about a certificate that does not hold. The numbers are OpenSSL's (X509_V_ERR_…).
std::string about_certificate(long verified, const std::string& ca_setting) {
  // The name is compared before curl asks how the rest was judged: then it is unspecified.
  constexpr long kUnspecified = 1, kNotYet = 9, kExpired = 10;
  if (verified == kNotYet || verified == kExpired)
    return "; let the server have a valid certificate, or set this machine's clock";
  if (verified <= kUnspecified) return "; address the server by a name of its certificate";
  return "; name the certificate of the authority that signed the server's (PEM) in " + ca_setting;
}

/// What to do about it, where that is known.
std::string next_step(CURLcode code, CURL* easy, const std::string& ca_setting) {
  long verified = 0;
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verified);
      return about_certificate(verified, ca_setting);
    case CURLE_SSL_CACERT_BADFILE:
      return "; " + ca_setting + " has to be certificates in PEM";
    case CURLE_SSL_CERTPROBLEM:
      return "; check tls.certificate and tls.key";
    case CURLE_SSL_CONNECT_ERROR:
      return "; check that the server speaks TLS at this port, and in its log why it refuses";
    default:
      return {};
  }
}

Error failed(CURLcode code, CURL* easy, const char* details, const std::string& ca_setting) {
  const bool slow = code == CURLE_OPERATION_TIMEDOUT;
  return {slow ? ErrorCode::kTimeout : ErrorCode::kUnavailable,
          (details[0] != '\0' ? details : curl_easy_strerror(code)) +
              next_step(code, easy, ca_setting)};
}

/// Runs the transfer that `easy` is set up for; looks at `stopping` many times a second, which
/// curl_easy_perform does not.
Result<> perform(CURLM* multi, CURL* easy, const std::atomic<bool>& stopping, const char* details,
                 const std::string& ca_setting) {
  curl_multi_add_handle(multi, easy);
  int running = 1;
  while (running > 0 && !stopping) {
    if (curl_multi_perform(multi, &running) != CURLM_OK) break;
    if (running > 0) curl_multi_poll(multi, nullptr, 0, kTickMillis, nullptr);
  }
  CURLcode code = CURLE_ABORTED_BY_CALLBACK;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE && message->easy_handle == easy) code = message->data.result;
  }
  curl_multi_remove_handle(multi, easy);
  if (stopping && code != CURLE_OK) return fail(ErrorCode::kUnavailable, "the gateway is stopping");
  if (code != CURLE_OK) return fail(failed(code, easy, details, ca_setting));
  return {};
}

class CurlHttp : public HttpClient {
 public:
  CurlHttp(const Options& options, Easy easy, const std::atomic<bool>& stopping)
      : options_(options), stopping_(stopping), easy_(std::move(easy)), multi_(curl_multi_init()) {
    CURL* curl = easy_.get();
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, details_);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "sluice");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &CurlHttp::take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &CurlHttp::take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
  }

  Result<HttpAnswer> get(const std::string& url,
                         const std::map<std::string, std::string>& headers) override {
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPGET, 1L);
    return transfer(url, headers, false);
  }

  Result<HttpAnswer> post(const std::string& url, const std::map<std::string, std::string>& headers,
                          const std::string& body) override {
    return send_body(url, headers, body, true);
  }

  Result<HttpAnswer> send(const std::string& method, const std::string& url,
                          const std::map<std::string, std::string>& headers,
                          const std::string& body) override {
    curl_easy_setopt(easy_.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
    auto answer = send_body(url, headers, body, true);
    curl_easy_setopt(easy_.get(), CURLOPT_CUSTOMREQUEST, nullptr);
    return answer;
  }

  Result<HttpAnswer> stream(const std::string& method, const std::string& url,
                            const std::map<std::string, std::string>& headers,
                            const std::string& body, const Take& take) override {
    take_ = &take;
    auto answer = method == "GET" ? get(url, headers) : send(method, url, headers, body);
    take_ = nullptr;
    return answer;
  }

  Result<HttpAnswer> put(const std::string& url, const std::map<std::string, std::string>& headers,
                         const std::string& body, const AwsKey& key) override {
    CURL* curl = easy_.get();
    const std::string scope = "aws:amz:" + key.region + ":s3";
    const std::string secret(key.secret_key.reveal());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "PUT");
    curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, scope.c_str());
    curl_easy_setopt(curl, CURLOPT_USERNAME, key.access_key.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, secret.c_str());
    // libcurl 7.88 signs the header "Expect" even when it is taken out; small bodies have none.
    auto answer = send_body(url, headers, body, false);
    for (const CURLoption option :
         {CURLOPT_CUSTOMREQUEST, CURLOPT_AWS_SIGV4, CURLOPT_USERNAME, CURLOPT_PASSWORD})
      curl_easy_setopt(curl, option, nullptr);
    return answer;
  }

 private:
  Result<HttpAnswer> send_body(const std::string& url,
                               const std::map<std::string, std::string>& headers,
                               const std::string& body, bool without_expect) {
    CURL* curl = easy_.get();
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    return transfer(url, headers, without_expect);
  }

  Result<HttpAnswer> transfer(const std::string& url,
                              const std::map<std::string, std::string>& headers,
                              bool without_expect) {
    List list;
    for (const auto& [name, value] : options_.headers) add(list, name, value);
    for (const auto& [name, value] : headers) add(list, name, value);
    if (!options_.authorization.empty())
      add(list, "Authorization", std::string(options_.authorization.reveal()));
    // Without it, larger bodies wait for a permission that many servers never give.
    if (without_expect) append(list, "Expect:");
    CURL* curl = easy_.get();
    answer_ = {};
    details_[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list.get());
    SLUICE_TRY(perform(multi_.get(), curl, stopping_, details_, options_.ca_setting));
    long status = 0;
    curl_off_t wait = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait);
    answer_.status = static_cast<int>(status);
    answer_.retry_after = std::chrono::seconds(std::clamp<curl_off_t>(wait, 0, 86'400));
    return std::move(answer_);
  }

  static void add(List& list, const std::string& name, const std::string& value) {
    // To curl, "Name;" is a header without a value.
    const std::string line = value.empty() ? name + ";" : name + ": " + value;
    append(list, line);
  }

  static void append(List& list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) return;
    (void)list.release();
    list.reset(longer);
  }

  size_t hand_on(Bytes piece) {
    long status = 0;
    const char* type = nullptr;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_TYPE, &type);
    return (*take_)(static_cast<int>(status), type == nullptr ? "" : type, piece) ? piece.size()
                                                                                  : 0;
  }

  static size_t take_body(char* data, size_t size, size_t count, void* self) {
    if (static_cast<CurlHttp*>(self)->take_ != nullptr)
      return static_cast<CurlHttp*>(self)->hand_on({data, size * count});
    auto& answer = static_cast<CurlHttp*>(self)->answer_;
    const size_t room = static_cast<CurlHttp*>(self)->options_.longest_answer - answer.body.size();
    answer.body.append(data, std::min(size * count, room));
    answer.cut = answer.cut || size * count > room;
    return size * count;
  }

  static size_t take_header(char* data, size_t size, size_t count, void* self) {
    constexpr size_t kLongest = 1024;
    std::string_view line(data, size * count);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || line.size() > kLongest) return size * count;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!name.starts_with("webhook-")) return size * count;
    line.remove_prefix(colon + 1);
    const size_t first = line.find_first_not_of(" \t"), last = line.find_last_not_of(" \t\r\n");
    const auto value = first == std::string_view::npos || last == std::string_view::npos
                           ? std::string_view()
                           : line.substr(first, last - first + 1);
    auto& headers = static_cast<CurlHttp*>(self)->answer_.signature_headers;
    const auto [known, added] = headers.emplace(name, value);
    if (!added) known->second.clear();
    return size * count;
  }

  const Options options_;
  const std::atomic<bool>& stopping_;
  Easy easy_;
  Multi multi_;
  HttpAnswer answer_;
  const Take* take_ = nullptr;  ///< who takes the body, if not the answer
  char details_[CURL_ERROR_SIZE] = "";
};

class CurlConnection : public ByteConnection {
 public:
  CurlConnection(std::string url, const Options& options, const std::atomic<bool>& stopping)
      : url_(std::move(url)), options_(options), stopping_(stopping) {}

  Result<> send(Bytes bytes) override {
    const auto deadline = Clock::now() + options_.timeout;
    auto sent = connected();
    if (sent) sent = write(bytes, deadline);
    if (sent) sent = wait_for_acknowledgement(deadline);
    if (!sent) easy_.reset();
    return sent;
  }

 private:
  Result<> connected() {
    if (easy_ && !closed_by_peer()) return {};
    easy_.reset();
    SLUICE_ASSIGN(easy_, make_handle(options_));
    CURL* curl = easy_.get();
    const bool tls = url_.starts_with("tls:");
    const std::string url = (tls ? "https" : "http") + url_.substr(3);
    details_[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, details_);
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(&stopping_));
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &CurlConnection::progress);
    const CURLcode code = curl_easy_perform(curl);  // Connects, and that is all.
    if (code != CURLE_OK) return fail(failed(code, easy_.get(), details_, options_.ca_setting));
    curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &socket_);
    return {};
  }

  static int progress(void* stopping, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<const std::atomic<bool>*>(stopping)->load() ? 1 : 0;
  }

  /// Whether the peer has ended the connection; what it may have said is thrown away.
  bool closed_by_peer() {
    char bytes[512];
    size_t got = 0;
    // One that talks without end is not listened to without end.
    for (int i = 0; i < 64; ++i) {
      const CURLcode code = curl_easy_recv(easy_.get(), bytes, sizeof bytes, &got);
      if (code == CURLE_AGAIN) return false;
      if (code != CURLE_OK || got == 0) return true;
    }
    return false;
  }

  Result<> write(Bytes bytes, Clock::time_point deadline) {
    while (!bytes.empty()) {
      size_t sent = 0;
      const CURLcode code = curl_easy_send(easy_.get(), bytes.data(), bytes.size(), &sent);
      if (code == CURLE_AGAIN) {
        SLUICE_TRY(pause(POLLOUT, deadline));
        continue;
      }
      if (code != CURLE_OK) return fail(failed(code, easy_.get(), details_, options_.ca_setting));
      bytes.remove_prefix(sent);
    }
    return {};
  }

  Result<> wait_for_acknowledgement(Clock::time_point deadline) {
    for (int waited = 0;; ++waited) {
      int unacknowledged = 0;
      if (ioctl(socket_, SIOCOUTQ, &unacknowledged) != 0)
        return fail(io_error("ask for what is under way", errno));
      if (closed_by_peer())
        return fail(ErrorCode::kUnavailable, "the receiver closed the connection");
      if (unacknowledged == 0) return {};
      if (waited < 20) {
        usleep(500);  // Most answers are there within a millisecond.
      } else {
        SLUICE_TRY(pause(0, deadline));
      }
    }
  }

  /// Waits a moment, or until the socket is ready for `events`.
  Result<> pause(short events, Clock::time_point deadline) {
    if (stopping_) return fail(ErrorCode::kUnavailable, "the gateway is stopping");
    if (Clock::now() > deadline)
      return fail(ErrorCode::kTimeout, "the receiver does not take what is sent");
    pollfd wanted{static_cast<int>(socket_), events, 0};
    poll(&wanted, 1, events == 0 ? kTickMillis / 10 : kTickMillis);
    return {};
  }

  const std::string url_;
  const Options options_;
  const std::atomic<bool>& stopping_;
  Easy easy_;
  curl_socket_t socket_ = CURL_SOCKET_BAD;
  char details_[CURL_ERROR_SIZE] = "";
};

}  // namespace

Result<std::unique_ptr<HttpClient>> HttpClient::create(const Options& options,
                                                       const std::atomic<bool>& stopping) {
  SLUICE_ASSIGN(auto handle, make_handle(options));
  return std::make_unique<CurlHttp>(options, std::move(handle), stopping);
}

Result<std::unique_ptr<ByteConnection>> ByteConnection::create(const std::string& url,
                                                               const Options& options,
                                                               const std::atomic<bool>& stopping) {
  SLUICE_ASSIGN([[maybe_unused]] const auto handle, make_handle(options));
  return std::make_unique<CurlConnection>(url, options, stopping);
}

}  // namespace sluice::http
