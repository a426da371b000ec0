#include "base/units.h"

#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace sluice {
namespace {

tl::unexpected<Error> bad(std::string text) {
  return fail(ErrorCode::kInvalidInput, std::move(text));
}

/// Splits "10m" into 10 and "m".
Result<std::pair<uint64_t, std::string_view>> number_and_unit(std::string_view text,
                                                              std::string_view what) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return bad(fmt::format("expected {}, got \"{}\"", what, text));
  return std::pair(number, text.substr(static_cast<size_t>(end - text.data())));
}

template <size_t N>
Result<uint64_t> scaled(std::string_view text, std::string_view what,
                        const std::array<std::pair<std::string_view, uint64_t>, N>& units) {
  SLUICE_ASSIGN(const auto parts, number_and_unit(text, what));
  for (const auto& [unit, factor] : units) {
    if (parts.second != unit) continue;
    if (parts.first > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) / factor) {
      return bad(fmt::format("\"{}\" is too large", text));
    }
    return parts.first * factor;
  }
  return bad(fmt::format("expected {}, got \"{}\"", what, text));
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, uint64_t>, 5> kUnits = {
      {{"ms", 1'000'000ULL},
       {"s", 1'000'000'000ULL},
       {"m", 60'000'000'000ULL},
       {"h", 3'600'000'000'000ULL},
       {"d", 86'400'000'000'000ULL}}};
  SLUICE_ASSIGN(const uint64_t nanoseconds,
                scaled(text, "a duration such as 500ms, 30s, 10m, 2h or 7d", kUnits));
  return Duration(static_cast<int64_t>(nanoseconds));
}

Result<size_t> parse_size(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, uint64_t>, 8> kUnits = {{{"", 1},
                                                                            {"B", 1},
                                                                            {"kB", 1000},
                                                                            {"MB", 1'000'000},
                                                                            {"GB", 1'000'000'000},
                                                                            {"KiB", 1ULL << 10},
                                                                            {"MiB", 1ULL << 20},
                                                                            {"GiB", 1ULL << 30}}};
  SLUICE_ASSIGN(const uint64_t bytes,
                scaled(text, "a size such as 4096, 64KiB, 16MiB or 1GiB", kUnits));
  return static_cast<size_t>(bytes);
}

}  // namespace sluice
