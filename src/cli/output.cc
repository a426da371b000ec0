#include "cli/output.h"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "base/bytes.h"
#include "cli/printable_lines.h"

namespace sluice::cli {
namespace {

constexpr size_t kMaxCell = 100;

/// Characters of UTF-8 text; wide ones count as one.
size_t width(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string cell(const boost::json::object& row, const std::string& column) {
  const auto* value = row.if_contains(column);
  return value == nullptr ? "" : plain(*value);
}

std::string shorten(std::string text) {
  if (text.size() <= kMaxCell) return text;
  return std::string(utf8_prefix(text, kMaxCell - 3)) + "…";
}

/// The code of a character of two or three bytes that a terminal does not show, or lets change the
/// direction of what stands around it (Unicode TR 36, section 2.6); else -1.
int unseen(std::string_view character) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() < 2) return -1;
  const int two = (at(0) & 0x1F) << 6 | (at(1) & 0x3F);
  if (at(0) == 0xC2 && two < 0xA0) return two;  // C1 controls
  if (at(0) == 0xD8) return two == 0x061C ? two : -1;
  if (character.size() < 3 || (at(0) != 0xE2 && at(0) != 0xEF)) return -1;
  const int code = (at(0) & 0x0F) << 12 | (at(1) & 0x3F) << 6 | (at(2) & 0x3F);
  const bool hidden = (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
                      (code >= 0x2060 && code <= 0x2069) || code == 0xFEFF;
  return hidden ? code : -1;
}

/// Calls `each` with every character of UTF-8 text (or parts of one) and the code of what is a
/// control character or is not seen, else -1.
template <typename Each>
void for_each_character(std::string_view utf8, Each each) {
  for (size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    const int code = c < 0x80 ? -1 : unseen(utf8.substr(i, 3));
    if (code >= 0) {
      const size_t length = code < 0x800 ? 2 : 3;
      each(utf8.substr(i, length), code);
      i += length - 1;
    } else {
      each(utf8.substr(i, 1), c < 0x20 || c == 0x7F ? c : -1);
    }
  }
}

/// Control characters (but for those in `kept`), what is not seen and what is not UTF-8, as \xNN or
/// \uNNNN.
std::string without_controls(std::string_view text, std::string_view kept) {
  std::string out;
  for_each_character(to_printable_utf8(text), [&](std::string_view character, int control) {
    if (control < 0 || kept.find(character) != std::string_view::npos) {
      out += character;
    } else {
      out += control > 0xFF ? fmt::format("\\u{:04x}", control) : fmt::format("\\x{:02x}", control);
    }
  });
  return out;
}

void print_table(std::ostream& out, const Listing& listing) {
  std::vector<std::vector<std::string>> lines = {{}};
  for (const auto& column : listing.columns) {
    std::string head = column;
    std::transform(head.begin(), head.end(), head.begin(), ::toupper);
    lines[0].push_back(head);
  }
  for (const auto& row : listing.rows) {
    auto& line = lines.emplace_back();
    for (const auto& column : listing.columns)
      line.push_back(shorten(printable(cell(row.as_object(), column))));
  }
  std::vector<size_t> widths(listing.columns.size());
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width(line[i]));
  }
  for (const auto& line : lines) {
    std::string text;
    for (size_t i = 0; i < line.size(); ++i) {
      text += line[i];
      if (i + 1 < line.size()) text.append(widths[i] - width(line[i]) + 2, ' ');
    }
    out << text << '\n';
  }
}

}  // namespace

std::string plain(const boost::json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_null()) return "";
  if (value.is_double()) return fmt::format("{}", value.get_double());
  if (!value.is_array()) return boost::json::serialize(value);
  std::string out;
  for (const auto& item : value.get_array()) out += (out.empty() ? "" : ", ") + plain(item);
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : without_controls(text, "\n\t")) {
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c == '\t' ? ' ' : c;
    }
  }
  return out;
}

std::string printable_lines(std::string_view text) {
  std::string out;
  for (;;) {
    const size_t end = text.find('\n');
    out += printable(text.substr(0, end));
    if (end == text.npos) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

std::string json_text(const boost::json::value& value) {
  // A valid serialization has no such characters but within strings, and no controls but DEL
  // and C1.
  std::string out;
  for_each_character(boost::json::serialize(value), [&](std::string_view character, int control) {
    if (control < 0) {
      out += character;
    } else {
      out += fmt::format("\\u{:04x}", control);
    }
  });
  return out;
}

std::string csv_field(std::string_view text) {
  std::string field(text);
  if (!field.empty() && std::string_view("=+-@\t\r").find(field[0]) != std::string_view::npos) {
    field.insert(0, "'");
  }
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string out = "\"";
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

void print(std::ostream& out, const Listing& listing, Format format) {
  if (format == Format::kJson) {
    out << json_text(listing.rows) << '\n';
  } else if (format == Format::kTable) {
    print_table(out, listing);
  } else {
    std::string text;
    for (const auto& column : listing.columns)
      text += (text.empty() ? "" : ",") + csv_field(column);
    out << text << "\r\n";
    for (const auto& row : listing.rows) {
      text.clear();
      bool first = true;
      for (const auto& column : listing.columns) {
        text +=
            (first ? "" : ",") + csv_field(without_controls(cell(row.as_object(), column), "\n\t"));
        first = false;
      }
      out << text << "\r\n";
    }
  }
}

}  // namespace sluice::cli
