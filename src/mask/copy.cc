#include "mask/copy.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "mask/binary_reader.h"
#include "mask/split_lanes.h"

namespace sluice::mask {
namespace {

constexpr Bytes kSignature{"PGCOPY\n\377\r\n\0", 11};
constexpr Bytes kEndOfData = "\\.";
constexpr uint16_t kTrailer = 0xFFFF;
constexpr uint32_t kHasOids = 1U << 16;

tl::unexpected<Error> broken(std::string_view what) {
  return fail(ErrorCode::kProtocol, "COPY data cannot be read: " + std::string(what));
}

/// Size of the whole tuple at the front of `data`; nothing while it is not all there.
std::optional<size_t> tuple_size(Bytes data) {
  BinaryReader in(data);
  const uint16_t count = in.be16();
  for (uint16_t i = 0; i < count && in.ok(); ++i) in.field();
  if (!in.ok()) return std::nullopt;
  return data.size() - in.left();
}

/// The fields of any row as they stand there.
Result<> split(Bytes row, const CopyOptions& options, std::vector<Bytes>& fields) {
  size_t at = 0;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) {
      if (at >= row.size()) return broken("a row has too few fields");
      ++at;
    }
    const auto end = field_end(row, at, options);
    if (!end) return broken("a quoted field is not closed");
    fields[i] = row.substr(at, *end - at);
    at = *end;
  }
  if (at != row.size()) return broken("a row has too many fields");
  return {};
}

/// Takes a row apart: into its fields as they stand there, and the values that `masker` needs.
Result<> read_fields(Bytes row, const RowMasker& masker, const CopyOptions& options,
                     CopyScratch& scratch) {
  const size_t count = masker.columns();
  std::vector<Cell>& cells = scratch.rows.cells;
  scratch.raw.resize(count);
  cells.resize(count);
  const bool text = options.form == CopyForm::kText && options.delimiter != '\0' && count > 0;
  if (const auto plain = text ? split_plain(row, options.delimiter, scratch.raw) : std::nullopt) {
    if (*plain < count) return broken("a row has too few fields");
    if (*plain > count) return broken("a row has too many fields");
    const bool may_be_null = options.null_text.find('\\') == std::string::npos;
    for (size_t i = 0; i < count; ++i) {
      cells[i] = scratch.raw[i];
      if (may_be_null && scratch.raw[i] == options.null_text) cells[i].reset();
    }
    return {};
  }
  SLUICE_TRY(split(row, options, scratch.raw));
  scratch.plain.resize(count);
  const auto read = options.form == CopyForm::kCsv ? read_csv_field : read_text_field;
  for (size_t i = 0; i < count; ++i) {
    cells[i].reset();
    if (!masker.needs(i)) continue;
    SLUICE_ASSIGN(cells[i], read(scratch.raw[i], options, scratch.plain[i]));
  }
  return {};
}

}  // namespace

Result<> mask_copy_row(Bytes row, const RowMasker& masker, const CopyOptions& options,
                       CopyScratch& scratch, std::string& out) {
  const bool csv = options.form == CopyForm::kCsv;
  SLUICE_TRY(read_fields(row, masker, options, scratch));
  const std::vector<Cell>& cells = scratch.rows.cells;
  masker.begin_row(cells, scratch.rows);
  const char* copied = row.data();  // up to here it has been appended
  for (size_t i = 0; i < cells.size(); ++i) {
    if (!masker.masks(i) || (!cells[i] && !masker.masks_null(i))) continue;
    scratch.masked.clear();
    SLUICE_ASSIGN(const Masked kind, masker.mask_value(i, cells, scratch.rows, scratch.masked));
    const auto field = kind == Masked::kNull ? Cell() : Cell(scratch.masked);
    // Quotes that a field need not have stay.
    if (csv && field == cells[i]) continue;
    // What lies between is as it was, with its delimiters.
    const Bytes raw = scratch.raw[i];
    out.append(copied, static_cast<size_t>(raw.data() - copied));
    copied = raw.data() + raw.size();
    if (csv) {
      const bool force = i < options.force_quote.size() && options.force_quote[i];
      append_csv_field(field, force, options, out);
    } else {
      append_text_field(field, options, out);
    }
  }
  out.append(copied, static_cast<size_t>(row.data() + row.size() - copied));
  return {};
}

CopyMasker::CopyMasker(std::shared_ptr<const RowMasker> masker, CopyOptions options, size_t max_row)
    : masker_(std::move(masker)), options_(std::move(options)), max_row_(max_row) {}

Result<> CopyMasker::feed(Bytes piece, std::string& out) {
  const bool binary = options_.form == CopyForm::kBinary;
  const bool whole = held_.empty();
  if (!whole) held_.append(piece);
  const Bytes data = whole ? piece : Bytes(held_);
  SLUICE_ASSIGN(const size_t used, binary ? tuples_of(data, out) : rows_of(data, out));
  if (data.size() - used > max_row_)
    return fail(ErrorCode::kLimit, "a row of COPY data is too long");
  if (whole) {
    held_.assign(data.substr(used));
  } else {
    held_.erase(0, used);
  }
  return {};
}

size_t CopyMasker::line_end(Bytes data, size_t from) {
  if (options_.form == CopyForm::kText)
    return data.find('\n', from);  // within fields it is escaped
  for (size_t at = from; at < data.size(); ++at) {
    const char c = data[at];
    // An escape before a quote within quotes; where both are the same character, two of them
    // change nothing either.
    if (quoted_ && options_.escape != options_.quote && c == options_.escape) {
      if (at + 1 == data.size()) {
        scanned_ = at;
        return Bytes::npos;
      }
      const char next = data[at + 1];
      if (next == options_.quote || next == options_.escape) ++at;
    } else if (c == options_.quote) {
      quoted_ = !quoted_;
    } else if (c == '\n' && !quoted_) {
      return at;
    }
  }
  scanned_ = data.size();
  return Bytes::npos;
}

Result<size_t> CopyMasker::rows_of(Bytes data, std::string& out) {
  size_t used = 0;
  size_t from = scanned_;
  scanned_ = 0;
  while (true) {
    const size_t end = line_end(data, from);
    if (end == Bytes::npos) break;
    SLUICE_TRY(row(data.substr(used, end - used), out));
    out.push_back('\n');
    used = end + 1;
    from = used;
  }
  // Text is looked through anew only from where the last piece ended.
  if (options_.form == CopyForm::kText) scanned_ = data.size();
  scanned_ -= std::min(scanned_, used);
  return used;
}

Result<> CopyMasker::row(Bytes line, std::string& out) {
  const bool header = options_.header && !begun_;
  begun_ = true;
  if (header || (line == kEndOfData && options_.form == CopyForm::kText)) {
    out.append(line);
    return {};
  }
  if (line.ends_with('\r')) {
    SLUICE_TRY(row(line.substr(0, line.size() - 1), out));
    out.push_back('\r');
    return {};
  }
  SLUICE_TRY(mask_copy_row(line, *masker_, options_, scratch_, out));
  ++rows_;
  return {};
}

Result<size_t> CopyMasker::tuples_of(Bytes data, std::string& out) {
  size_t used = 0;
  if (!begun_) {
    BinaryReader in(data);
    const Bytes signature = in.bytes(kSignature.size());
    const uint32_t flags = in.be32();
    const uint32_t extension = in.be32();
    in.bytes(extension);
    if (!in.ok()) return size_t{0};
    if (signature != kSignature || (flags & kHasOids) != 0) return broken("an unknown header");
    used = data.size() - in.left();
    out.append(data.substr(0, used));
    begun_ = true;
  }
  while (used < data.size()) {
    const Bytes rest = data.substr(used);
    if (ended_) return broken("something behind its end");
    if (rest.size() < 2) break;
    if (load_be16(rest.data()) == kTrailer) {
      ended_ = true;
      out.append(rest.substr(0, 2));
      used += 2;
      continue;
    }
    const auto size = tuple_size(rest);
    if (!size) break;
    SLUICE_TRY(masker_->mask_row(rest.substr(0, *size), scratch_.rows, out));
    used += *size;
    ++rows_;
  }
  return used;
}

Result<> CopyMasker::finish(std::string& out) {
  if (options_.form == CopyForm::kBinary) {
    if (!held_.empty() || !ended_) return broken("it ends within a tuple");
    return {};
  }
  if (held_.empty()) return {};
  // The last row may have no newline; whoever cuts a row elsewhere has it refused by its fields.
  const std::string last = std::exchange(held_, {});
  return row(last, out);
}

}  // namespace sluice::mask
