#pragma once

#include <string>
#include <string_view>

namespace sluice::control {

/// A text as one event of a text/event-stream (HTML, "Server-sent events"), a line of data for each
/// line of it.
inline std::string as_event(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::string event = "event: message\n";
  for (;;) {
    const size_t end = text.find('\n');
    event.append("data: ").append(text.substr(0, end)).append(1, '\n');
    if (end == text.npos) break;
    text.remove_prefix(end + 1);
  }
  return event + "\n";
}

}  // namespace sluice::control
