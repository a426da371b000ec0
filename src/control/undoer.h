#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "gateway/gateway.h"
#include "undo/restore.h"
#include "undo/undo_store.h"

namespace sluice::control {

/// Undoes what is kept, on connections of the gateway's own. Each entry is one transaction at the
/// server: all of it is put back, or nothing.
class Undoer {
 public:
  Undoer(gateway::Gateway& gateway, undo::UndoStore& store) : gateway_(gateway), store_(store) {}

  struct Outcome {
    undo::Entry entry;
    std::vector<undo::Conflict> conflicts;  ///< what is not as the statement has left it
    bool undone = false;
  };

  /// What would happen; nothing is changed.
  Result<Outcome> preview(const undo::Entry& entry);
  /// Undoes it. Where there are conflicts nothing is undone, unless `skip_conflicts`: then rows in
  /// conflict stay as they are.
  Result<Outcome> undo(const undo::Entry& entry, const std::string& actor, bool skip_conflicts);

  /// Removes for good what has been kept as long as it was to be.
  Result<> forget_expired();

 private:
  enum class Mode : uint8_t { kPreview, kStrict, kSkipping };
  Result<Outcome> rows(const undo::Entry& entry, Mode mode);
  Result<Outcome> things(const undo::Entry& entry, Mode mode);
  Result<Outcome> run(const undo::Entry& entry, Mode mode);

  gateway::Gateway& gateway_;
  undo::UndoStore& store_;
};

}  // namespace sluice::control
