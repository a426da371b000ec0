#include "identity/oidc_provider.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/bytes.h"

namespace sluice::identity {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr size_t kLongestAnswer = size_t{512} << 10;
constexpr size_t kLongestText = 2048;
constexpr auto kMetadataFresh = minutes(60);
/// So soon a key counts no more that its issuer has withdrawn.
constexpr auto kKeysFresh = minutes(5);
/// For so long tokens are verified while the issuer cannot be asked.
constexpr auto kKeysUsable = minutes(60);
constexpr auto kAskAgain = seconds(10);

std::string text_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool safe_endpoint(const std::string& url, const config::IssuerConfig& config) {
  const bool plain = std::all_of(url.begin(), url.end(),
                                 [](unsigned char c) { return c > ' ' && c != 0x7f && c < 0x80; });
  if (!plain || url.size() > kLongestText) return false;
  if (config.allow_http && config::is_loopback_http(url)) return true;
  const auto authority = config::authority_of(url);
  return url.starts_with("https://") && !authority.empty() &&
         authority.find('@') == std::string_view::npos;
}

/// RFC 6749, section 5.2; both are meant to be read.
std::string explained(const boost::json::object& body) {
  std::string text = to_printable_utf8(utf8_prefix(text_of(body, "error"), 64));
  const std::string more = to_printable_utf8(utf8_prefix(text_of(body, "error_description"), 200));
  return more.empty() ? text : fmt::format("{} ({})", text, more);
}

std::string what_to_check(const std::string& error) {
  if (error == "invalid_client") return "; check client_id and client_secret_file";
  if (error == "invalid_grant" || error == "expired_token") return "; log in again";
  if (error == "unauthorized_client")
    return "; allow this kind of login for the client at the issuer";
  if (error == "access_denied") return "; whoever was asked said no";
  if (error == "invalid_scope") return "; check scopes";
  return "";
}

Duration seconds_of(const boost::json::object& body, std::string_view name, int64_t otherwise,
                    int64_t most) {
  const auto* value = body.if_contains(name);
  const int64_t given = value != nullptr && value->is_int64() ? value->get_int64() : otherwise;
  return seconds(std::clamp<int64_t>(given, 1, most));
}

Result<TokenAnswer> tokens_of(const boost::json::object& body) {
  TokenAnswer answer{SecretString(text_of(body, "id_token")),
                     SecretString(text_of(body, "access_token"))};
  if (answer.id_token.empty()) {
    return fail(ErrorCode::kUnavailable,
                "the issuer gave no ID token; check that scopes has openid, and the client's type");
  }
  return answer;
}

}  // namespace

std::string encode_form(const std::map<std::string, std::string>& form) {
  std::string out;
  const auto encode = [&](std::string_view text) {
    for (const unsigned char c : text) {
      const bool plain =
          (c < 0x80 && std::isalnum(c) != 0) || c == '-' || c == '.' || c == '_' || c == '~';
      if (plain) {
        out += static_cast<char>(c);
      } else {
        out += fmt::format("%{:02X}", c);
      }
    }
  };
  for (const auto& [name, value] : form) {
    if (!out.empty()) out += '&';
    encode(name);
    out += '=';
    encode(value);
  }
  return out;
}

std::optional<std::map<std::string, std::string>> decode_form(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  std::map<std::string, std::string> form;
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    std::string parts[2];
    size_t part = 0;
    for (size_t i = 0; i < pair.size(); ++i) {
      if (pair[i] == '=' && part == 0) {
        part = 1;
      } else if (pair[i] == '%') {
        if (i + 2 >= pair.size() || digit(pair[i + 1]) < 0 || digit(pair[i + 2]) < 0)
          return std::nullopt;
        parts[part] += static_cast<char>(digit(pair[i + 1]) * 16 + digit(pair[i + 2]));
        i += 2;
      } else {
        parts[part] += pair[i] == '+' ? ' ' : pair[i];
      }
    }
    // RFC 6749, section 3.1: no parameter more than once.
    if (!form.emplace(std::move(parts[0]), std::move(parts[1])).second) return std::nullopt;
  }
  return form;
}

Result<ProviderMetadata> parse_metadata(std::string_view text, const config::IssuerConfig& config) {
  SLUICE_ASSIGN(const auto body, parse_strict_object(text));
  if (text_of(body, "issuer") != config.issuer) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("the document is of \"{}\"; identity.issuers must name exactly that",
                            to_printable_utf8(utf8_prefix(text_of(body, "issuer"), 200))));
  }
  ProviderMetadata out;
  for (const auto& [name, url] : {std::pair{"authorization_endpoint", &out.authorization_endpoint},
                                  {"token_endpoint", &out.token_endpoint},
                                  {"userinfo_endpoint", &out.userinfo_endpoint},
                                  {"device_authorization_endpoint", &out.device_endpoint},
                                  {"jwks_uri", &out.jwks_uri}}) {
    *url = text_of(body, name);
    if (!url->empty() && !safe_endpoint(*url, config))
      return fail(ErrorCode::kUnavailable, fmt::format("its {} is no https:// url", name));
  }
  if (!config.jwks_url.empty()) out.jwks_uri = config.jwks_url;
  if (out.jwks_uri.empty()) return fail(ErrorCode::kUnavailable, "it names no jwks_uri");
  if (const auto* methods = body.if_contains("token_endpoint_auth_methods_supported");
      methods != nullptr && methods->is_array()) {
    const auto& all = methods->get_array();
    const auto has = [&](const char* name) {
      return std::find(all.begin(), all.end(), boost::json::value(name)) != all.end();
    };
    out.secret_in_body = has("client_secret_post") && !has("client_secret_basic");
  }
  return out;
}

Result<std::unique_ptr<OidcProvider>> OidcProvider::create(const config::IssuerConfig& config,
                                                           const std::atomic<bool>& stopping) {
  http::Options options;
  options.tls = {config.tls.ca, config.tls.certificate, config.tls.key};
  options.timeout = config.timeout;
  options.longest_answer = kLongestAnswer;
  options.https_only = !config.allow_http;
  SLUICE_ASSIGN(auto client, http::HttpClient::create(options, stopping));
  return std::make_unique<OidcProvider>(config, std::move(client));
}

Error OidcProvider::unusable(std::string_view what, const Error& error) const {
  return {error.code == ErrorCode::kTimeout ? ErrorCode::kTimeout : ErrorCode::kUnavailable,
          fmt::format("{} of the issuer {} cannot be had: {}", what, config_.name, error.text)};
}

Result<ProviderMetadata> OidcProvider::metadata() {
  const std::lock_guard lock(mutex_);
  return metadata_locked();
}

Result<ProviderMetadata> OidcProvider::metadata_locked() {
  if (metadata_ && now_() - metadata_from_ < kMetadataFresh) return *metadata_;
  std::string url = config_.issuer;
  if (url.ends_with('/')) url.pop_back();  // Discovery 1.0, section 4.
  url += "/.well-known/openid-configuration";
  const auto answer = client_->get(url, {{"Accept", "application/json"}});
  Result<ProviderMetadata> read = fail(ErrorCode::kUnavailable, "");
  if (!answer) {
    read = fail(answer.error());
  } else if (!answer->good() || answer->cut) {
    read = fail(ErrorCode::kUnavailable,
                fmt::format("{} answered {}; check issuer", url, answer->status));
  } else {
    read = parse_metadata(answer->body, config_);
  }
  if (!read) return fail(unusable("the discovery document", read.error()));
  metadata_ = *read;
  metadata_from_ = now_();
  return *read;
}

Result<> OidcProvider::fetch_keys() {
  keys_asked_ = now_();
  std::string url = config_.jwks_url;
  if (url.empty()) {
    SLUICE_ASSIGN(const auto metadata, metadata_locked());
    url = metadata.jwks_uri;
  }
  const auto answer = client_->get(url, {{"Accept", "application/json"}});
  Result<KeySet> read = fail(ErrorCode::kUnavailable, "");
  if (!answer) {
    read = fail(answer.error());
  } else if (!answer->good() || answer->cut) {
    read = fail(ErrorCode::kUnavailable, fmt::format("{} answered {}", url, answer->status));
  } else {
    read = parse_key_set(answer->body);
  }
  if (!read) return fail(unusable("the keys", read.error()));
  keys_ = std::make_shared<const KeySet>(std::move(*read));
  keys_from_ = now_();
  return {};
}

Result<Claims> OidcProvider::verify(std::string_view token, TokenExpectations expected,
                                    int64_t now_seconds) {
  expected.issuer = config_.issuer;
  expected.algorithms = config_.algorithms;
  expected.skew = config_.clock_skew;
  const std::lock_guard lock(mutex_);
  const auto may_ask = [this] {
    return keys_asked_ == Clock::time_point() || now_() - keys_asked_ >= kAskAgain;
  };
  if (!keys_ || (now_() - keys_from_ >= kKeysFresh && may_ask())) {
    if (!keys_ && !may_ask()) {
      return fail(ErrorCode::kUnavailable,
                  fmt::format("the keys of the issuer {} could not be had a moment ago; try again",
                              config_.name));
    }
    const auto fetched = fetch_keys();
    const bool usable = keys_ && now_() - keys_from_ < kKeysUsable;
    if (!fetched && !usable) return fail(fetched.error());
    asked_again_ = false;
  }
  auto claims = verify_token(token, *keys_, expected, now_seconds);
  // A key that is not there yet: once at once, then with patience, whatever tokens come.
  if (!claims && claims.error().code == ErrorCode::kNotFound && (!asked_again_ || may_ask())) {
    asked_again_ = true;
    if (fetch_keys()) claims = verify_token(token, *keys_, expected, now_seconds);
  }
  if (!claims) {
    return fail(ErrorCode::kAuthentication,
                fmt::format("issuer {}: {}", config_.name, claims.error().text));
  }
  return claims;
}

Result<http::HttpAnswer> OidcProvider::post(const std::string& url,
                                            std::map<std::string, std::string> form) {
  std::map<std::string, std::string> headers = {
      {"Accept", "application/json"}, {"Content-Type", "application/x-www-form-urlencoded"}};
  if (config_.client_secret.empty() || metadata_->secret_in_body) {
    form["client_id"] = config_.client_id;
    if (!config_.client_secret.empty())
      form["client_secret"] = std::string(config_.client_secret.reveal());
  } else {
    // RFC 6749, section 2.3.1: each is encoded as in a form first.
    const auto encoded = [](std::string_view text) {
      return encode_form({{"", std::string(text)}}).substr(1);
    };
    headers["Authorization"] = "Basic " + to_base64(encoded(config_.client_id) + ":" +
                                                    encoded(config_.client_secret.reveal()));
  }
  return client_->post(url, headers, encode_form(form));
}

/// The JSON object of an answer; what the issuer refuses is an error with its reasons.
Result<boost::json::object> OidcProvider::ask(const std::string& what,
                                              const Result<http::HttpAnswer>& answer) {
  if (!answer) return fail(unusable(what, answer.error()));
  auto body = answer->cut ? Result<boost::json::object>(fail(ErrorCode::kLimit, "too large"))
                          : parse_strict_object(answer->body);
  if (answer->good() && body) return body;
  const std::string error = body ? text_of(*body, "error") : "";
  if (!error.empty()) {
    return fail(ErrorCode::kAuthentication, fmt::format("the issuer {} refuses: {}{}", config_.name,
                                                        explained(*body), what_to_check(error)));
  }
  return fail(ErrorCode::kUnavailable,
              fmt::format("{} of the issuer {} answered {} without anything to read", what,
                          config_.name, answer->status));
}

Result<TokenAnswer> OidcProvider::redeem(const std::string& code, const SecretString& verifier,
                                         const std::string& redirect_uri) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const auto metadata, metadata_locked());
  SLUICE_ASSIGN(const auto body, ask("the token endpoint",
                                     post(metadata.token_endpoint,
                                          {{"grant_type", "authorization_code"},
                                           {"code", code},
                                           {"redirect_uri", redirect_uri},
                                           {"code_verifier", std::string(verifier.reveal())}})));
  return tokens_of(body);
}

Result<DeviceAnswer> OidcProvider::start_device() {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const auto metadata, metadata_locked());
  if (metadata.device_endpoint.empty()) {
    return fail(
        ErrorCode::kUnavailable,
        fmt::format("the issuer {} lets no devices log in; log in without --device", config_.name));
  }
  std::map<std::string, std::string> form = {
      {"scope", fmt::format("{}", fmt::join(config_.scopes, " "))}};
  if (!config_.acr_values.empty()) form["acr_values"] = config_.acr_values;
  SLUICE_ASSIGN(const auto body, ask("the device endpoint", post(metadata.device_endpoint, form)));
  DeviceAnswer answer;
  answer.device_code = SecretString(text_of(body, "device_code"));
  answer.user_code = text_of(body, "user_code");
  answer.verification_uri = text_of(body, "verification_uri");
  answer.verification_uri_complete = text_of(body, "verification_uri_complete");
  answer.expires = seconds_of(body, "expires_in", 600, 1800);
  answer.interval = seconds_of(body, "interval", 5, 60);
  const auto bad = [this](const std::string& url) {
    return !url.empty() && !safe_endpoint(url, config_);
  };
  if (answer.device_code.empty() || answer.user_code.empty() || answer.user_code.size() > 64 ||
      answer.verification_uri.empty() || bad(answer.verification_uri) ||
      bad(answer.verification_uri_complete)) {
    return fail(
        ErrorCode::kUnavailable,
        fmt::format("the issuer {} began no device login that could be shown", config_.name));
  }
  return answer;
}

Result<DevicePoll> OidcProvider::poll_device(const SecretString& device_code) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const auto metadata, metadata_locked());
  const auto answer =
      post(metadata.token_endpoint, {{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                                     {"device_code", std::string(device_code.reveal())}});
  if (answer && !answer->good() && !answer->cut) {
    if (const auto body = parse_strict_object(answer->body)) {
      const std::string error = text_of(*body, "error");
      if (error == "authorization_pending") return DevicePoll{};
      if (error == "slow_down") return DevicePoll{DevicePoll::State::kSlowDown, {}};
    }
  }
  // A connection that was lost may be tried again (RFC 8628, section 3.5).
  if (!answer) return DevicePoll{DevicePoll::State::kSlowDown, {}};
  SLUICE_ASSIGN(const auto body, ask("the token endpoint", answer));
  SLUICE_ASSIGN(auto tokens, tokens_of(body));
  return DevicePoll{DevicePoll::State::kDone, std::move(tokens)};
}

Result<boost::json::object> OidcProvider::userinfo(const SecretString& access_token) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const auto metadata, metadata_locked());
  if (metadata.userinfo_endpoint.empty() || access_token.empty()) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("the issuer {} has no userinfo; set groups_from: token", config_.name));
  }
  return ask("the userinfo endpoint",
             client_->get(metadata.userinfo_endpoint,
                          {{"Accept", "application/json"},
                           {"Authorization", "Bearer " + std::string(access_token.reveal())}}));
}

}  // namespace sluice::identity
