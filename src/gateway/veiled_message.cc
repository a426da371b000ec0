#include "gateway/veiled_message.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "mask/text.h"
#include "privacy/find.h"

namespace sluice::gateway {

namespace pg = wire::postgres;

namespace {

constexpr char kFieldInternalPosition = 'p';
constexpr char kFieldInternalQuery = 'q';

constexpr std::string_view kHidden =
    "The gateway hides the details, since the statement reaches columns that are masked for you.";

/// Longer messages hold data, and are not worth a look.
constexpr size_t kLongest = 4096;

bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }

/// What may stand between two quoted names of one message. Anything else may be of a value that has
/// quotes in it.
bool is_connection(Bytes between) {
  static constexpr std::string_view kConnections[] = {" of relation ",
                                                      " of table ",
                                                      " on table ",
                                                      " in table ",
                                                      " in schema ",
                                                      " for type ",
                                                      " for table ",
                                                      " for relation ",
                                                      " violates check constraint ",
                                                      " violates foreign key constraint ",
                                                      " violates not-null constraint",
                                                      " violates row-level security policy "};
  return std::find(std::begin(kConnections), std::end(kConnections), between) !=
         std::end(kConnections);
}

/// Where the quoted part that begins at `at` ends: behind its closing quote, or behind the last one
/// of the message if it cannot be told from what follows. npos: nowhere.
size_t quoted_end(Bytes message, size_t at) {
  const char quote = message[at];
  size_t end = message.find(quote, at + 1);
  const size_t last = message.rfind(quote);
  if (end == Bytes::npos) return end;
  for (size_t close = end; close != last;) {
    const size_t open = message.find(quote, close + 1);
    if (open == last || !is_connection(message.substr(close + 1, open - close - 1))) {
      return last + 1;
    }
    close = message.find(quote, open + 1);
  }
  return end + 1;
}

/// Quoted parts and numbers that the statement does not have itself are struck out. In other
/// languages than English quotes are others; what is not ASCII is not looked into.
std::string own_words(Bytes message, Bytes text) {
  const bool ascii =
      std::all_of(message.begin(), message.end(), [](char c) { return (c & 0x80) == 0; });
  if (!ascii || message.size() > kLongest) return {};
  std::string out;
  for (size_t at = 0; at < message.size();) {
    const char c = message[at];
    if (is_quote(c)) {
      const size_t end = quoted_end(message, at);
      if (end == Bytes::npos) return {};
      const Bytes value = message.substr(at + 1, end - at - 2);
      const bool own = !value.empty() && text.find(value) != Bytes::npos;
      out.append(1, c).append(own ? value : mask::kStars).append(1, c);
      at = end;
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      size_t end = at;
      while (end < message.size() && std::isalnum(static_cast<unsigned char>(message[end])) != 0) {
        ++end;
      }
      const Bytes number = message.substr(at, end - at);
      out.append(text.find(number) != Bytes::npos ? number : mask::kStars);
      at = end;
    } else {
      out.push_back(c);
      ++at;
    }
  }
  return out;
}

}  // namespace

std::string without_sensitive(Bytes text, const mask::Treatment& treatment) {
  std::string out;
  size_t at = 0;
  for (const auto& span : privacy::find_sensitive(text)) {
    if (!treatment.of(span.cls)) continue;
    out.append(text.substr(at, span.begin - at)).append(mask::kStars);
    at = span.end;
  }
  return out.append(text.substr(at));
}

pg::ErrorFields veiled(const pg::ErrorFields& fields, Bytes text, Telling telling,
                       const mask::Treatment& treatment) {
  pg::ErrorFields out;
  for (const auto& [code, value] : fields.all()) {
    // Code names in an error whatever it likes.
    const bool plain = code == pg::kFieldSeverity || code == pg::kFieldSeverityNonLocalized ||
                       code == pg::kFieldSqlstate || code == pg::kFieldPosition;
    const bool talk = code == pg::kFieldMessage || code == pg::kFieldDetail ||
                      code == pg::kFieldHint || code == pg::kFieldWhere ||
                      code == kFieldInternalQuery;
    if (!talk) {
      const bool hidden = telling == Telling::kNothing ? !plain : code == kFieldInternalPosition;
      if (telling == Telling::kAll || !hidden) out.set(code, value);
    } else if (telling == Telling::kAll) {
      out.set(code, without_sensitive(value, treatment));
    } else if (code == pg::kFieldMessage) {
      std::string message = telling == Telling::kOwnWords ? own_words(value, text) : std::string();
      if (message.empty()) {
        message =
            "the server's message is hidden (SQLSTATE " + std::string(fields.sqlstate()) + ")";
      }
      out.set(code, message);
    }
  }
  const bool changed = out.all().size() < fields.all().size() || out.message() != fields.message();
  if (telling != Telling::kAll && changed) out.set(pg::kFieldDetail, kHidden);
  return out;
}

}  // namespace sluice::gateway
