#pragma once

#include <optional>

#include "undo/capture.h"
#include "undo/images.h"
#include "undo/undo_store.h"

namespace sluice::gateway {

/// What a session keeps of the approved statements of one transaction.
struct Undoing {
  std::optional<undo::Capture> capture;  ///< of the statement that has just run
  undo::Images earlier;                  ///< of those before it
};

}  // namespace sluice::gateway
