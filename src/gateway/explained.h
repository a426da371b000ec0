#pragma once

#include <memory>
#include <vector>

#include "catalog/diff.h"
#include "gateway/statement.h"

namespace sluice::gateway {

/// Whether a change of the catalog may come from one of these statements: it is of an object that
/// one names, or of a part of it, or of a definition that tells it by its new name, or one does
/// more than can be told. Of what no statement explains somebody has gone around the gateway.
bool explained_by(const std::vector<std::shared_ptr<const Statement>>& statements,
                  const catalog::Change& change);

}  // namespace sluice::gateway
