#pragma once

#include <cstdint>

namespace sluice {

/// Whose values the records of sluice_make_records tell of.
inline constexpr uint64_t kPeople = 1'000'000;

/// Stands for mask::sighting of a person's address (splitmix64).
inline uint64_t digest_of(uint64_t person) {
  uint64_t z = (person + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

}  // namespace sluice
