#include "control/prompts.h"

#include <algorithm>

#include <fmt/format.h>

#include "agents/attribution.h"
#include "base/bytes.h"
#include "base/random.h"
#include "control/model_rules.h"
#include "gateway/identified.h"
#include "store/state.h"

namespace sluice::control {
namespace {

constexpr size_t kSalt = 16;
constexpr size_t kLongestModel = 100;
constexpr const char* kNames = "{} is 1 to 128 of A-Z a-z 0-9 - _ . : @ / + = ~ #";
/// Of one user; each takes room in the store.
constexpr uint32_t kMostPerMinute = 600;

Result<> check(const PromptWish& wish) {
  const auto wrong = [](std::string text) {
    return fail(ErrorCode::kInvalidInput, std::move(text));
  };
  if (wish.text.empty() || wish.text.size() > agents::kLongestPrompt)
    return wrong(fmt::format("text: expected 1 to {} bytes", agents::kLongestPrompt));
  if (!wish.run.empty() && !agents::is_run(wish.run)) return wrong(fmt::format(kNames, "run"));
  if (!wish.call.empty() && !agents::is_run(wish.call)) return wrong(fmt::format(kNames, "call"));
  if (!wish.parent.empty() && agents::digest_of(wish.parent).empty())
    return wrong("parent: expected the id of a prompt");
  const bool control = std::any_of(wish.model.begin(), wish.model.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (wish.model.size() > kLongestModel || control || to_printable_utf8(wish.model) != wish.model)
    return wrong("model: expected a printable name of at most 100 bytes");
  return {};
}

}  // namespace

Result<std::unique_ptr<Prompts>> Prompts::open(gateway::Gateway& gateway, audit::Log& log,
                                               const config::Config& config) {
  SLUICE_ASSIGN(auto database, store::open_state(config));
  SLUICE_ASSIGN(auto secret, store::installation_secret(database));
  std::unique_ptr<Prompts> prompts(new Prompts(gateway, log, SecretString(std::move(secret))));
  SLUICE_ASSIGN(prompts->store_,
                agents::PromptStore::open(std::move(database), config.state / "prompts.key"));
  return prompts;
}

Result<agents::Prompt> Prompts::keep(const std::string& user, const std::string& credential,
                                     const PromptWish& wish) {
  SLUICE_TRY(check(wish));
  SLUICE_TRY(take_turn(user));
  const std::string salt = random_string(kSalt);
  agents::Prompt prompt;
  prompt.user = user;
  prompt.run = wish.run.empty() ? agents::make_run() : wish.run;
  prompt.model = wish.model;
  prompt.call = wish.call;
  prompt.parent = wish.parent;
  prompt.created_micros = wall_micros();
  prompt.length = wish.text.size();
  prompt.id =
      agents::prompt_id(secret_, user, prompt.run, agents::digest_of_prompt(salt, wish.text));
  const auto directory = gateway_.directory();
  const auto* known = directory->find(user);
  if (known == nullptr) return fail(ErrorCode::kDenied, "this user is gone");
  const auto principal = gateway::principal_of(
      *directory, *known, directory->credential(credential), {}, prompt.created_micros);
  if (!principal.actors.empty()) prompt.person = principal.actors.back();
  // What is kept is on the record; what is on the record may be missing here, after a crash.
  SLUICE_TRY(record(prompt, principal, credential, wish));
  SLUICE_TRY(store_->keep(prompt, salt, wish.text));
  return prompt;
}

Result<> Prompts::take_turn(const std::string& user) {
  if (rates_.take(user, "prompts", kMostPerMinute, Clock::now())) return {};
  return fail(ErrorCode::kDenied,
              fmt::format("more than {} prompts a minute: wait, or register one for several "
                          "statements",
                          kMostPerMinute));
}

audit::SessionContext Prompts::context_of(const std::string& user, const std::string& credential,
                                          const std::string& person) const {
  audit::SessionContext context;
  context.user = user;
  context.credential = credential;
  const auto directory = gateway_.directory();
  const auto* known = directory->find(user);
  context.kind = known != nullptr && person.empty() ? identity::name_of(known->kind) : "agent";
  if (!person.empty()) context.actors = {user, person};
  return context;
}

Result<> Prompts::note(const Lookup& lookup) {
  if (!lookup.run.empty() && !agents::is_run(lookup.run))
    return fail(ErrorCode::kInvalidInput, fmt::format(kNames, "Sluice-Run"));
  SLUICE_TRY(take_turn(lookup.user));
  const auto directory = gateway_.directory();
  const auto* known = directory->find(lookup.user);
  if (known == nullptr) return fail(ErrorCode::kDenied, "this user is gone");
  const int64_t now = wall_micros();
  const auto principal =
      gateway::principal_of(*directory, *known, directory->credential(lookup.credential), {}, now);
  auto context = context_of(lookup.user, lookup.credential,
                            principal.actors.empty() ? std::string() : principal.actors.back());
  const auto target = ModelRules::target_of(lookup.model);
  context.database = target.database;
  context.environment = target.environment;
  context.groups = principal.groups;
  context.run = lookup.run;
  audit::Event event;
  event.type = audit::EventType::kPrompt;
  event.time_micros = now;
  event.message = lookup.what;
  SLUICE_TRY(log_.append_admin(context, event));
  return {};
}

Result<> Prompts::record(const agents::Prompt& prompt, const policy::Principal& principal,
                         const std::string& credential, const PromptWish& wish) {
  audit::SessionContext context = context_of(prompt.user, credential, prompt.person);
  context.run = prompt.run;
  context.prompt = prompt.id;
  context.call = prompt.call;
  if (!wish.asked_model.empty()) {
    // What budgets count it by, after a restart.
    const auto target = ModelRules::target_of(wish.asked_model);
    context.database = target.database;
    context.environment = target.environment;
    context.groups = principal.groups;
    for (const auto& [name, value] : principal.attributes)
      context.attributes.push_back(name + "=" + value);
  }
  std::string message = fmt::format("{} bytes", prompt.length);
  if (!prompt.model.empty()) message += ", model " + prompt.model;
  if (!prompt.parent.empty()) message += ", from prompt " + prompt.parent;
  const std::string digest = agents::digest_of(prompt.id);
  audit::Event event;
  event.type = audit::EventType::kPrompt;
  event.time_micros = prompt.created_micros;
  event.message = message;
  event.text_digest = digest;
  event.model = prompt.model;
  event.input_tokens = wish.input_tokens;
  event.output_tokens = wish.output_tokens;
  SLUICE_TRY(log_.append_admin(context, event));
  return {};
}

}  // namespace sluice::control
