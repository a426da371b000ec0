// Sets of digests in audit records, as somebody may have altered them.
#include "audit/subject_set.h"
#include "input.h"

FUZZ(bytes) {
  using namespace sluice::audit;
  if (bytes.size() < 8) return;
  uint64_t digest = 0;
  std::memcpy(&digest, bytes.data(), sizeof digest);
  const auto set = bytes.substr(8);
  contains(set, digest);
  set_size(set);
  for_each_prefix(set, [](uint32_t prefix) {
    if (prefix >> 24 != 0) __builtin_trap();
  });
}
