#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "base/bounded_cache.h"
#include "models/conversation.h"

namespace sluice::models {

/// What has been kept of conversations, so that the rest of the next question is known to be new: a
/// client sends all of it again each time, and may write into it what nobody has said. Any thread.
class Heard {
 public:
  struct News {
    std::string words;                 ///< JSON of it
    std::vector<std::string> digests;  ///< of all that the conversation holds
  };
  /// What is new in a conversation of `whose`: what stands behind the model's last answer, and
  /// every other message and member that has not been kept.
  News news(std::string_view whose, const Conversation& conversation);
  /// They have been kept.
  void keep(const News& news);
  /// So has this, which AnswerReader has found.
  void keep_answer(std::string_view whose, const boost::json::object& answer);
  /// What the model of a name has thought, for `whose`.
  void keep_thoughts(std::string_view whose, std::string_view model,
                     const boost::json::object& answer);
  /// Whether it has thought just this. False also of what was forgotten.
  bool was_thought(std::string_view whose, std::string_view model, const Thought& thought);

 private:
  struct Nothing {};
  void note(const std::string& digest);

  std::mutex mutex_;
  BoundedCache<Nothing> kept_{size_t{16} << 20};
};

}  // namespace sluice::models
