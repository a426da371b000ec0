#pragma once

#include <cstdint>
#include <string>

namespace sluice {

/// Fills `data` from the kernel's CSPRNG (getrandom); aborts the process if there is none.
void random_bytes(void* data, size_t size);

/// `size` random bytes.
std::string random_string(size_t size);

/// A uniform 64-bit value.
uint64_t random_u64();

}  // namespace sluice
