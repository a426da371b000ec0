#include "wire/postgres/oauthbearer.h"

#include <algorithm>

#include <fmt/format.h>

namespace sluice::wire::postgres {
namespace {

constexpr char kSeparator = '\x01';

tl::unexpected<Error> bad(std::string_view why) {
  return fail(ErrorCode::kProtocol, fmt::format("malformed OAUTHBEARER message: {}", why));
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// RFC 6750, section 2.1: b64token.
bool is_token(Bytes text) {
  const size_t padding = std::min(text.find('='), text.size());
  const auto fits = [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') ||
           std::string_view("-._~+/").find(c) != std::string_view::npos;
  };
  return padding > 0 && std::all_of(text.begin(), text.begin() + padding, fits) &&
         text.find_first_not_of('=', padding) == Bytes::npos;
}

bool is_bearer(Bytes scheme) {
  constexpr std::string_view kScheme = "bearer";
  return scheme.size() == kScheme.size() &&
         std::equal(scheme.begin(), scheme.end(), kScheme.begin(),
                    [](char c, char lower) { return (c | 0x20) == lower; });
}

Result<Bytes> token_of(Bytes value) {
  if (value.empty()) return Bytes();
  const size_t space = std::min(value.find(' '), value.size());
  const size_t token = value.find_first_not_of(' ', space);
  if (!is_bearer(value.substr(0, space)) || token == Bytes::npos || !is_token(value.substr(token)))
    return bad("expected auth=Bearer and a token");
  return value.substr(token);
}

/// JSON in ASCII: what is here is configured, and printable.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + '"';
}

}  // namespace

Result<Bytes> decode_oauthbearer(Bytes data) {
  // GS2 header (RFC 5801, section 4): no channel binding, no authzid.
  if (data.starts_with("p=")) return bad("there is no channel binding here");
  if (!data.starts_with("n,") && !data.starts_with("y,")) return bad("expected a GS2 header");
  data.remove_prefix(2);
  if (data.starts_with("a=")) return bad("nobody logs in here as somebody else (authzid)");
  if (!data.starts_with(",\x01")) return bad("expected the end of the GS2 header");
  data.remove_prefix(2);
  Bytes auth;
  bool found = false;
  while (!data.starts_with(kSeparator)) {
    const size_t end = data.find(kSeparator);
    if (end == Bytes::npos) return bad("a pair has no end");
    const Bytes pair = data.substr(0, end);
    data.remove_prefix(end + 1);
    const size_t equals = pair.find('=');
    if (equals == 0 || equals == Bytes::npos ||
        !std::all_of(pair.begin(), pair.begin() + equals, is_letter)) {
      return bad("expected key=value");
    }
    if (pair.substr(0, equals) != "auth") continue;  // Section 3.1: unknown ones are ignored.
    if (found) return bad("auth stands there twice");
    found = true;
    auth = pair.substr(equals + 1);
  }
  if (data.size() != 1) return bad("bytes behind its end");
  if (!found) return bad("auth is missing");
  return token_of(auth);
}

std::string oauthbearer_error(std::string_view discovery, std::string_view scope) {
  std::string out = R"({"status":"invalid_token")";
  if (!discovery.empty()) out += R"(,"openid-configuration":)" + quoted(discovery);
  if (!scope.empty()) out += R"(,"scope":)" + quoted(scope);
  return out + '}';
}

}  // namespace sluice::wire::postgres
