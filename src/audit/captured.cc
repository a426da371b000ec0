#include "audit/captured.h"

#include <cstdio>

#include <fmt/format.h>

namespace sluice::audit {

std::string captured_part(std::string_view id, uint64_t part) {
  return fmt::format("{} part {}", id, part);
}

std::string captured_purpose(std::string_view id, uint64_t part) {
  return fmt::format("sluice captured result\n{}\n{}", id, part);
}

std::string to_text(const Captured& captured) {
  return fmt::format("{} {} part(s) {} bytes {} left out sha256:{}", captured.id, captured.parts,
                     captured.bytes, captured.left_out, captured.sha256);
}

Result<Captured> parse_captured(std::string_view text) {
  char id[33]{}, digest[65]{};
  unsigned long long parts = 0, bytes = 0, left_out = 0;
  int end = 0;
  const std::string copy(text);
  if (std::sscanf(copy.c_str(),
                  "%32[0-9a-f] %llu part(s) %llu bytes %llu left out sha256:%64[0-9a-f]%n", id,
                  &parts, &bytes, &left_out, digest, &end) == 5 &&
      static_cast<size_t>(end) == copy.size()) {
    return Captured{id, parts, bytes, left_out, digest};
  }
  return fail(ErrorCode::kInvalidInput, "a record that tells of a result in another way");
}

}  // namespace sluice::audit
