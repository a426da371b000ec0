#include "control/model_exchange.h"

#include <algorithm>

#include "http/transport.h"

namespace sluice::control {
namespace {

/// An answer that is waited for whole.
constexpr size_t kLongest = size_t{32} << 20;
constexpr size_t kLongestType = 200;  ///< of what it says its content is

}  // namespace

std::shared_ptr<ModelExchange> ModelExchange::ask(Question question, Keep keep, Spent spent) {
  std::shared_ptr<ModelExchange> exchange(
      new ModelExchange(std::move(question), std::move(keep), std::move(spent)));
  exchange->thread_ = std::thread([self = exchange.get()] { self->run(); });
  return exchange;
}

ModelExchange::~ModelExchange() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void ModelExchange::run() {
  auto outcome = ask_and_keep();
  // Before anybody learns that it is over: what it has reserved is given back.
  spent_ = nullptr;
  {
    const std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
    ended_ = true;
  }
  changed_.notify_all();
  done_ = true;
}

bool ModelExchange::take(int status, std::string_view content_type, Bytes piece) {
  {
    const std::lock_guard lock(mutex_);
    if (beginning_.status == 0) {
      // A peer's word, and the name of a header's value here.
      const bool fit = content_type.size() <= kLongestType &&
                       std::all_of(content_type.begin(), content_type.end(),
                                   [](char c) { return c >= ' ' && c <= '~'; });
      beginning_ = {status, fit ? std::string(content_type) : std::string()};
      if ((question_.converses || question_.counts) && status == 200) {
        const auto api = question_.model.anthropic ? models::Api::kAnthropic : models::Api::kOpenai;
        reader_.emplace(api, beginning_.events());
      }
    }
    if (received_.size() + piece.size() > kLongest) return false;
    received_ += piece;
    events_.read(piece);
    came_ += piece.size();
    if (reader_) reader_->read(piece);
  }
  changed_.notify_all();
  return !stopping_;
}

Result<> ModelExchange::ask_and_keep() {
  const auto& model = question_.model;
  http::Options options;
  options.tls = {model.delivery.tls.ca, model.delivery.tls.certificate, model.delivery.tls.key};
  options.timeout = model.delivery.timeout;
  SLUICE_ASSIGN(const auto client, http::HttpClient::create(options, stopping_));
  const auto answer = client->stream(
      question_.method, model.url + question_.path, question_.headers, question_.body,
      [this](int status, std::string_view type, Bytes piece) { return take(status, type, piece); });
  boost::json::object found;
  size_t came = 0;
  bool answered = false;
  {
    const std::lock_guard lock(mutex_);
    if (answer && beginning_.status == 0) beginning_.status = answer->status;
    answered = reader_.has_value();
    if (answered) found = reader_->finish();
    came = came_;
  }
  if (!answer && answered) found["broken_off"] = true;
  // Whoever breaks off has the question answered all the same, as far as the provider is concerned.
  const bool broken_off = !answer && (stopping_ || answer.error().code == ErrorCode::kTimeout);
  if ((answered || broken_off) && spent_) spent_(found, came);
  // Of one that broke off there is something to be kept, too.
  const auto kept = answered ? keep_(found) : Result<>();
  if (!answer) return tl::unexpected(answer.error());
  return kept;
}

Result<ModelExchange::Beginning> ModelExchange::begin() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return beginning_.status != 0 || ended_; });
  if (beginning_.status == 0 && !outcome_) return fail(outcome_.error());
  return beginning_;
}

Result<std::string> ModelExchange::whole() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_; });
  if (!outcome_) return fail(outcome_.error());
  return std::move(received_);
}

std::optional<std::string> ModelExchange::next() {
  const std::lock_guard lock(mutex_);
  if (!ended_) {
    // Without the last event, and what is not whole yet.
    std::string out = received_.substr(0, events_.take_all_but_last());
    received_.erase(0, out.size());
    return out;
  }
  if (!outcome_) {
    if (received_.empty()) return std::nullopt;
    received_.clear();
    const boost::json::object error{
        {"type", "error"},
        {"error", boost::json::object{{"type", "api_error"}, {"message", outcome_.error().text}}}};
    return "event: error\ndata: " + boost::json::serialize(error) + "\n\n";
  }
  if (received_.empty()) return std::nullopt;
  return std::exchange(received_, {});
}

}  // namespace sluice::control
