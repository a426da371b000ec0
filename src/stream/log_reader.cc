#include "stream/log_reader.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace sluice::stream {
namespace {

/// What a segment's name says: "<first sequence>-<writer>.seg".
struct SegmentName {
  uint64_t first = 0;
  uint32_t writer = 0;
};

std::optional<SegmentName> parse_name(std::string_view name) {
  SegmentName out;
  const char* end = name.data() + name.size();
  const auto [dash, first_error] = std::from_chars(name.data(), end, out.first);
  if (first_error != std::errc() || dash == end || *dash != '-') return std::nullopt;
  const auto [dot, writer_error] = std::from_chars(dash + 1, end, out.writer);
  if (writer_error != std::errc() || std::string_view(dot, end) != ".seg") return std::nullopt;
  return out;
}

uint64_t first_of(const std::string& name) {
  const auto parsed = parse_name(name);
  return parsed ? parsed->first : 0;
}

}  // namespace

LogReader::LogReader(std::filesystem::path directory, Cursor cursor)
    : directory_(std::move(directory)), cursor_(std::move(cursor)) {}

Result<Cursor> LogReader::at_end(const std::filesystem::path& directory, uint64_t last_sequence) {
  SLUICE_ASSIGN(const auto files, audit::list_segments(directory));
  Cursor cursor;
  cursor.after = cursor.position = last_sequence;
  for (const auto& file : files) {
    const std::string name = file.filename();
    if (const auto parsed = parse_name(name))
      cursor.places[parsed->writer] = {name, audit::kSegmentHeader};
  }
  return cursor;
}

Result<> LogReader::list() {
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(directory_, error);
  if (error) return fail(ErrorCode::kIo, "read " + directory_.string() + ": " + error.message());
  // The clock of file times is coarse: what changed just now may change again at the same time.
  if (changed == listed_) return {};
  const auto settled =
      std::filesystem::file_time_type::clock::now() - changed > std::chrono::seconds(1);
  SLUICE_ASSIGN(const auto files, audit::list_segments(directory_));
  if (settled) listed_ = changed;
  for (auto& [writer, chain] : chains_) chain.segments.clear();
  for (const auto& file : files) {
    std::string name = file.filename();
    const auto parsed = parse_name(name);
    if (!parsed) continue;
    const auto place = cursor_.places.find(parsed->writer);
    if (place != cursor_.places.end() && parsed->first < first_of(place->second.segment)) continue;
    chains_[parsed->writer].segments.push_back(std::move(name));
  }
  for (auto& [writer, chain] : chains_) {
    std::sort(chain.segments.begin(), chain.segments.end(),
              [](const auto& a, const auto& b) { return first_of(a) < first_of(b); });
  }
  return {};
}

/// Opens the oldest segment at the cursor's place; false if there is none that can be read yet.
Result<bool> LogReader::open(uint32_t writer, Chain& chain) {
  while (!chain.segments.empty()) {
    const std::string& name = chain.segments.front();
    Place& place = cursor_.places[writer];
    if (place.segment != name) place = {name, audit::kSegmentHeader};
    const auto size = audit::segment_size(directory_ / name);
    // A log that was put back to an earlier state: the name is the same, what is in it is not.
    if (size != 0 && place.offset > size) place.offset = audit::kSegmentHeader;
    auto reader = audit::SegmentReader::open(directory_ / name, place.offset);
    if (reader) {
      chain.reader = std::move(*reader);
      return true;
    }
    const auto code = reader.error().code;
    if (code != ErrorCode::kInvalidInput && code != ErrorCode::kNotFound)
      return fail(std::move(reader.error()));
    // No segment, or one that is just being made: it is that only if nothing follows it.
    if (chain.segments.size() == 1) return false;
    chain.segments.erase(chain.segments.begin());
  }
  return false;
}

bool LogReader::has_later(const Chain& chain, const Place& place) {
  return !chain.segments.empty() && chain.segments.back() != place.segment;
}

/// Goes on to the writer's next segment. The one before may have been removed meanwhile.
void LogReader::finish_segment(uint32_t writer, Chain& chain) {
  Place& place = cursor_.places[writer];
  chain.reader.reset();
  if (chain.segments.front() == place.segment) chain.segments.erase(chain.segments.begin());
  place = {chain.segments.front(), audit::kSegmentHeader};
}

/// Tells of damage where the reader stands; false if that has been done.
bool LogReader::told_of(Chain& chain, const std::string& segment) {
  const Place where{segment, chain.reader->offset()};
  if (chain.damage == where) return false;
  chain.damage = where;
  damage_.push_back(fmt::format("{}: damaged at byte {}", where.segment, where.offset));
  return true;
}

Result<> LogReader::fill(uint32_t writer, Chain& chain) {
  using Status = audit::SegmentReader::Status;
  while (!chain.head && !chain.at_end) {
    if (!chain.reader) {
      SLUICE_ASSIGN(const bool opened, open(writer, chain));
      if (!opened) {
        chain.at_end = true;
        return {};
      }
    }
    audit::Frame frame;
    const auto status = chain.reader->next(frame);
    if (status == Status::kFrame) {
      chain.head = std::move(frame);
      return {};
    }
    const Place& place = cursor_.places[writer];
    if (status == Status::kCorrupt) {
      // Looking for more behind damage reads all that is left: once now, and once when it is whole.
      const bool search = told_of(chain, place.segment) || has_later(chain, place);
      if (search && chain.reader->find_next()) continue;
      chain.reader.reset();  // To be opened at the damage again, should more be written behind it.
    }
    // A writer begins a segment only when it is done with the one before.
    if (!has_later(chain, place)) {
      chain.at_end = true;
      return {};
    }
    finish_segment(writer, chain);
  }
  return {};
}

Result<> LogReader::read(const Each& each) {
  SLUICE_TRY(list());
  for (auto& [writer, chain] : chains_) {
    chain.at_end = false;
    SLUICE_TRY(fill(writer, chain));
  }
  for (;;) {
    auto lowest = chains_.end();
    for (auto it = chains_.begin(); it != chains_.end(); ++it) {
      if (it->second.head &&
          (lowest == chains_.end() || it->second.head->sequence < lowest->second.head->sequence)) {
        lowest = it;
      }
    }
    if (lowest == chains_.end()) return {};
    auto& [writer, chain] = *lowest;
    const audit::Frame frame = std::move(*chain.head);
    chain.head.reset();
    cursor_.places[writer].offset = chain.reader->offset();
    cursor_.position = std::max(cursor_.position, frame.sequence);
    const bool more = frame.sequence <= cursor_.after || each(frame);
    SLUICE_TRY(fill(writer, chain));
    if (!more) return {};
  }
}

}  // namespace sluice::stream
