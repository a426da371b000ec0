#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mask/audience.h"
#include "mask/copy.h"
#include "mask/sightings.h"
#include "mask/statement_plan.h"
#include "wire/postgres/row_description.h"

namespace sluice::gateway {

/// An audience under a number that stands for it with what is planned for it.
struct NumberedAudience {
  uint64_t id = 0;
  mask::Audience audience;
};
using AudiencePtr = std::shared_ptr<const NumberedAudience>;

/// Gives sessions to whom the same is shown the same object. Belongs to one worker.
class Audiences {
 public:
  AudiencePtr intern(const std::shared_ptr<const catalog::Catalog>& catalog,
                     const std::shared_ptr<const privacy::Labels>& labels,
                     const policy::Exposure& exposure);

 private:
  std::shared_ptr<const mask::TypeSource> types_of(const catalog::Catalog& catalog);

  std::vector<std::weak_ptr<const NumberedAudience>> known_;
  std::weak_ptr<const mask::TypeSource> types_;  ///< of the catalog that was asked for last
  uint64_t types_of_ = 0;                        ///< Catalog::id
  uint64_t next_ = 1;
};

/// How the rows of one result are masked, with the names of its columns for the record. Immutable.
struct RowPlan {
  std::shared_ptr<const mask::RowMasker> masker;  ///< null: rows go through as they are
  std::vector<mask::ColumnNote> notes;
  std::vector<std::string> methods;  ///< "pseudonym", …, "found": what is found in it; empty: none
};
using RowPlanPtr = std::shared_ptr<const RowPlan>;

/// A result on its way to the client.
struct MaskedRows {
  RowPlanPtr plan;
  mask::RowScratch scratch;
  std::optional<mask::CopyMasker> copy;
  std::unique_ptr<mask::Sightings> sightings;
  size_t told = 0;  ///< of those that are shown: what budgets of subjects have been told of
};

/// What is planned about one text for one audience, with what its results' descriptions have added.
/// Belongs to one worker.
class Masking {
 public:
  explicit Masking(mask::StatementPlan plan) : plan_(std::move(plan)) {}

  const mask::StatementPlan& plan() const { return plan_; }
  /// How rows of `results[result]` that the server describes so are masked; a result beyond those
  /// that the plan has is one of which nothing is known. An error: they cannot be shown at all.
  Result<RowPlanPtr> rows(size_t result, Bytes row_description, const mask::Audience& audience,
                          const std::shared_ptr<const mask::Permuter>& permuter) const;
  /// The same for data of COPY TO; its columns' types are those of the catalog.
  Result<RowPlanPtr> copied(size_t result, const sql::StatementResult& copy,
                            const mask::Audience& audience,
                            const std::shared_ptr<const mask::Permuter>& permuter) const;

 private:
  struct Described {
    size_t result;
    std::string row_description;
    RowPlanPtr plan;
  };
  mask::StatementPlan plan_;
  mutable std::vector<Described> described_;
};

/// How rows of which only the server's description is known are masked: those of cursors that code
/// has opened. Columns of tables by what these hold, all others whole.
Result<RowPlanPtr> rows_by_origin(Bytes row_description, const mask::Audience& audience,
                                  const std::shared_ptr<const mask::Permuter>& permuter);

/// "public.members.email email support-sees" for each column of sensitive values that are shown.
std::vector<std::string> shown_columns(const MaskedRows& rows);

/// "public.members.email email default 200" for each column of which values were masked.
std::vector<std::string> masked_values(const MaskedRows& rows);

/// How many values were masked, over all columns.
uint64_t masked_count(const MaskedRows& rows);

/// What a session's audience was found for.
struct AudienceOf {
  std::shared_ptr<const policy::Policy> policy;
  uint64_t scope = 0, labels = 0;
  bool moves = false;
};

}  // namespace sluice::gateway
