#include "models/event_ends.h"

#include <utility>

namespace sluice::models {

void EventEnds::read(std::string_view bytes) {
  for (const char c : bytes) {
    ++at_;
    const bool second_half = c == '\n' && std::exchange(after_return_, c == '\r');
    if (c == '\r') after_return_ = true;
    if (c != '\n' && c != '\r') {
      after_return_ = false;
      in_line_ = in_event_ = true;
      continue;
    }
    if (!second_half && !std::exchange(in_line_, false) && std::exchange(in_event_, false)) {
      last_but_one_ = last_;
      last_ = at_;
    } else if (!in_event_) {
      last_ = at_;  // Empty lines, and the rest of one, belong to the event before.
    }
  }
}

size_t EventEnds::take_all_but_last() {
  const size_t taken = last_but_one_;
  at_ -= taken;
  last_ -= taken;
  last_but_one_ = 0;
  return taken;
}

}  // namespace sluice::models
