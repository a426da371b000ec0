#include "provenance/copy_rows.h"

#include <cstring>

#include <fmt/format.h>

namespace sluice::provenance {
namespace {

constexpr std::string_view kSignature{"PGCOPY\n\377\r\n\0", 11};

tl::unexpected<Error> bad(std::string text) {
  return fail(ErrorCode::kInvalidInput, std::move(text));
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

/// Up to `most` digits to this base; moves `at` behind them.
char number(Bytes text, size_t& at, int base, size_t most) {
  int value = 0;
  for (size_t i = 0; i < most && at < text.size() && digit_of(text[at]) < base; ++i, ++at)
    value = value * base + digit_of(text[at]);
  return static_cast<char>(value);
}

/// What stands for one byte behind a backslash at `at`, which is moved behind it.
char unescape(Bytes text, size_t& at) {
  const char c = text[at];
  if (c >= '0' && c <= '7') return number(text, at, 8, 3);
  ++at;
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case 'x':
      if (at < text.size() && digit_of(text[at]) < 16) return number(text, at, 16, 2);
      return c;
    default:
      return c;
  }
}

}  // namespace

Result<> CopyRows::feed(Bytes piece) {
  const bool whole = held_.empty();
  if (!whole) held_.append(piece);
  const Bytes data = whole ? piece : Bytes(held_);
  SLUICE_ASSIGN(const size_t taken,
                form_.format == CopyFormat::kBinary ? tuples_of(data) : lines_of(data));
  if (whole) {
    held_.assign(data.substr(taken));
  } else {
    held_.erase(0, taken);
  }
  if (held_.size() <= kLongestRow) return {};
  return bad(fmt::format("row {} is longer than {} bytes", tree_.size() + 1, kLongestRow));
}

Result<> CopyRows::finish(bool line_may_end) {
  if (form_.format == CopyFormat::kBinary) {
    if (ended_ && held_.empty()) return {};
    return bad("the data of COPY ends without its trailer");
  }
  if (held_.empty()) return {};
  if (!line_may_end || in_quotes_) return bad("the data of COPY ends within a row");
  const std::string last = std::move(held_);
  held_.clear();
  return line(last);
}

Result<size_t> CopyRows::lines_of(Bytes data) {
  size_t begin = 0;
  for (size_t at = scanned_; at < data.size(); ++at) {
    const char c = data[at];
    if (form_.format == CopyFormat::kCsv) {
      // As the server reads it: a quote that is escaped ends nothing.
      const bool was_escaped = escaped_;
      if (in_quotes_ && c == form_.escape) escaped_ = !escaped_;
      if (c == form_.quote && !(was_escaped && form_.escape != form_.quote)) {
        in_quotes_ = !in_quotes_;
      }
      if (c != form_.escape || !in_quotes_) escaped_ = false;
      if (in_quotes_) continue;
    }
    if (c != '\n') continue;
    SLUICE_TRY(line(data.substr(begin, at - begin)));
    begin = at + 1;
  }
  scanned_ = data.size() - begin;
  return begin;
}

Result<> CopyRows::line(Bytes text) {
  if (!begun_ && form_.header) {
    begun_ = true;
    return {};
  }
  begun_ = true;
  return form_.format == CopyFormat::kCsv ? csv_fields(text) : text_fields(text);
}

Result<> CopyRows::text_fields(Bytes text) {
  begin_row();
  for (size_t at = 0;;) {
    const size_t begin = at;
    value_.clear();
    while (at < text.size() && text[at] != form_.delimiter) {
      if (text[at] != '\\') {
        value_.push_back(text[at++]);
        continue;
      }
      if (++at == text.size()) return bad("a row of COPY ends with a backslash");
      value_.push_back(unescape(text, at));
    }
    // NULL is told by what stands there, before anything is unescaped.
    if (text.substr(begin, at - begin) == form_.null_text) {
      null_field();
    } else {
      field(value_);
    }
    if (at == text.size()) return end_row();
    ++at;
  }
}

Result<> CopyRows::csv_fields(Bytes text) {
  begin_row();
  for (size_t at = 0;;) {
    value_.clear();
    bool quoted = false, inside = false;
    for (; at < text.size(); ++at) {
      const char c = text[at];
      if (!inside) {
        if (c == form_.delimiter) break;
        if (c == form_.quote) {
          inside = quoted = true;
        } else {
          value_.push_back(c);
        }
        continue;
      }
      const bool more = at + 1 < text.size();
      if (c == form_.escape && more &&
          (text[at + 1] == form_.quote || text[at + 1] == form_.escape)) {
        value_.push_back(text[++at]);
      } else if (c == form_.quote) {
        inside = false;
      } else {
        value_.push_back(c);
      }
    }
    if (inside) return bad("a row of CSV ends within quotes");
    if (!quoted && value_ == form_.null_text) {
      null_field();
    } else {
      field(value_);
    }
    if (at == text.size()) return end_row();
    ++at;
  }
}

Result<size_t> CopyRows::tuples_of(Bytes data) {
  size_t at = 0;
  if (!begun_) {
    constexpr size_t kFixed = 19;  // signature, flags, length of the extension
    if (data.size() < kFixed) return at;
    if (!data.starts_with(kSignature)) return bad("the data is none of COPY in binary format");
    const uint32_t extension = load_be32(data.data() + 15);
    if (extension > kLongestRow) return bad("the header of COPY is too long");
    if (data.size() < kFixed + extension) return at;
    at = kFixed + extension;
    begun_ = true;
  }
  while (data.size() - at >= 2) {
    if (ended_) return bad("data of COPY follows its trailer");
    const uint16_t count = load_be16(data.data() + at);
    if (count == 0xffff) {
      ended_ = true;
      at += 2;
      continue;
    }
    if (count > 0x7fff) return bad("a row of COPY with a negative number of fields");
    size_t end = at + 2;
    bool whole = true;
    for (uint16_t i = 0; i < count && whole; ++i) {
      whole = data.size() - end >= 4;
      if (!whole) break;
      const uint32_t length = load_be32(data.data() + end);
      end += 4;
      if (length == UINT32_MAX) continue;
      if (length > kLongestRow) return bad("a value of COPY is too long");
      whole = data.size() - end >= length;
      if (whole) end += length;
    }
    if (!whole) break;
    row_.assign(data.substr(at, end - at));
    count_ = count;
    SLUICE_TRY(end_row());
    at = end;
  }
  if (ended_ && at < data.size()) return bad("data of COPY follows its trailer");
  return at;
}

void CopyRows::begin_row() {
  row_.assign(2, '\0');
  count_ = 0;
}

void CopyRows::field(Bytes value) {
  append_be32(row_, static_cast<uint32_t>(value.size()));
  row_.append(value);
  ++count_;
}

void CopyRows::null_field() {
  append_be32(row_, UINT32_MAX);
  ++count_;
}

Result<> CopyRows::end_row() {
  if (row_.size() > kLongestRow || count_ > 0x7fff)
    return bad(fmt::format("row {} is too long", tree_.size() + 1));
  if (tree_.size() > 0 && count_ != fields_) {
    return bad(fmt::format("row {} has {} fields, the rows before it {}", tree_.size() + 1, count_,
                           fields_));
  }
  fields_ = count_;
  store_be16(row_.data(), static_cast<uint16_t>(count_));
  tree_.add(row_);
  return {};
}

}  // namespace sluice::provenance
