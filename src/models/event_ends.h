#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::models {

/// Where server-sent events end in a stream that comes in any pieces: at an empty line, whichever
/// of its three ends a line has (HTML, 9.2.5). Each byte is looked at once.
class EventEnds {
 public:
  void read(std::string_view bytes);
  /// How many bytes, from the first that has not been taken, are before the last event that has
  /// come whole. They are taken.
  size_t take_all_but_last();

 private:
  size_t at_ = 0;                       ///< behind what has been read
  size_t last_ = 0, last_but_one_ = 0;  ///< ends of events
  bool in_line_ = false, in_event_ = false, after_return_ = false;
};

}  // namespace sluice::models
