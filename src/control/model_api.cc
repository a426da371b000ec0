#include "control/model_api.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "agents/attribution.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "control/body.h"
#include "control/http_bounds.h"
#include "mask/audience.h"
#include "mask/sift_text.h"
#include "models/kept_elsewhere.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

constexpr std::string_view kPath = "/models/";
/// What a token must be allowed to do.
constexpr std::string_view kScope = "models";
/// Calls that wait for a provider at once: the rest of the threads is for the console and the API.
constexpr size_t kMostCalls = kPoolThreads - kPoolThreads / 4;
/// Of a prompt that is too long to be kept whole.
constexpr size_t kBeginning = size_t{48} << 10;

/// Providers' clients show their key in one of two ways.
HttpRequest with_credential(const HttpRequest& request) {
  HttpRequest out = request;
  const auto key = request.header("x-api-key");
  if (out.authorization.empty() && !key.empty()) out.authorization = "Bearer " + std::string(key);
  return out;
}

/// A text as it can be kept: one that is too long by its digest and how it begins.
std::string keepable(std::string text) {
  if (text.size() <= agents::kLongestPrompt) return text;
  return json::serialize(json::object{{"cut", true},
                                      {"bytes", text.size()},
                                      {"sha256", to_hex(sha2(256, text))},
                                      {"begin", to_printable_utf8(text.substr(0, kBeginning))}});
}

constexpr const char* kVersion = "2023-06-01";

/// A header that tells Anthropic how to read a request, and holds no words: they would leave
/// unseen.
Result<std::string> names_in(const HttpRequest& request, const std::string& header) {
  constexpr size_t kLongest = 500;
  const auto value = request.header(header);
  const bool names = std::all_of(value.begin(), value.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("._, -").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (names && value.size() <= kLongest) return std::string(value);
  return fail(ErrorCode::kInvalidInput,
              header + " has names of A-Z a-z 0-9 . _ - alone, 500 bytes at most");
}

/// They go with what is kept, where they say anything. No API has members of such names.
constexpr std::pair<const char*, const char*> kKeptHeaders[] = {
    {"anthropic-beta", "header anthropic-beta"}, {"anthropic-version", "header anthropic-version"}};

/// Of these whatever has the form of names may still be somebody's account.
Result<> check_headers(const HttpRequest& request, const models::Changes& changes) {
  for (const auto& [header, kept] : kKeptHeaders) {
    const auto value = request.header(header);
    std::string words(value);
    std::replace_if(
        words.begin(), words.end(), [](char c) { return c == '.' || c == '_' || c == ','; }, ' ');
    if (!changes.is_sensitive(value) && !changes.is_sensitive(words)) continue;
    return fail(ErrorCode::kDenied,
                fmt::format("{} holds something sensitive that cannot be masked there: only names "
                            "of versions belong there",
                            kept));
  }
  return {};
}

std::map<std::string, std::string> headers_for(const config::ModelConfig& model,
                                               const HttpRequest& request) {
  std::map<std::string, std::string> out{{"Content-Type", "application/json"}};
  const std::string key(model.key.reveal());
  if (model.anthropic) {
    const auto version = request.header("anthropic-version");
    out["anthropic-version"] = version.empty() ? kVersion : std::string(version);
    if (const auto beta = request.header("anthropic-beta"); !beta.empty())
      out["anthropic-beta"] = beta;
    if (!key.empty()) out["x-api-key"] = key;
  } else if (!key.empty()) {
    out["Authorization"] = "Bearer " + key;
  }
  return out;
}

policy::Amounts amounts_of(const TokensUsed& used) {
  policy::Amounts out{};
  out[static_cast<size_t>(policy::Amount::kInputTokens)] = used.input;
  out[static_cast<size_t>(policy::Amount::kOutputTokens)] = used.output;
  return out;
}

/// What follows a "?": numbers, names and ids of pages, and nothing that is written otherwise.
Result<std::string> query_of(std::string_view path) {
  constexpr size_t kLongest = 500;
  const size_t mark = path.find('?');
  if (mark == std::string_view::npos) return std::string();
  const auto query = path.substr(mark + 1);
  const bool plain = std::all_of(query.begin(), query.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("._-:=&").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain && query.size() <= kLongest) return std::string(query);
  return fail(ErrorCode::kInvalidInput,
              "behind the \"?\" stand A-Z a-z 0-9 . _ - : = & alone, 500 bytes at most");
}

/// OpenAI's streams of chats tell tokens only to those who ask for it.
void add_usage(json::object& body) {
  auto& options = body["stream_options"];
  if (!options.is_object()) options = json::object();
  options.get_object()["include_usage"] = true;
}

/// Providers' clients tell their users what `error` says, and nothing of what RFC 9457 does: a
/// problem has both.
HttpResponse for_clients(HttpResponse answer) {
  if (answer.content_type != "application/problem+json") return answer;
  json::error_code error;
  auto body = json::parse(answer.body, error);
  if (error || !body.is_object()) return answer;
  auto& members = body.get_object();
  std::string message = text_of(members, "title");
  if (const auto detail = text_of(members, "detail"); !detail.empty()) message += ": " + detail;
  members["error"] = json::object{
      {"message", message}, {"type", "gateway_error"}, {"param", nullptr}, {"code", nullptr}};
  answer.body = json::serialize(body) + "\n";
  return answer;
}

/// Stops the exchange when whoever was told of it is gone.
class Listener {
 public:
  explicit Listener(std::shared_ptr<ModelExchange> exchange) : exchange_(std::move(exchange)) {}
  ~Listener() { exchange_->abandon(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  std::optional<std::string> next() { return exchange_->next(); }

 private:
  std::shared_ptr<ModelExchange> exchange_;
};

}  // namespace

void ModelApi::set_config(std::shared_ptr<const config::Config> config) {
  const std::lock_guard lock(mutex_);
  config_ = std::move(config);
}

std::optional<HttpResponse> ModelApi::answer(const HttpRequest& request) {
  if (!request.path.starts_with(kPath)) return std::nullopt;
  {
    const std::lock_guard lock(mutex_);
    if (from_elsewhere(request, config_->identity, config_->api.url))
      return problem(403, "pages of other sites may not ask this");
  }
  HttpResponse response;
  HttpRequest asks = with_credential(request);
  response.whose = share_of(asks, *gateway_.directory());
  response.later = [this, asks = std::move(asks)] { return for_clients(take_in_turn(asks)); };
  return response;
}

Result<ModelApi::Asked> ModelApi::asked_of(const HttpRequest& request) {
  Asked asked;
  SLUICE_ASSIGN(asked.caller, who_asks(request, *gateway_.directory(), kScope));
  std::string_view rest = std::string_view(request.path).substr(kPath.size());
  rest = rest.substr(0, rest.find('?'));
  const std::string_view name = rest.substr(0, rest.find('/'));
  asked.path = rest.substr(name.size());
  std::string known;
  bool found = false;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& model : config_->models) {
      known += (known.empty() ? "" : ", ") + model.name;
      if (model.name != name) continue;
      asked.model = model;
      found = true;
    }
  }
  if (!found) {
    return fail(ErrorCode::kNotFound, known.empty() ? "no models are configured here (models)"
                                                    : "there is no such model; there are " + known);
  }
  const auto api = asked.model.anthropic ? models::Api::kAnthropic : models::Api::kOpenai;
  const auto operation = models::find_operation(api, request.method, asked.path);
  if (!operation) {
    return fail(ErrorCode::kNotFound,
                fmt::format("{} {} is not handed on: what it says would not be on the record",
                            request.method, asked.path));
  }
  asked.operation = *operation;
  for (const auto& [header, kept] : kKeptHeaders) {
    if (!asked.model.anthropic) break;
    SLUICE_ASSIGN(const auto names, names_in(request, header));
    if (!names.empty() && names != kVersion) asked.said[kept] = names;
  }
  asked.run = request.header("sluice-run");
  if (asked.run.empty()) asked.run = agents::make_run();
  asked.parent = request.header("sluice-parent");
  return asked;
}

Result<std::string> ModelApi::masked(std::string_view text, const mask::Treatment& treatment) {
  privacy::Context context;
  mask::ColumnCounts counts;
  std::vector<mask::Span> spans;
  const mask::Look look{.treatment = &treatment,
                        .permuter = &permuter_,
                        .context = &context,
                        .counts = &counts,
                        .sightings = nullptr,
                        .spans = &spans};
  std::string out;
  mask::sift_text(text, look, out);
  return out;
}

HttpResponse ModelApi::take_in_turn(const HttpRequest& request) {
  class Counted {
   public:
    explicit Counted(std::atomic<size_t>& calls) : calls_(calls), before_(calls++) {}
    ~Counted() { --calls_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    bool too_many() const { return before_ >= kMostCalls; }

   private:
    std::atomic<size_t>& calls_;
    const size_t before_;
  };
  const Counted counted(calls_);
  if (!counted.too_many()) return take(request);
  auto refused = problem(503, "too many calls of models are under way", "Ask again in a second.");
  refused.headers["Retry-After"] = "1";
  return refused;
}

HttpResponse ModelApi::take(const HttpRequest& request) {
  auto asked = asked_of(request);
  if (!asked) {
    if (asked.error().code != ErrorCode::kAuthentication) return failed(asked.error());
    return problem(401, "who asks is not known", asked.error().text);
  }
  if (asked->operation == models::Operation::kListModels) return look_up(*asked, request);
  return converse(std::move(*asked), request);
}

HttpResponse ModelApi::look_up(const Asked& asked, const HttpRequest& request) {
  const auto query = query_of(request.path);
  if (!query) return failed(query.error());
  const std::string path = asked.path + (query->empty() ? "" : "?" + *query);
  if (asked.model.masking) {
    const auto changes = changes_for(asked);
    if (!changes) return failed(changes.error());
    if (const auto fit = check_headers(request, *changes); !fit) return failed(fit.error());
    std::string words = path;
    std::replace_if(
        words.begin(), words.end(),
        [](char c) { return std::string_view("/?&=").find(c) != std::string_view::npos; }, ' ');
    if (changes->is_sensitive(words)) {
      return failed({ErrorCode::kDenied,
                     "the address holds something sensitive that cannot be masked there"});
    }
  }
  const auto noted = prompts_.note({.user = asked.caller.user,
                                    .credential = asked.caller.credential,
                                    .run = request.header("sluice-run"),
                                    .model = asked.model.name,
                                    .what = request.method + " " + path});
  if (!noted) return failed(noted.error());
  return hand_on(
      request,
      ModelExchange::ask(
          {asked.model, request.method, path, {}, headers_for(asked.model, request), false},
          nullptr),
      {});
}

Result<models::Changes> ModelApi::changes_for(const Asked& asked) {
  SLUICE_ASSIGN(const auto exposure, rules_.exposure({asked.caller, asked.model.name, asked.run}));
  const auto treatment =
      std::make_shared<const mask::Treatment>(mask::treatment_anywhere(exposure));
  models::Changes out;
  out.text = [this, treatment](std::string_view text) { return masked(text, *treatment); };
  out.is_sensitive = [this, treatment](std::string_view text) {
    const auto changed = masked(text, *treatment);
    return !changed || *changed != text;
  };
  // What rules say of a mask may make two values one: of ids that would tie what does not belong
  // together.
  out.id = [this](std::string_view id) {
    const auto digest = permuter_.digest(id);
    return "id_" + to_hex({digest.data(), digest.size()});
  };
  out.was_thought = [this, &asked](const models::Thought& thought) {
    return heard_.was_thought(asked.caller.credential, asked.model.name, thought);
  };
  return out;
}

Result<> ModelApi::mask(const Asked& asked, const HttpRequest& request,
                        models::Conversation& conversation) {
  SLUICE_ASSIGN(const auto changes, changes_for(asked));
  SLUICE_TRY(check_headers(request, changes));
  return models::change_texts(conversation, asked.model.attachments, changes);
}

models::Heard::News ModelApi::news_of(const Asked& asked, models::Conversation& conversation) {
  for (const auto& [name, value] : asked.said) conversation.body[name] = value;
  auto news = heard_.news(asked.caller.credential, conversation);
  for (const auto& [name, value] : asked.said) conversation.body.erase(name);
  return news;
}

HttpResponse ModelApi::converse(Asked asked, const HttpRequest& request) {
  auto conversation = models::read_conversation(request.body);
  if (!conversation) return failed(conversation.error());
  if (const auto kept = models::kept_elsewhere(conversation->body))
    return failed(
        {ErrorCode::kDenied,
         "\"" + std::string(*kept) +
             "\" leaves words with the provider that nobody "
             "counts, keeps or tells apart by user; send the whole conversation instead"});
  auto news = news_of(asked, *conversation);
  PromptWish wish{keepable(std::move(news.words)),
                  asked.run,
                  to_printable_utf8(conversation->model),
                  {},
                  asked.parent};
  if (asked.model.masking) {
    if (const auto changed = mask(asked, request, *conversation); !changed)
      return failed(changed.error());
  }
  const bool converses = asked.operation == models::Operation::kConverse;
  std::shared_ptr<policy::Spending> spending;
  if (asked.operation != models::Operation::kCount) {
    auto room = rules_.begin({asked.caller, asked.model.name, asked.run}, asked.path,
                             conversation->body, request.body.size());
    if (!room) return failed(room.error());
    spending = std::move(*room);
  }
  const bool chat = asked.path.ends_with("/completions");
  if (spending && chat && conversation->streams) add_usage(conversation->body);
  const auto prompt = prompts_.keep(asked.caller.user, asked.caller.credential, wish);
  if (!prompt) return failed(prompt.error());
  heard_.keep(news);
  wish.run = prompt->run;
  wish.parent = prompt->id;
  auto spent = std::make_shared<TokensUsed>();
  const bool embeds = asked.operation == models::Operation::kEmbed;
  const auto count = [spending, spent, embeds, asked_bytes = request.body.size()](
                         const json::object& answer, size_t bytes) {
    *spent = tokens_of(answer, asked_bytes, bytes);
    if (embeds) spent->output = 0;
    if (spending) spending->charge(amounts_of(*spent));
  };
  const auto keep = [this, caller = asked.caller, model = asked.model.name, wish,
                     spent](const json::object& answer) -> Result<> {
    PromptWish next = wish;
    next.asked_model = model;
    next.input_tokens = spent->input;
    next.output_tokens = spent->output;
    next.text = keepable(models::fitted(answer, agents::kLongestPrompt));
    SLUICE_TRY(prompts_.keep(caller.user, caller.credential, next).transform([](const auto&) {}));
    heard_.keep_answer(caller.credential, answer);
    heard_.keep_thoughts(caller.credential, model, answer);
    return {};
  };
  return hand_on(request,
                 ModelExchange::ask(
                     {asked.model, request.method, asked.path, json::serialize(conversation->body),
                      headers_for(asked.model, request), converses, embeds && spending != nullptr},
                     keep, count),
                 {{"Sluice-Run", prompt->run}, {"Sluice-Prompt", prompt->id}});
}

HttpResponse ModelApi::hand_on(const HttpRequest& request, std::shared_ptr<ModelExchange> exchange,
                               std::map<std::string, std::string> headers) {
  watch(exchange);
  const auto begun = exchange->begin();
  if (!begun) return problem(502, "the model's API cannot be asked", begun.error().text);
  HttpResponse response;
  response.status = begun->status;
  response.content_type = begun->content_type.empty() ? "application/json" : begun->content_type;
  response.headers = std::move(headers);
  response.headers["Cache-Control"] = "no-store";
  if (begun->status == 200 && begun->events()) {
    response.content_type = "text/event-stream";
    response.headers.erase("Cache-Control");  // Streams have it anyway.
    response.eager = true;
    // Whoever may not ask any more is told no more either.
    const HttpRequest asks{request.method, request.path, {}, request.authorization};
    response.stream = [this, asks, listener = std::make_shared<Listener>(std::move(exchange))] {
      return who_asks(asks, *gateway_.directory(), kScope) ? listener->next() : std::nullopt;
    };
    return response;
  }
  auto body = exchange->whole();
  if (!body)
    return problem(502, "the model's answer was not kept, or did not come", body.error().text);
  response.body = std::move(*body);
  return response;
}

void ModelApi::watch(std::shared_ptr<ModelExchange> exchange) {
  std::list<std::shared_ptr<ModelExchange>> over;  // Their threads are waited for without the lock.
  const std::lock_guard lock(mutex_);
  for (auto each = exchanges_.begin(); each != exchanges_.end();) {
    const auto next = std::next(each);
    if ((*each)->done()) over.splice(over.end(), exchanges_, each);
    each = next;
  }
  if (stopped_) exchange->abandon();
  exchanges_.push_back(std::move(exchange));
}

void ModelApi::stop() {
  std::list<std::shared_ptr<ModelExchange>> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(exchanges_);
    stopped_ = true;
  }
  for (const auto& each : all) each->abandon();
}

}  // namespace sluice::control
