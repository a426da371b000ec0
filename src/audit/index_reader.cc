#include "audit/index_reader.h"

#include <algorithm>

#include "audit/subject_set.h"
#include "audit/words.h"

namespace sluice::audit {
namespace {

Error damaged() {
  return {ErrorCode::kIo, "the audit index is damaged: delete index.db, it is made anew"};
}

constexpr size_t index_of(Column column) { return static_cast<size_t>(column); }

}  // namespace

Result<IndexReader> IndexReader::open(Index& index, const Query& query) {
  IndexReader reader(index, query);
  SLUICE_TRY(reader.find_entries());
  SLUICE_TRY(reader.find_words());
  SLUICE_TRY(reader.find_chunks());
  return reader;
}

Result<> IndexReader::entries(EntryKind kind,
                              const std::function<void(uint64_t, const RecordView&)>& each) {
  SLUICE_ASSIGN(auto query,
                index_.database().prepare("SELECT id, value FROM entries WHERE kind = ?"));
  query.bind(1, static_cast<int64_t>(kind));
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return {};
    const std::string value = query.text(1);
    const auto view = read_record(value);
    if (!view) return fail(damaged());
    each(static_cast<uint64_t>(query.integer(0)), *view);
  }
}

Result<> IndexReader::find_entries() {
  const auto find = [&](EntryKind kind, bool asked, const auto& fits) -> Result<> {
    Fitting& fitting = fitting_[static_cast<size_t>(kind)];
    fitting.asked = asked;
    if (!asked) return {};
    return entries(kind, [&](uint64_t number, const RecordView& view) {
      if (fits(query_, view)) fitting.numbers.insert(number);
    });
  };
  SLUICE_TRY(find(EntryKind::kContext, asks_context(query_), matches_context));
  SLUICE_TRY(find(EntryKind::kStatement, asks_statement(query_), matches_statement));
  return find(EntryKind::kVerdict, asks_verdict(query_), matches_verdict);
}

Result<> IndexReader::find_words() {
  std::string expression = match_expression(query_.words);
  // Of a text that is looked for as it is, the words within it are certain to be whole.
  std::string inner;
  const auto text_words = wanted_words(query_.text);
  for (size_t i = 1; i + 1 < text_words.size(); ++i) inner += text_words[i].word + " ";
  if (!inner.empty()) {
    if (!expression.empty()) expression += " AND ";
    expression += match_expression(inner);
  }
  if (!query_.seen.empty()) {
    if (!expression.empty()) expression += " AND ";
    expression += "(\"" + std::string(kManySightings) + "\"";
    for (const uint64_t digest : query_.seen)
      expression += " OR \"" + sighting_word(prefix_of(digest)) + "\"";
    expression += ")";
  }
  words_asked_ = !expression.empty();
  if (!words_asked_) return {};
  SLUICE_ASSIGN(auto query,
                index_.database().prepare("SELECT rowid FROM words WHERE words MATCH ?"));
  query.bind(1, Bytes(expression));
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return {};
    const int64_t rowid = query.integer(0);
    words_[rowid / static_cast<int64_t>(kChunkRecords)].push_back(static_cast<size_t>(rowid) %
                                                                  kChunkRecords);
  }
}

Result<> IndexReader::find_chunks() {
  SLUICE_ASSIGN(auto query, index_.database().prepare(
                                "SELECT id, segment, position, end, first_sequence, last_sequence,"
                                " first_time, last_time FROM chunks"
                                " WHERE last_time >= ?1 AND (?2 = 0 OR first_time <= ?2)"));
  query.bind(1, query_.since_micros).bind(2, query_.until_micros);
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) break;
    const int64_t id = query.integer(0);
    if (words_asked_ && !words_.contains(id)) continue;
    chunks_.push_back(
        {id, query.text(1), static_cast<uint64_t>(query.integer(2)),
         static_cast<uint64_t>(query.integer(3)), static_cast<uint64_t>(query.integer(4)),
         static_cast<uint64_t>(query.integer(5)), query.integer(6), query.integer(7)});
  }
  std::sort(chunks_.begin(), chunks_.end(), [&](const ChunkInfo& a, const ChunkInfo& b) {
    return query_.order == Order::kOldest ? a.first_sequence < b.first_sequence
                                          : a.last_sequence > b.last_sequence;
  });
  return {};
}

/// Whether some entry and session that is asked for occurs; for each listed column which do.
bool IndexReader::may_hold(const Columns& columns, const ValueWanted& wanted,
                           std::vector<std::vector<bool>>& fits) const {
  fits.assign(kListed, {});
  const auto kind = teller(query_.by);
  const size_t sorted = kind ? static_cast<size_t>(*kind) - 1 : index_of(Column::kSession);
  for (size_t c = 0; c < kListed; ++c) {
    const auto column = static_cast<Column>(c);
    const bool session = column == Column::kSession;
    const Fitting* fitting = session ? nullptr : &fitting_[c + 1];
    const bool asked = session ? query_.session != 0 : fitting->asked;
    const bool sorts = wanted && c == sorted;
    if (!asked && !sorts) continue;
    bool any = false;
    for (const uint64_t value : columns.list(column)) {
      const bool asked_for =
          !asked || (session ? value == query_.session : fitting->numbers.contains(value));
      const bool fit = asked_for && (!sorts || wanted(value));
      fits[c].push_back(fit);
      any = any || fit;
    }
    if (!any) return false;
  }
  return true;
}

bool IndexReader::has_words(int64_t chunk, size_t place) const {
  const auto found = words_.find(chunk);
  if (found == words_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(),
                     [&](size_t first) { return place >= first && place < first + kWordRecords; });
}

Result<> IndexReader::read(const ChunkInfo& chunk, const std::function<void(const Hit&)>& each,
                           const ValueWanted& wanted) {
  SLUICE_ASSIGN(auto query,
                index_.database().prepare("SELECT columns FROM chunk_columns WHERE chunk = ?"));
  query.bind(1, chunk.id);
  SLUICE_ASSIGN(const bool there, query.step());
  if (!there) return fail(damaged());
  const std::string bytes = query.text(0);
  const auto columns = Columns::read(bytes);
  if (!columns) return fail(damaged());
  std::vector<std::vector<bool>> fits;
  if (!may_hold(*columns, wanted, fits)) return {};
  std::array<std::vector<uint64_t>, kColumns> values;
  // Those first that say most.
  std::vector<size_t> rows;
  const size_t count = columns->rows();
  rows.reserve(count);
  for (size_t i = 0; i < count; ++i) rows.push_back(i);
  const auto column = [&](Column which) -> const std::vector<uint64_t>& {
    auto& unpacked = values[index_of(which)];
    if (unpacked.empty()) columns->unpack(which, unpacked);
    return unpacked;
  };
  const auto keep = [&](const auto& wanted) {
    std::erase_if(rows, [&](size_t i) { return !wanted(i); });
  };
  for (size_t c = 0; c < kListed; ++c) {
    if (fits[c].empty()) continue;
    const auto& places = column(static_cast<Column>(c));
    keep([&](size_t i) { return fits[c][places[i]]; });
  }
  if (words_asked_) keep([&](size_t i) { return has_words(chunk.id, i); });
  const bool within = chunk.first_time >= query_.since_micros &&
                      (query_.until_micros == 0 || chunk.last_time <= query_.until_micros);
  if (!within && !rows.empty()) {
    const auto& times = column(Column::kTime);
    keep([&](size_t i) {
      const auto time = static_cast<int64_t>(times[i]);
      return time >= query_.since_micros &&
             (query_.until_micros == 0 || time <= query_.until_micros);
    });
  }
  const auto between = [&](Column which, const std::optional<uint64_t>& least,
                           const std::optional<uint64_t>& most) {
    if ((!least && !most) || rows.empty()) return;
    const auto& numbers = column(which);
    keep([&](size_t i) {
      return (!least || numbers[i] >= *least) && (!most || numbers[i] <= *most);
    });
  };
  between(Column::kDuration, query_.min_duration_micros, query_.max_duration_micros);
  between(Column::kRows, query_.min_rows, query_.max_rows);
  between(Column::kSubjects, query_.min_subjects, {});
  if (rows.empty()) return {};
  for (size_t c = 0; c < kColumns; ++c) column(static_cast<Column>(c));
  const auto listed = [&](Column which, size_t i) {
    return columns->list(which)[values[index_of(which)][i]];
  };
  for (const size_t i : rows) {
    each({listed(Column::kContext, i), listed(Column::kStatement, i), listed(Column::kVerdict, i),
          listed(Column::kSession, i), static_cast<int64_t>(values[index_of(Column::kTime)][i]),
          values[index_of(Column::kDuration)][i], values[index_of(Column::kRows)][i],
          values[index_of(Column::kSequence)][i], values[index_of(Column::kPlace)][i],
          values[index_of(Column::kSubjects)][i]});
  }
  return {};
}

Result<RecordView> IndexReader::entry(EntryKind kind, uint64_t number) {
  auto known = entries_.find(number);
  if (known == entries_.end()) {
    SLUICE_ASSIGN(auto query,
                  index_.database().prepare("SELECT value FROM entries WHERE id = ? AND kind = ?"));
    query.bind(1, static_cast<int64_t>(number)).bind(2, static_cast<int64_t>(kind));
    SLUICE_ASSIGN(const bool there, query.step());
    if (!there) return fail(damaged());
    known = entries_.emplace(number, query.text(0)).first;
  }
  const auto view = read_record(known->second);
  if (!view) return fail(damaged());
  return *view;
}

}  // namespace sluice::audit
