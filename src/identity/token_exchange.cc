#include "identity/token_exchange.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/authentication.h"
#include "base/bytes.h"
#include "base/clock.h"

namespace sluice::identity {
namespace {

constexpr const char* kGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr const char* kJwt = "urn:ietf:params:oauth:token-type:jwt";
constexpr size_t kMostActors = 8;

/// RFC 8693, section 3: the kinds of token that are JWTs of an issuer.
bool good_token_type(std::string_view type) {
  for (const char* one : {"jwt", "id_token", "access_token"}) {
    if (type == fmt::format("urn:ietf:params:oauth:token-type:{}", one)) return true;
  }
  return false;
}

std::string text_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::string shown(std::string_view text) { return to_printable_utf8(utf8_prefix(text, 255)); }

}  // namespace

Result<std::vector<boost::json::object>> actor_chain(const boost::json::object& claims) {
  std::vector<boost::json::object> chain;
  const auto* next = claims.if_contains("act");
  while (next != nullptr) {
    if (!next->is_object() || text_of(next->get_object(), "sub").empty() ||
        text_of(next->get_object(), "sub").size() > 255 || chain.size() >= kMostActors) {
      return fail(ErrorCode::kAuthentication,
                  fmt::format("the token's act is no chain of at most {} actors", kMostActors));
    }
    boost::json::object actor = next->get_object();
    actor.erase("act");
    chain.push_back(std::move(actor));
    next = next->get_object().if_contains("act");
  }
  return chain;
}

Result<TokenExchange::Party> TokenExchange::verified(const std::map<std::string, std::string>& form,
                                                     const std::string& name) {
  const auto token = form.find(name);
  const auto type = form.find(name + "_type");
  if (token == form.end() || type == form.end() || !good_token_type(type->second)) {
    return fail(
        ErrorCode::kInvalidInput,
        fmt::format("expected {0} and {0}_type=urn:ietf:params:oauth:token-type:jwt", name));
  }
  SLUICE_ASSIGN(const std::string issuer, claimed_issuer(token->second));
  OidcProvider* const provider = logins_.provider_of_issuer(issuer);
  if (provider == nullptr) {
    return fail(ErrorCode::kAuthentication,
                fmt::format("the {} is of an issuer that is not configured here; check "
                            "identity.issuers",
                            name));
  }
  TokenExpectations expected;
  expected.use = TokenUse::kWorkload;
  expected.audiences = provider->config().audiences;
  SLUICE_ASSIGN(auto claims,
                provider->verify(token->second, std::move(expected), wall_micros() / 1'000'000));
  return Party{issuer, std::move(claims)};
}

const config::WorkloadConfig* TokenExchange::rule_for(const std::string& issuer,
                                                      const boost::json::object& claims) const {
  OidcProvider* const provider = logins_.provider_of_issuer(issuer);
  if (provider == nullptr) return nullptr;
  for (const auto& rule : rules_) {
    const bool fits = rule.issuer == provider->config().name &&
                      std::all_of(rule.match.begin(), rule.match.end(), [&](const auto& entry) {
                        const auto* value = claims.if_contains(entry.first);
                        return value != nullptr && value->is_string() &&
                               matches_pattern(entry.second, std::string_view(value->get_string()));
                      });
    if (fits) return &rule;
  }
  return nullptr;
}

Result<std::string> TokenExchange::admit(const Party& party, const config::WorkloadConfig& rule) {
  const std::lock_guard lock(mutex_);
  return users_.admit(VerifiedWorkload{party.issuer, party.claims.subject, rule.user,
                                       rule.agent ? UserKind::kAgent : UserKind::kService,
                                       rule.groups});
}

Result<Exchanged> TokenExchange::exchange(const std::map<std::string, std::string>& form) {
  const auto grant = form.find("grant_type");
  if (grant == form.end() || grant->second != kGrant)
    return fail(ErrorCode::kInvalidInput, fmt::format("expected grant_type={}", kGrant));
  SLUICE_ASSIGN(const auto subject, verified(form, "subject_token"));
  SLUICE_ASSIGN(const auto chain, actor_chain(subject.claims.all));
  std::vector<std::string> before;
  for (const auto& actor : chain) before.push_back(shown(text_of(actor, "sub")));
  if (form.contains("actor_token") || form.contains("actor_token_type")) {
    SLUICE_ASSIGN(const auto actor, verified(form, "actor_token"));
    return for_another(subject, actor, before);
  }
  if (chain.empty()) return for_itself(subject);
  // The token itself names who acts: its issuer vouches for both.
  Party actor{subject.issuer, subject.claims};
  if (chain.front().contains("iss")) actor.issuer = text_of(chain.front(), "iss");
  if (actor.issuer != subject.issuer) {
    return fail(ErrorCode::kDenied,
                "the token's act is of another issuer than the token; show the agent's own token "
                "as actor_token");
  }
  actor.claims.all = chain.front();
  actor.claims.subject = text_of(chain.front(), "sub");
  before.erase(before.begin());
  return for_another(subject, actor, before);
}

Result<Exchanged> TokenExchange::bearer(const std::string& token) {
  const std::map<std::string, std::string> form = {
      {"grant_type", kGrant}, {"subject_token", token}, {"subject_token_type", kJwt}};
  SLUICE_ASSIGN(const auto subject, verified(form, "subject_token"));
  const bool person = !subject.claims.all.contains("act") &&
                      rule_for(subject.issuer, subject.claims.all) == nullptr;
  auto out = person ? for_person(subject, token) : exchange(form);
  if (!out) return out;
  const int64_t left = subject.claims.expires_seconds - wall_micros() / 1'000'000;
  out->session = std::min<Duration>(out->session, std::chrono::seconds(std::max<int64_t>(left, 1)));
  return out;
}

Result<Exchanged> TokenExchange::for_person(const Party& subject, const std::string& token) {
  OidcProvider* const provider = logins_.provider_of_issuer(subject.issuer);
  if (provider == nullptr || provider->config().client_id.empty()) return for_itself(subject);
  const auto& config = provider->config();
  std::optional<boost::json::object> userinfo;
  if (!config.groups_claim.empty() && config.groups_from_userinfo) {
    SLUICE_ASSIGN(userinfo, provider->userinfo(SecretString(token)));
  }
  SLUICE_ASSIGN(const auto identity, identity_of(subject.claims, userinfo ? &*userinfo : nullptr,
                                                 config, wall_micros()));
  Exchanged out;
  {
    const std::lock_guard lock(mutex_);
    SLUICE_ASSIGN(out.user, users_.admit(identity, config.provision, config.scim));
  }
  out.session = config.session;
  out.assurance = identity.assurance;
  return out;
}

Result<Exchanged> TokenExchange::for_itself(const Party& subject) {
  const auto* rule = rule_for(subject.issuer, subject.claims.all);
  if (rule == nullptr) {
    return fail(ErrorCode::kDenied,
                fmt::format("no entry of identity.workloads is for sub \"{}\" of {}",
                            shown(subject.claims.subject), subject.issuer));
  }
  Exchanged out;
  SLUICE_ASSIGN(out.user, admit(subject, *rule));
  out.databases = rule->databases;
  out.session = rule->session;
  out.assurance.method = kByJwt;
  out.assurance.issuer = subject.issuer;
  out.assurance.authenticated_micros = subject.claims.time("iat").value_or(0) * 1'000'000;
  return out;
}

Result<Exchanged> TokenExchange::for_another(const Party& subject, const Party& actor,
                                             const std::vector<std::string>& before) {
  // RFC 8693, section 4.4: whom the subject's token lets act for it, if it says that. A subject is
  // one of an issuer: where none is named, of the token's own.
  if (const auto* allowed = subject.claims.all.if_contains("may_act")) {
    const bool this_one =
        allowed->is_object() && text_of(allowed->get_object(), "sub") == actor.claims.subject &&
        (allowed->get_object().contains("iss") ? text_of(allowed->get_object(), "iss")
                                               : subject.issuer) == actor.issuer;
    if (!this_one) {
      return fail(ErrorCode::kDenied, fmt::format("the subject's token lets somebody else act for "
                                                  "it than \"{}\" (may_act)",
                                                  shown(actor.claims.subject)));
    }
  }
  const auto* rule = rule_for(actor.issuer, actor.claims.all);
  if (rule == nullptr) {
    return fail(ErrorCode::kDenied,
                fmt::format("no entry of identity.workloads is for the actor \"{}\" of {}",
                            shown(actor.claims.subject), actor.issuer));
  }
  // For whom: a person known by that subject, or a service by its own rule.
  std::string person;
  const auto known = [&] {
    const std::lock_guard lock(mutex_);
    return users_.find(subject.issuer, subject.claims.subject);
  }();
  if (known) {
    person = *known;
  } else if (known.error().code != ErrorCode::kNotFound) {
    return fail(known.error());
  } else if (const auto* service = rule_for(subject.issuer, subject.claims.all)) {
    SLUICE_ASSIGN(person, admit(subject, *service));
  } else {
    return fail(ErrorCode::kDenied,
                fmt::format("\"{}\" of {}, for whom \"{}\" would act, is nobody here; let them log "
                            "in first: sluice login",
                            shown(subject.claims.subject), subject.issuer, rule->user));
  }
  Exchanged out;
  SLUICE_ASSIGN(out.user, admit(actor, *rule));
  if (out.user == person)
    return fail(ErrorCode::kDenied, fmt::format("\"{}\" cannot act for itself", person));
  out.actors.push_back(out.user);
  out.actors.insert(out.actors.end(), before.begin(), before.end());
  out.actors.push_back(person);
  out.databases = rule->databases;
  out.session = rule->session;
  out.assurance.method = kByJwt;
  out.assurance.issuer = actor.issuer;
  out.assurance.authenticated_micros = subject.claims.time("iat").value_or(0) * 1'000'000;
  return out;
}

}  // namespace sluice::identity
