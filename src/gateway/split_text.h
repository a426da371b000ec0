#pragma once

#include <deque>
#include <string>

#include "gateway/changes.h"
#include "gateway/taken.h"

namespace sluice::gateway {

/// A text of several statements that are sent one by one. Its bounds are those of the whole text.
struct SplitText {
  std::deque<std::string> statements;  ///< still to be sent
  bool under_way = false, failed = false;
  Taken taken;             ///< by what has been sent
  Changes changed;         ///< by bounded writes of it
  bool committed = false;  ///< some of that stands, whatever becomes of the rest
};

}  // namespace sluice::gateway
