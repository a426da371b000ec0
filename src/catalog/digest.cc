#include "catalog/digest.h"

#include <string_view>

#include "base/bytes.h"
#include "base/hash.h"

namespace sluice::catalog {

// Each value goes in with its length, so that no two readings look alike.
std::string digest(const std::vector<Rows>& results, const Catalog* base) {
  Sha256 hash;
  std::string part;
  const auto add = [&](std::string_view value, char kind) {
    part.assign(1, kind);
    append_be32(part, static_cast<uint32_t>(value.size()));
    hash.update(part.append(value));
  };
  if (base != nullptr) add(base->read().empty() ? std::to_string(base->id()) : base->read(), 'b');
  for (const Rows& rows : results) {
    add({}, 's');
    for (const Row& row : rows) {
      add({}, 'r');
      for (const auto& value : row) add(value ? *value : std::string_view(), value ? 'v' : 'n');
    }
  }
  const auto sum = hash.finish();
  return {sum.data(), sum.size()};
}

}  // namespace sluice::catalog
