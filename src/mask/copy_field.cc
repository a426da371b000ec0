#include "mask/copy_field.h"

#include "base/eight_bytes.h"

namespace sluice::mask {
namespace {

bool is_octal(char c) { return c >= '0' && c <= '7'; }
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr Bytes kEscaped = "\b\f\n\r\t\v";
constexpr Bytes kNames = "bfnrtv";

/// Whether no character of `value` has to be escaped.
bool stands_for_itself(Bytes value, char delimiter) {
  uint64_t special = 0;
  for (size_t at = 0; at < value.size(); at += 8) {
    const uint64_t word = load_upto_eight(value.data() + at, value.size() - at);
    special |= equal_in(word, '\\') | equal_in(word, delimiter) |
               (between(word & ~kHighBits, '\b', '\r') & ~word);
  }
  return special == 0;
}

/// The byte that the escape at text[at] (behind the backslash) stands for; goes behind it.
char read_escape(Bytes text, size_t& at) {
  const char c = text[at++];
  if (is_octal(c)) {
    int value = c - '0';
    for (int i = 0; i < 2 && at < text.size() && is_octal(text[at]); ++i) {
      value = value * 8 + (text[at++] - '0');
    }
    return static_cast<char>(value & 0xFF);
  }
  if (c == 'x' && at < text.size() && hex_value(text[at]) >= 0) {
    int value = hex_value(text[at++]);
    if (at < text.size() && hex_value(text[at]) >= 0) value = value * 16 + hex_value(text[at++]);
    return static_cast<char>(value);
  }
  const size_t name = kNames.find(c);
  return name == Bytes::npos ? c : kEscaped[name];
}

}  // namespace

Result<std::optional<Bytes>> read_text_field(Bytes raw, const CopyOptions& options,
                                             std::string& buffer) {
  if (raw == options.null_text) return std::optional<Bytes>();
  size_t at = raw.find('\\');
  if (at == Bytes::npos) return std::optional<Bytes>(raw);
  std::string& value = buffer.assign(raw.substr(0, at));
  while (at < raw.size()) {
    if (raw[at] != '\\') {
      value.push_back(raw[at++]);
      continue;
    }
    if (++at == raw.size()) return fail(ErrorCode::kProtocol, "a COPY field ends with a backslash");
    value.push_back(read_escape(raw, at));
  }
  return std::optional<Bytes>(value);
}

void append_text_field(const std::optional<Bytes>& value, const CopyOptions& options,
                       std::string& out) {
  if (!value) {
    out.append(options.null_text);
    return;
  }
  if (stands_for_itself(*value, options.delimiter)) {
    out.append(*value);
    return;
  }
  for (const char c : *value) {
    if (const size_t found = kEscaped.find(c); found != Bytes::npos) {
      out.push_back('\\');
      out.push_back(kNames[found]);
    } else {
      if (c == '\\' || c == options.delimiter) out.push_back('\\');
      out.push_back(c);
    }
  }
}

Result<std::optional<Bytes>> read_csv_field(Bytes raw, const CopyOptions& options,
                                            std::string& buffer) {
  if (raw == options.null_text) return std::optional<Bytes>();
  if (raw.find(options.quote) == Bytes::npos) return std::optional<Bytes>(raw);
  std::string& value = buffer;
  value.clear();
  bool within = false;
  for (size_t at = 0; at < raw.size(); ++at) {
    const char c = raw[at];
    if (within && c == options.escape && at + 1 < raw.size() &&
        (raw[at + 1] == options.quote || raw[at + 1] == options.escape)) {
      value.push_back(raw[++at]);
    } else if (c == options.quote) {
      within = !within;
    } else {
      value.push_back(c);
    }
  }
  if (within) return fail(ErrorCode::kProtocol, "a quoted CSV field is not closed");
  return std::optional<Bytes>(value);
}

void append_csv_field(const std::optional<Bytes>& value, bool force_quote,
                      const CopyOptions& options, std::string& out) {
  if (!value) {
    out.append(options.null_text);
    return;
  }
  // A lone "\." would end the data.
  bool quoted = force_quote || *value == options.null_text || *value == "\\.";
  for (const char c : *value) {
    quoted |= c == options.delimiter || c == options.quote || c == '\n' || c == '\r';
  }
  if (!quoted) {
    out.append(*value);
    return;
  }
  out.push_back(options.quote);
  for (const char c : *value) {
    if (c == options.quote || c == options.escape) out.push_back(options.escape);
    out.push_back(c);
  }
  out.push_back(options.quote);
}

std::optional<size_t> field_end(Bytes row, size_t begin, const CopyOptions& options) {
  size_t at = begin;
  if (options.form == CopyForm::kText) {
    while (at < row.size() && row[at] != options.delimiter) at += row[at] == '\\' ? 2 : 1;
    return at > row.size() ? row.size() : at;
  }
  bool within = false;
  for (; at < row.size(); ++at) {
    const char c = row[at];
    if (within && c == options.escape && at + 1 < row.size() &&
        (row[at + 1] == options.quote || row[at + 1] == options.escape)) {
      ++at;
    } else if (c == options.quote) {
      within = !within;
    } else if (!within && c == options.delimiter) {
      break;
    }
  }
  if (within) return std::nullopt;
  return at;
}

}  // namespace sluice::mask
