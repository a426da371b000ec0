#include "control/credential_json.h"

#include "base/clock.h"

namespace sluice::control {
namespace {

boost::json::array array_of(const std::vector<std::string>& texts) {
  return boost::json::array(texts.begin(), texts.end());
}

}  // namespace

boost::json::object credential_json(const identity::Credential& credential) {
  boost::json::object out{{"id", credential.id},
                          {"kind", identity::name_of(credential.kind)},
                          {"databases", array_of(credential.databases)},
                          {"scopes", array_of(credential.scopes)},
                          {"created", format_time(credential.created_micros)},
                          {"expires", format_time(credential.expires_micros)},
                          {"last_used", nullptr},
                          {"authenticated_by", credential.assurance.method},
                          {"label", credential.label}};
  if (credential.last_used_micros != 0) out["last_used"] = format_time(credential.last_used_micros);
  if (!credential.actors.empty()) out["acts_for"] = credential.acts_for();
  return out;
}

boost::json::object scim_token_json(const identity::ScimToken& token, int64_t now_micros) {
  boost::json::object out{{"id", token.id},
                          {"state", token.live(now_micros)      ? "live"
                                    : token.revoked_micros != 0 ? "revoked"
                                                                : "expired"},
                          {"label", token.label},
                          {"author", token.author},
                          {"created", format_time(token.created_micros)},
                          {"expires", format_time(token.expires_micros)},
                          {"last_used", nullptr}};
  if (token.last_used_micros != 0) out["last_used"] = format_time(token.last_used_micros);
  return out;
}

}  // namespace sluice::control
