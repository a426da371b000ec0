#include "base/random.h"

#include <sodium.h>

namespace sluice {

void random_bytes(void* data, size_t size) { randombytes_buf(data, size); }

std::string random_string(size_t size) {
  std::string out(size, '\0');
  random_bytes(out.data(), out.size());
  return out;
}

uint64_t random_u64() {
  uint64_t value;
  random_bytes(&value, sizeof value);
  return value;
}

}  // namespace sluice
