#include "audit/torn_segment.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "audit/segment.h"
#include "audit/tree_files.h"

namespace sluice::audit {

uint64_t number_in_name(const std::filesystem::path& file) {
  const std::string name = file.filename();
  int64_t number = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
  return read.ec == std::errc() && *read.ptr == '-' && number > 0 ? static_cast<uint64_t>(number)
                                                                  : 0;
}

bool never_begun(const std::filesystem::path& file) {
  const auto bytes = read_file(file);
  const auto header = bytes ? Bytes(*bytes).substr(0, kSegmentHeader) : Bytes("?");
  return std::all_of(header.begin(), header.end(), [](char c) { return c == 0; });
}

void put_aside(const std::filesystem::path& file) {
  auto aside = file;
  aside += ".torn";
  std::error_code ignored;
  std::filesystem::rename(file, aside, ignored);
}

}  // namespace sluice::audit
