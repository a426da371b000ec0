// Answers to requests, which come from chat systems by way of the network.
#include "input.h"
#include "outside/answer.h"

FUZZ(bytes) {
  using namespace sluice;
  for (const auto& answer :
       {outside::parse_slack_answer(bytes), outside::parse_json_answer(bytes)}) {
    if (!answer) continue;
    require(answer->request > 0 && !answer->person.empty() && !answer->token.empty());
    require(answer->id.empty());
    require(!answer->max_rows || answer->verdict == approval::Verdict::kApprove);
  }
  // Nobody has signed it.
  static const auto webhooks = [] {
    std::vector<config::WebhookConfig> out(2);
    out[1].format = config::WebhookFormat::kSlack;
    for (auto& each : out) {
      each.answers = true;
      each.secret = SecretString("a secret of some length");
    }
    return out;
  }();
  const std::string_view half = bytes.substr(0, bytes.size() / 2);
  for (const auto& webhook : webhooks)
    require(!outside::read_answer(webhook, {half, half, bytes, half, bytes}, bytes, 1));
}
