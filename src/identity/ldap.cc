// The one place that includes libldap.
#include "identity/ldap.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <lber.h>
#include <ldap.h>
#include <sys/socket.h>

namespace sluice::identity {
namespace {

constexpr size_t kLongestPassword = 1024;

timeval timeval_of(Duration duration) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return {micros / 1'000'000, micros % 1'000'000};
}

/// What libldap says, and the server where it says more; never what was sent.
Error error_of(LDAP* ldap, int code, std::string_view what) {
  std::string text = fmt::format("{}: {}", what, ldap_err2string(code));
  char* said = nullptr;
  if (ldap != nullptr && ldap_get_option(ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said) == 0 &&
      said != nullptr) {
    if (*said != '\0') text += fmt::format(" ({})", said);
    ldap_memfree(said);
  }
  switch (code) {
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_INAPPROPRIATE_AUTH:
    case LDAP_UNWILLING_TO_PERFORM:
    case LDAP_CONSTRAINT_VIOLATION:  // Too many tries, as some servers say it.
    case LDAP_INVALID_DN_SYNTAX:
      return {ErrorCode::kAuthentication, std::move(text)};
    case LDAP_NO_SUCH_OBJECT:
      return {ErrorCode::kNotFound, std::move(text)};
    case LDAP_SIZELIMIT_EXCEEDED:
    case LDAP_ADMINLIMIT_EXCEEDED:
      return {ErrorCode::kLimit, std::move(text)};
    case LDAP_TIMEOUT:
    case LDAP_TIMELIMIT_EXCEEDED:
      return {ErrorCode::kTimeout, std::move(text)};
    default:
      return {ErrorCode::kUnavailable, std::move(text)};
  }
}

std::string small(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

LdapEntry read_entry(LDAP* ldap, LDAPMessage* message) {
  LdapEntry entry;
  if (char* dn = ldap_get_dn(ldap, message); dn != nullptr) {
    entry.dn = dn;
    ldap_memfree(dn);
  }
  BerElement* cursor = nullptr;
  for (char* name = ldap_first_attribute(ldap, message, &cursor); name != nullptr;
       name = ldap_next_attribute(ldap, message, cursor)) {
    if (berval** values = ldap_get_values_len(ldap, message, name); values != nullptr) {
      auto& read = entry.attributes[small(name)];
      for (berval** value = values; *value != nullptr; ++value)
        read.emplace_back((*value)->bv_val, (*value)->bv_len);
      ldap_value_free_len(values);
    }
    ldap_memfree(name);
  }
  if (cursor != nullptr) ber_free(cursor, 0);
  return entry;
}

/// A name in its parts.
class ParsedDn {
 public:
  explicit ParsedDn(const std::string& text) {
    if (text.find('\0') != std::string::npos ||
        ldap_str2dn(text.c_str(), &dn_, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
      dn_ = nullptr;
  }
  ParsedDn(const ParsedDn&) = delete;
  ParsedDn& operator=(const ParsedDn&) = delete;
  ~ParsedDn() {
    if (dn_ != nullptr) ldap_dnfree(dn_);
  }
  LDAPDN get() const { return dn_; }

 private:
  LDAPDN dn_ = nullptr;
};

}  // namespace

struct LdapConnection::Handle {
  LDAP* ldap = nullptr;
  Duration timeout = Duration::zero();
  std::atomic<int> socket = -1;
  std::atomic<bool> connected = false;  ///< it was, at least before TLS
  ldap_conncb callback{};

  Handle() {
    callback.lc_add = [](LDAP*, Sockbuf* buffer, LDAPURLDesc*, sockaddr*, ldap_conncb* which) {
      ber_socket_t fd = -1;
      ber_sockbuf_ctrl(buffer, LBER_SB_OPT_GET_FD, &fd);
      static_cast<Handle*>(which->lc_arg)->socket = fd;
      static_cast<Handle*>(which->lc_arg)->connected = true;
      return 0;
    };
    callback.lc_del = [](LDAP*, Sockbuf*, ldap_conncb* which) {
      static_cast<Handle*>(which->lc_arg)->socket = -1;
    };
    callback.lc_arg = this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (ldap != nullptr) ldap_unbind_ext_s(ldap, nullptr, nullptr);
  }
};

/// Cuts the connection when what is done while this lives takes too long. libldap's own time-outs
/// do not hold for TLS: a server that says nothing in the handshake, or half of a record, would
/// keep the thread for good.
class LdapConnection::Limit {
 public:
  Limit(Handle& handle, Duration limit)
      : thread_([this, &handle, limit] {
          std::unique_lock lock(mutex_);
          if (done_.wait_for(lock, limit, [this] { return over_; })) return;
          if (const int fd = handle.socket; fd >= 0) ::shutdown(fd, SHUT_RDWR);
          cut_ = true;
        }) {}
  ~Limit() { finish(); }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

  /// Whether it had to.
  bool finish() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    done_.notify_all();
    if (thread_.joinable()) thread_.join();
    return cut_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  bool over_ = false, cut_ = false;
  std::thread thread_;
};

LdapConnection::LdapConnection(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
LdapConnection::LdapConnection(LdapConnection&&) noexcept = default;
LdapConnection& LdapConnection::operator=(LdapConnection&&) noexcept = default;
LdapConnection::~LdapConnection() = default;

const std::vector<std::string>& LdapEntry::values(std::string_view name) const {
  static const std::vector<std::string> none;
  const auto found = attributes.find(small(name));
  return found == attributes.end() ? none : found->second;
}

namespace {

int set_options(LDAP* ldap, const LdapServer& server) {
  const int version = LDAP_VERSION3;
  const timeval timeout = timeval_of(server.timeout);
  const int demand = LDAP_OPT_X_TLS_DEMAND;
  const int tls12 = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
  const int client = 0;
  int code = ldap_set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version);
  const auto set = [&](int option, const void* value) {
    if (code == LDAP_OPT_SUCCESS) code = ldap_set_option(ldap, option, value);
  };
  set(LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
  set(LDAP_OPT_RESTART, LDAP_OPT_OFF);
  set(LDAP_OPT_NETWORK_TIMEOUT, &timeout);
  set(LDAP_OPT_TIMEOUT, &timeout);
  set(LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
  set(LDAP_OPT_X_TLS_PROTOCOL_MIN, &tls12);
  set(LDAP_OPT_X_TLS_CACERTFILE,
      server.ca.empty() ? "/etc/ssl/certs/ca-certificates.crt" : server.ca.c_str());
  set(LDAP_OPT_X_TLS_NEWCTX, &client);
  return code;
}

}  // namespace

Result<LdapConnection> LdapConnection::open(const LdapServer& server) {
  auto handle = std::make_unique<Handle>();
  handle->timeout = server.timeout;
  int code = ldap_initialize(&handle->ldap, server.url.c_str());
  if (code == LDAP_SUCCESS) code = set_options(handle->ldap, server);
  if (code != LDAP_SUCCESS) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("cannot use {}: {}; is its CA file good?", server.url,
                            code > 0 ? ldap_err2string(code) : "an option is refused"));
  }
  ldap_set_option(handle->ldap, LDAP_OPT_CONNECT_CB, &handle->callback);
  Limit limit(*handle, 2 * server.timeout);
  code = server.start_tls ? ldap_start_tls_s(handle->ldap, nullptr, nullptr)
                          : ldap_connect(handle->ldap);
  if (limit.finish()) code = LDAP_TIMEOUT;
  if (code != LDAP_SUCCESS) {
    auto error = error_of(handle->ldap, code, "cannot reach " + server.url);
    if (error.code != ErrorCode::kTimeout) {
      error.code = ErrorCode::kUnavailable;
      if (handle->connected)
        error.text +=
            "; it speaks no TLS, or its certificate is not for that name, or not of the "
            "authority in tls.ca";
    }
    return fail(std::move(error));
  }
  return LdapConnection(std::move(handle));
}

namespace {

/// Waits for the one answer to a request; null with the code in `code`.
LDAPMessage* wait_for(LDAP* ldap, int id, Duration timeout, int& code) {
  timeval patience = timeval_of(timeout);
  LDAPMessage* message = nullptr;
  const int got = ldap_result(ldap, id, LDAP_MSG_ALL, &patience, &message);
  if (got == 0) {
    ldap_abandon_ext(ldap, id, nullptr, nullptr);
    code = LDAP_TIMEOUT;
    return nullptr;
  }
  if (got < 0) {
    code = LDAP_SERVER_DOWN;
    ldap_get_option(ldap, LDAP_OPT_RESULT_CODE, &code);
    return nullptr;
  }
  return message;
}

}  // namespace

Result<> LdapConnection::bind(const std::string& dn, const SecretString& password) {
  const std::string_view shown = password.reveal();
  if (dn.empty() || shown.empty() || shown.size() > kLongestPassword ||
      dn.find('\0') != std::string::npos) {
    return fail(ErrorCode::kAuthentication,
                "a bind without a name or a password proves nothing, and is not tried");
  }
  berval secret{};
  secret.bv_len = shown.size();
  secret.bv_val = const_cast<char*>(shown.data());  // NOLINT: libldap reads it alone.
  Limit limit(*handle_, 2 * handle_->timeout);
  int id = 0;
  int code =
      ldap_sasl_bind(handle_->ldap, dn.c_str(), LDAP_SASL_SIMPLE, &secret, nullptr, nullptr, &id);
  LDAPMessage* message = nullptr;
  if (code == LDAP_SUCCESS) message = wait_for(handle_->ldap, id, handle_->timeout, code);
  if (message != nullptr) {
    const int parsed =
        ldap_parse_result(handle_->ldap, message, &code, nullptr, nullptr, nullptr, nullptr, 1);
    if (parsed != LDAP_SUCCESS) code = parsed;
  }
  // An object that is not there cannot be proved to be: said as a wrong password is.
  if (code == LDAP_NO_SUCH_OBJECT) code = LDAP_INVALID_CREDENTIALS;
  if (code != LDAP_SUCCESS) return fail(error_of(handle_->ldap, code, "bind"));
  return {};
}

Result<std::vector<LdapEntry>> LdapConnection::search(const std::string& base, LdapScope scope,
                                                      const std::string& filter,
                                                      const std::vector<std::string>& attributes,
                                                      size_t most) {
  std::vector<char*> names;
  for (const auto& name : attributes) names.push_back(const_cast<char*>(name.c_str()));  // NOLINT
  if (names.empty()) names.push_back(const_cast<char*>(LDAP_NO_ATTRS));                  // NOLINT
  names.push_back(nullptr);
  Limit limit(*handle_, 2 * handle_->timeout);
  timeval patience = timeval_of(handle_->timeout);
  int id = 0;
  int code = ldap_search_ext(handle_->ldap, base.c_str(),
                             scope == LdapScope::kBase ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE,
                             filter.c_str(), names.data(), 0, nullptr, nullptr, &patience,
                             static_cast<int>(most + 1), &id);
  LDAPMessage* message = nullptr;
  if (code == LDAP_SUCCESS) message = wait_for(handle_->ldap, id, handle_->timeout, code);
  if (message == nullptr) return fail(error_of(handle_->ldap, code, "search"));
  std::vector<LdapEntry> entries;
  for (LDAPMessage* entry = ldap_first_entry(handle_->ldap, message); entry != nullptr;
       entry = ldap_next_entry(handle_->ldap, entry))
    entries.push_back(read_entry(handle_->ldap, entry));
  const int parsed =
      ldap_parse_result(handle_->ldap, message, &code, nullptr, nullptr, nullptr, nullptr, 1);
  if (parsed != LDAP_SUCCESS) code = parsed;
  if (code != LDAP_SUCCESS) return fail(error_of(handle_->ldap, code, "search"));
  if (entries.size() > most)
    return fail(ErrorCode::kLimit, fmt::format("search: more than {} entries", most));
  return entries;
}

std::string escape_filter(std::string_view value) {
  std::string out;
  for (const unsigned char c : value) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '@' || c == '=' || c == ',';
    if (plain) {
      out += static_cast<char>(c);
    } else {
      out += fmt::format("\\{:02x}", c);
    }
  }
  return out;
}

std::string escape_dn(std::string_view value) {
  std::string out;
  for (const unsigned char c : value) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '@';
    if (plain) {
      out += static_cast<char>(c);
    } else {
      out += fmt::format("\\{:02x}", c);
    }
  }
  return out;
}

std::optional<std::string> first_value_of_dn(const std::string& dn) {
  const ParsedDn parsed(dn);
  const LDAPDN parts = parsed.get();
  if (parts == nullptr || parts[0] == nullptr || parts[0][0] == nullptr || parts[0][1] != nullptr)
    return std::nullopt;
  const berval& value = parts[0][0]->la_value;
  return std::string(value.bv_val, value.bv_len);
}

namespace {

std::optional<std::string> written_anew(const std::string& dn) {
  const ParsedDn parsed(dn);
  if (parsed.get() == nullptr) return std::nullopt;
  char* text = nullptr;
  if (ldap_dn2str(parsed.get(), &text, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS) return std::nullopt;
  std::string out = small(text);
  ldap_memfree(text);
  return out;
}

}  // namespace

std::optional<std::string> normal_dn(const std::string& dn) {
  auto once = written_anew(dn);
  // What libldap does not read back as it has written it (an odd value behind #) names nothing for
  // certain.
  return once && written_anew(*once) == once ? once : std::nullopt;
}

}  // namespace sluice::identity
