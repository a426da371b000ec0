#pragma once

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "config/config.h"
#include "control/caller.h"
#include "control/http_server.h"
#include "control/model_exchange.h"
#include "control/model_rules.h"
#include "control/prompts.h"
#include "gateway/gateway.h"
#include "mask/permuter.h"
#include "mask/treatment.h"
#include "models/heard.h"

namespace sluice::control {

/// Models' APIs through the gateway (docs/agents.md): /models/NAME/v1/… in the form of OpenAI or of
/// Anthropic, with a credential of this gateway in place of the provider's key (a token needs the
/// scope "models"). What is new in a conversation is registered as a prompt before it is sent, with
/// what is sensitive in it masked; the model's answer, its words and calls of tools, as one that
/// follows from it, with its thoughts, before its end is handed on. What cannot be kept is not
/// sent.
class ModelApi {
 public:
  /// `prompts` outlives this.
  ModelApi(gateway::Gateway& gateway, Prompts& prompts,
           std::shared_ptr<const config::Config> config)
      : gateway_(gateway),
        prompts_(prompts),
        permuter_(prompts.secret()),
        rules_(gateway, config->state / "audit"),
        config_(std::move(config)) {}
  ~ModelApi() { stop(); }
  ModelApi(const ModelApi&) = delete;
  ModelApi& operator=(const ModelApi&) = delete;

  void set_config(std::shared_ptr<const config::Config> config);
  /// Nothing: not a path of this part.
  std::optional<HttpResponse> answer(const HttpRequest& request);
  /// Ends what is under way; nothing is asked any more.
  void stop();

 private:
  /// `take`, unless so many hold a thread that others would find none.
  HttpResponse take_in_turn(const HttpRequest& request);
  /// One question, and who asks it.
  struct Asked {
    Caller caller;
    config::ModelConfig model;
    models::Operation operation;
    std::string path;  ///< "/v1/messages"
    std::string run, parent;
    std::map<std::string, std::string> said =
        {};  ///< in headers, by the name under which it is kept
  };
  HttpResponse take(const HttpRequest& request);
  Result<Asked> asked_of(const HttpRequest& request);
  /// Which models there are, or one of them: on the record, and asked.
  HttpResponse look_up(const Asked& asked, const HttpRequest& request);
  HttpResponse converse(Asked asked, const HttpRequest& request);
  models::Heard::News news_of(const Asked& asked, models::Conversation& conversation);
  HttpResponse hand_on(const HttpRequest& request, std::shared_ptr<ModelExchange> exchange,
                       std::map<std::string, std::string> headers);
  Result<std::string> masked(std::string_view text, const mask::Treatment& treatment);
  /// Outlived by `asked`.
  Result<models::Changes> changes_for(const Asked& asked);
  Result<> mask(const Asked& asked, const HttpRequest& request, models::Conversation& conversation);
  void watch(std::shared_ptr<ModelExchange> exchange);

  gateway::Gateway& gateway_;
  Prompts& prompts_;
  const mask::Permuter permuter_;
  ModelRules rules_;
  models::Heard heard_;
  std::atomic<size_t> calls_ = 0;  ///< that hold one of the server's threads
  std::mutex mutex_;               ///< guards all below
  std::shared_ptr<const config::Config> config_;
  std::list<std::shared_ptr<ModelExchange>> exchanges_;
  bool stopped_ = false;
};

}  // namespace sluice::control
