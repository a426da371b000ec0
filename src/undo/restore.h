#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/loader.h"
#include "undo/images.h"

/// Putting rows back as they were before a statement, where nobody has touched them since.
namespace sluice::undo {

/// A row that is not as the statement has left it.
struct Conflict {
  std::string table;
  std::string key;
  std::string why;
};

/// The text that asks how things stand, in a transaction of `begin_restore`; locks the rows.
std::string standing_question(const Images& images);

/// What goes before it.
std::string begin_restore();

struct Plan {
  std::vector<Conflict> conflicts;
  Images restored;  ///< what is put back: without the rows in conflict
};

/// By the answers to `standing_question`. kDenied: nothing can be put back, and why.
Result<Plan> plan(const Images& images, const std::vector<catalog::Rows>& answers);

/// Deletes what was inserted, updates what was updated, inserts what was deleted.
std::vector<std::string> restore_statements(const Images& images);

/// Whether the rows are as they were before the statement, by the answers to another
/// `standing_question`: a trigger may have seen to it that they are not. kDenied says which.
Result<> check_restored(const Images& images, const std::vector<catalog::Rows>& answers);

}  // namespace sluice::undo
