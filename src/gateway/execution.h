#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gateway/expected.h"
#include "gateway/prepared.h"

namespace sluice::gateway {

/// What an Execute runs: what was bound, whether or not the server has confirmed that yet, or what
/// opened a cursor of SQL's that goes by the portal's name.
struct Execution {
  const Expected* bind = nullptr;         ///< its Bind is under way: valid until something else is
  const Portal* portal = nullptr;         ///< it stands; of no meaning where `bind` is there
  std::shared_ptr<const Statement> text;  ///< null: of a cursor, whatever that runs
  std::shared_ptr<const policy::Decision> decision;  ///< null: nothing bounds the cursor
  bool writes = false;                               ///< as Portal::writes
  uint64_t scope = 0;                                ///< SessionScope::id of `text`
  Taken before;                                      ///< of it
  std::string source;                                ///< of `text`, where it EXECUTEs
  std::shared_ptr<const ExportTerms> terms;

  const BoundAt& bound() const { return bind != nullptr ? bind->bound : portal->bound; }
};

}  // namespace sluice::gateway
