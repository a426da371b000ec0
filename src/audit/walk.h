#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "audit/frame_fetcher.h"
#include "audit/index_reader.h"
#include "audit/query.h"

namespace sluice::audit {

/// Goes through all records that a query asks for, indexed or not: what search and counting share.
class Walk {
 public:
  /// One that the index does not have yet.
  using EachRecord = std::function<void(const Frame& frame, const RecordView& record)>;
  using EachHit = std::function<void(const ChunkInfo& chunk, const Hit& hit)>;
  /// Whether to look at a hit at all, before its text is.
  using Wanted = std::function<bool(const Hit& hit)>;

  /// Both are to live as long. `audit_directory` is `<state>/audit`.
  Walk(const std::filesystem::path& audit_directory, Index& index, const Query& query)
      : directory_(audit_directory),
        index_(index),
        query_(query),
        fetcher_(audit_directory / "log") {}

  /// What stands in the log behind the index. To be called before `open`, so that nothing that
  /// moves over meanwhile is missed; it may then come twice.
  Result<> unindexed(const EachRecord& each);
  /// Prepares reading the index.
  Result<> open();
  IndexReader& reader() { return *reader_; }
  /// Those of one chunk; where the query asks for a text, it has been looked at in the log.
  Result<> chunk(const ChunkInfo& chunk, const Wanted& wanted, const EachHit& each,
                 const IndexReader::ValueWanted& value_wanted = {});
  FrameFetcher& fetcher() { return fetcher_; }

 private:
  const std::filesystem::path& directory_;
  Index& index_;
  const Query& query_;
  std::optional<IndexReader> reader_;
  FrameFetcher fetcher_;
  std::vector<Hit> hits_;
};

}  // namespace sluice::audit
