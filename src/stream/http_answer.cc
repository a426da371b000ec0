#include "stream/http_answer.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace sluice::stream {

Delivery refused(const HttpAnswer& answer, const char* keys) {
  constexpr size_t kShown = 200;
  std::string text = fmt::format("the receiver answered {}", answer.status);
  if (answer.status == 401 || answer.status == 403) text += std::string("; check ") + keys;
  if (answer.status >= 300 && answer.status < 400)
    text += ", a redirection, which is not followed; check url";
  if (answer.status == 404) text += "; check url";
  if (!answer.body.empty()) text += ": " + to_printable_utf8(utf8_prefix(answer.body, kShown));
  return {.error = Error{ErrorCode::kUnavailable, std::move(text)},
          .retry_after = answer.retry_after};
}

}  // namespace sluice::stream
