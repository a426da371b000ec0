#pragma once

#include <memory>
#include <string>

#include "agents/prompt_store.h"
#include "audit/log.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "policy/rate.h"

namespace sluice::control {

/// What somebody registers; all but `text` may be left out, and are claims.
struct PromptWish {
  std::string text;
  std::string run;     ///< empty: a new one
  std::string model;   ///< gen_ai.request.model
  std::string call;    ///< of a tool, whose answer it is
  std::string parent;  ///< id of the prompt that led to it
  /// Of a model's answer through the gateway: which model, and how many tokens it took.
  std::string asked_model = {};
  uint64_t input_tokens = 0, output_tokens = 0;
};

/// Registers prompts of agents: on the record with their digests first, and then kept encrypted.
/// Any thread.
class Prompts {
 public:
  static Result<std::unique_ptr<Prompts>> open(gateway::Gateway& gateway, audit::Log& log,
                                               const config::Config& config);

  /// As whoever has shown `credential`, its id. kInvalidInput says what is wrong; kDenied: too many
  /// at once.
  Result<agents::Prompt> keep(const std::string& user, const std::string& credential,
                              const PromptWish& wish);
  /// What was asked of a model's API without a word for the model.
  struct Lookup {
    std::string user, credential;
    std::string_view run;  ///< empty: none
    std::string model;     ///< of the configuration
    std::string what;      ///< "GET /v1/models"
  };
  /// Puts it on the record; nothing of it is kept besides. Errors as those of keep.
  Result<> note(const Lookup& lookup);
  agents::PromptStore& store() { return *store_; }
  /// Of the installation.
  const SecretString& secret() const { return secret_; }

 private:
  Prompts(gateway::Gateway& gateway, audit::Log& log, SecretString secret)
      : gateway_(gateway), log_(log), secret_(std::move(secret)) {}
  Result<> take_turn(const std::string& user);
  audit::SessionContext context_of(const std::string& user, const std::string& credential,
                                   const std::string& person) const;
  Result<> record(const agents::Prompt& prompt, const policy::Principal& principal,
                  const std::string& credential, const PromptWish& wish);

  gateway::Gateway& gateway_;
  audit::Log& log_;
  SecretString secret_;
  std::unique_ptr<agents::PromptStore> store_;
  policy::RateLimiter rates_;
};

}  // namespace sluice::control
