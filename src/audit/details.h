#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::audit {

/// Which lists of a record's details were cut.
enum DetailsCut : uint8_t {
  kActionsCut = 1,
  kOutputColumnsCut = 2,
  kPredicateColumnsCut = 4,
  kWrittenColumnsCut = 8,
};

/// What a statement does, the same whenever its text is run.
struct StatementDetails {
  std::vector<std::string> tables;             ///< every one reached, never cut
  std::vector<std::string> actions;            ///< "read public.orders", "commit"
  std::vector<std::string> output_columns;     ///< "schema.table.column", "schema.table.*"
  std::vector<std::string> predicate_columns;  ///< filtered, joined, grouped or ordered by
  std::vector<std::string> written_columns;
  std::vector<std::string> classes;  ///< of data, of all these columns; never cut
};

/// At most so many entries, and so many bytes of them, of each list that is cut.
inline constexpr size_t kMostDetails = 64;
inline constexpr size_t kMostDetailBytes = 4096;

/// The fields of a record that say so, in CBOR, for Event::details: made once for a text and copied
/// into each of its records. Entries are written in their order, each once.
std::string encode_details(const StatementDetails& details);

/// "actions", "output_columns", …: the lists that `cut`, a sum of DetailsCut, names.
std::vector<std::string> names_of_cut(uint64_t cut);

}  // namespace sluice::audit
