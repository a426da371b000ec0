#include "tlog/dsse.h"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/base64.h"

namespace sluice::tlog {
namespace {

namespace json = boost::json;

tl::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorCode::kInvalidInput, fmt::format("not a DSSE envelope: {}", what));
}

const json::string* text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_string();
}

}  // namespace

std::string dsse_bytes(std::string_view type, std::string_view payload) {
  return fmt::format("DSSEv1 {} {} {} {}", type.size(), type, payload.size(), payload);
}

Result<Envelope> parse_envelope(std::string_view given) {
  json::error_code error;
  const auto value = json::parse(given, error);
  if (error || !value.is_object()) return malformed("it is no JSON object");
  const json::object& object = value.get_object();
  const json::string* type = text(object, "payloadType");
  const json::string* encoded = text(object, "payload");
  if (type == nullptr || encoded == nullptr) return malformed("it lacks payloadType or payload");
  auto payload = from_base64(std::string_view(*encoded));
  if (!payload) return malformed("its payload is not base64");
  const json::value* signatures = object.if_contains("signatures");
  if (signatures == nullptr || !signatures->is_array()) return malformed("it lacks signatures");
  Envelope out{std::string(*type), std::move(*payload), {}};
  const json::array& list = signatures->get_array();
  for (size_t i = 0; i < std::min(list.size(), kMostDsseSignatures); ++i) {
    if (!list[i].is_object()) continue;
    const json::object& one = list[i].get_object();
    const json::string* bytes = text(one, "sig");
    auto raw = bytes == nullptr ? std::nullopt : from_base64(std::string_view(*bytes));
    if (!raw) continue;
    const json::string* id = text(one, "keyid");
    out.signatures.push_back({id == nullptr ? std::string() : std::string(*id), std::move(*raw)});
  }
  return out;
}

std::string format_envelope(const Envelope& envelope) {
  json::array signatures;
  for (const auto& signature : envelope.signatures) {
    signatures.push_back(
        json::object{{"keyid", signature.key_id}, {"sig", to_base64(signature.bytes)}});
  }
  return json::serialize(json::object{{"payloadType", envelope.type},
                                      {"payload", to_base64(envelope.payload)},
                                      {"signatures", std::move(signatures)}});
}

std::string dsse_key_id(const VerifierKey& key) {
  return fmt::format("{}+{:08x}", key.name, key.id());
}

bool signed_by(const Envelope& envelope, const VerifierKey& key) {
  const std::string bytes = dsse_bytes(envelope.type, envelope.payload);
  return std::any_of(envelope.signatures.begin(), envelope.signatures.end(),
                     [&](const auto& one) { return verifies(key.public_key, bytes, one.bytes); });
}

}  // namespace sluice::tlog
