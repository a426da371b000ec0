#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "catalog/catalog.h"
#include "catalog/loader.h"
#include "privacy/columns.h"

/// What is asked of the server to find out what tables hold. Pure: texts out, rows in.
namespace sluice::gateway {

/// Rows of a table that are looked at, at the most.
inline constexpr size_t kSampleRows = 400;

/// Whether values of the relation are read: tables, partitioned and foreign tables and materialized
/// views of users. Views are seen through; temporary tables belong to one session.
bool is_sampled(const catalog::Relation& relation);

/// A relation to be sampled, and which of its columns.
struct SampleWish {
  const catalog::Relation* relation = nullptr;
  std::vector<int16_t> columns;  ///< by number
};
/// With all its columns.
SampleWish whole_sample(const catalog::Relation& relation);

/// One text that reads a sample of each relation. It changes nothing, runs no code of users' own
/// (no casts, no operators but pg_catalog's, no policies of row security: where those would apply
/// it fails), waits for no lock for long, and reads no value of more than a few kilobytes.
std::string sample_query(const catalog::Catalog& catalog, const std::vector<SampleWish>& wishes);

/// The answer to it, for one relation.
struct Sample {
  uint64_t written = 0;  ///< rows ever inserted or updated; with those of its partitions
  catalog::Rows rows;
};
/// For each wish, in order. An error if the answer is not one to that question.
Result<std::vector<Sample>> read_samples(const catalog::Catalog& catalog,
                                         const std::vector<SampleWish>& wishes,
                                         std::vector<catalog::Rows> answer);

/// Asks which columns of the relations the gateway's user may read.
std::string rights_query(const std::vector<catalog::Oid>& relations);
/// The wishes that remain, one for each of the relations, perhaps without columns.
std::vector<SampleWish> read_rights(const catalog::Catalog& catalog,
                                    const std::vector<catalog::Oid>& relations,
                                    const std::vector<catalog::Rows>& answer);

/// Asks how many rows have been written to each table.
std::string_view written_query();
/// By relation, those of partitions and children not added up.
std::unordered_map<catalog::Oid, uint64_t> read_written(const std::vector<catalog::Rows>& answer);
/// Of a relation with all its children.
uint64_t written_to(const catalog::Catalog& catalog, const catalog::Relation& relation,
                    const std::unordered_map<catalog::Oid, uint64_t>& written);

/// A relation as the classifier wants it: with its domains' and arrays' types resolved and the
/// parts of its composites named; `sample` (of the columns in `wish`) may be null.
privacy::TableInput classifier_input(const catalog::Catalog& catalog,
                                     const catalog::Relation& relation, const SampleWish& wish,
                                     const Sample* sample);

/// All that a relation's rows are seen through or that see its rows: itself, ancestors (nearest
/// first), descendants.
struct Family {
  std::vector<catalog::Oid> ancestors, descendants;
};
Family family_of(const catalog::Catalog& catalog, const catalog::Relation& relation);

}  // namespace sluice::gateway
