// What agents ask models, and what these answer: conversations, and answers in any pieces.
#include "input.h"
#include "models/answer_reader.h"
#include "models/conversation.h"

using namespace sluice;

FUZZ(bytes) {
  if (bytes.size() < 2) return;
  const bool openai = (bytes[0] & 1) != 0, events = (bytes[0] & 2) != 0;
  const size_t piece = static_cast<unsigned char>(bytes[1]) + 1;
  const auto rest = bytes.substr(2);
  auto conversation = models::read_conversation(rest);
  if (conversation) {
    require(!models::latest_words(*conversation).empty());
    (void)models::change_texts(*conversation, false, [](std::string_view text) {
      return Result<std::string>(std::string(text));
    });
  }
  models::AnswerReader reader(openai ? models::Api::kOpenai : models::Api::kAnthropic, events);
  for (size_t at = 0; at < rest.size(); at += piece) reader.read(rest.substr(at, piece));
  require(reader.finish().contains("text"));
}
