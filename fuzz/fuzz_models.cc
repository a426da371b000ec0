// What agents ask models, and what these answer: conversations, and answers in any pieces.
#include "input.h"
#include "models/answer_reader.h"
#include "models/conversation.h"
#include "models/heard.h"
#include "models/kept_elsewhere.h"

using namespace sluice;

FUZZ(bytes) {
  if (bytes.size() < 2) return;
  const bool openai = (bytes[0] & 1) != 0, events = (bytes[0] & 2) != 0;
  const size_t piece = static_cast<unsigned char>(bytes[1]) + 1;
  const auto rest = bytes.substr(2);
  auto conversation = models::read_conversation(rest);
  if (conversation) {
    models::Heard heard;
    const auto news = heard.news("ann", *conversation);
    heard.keep(news);
    require(heard.news("ann", *conversation).words.size() <= news.words.size());
    (void)models::kept_elsewhere(conversation->body);
    (void)models::change_texts(
        *conversation, false,
        {.text = [](std::string_view text) { return Result<std::string>(std::string(text)); },
         .is_sensitive = [](std::string_view text) { return text.size() % 3 == 0; },
         .id = [](std::string_view id) { return "id_" + std::string(id); },
         .was_thought = [](const models::Thought& thought) { return !thought.empty(); }});
  }
  models::AnswerReader reader(openai ? models::Api::kOpenai : models::Api::kAnthropic, events);
  for (size_t at = 0; at < rest.size(); at += piece) reader.read(rest.substr(at, piece));
  const auto answer = reader.finish();
  require(answer.contains("text"));
  (void)models::fitted(answer, 100);
}
