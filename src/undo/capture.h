#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/catalog.h"
#include "catalog/loader.h"
#include "undo/images.h"

namespace sluice::undo {

/// Statements that change more rows than this are not kept, and so not run: their images are read
/// and stored before anybody learns that they succeeded.
inline constexpr uint64_t kMostRows = 100'000;
/// The same for images, in bytes.
inline constexpr size_t kMostBytes = size_t{64} << 20;

/// How many rows of a table ("schema.name") were changed.
using Counts = std::map<std::string, uint64_t, std::less<>>;

/// Finds out what a transaction that is still open has done to rows, by the server's own
/// bookkeeping of their versions: its own session sees the new ones (xmin), every other session
/// still sees the old ones and who is replacing them (xmax). So whatever a statement does (joins,
/// triggers, cascades), the images are those of exactly the rows that it has changed.
class Capture {
 public:
  /// kDenied: they cannot be kept, and why.
  static Result<Capture> of(const Counts& changed, const catalog::Catalog& catalog);

  /// To be asked in the session that has changed them; ends as it began, settings and all.
  std::vector<std::string> new_rows() const;
  /// Takes the answers to it. kDenied.
  Result<> take_new(const std::vector<catalog::Rows>& answers);
  /// One text, to be asked in a session of its own, after `take_new`.
  std::string old_rows() const;
  /// Takes the answers to it. Rows changed by statements of the same transaction that were kept
  /// before, in `earlier`, are left out. kDenied: not all that was changed can be told row by row.
  Result<Images> take_old(const std::vector<catalog::Rows>& answers, const Images& earlier);

 private:
  struct Seen {
    const catalog::Relation* relation = nullptr;
    uint64_t changed = 0;
    std::map<std::string, std::string> after;  ///< by key
    std::vector<std::string> locked;           ///< where rows stand that are locked, no more
  };
  Images images_;
  std::vector<Seen> seen_;  ///< as images_.tables
};

/// `earlier` with what a later statement of the same transaction has done to its rows.
void add_to(Images& earlier, const Images& later);

/// Why rows of a table can never be kept; empty if they can.
std::string never_kept(const catalog::Relation& relation);

}  // namespace sluice::undo
