#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>

/// libFuzzer's entry, as a function of bytes.
#define FUZZ(bytes)                                                   \
  static void fuzz_one(std::string_view bytes);                       \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* d, size_t n) { \
    fuzz_one({reinterpret_cast<const char*>(d), n});                  \
    return 0;                                                         \
  }                                                                   \
  static void fuzz_one(std::string_view bytes)

/// A property that must hold for every input.
inline void require(bool condition) {
  if (!condition) std::abort();
}
