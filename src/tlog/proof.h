#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "tlog/merkle.h"
#include "tlog/tile.h"

namespace sluice::tlog {

/// The root of the first `size` leaves. An error is `read`'s.
Result<Hash> root_of(uint64_t size, const ReadTile& read);

/// PATH(index, D[size]) of RFC 6962, section 2.1.1: from the leaf's sibling up.
Result<std::vector<Hash>> inclusion_proof(uint64_t index, uint64_t size, const ReadTile& read);

/// PROOF(old_size, D[new_size]) of RFC 6962, section 2.1.2; empty for an old size of 0.
Result<std::vector<Hash>> consistency_proof(uint64_t old_size, uint64_t new_size,
                                            const ReadTile& read);

}  // namespace sluice::tlog
