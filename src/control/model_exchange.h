#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <boost/json.hpp>

#include "base/bytes.h"
#include "config/models.h"
#include "models/answer_reader.h"
#include "models/event_ends.h"

namespace sluice::control {

/// One question to a model's API, asked on a thread of its own; its answer is handed on as it
/// comes, but for its end: that waits until it is kept. Any thread.
class ModelExchange {
 public:
  struct Question {
    config::ModelConfig model;
    std::string method, path, body;
    std::map<std::string, std::string> headers;
    bool converses = false;  ///< the answer is words of the model, to be kept
    bool counts = false;     ///< its answer is no words, and is kept for its tokens
  };
  /// What came of it. An error keeps the end of the answer back.
  using Keep = std::function<Result<>(const boost::json::object& answer)>;
  /// Told once how many bytes of it came and what of it is known, whole or not, before Keep.
  using Spent = std::function<void(const boost::json::object& answer, size_t bytes)>;

  static std::shared_ptr<ModelExchange> ask(Question question, Keep keep, Spent spent = {});
  /// Waits for the thread.
  ~ModelExchange();
  ModelExchange(const ModelExchange&) = delete;
  ModelExchange& operator=(const ModelExchange&) = delete;

  /// How the answer begins, once it does. Errors: kUnavailable, kTimeout; those of Keep.
  struct Beginning {
    int status = 0;
    std::string content_type;
    bool events() const { return content_type.starts_with("text/event-stream"); }
  };
  Result<Beginning> begin();
  /// All of it, once it is there.
  Result<std::string> whole();
  /// Whole events that have come since; "" is nothing yet, no value the end.
  std::optional<std::string> next();
  /// Nobody waits for it any more.
  void abandon() { stopping_ = true; }
  bool done() const { return done_; }

 private:
  ModelExchange(Question question, Keep keep, Spent spent)
      : question_(std::move(question)), keep_(std::move(keep)), spent_(std::move(spent)) {}
  void run();
  Result<> ask_and_keep();
  bool take(int status, std::string_view content_type, Bytes piece);

  const Question question_;
  const Keep keep_;
  Spent spent_;  ///< of `thread_`
  std::atomic<bool> stopping_{false}, done_{false};
  std::mutex mutex_;  ///< guards all below
  std::condition_variable changed_;
  Beginning beginning_;
  std::string received_;      ///< and not handed on yet
  models::EventEnds events_;  ///< in received_
  std::optional<models::AnswerReader> reader_;
  size_t came_ = 0;  ///< bytes, in all
  bool ended_ = false;
  Result<> outcome_;
  std::thread thread_;
};

}  // namespace sluice::control
