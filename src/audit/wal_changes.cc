#include "audit/wal_changes.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "audit/stamp.h"
#include "base/bytes.h"
#include "base/parse_time.h"

namespace sluice::audit {
namespace {

/// A stamp has less; of others' messages nothing is wanted but that they are none.
constexpr int kHeadCharacters = 1000;

tl::unexpected<Error> unreadable(std::string_view head) {
  return fail(ErrorCode::kProtocol, fmt::format("test_decoding said what it never says: \"{}\"",
                                                to_printable_utf8(head.substr(0, 100))));
}

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

bool take(std::string_view& rest, std::string_view what) {
  if (!rest.starts_with(what)) return false;
  rest.remove_prefix(what.size());
  return true;
}

/// One part of a name, quoted as the server's quote_identifier does.
std::optional<std::string> identifier(std::string_view& rest) {
  std::string name;
  if (!take(rest, "\"")) {
    const auto plain = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    };
    const auto end = std::find_if_not(rest.begin(), rest.end(), plain);
    name.assign(rest.begin(), end);
    rest.remove_prefix(name.size());
    return name.empty() ? std::nullopt : std::optional(name);
  }
  for (;;) {
    const size_t quote = rest.find('"');
    if (quote == rest.npos) return std::nullopt;
    name.append(rest.substr(0, quote));
    rest.remove_prefix(quote + 1);
    if (!take(rest, "\"")) return name.empty() ? std::nullopt : std::optional(name);
    name.push_back('"');
  }
}

/// "public.orders".
std::optional<std::string> table(std::string_view& rest) {
  auto schema = identifier(rest);
  if (!schema || !take(rest, ".")) return std::nullopt;
  const auto name = identifier(rest);
  if (!name) return std::nullopt;
  return *schema + "." + *name;
}

/// As the server writes it with TimeZone UTC: "2026-11-26 11:50:53.067329+00".
Result<int64_t> commit_time(std::string_view text) {
  if (text.size() < 20 || text[10] != ' ' || !text.ends_with("+00")) {
    return fail(ErrorCode::kProtocol, "no time");
  }
  std::string rfc3339(text.substr(0, text.size() - 3));
  rfc3339[10] = 'T';
  return parse_time(rfc3339 + "Z");
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

}  // namespace

std::string wal_query(std::string_view slot, std::string_view up_to, unsigned changes) {
  // Lines of changes are alike up to their values: those of a transaction are counted there.
  constexpr std::string_view kName = R"((?:[a-z0-9_]+|"(?:[^"]|"")+"))";
  return fmt::format(
      R"(SELECT min(lsn)::text, xid::text, head, count(*)::text FROM (
SELECT n, lsn, xid, data LIKE 'table %' AS change,
CASE WHEN data LIKE 'table %'
THEN coalesce(substring(data FROM '^table {0}\.{0}(?:, {0}\.{0})*: [A-Z]+:'), left(data, {1}))
ELSE left(data, {1}) END AS head
FROM pg_catalog.pg_logical_slot_get_changes({2}, {3}, {4}, 'include-xids', '1',
'include-timestamp', '1', 'skip-empty-xacts', '0') WITH ORDINALITY AS c(lsn, xid, data, n)) l
GROUP BY xid, head, change, CASE WHEN change THEN 0 ELSE n END
ORDER BY min(n))",
      kName, kHeadCharacters, quoted(slot), quoted(up_to), changes);
}

Result<std::optional<WalTransaction>> WalReader::take(const WalRow& row) {
  std::string_view rest = row.head;
  if (sluice::audit::take(rest, "BEGIN ")) {
    const auto xid = number<uint32_t>(rest);
    if (open_ || !xid) return unreadable(row.head);
    open_ = true;
    transaction_ = {};
    transaction_.xid = *xid;
    return std::nullopt;
  }
  if (sluice::audit::take(rest, "message: transactional: ")) {
    SLUICE_TRY(message(rest));
    return std::nullopt;
  }
  if (!open_ || number<uint32_t>(row.xid) != transaction_.xid) return unreadable(row.head);
  if (sluice::audit::take(rest, "table ")) {
    SLUICE_TRY(change(rest, row.count));
    return std::nullopt;
  }
  if (sluice::audit::take(rest, "COMMIT ")) return commit(rest, row.lsn);
  return unreadable(row.head);
}

Result<> WalReader::change(std::string_view head, std::string_view count) {
  std::string_view rest = head;
  std::vector<std::string> names;
  do {
    auto name = table(rest);
    if (!name) return unreadable(head);
    names.push_back(std::move(*name));
  } while (sluice::audit::take(rest, ", "));
  const auto rows = number<uint64_t>(count);
  if (!sluice::audit::take(rest, ": ") || !rows) return unreadable(head);
  const auto action = rest.substr(0, rest.find(':'));
  uint64_t TableChanges::* changed = action == "INSERT"     ? &TableChanges::inserts
                                     : action == "UPDATE"   ? &TableChanges::updates
                                     : action == "DELETE"   ? &TableChanges::deletes
                                     : action == "TRUNCATE" ? &TableChanges::truncates
                                                            : nullptr;
  if (changed == nullptr || (names.size() > 1 && action != "TRUNCATE")) return unreadable(head);
  for (const auto& name : names) transaction_.tables[name].*changed += *rows;
  return {};
}

/// "1 prefix: sluice, sz: 90 content:…". Prefixes are anybody's to choose.
Result<> WalReader::message(std::string_view head) {
  std::string_view rest = head;
  const bool inside = sluice::audit::take(rest, "1 ");
  if (!inside && !sluice::audit::take(rest, "0 ")) return unreadable(head);
  if (!sluice::audit::take(rest, fmt::format("prefix: {}, sz: ", kStampPrefix))) return {};
  const size_t end = rest.find(" content:");
  // One outside of a transaction explains nothing, whoever wrote it.
  if (end == rest.npos || !number<uint64_t>(rest.substr(0, end)) || !inside) return {};
  if (!open_) return unreadable(head);
  transaction_.stamps.emplace_back(rest.substr(end + 9));
  return {};
}

Result<std::optional<WalTransaction>> WalReader::commit(std::string_view head,
                                                        const std::string& lsn) {
  const size_t at = head.find(" (at ");
  if (at == head.npos || number<uint32_t>(head.substr(0, at)) != transaction_.xid ||
      !head.ends_with(")") || head.size() < at + 6) {
    return unreadable(head);
  }
  const auto time = commit_time(head.substr(at + 5, head.size() - at - 6));
  if (!time) return unreadable(head);
  open_ = false;
  transaction_.commit_micros = *time;
  transaction_.lsn = lsn;
  return std::optional(std::move(transaction_));
}

std::optional<uint64_t> parse_lsn(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  const auto half = [](std::string_view digits) -> std::optional<uint32_t> {
    uint32_t value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.empty() || read.ec != std::errc() || read.ptr != digits.data() + digits.size()) {
      return std::nullopt;
    }
    return value;
  };
  const auto high = half(text.substr(0, slash));
  const auto low = half(text.substr(slash + 1));
  if (!high || !low) return std::nullopt;
  return (static_cast<uint64_t>(*high) << 32) | *low;
}

std::string describe(const std::map<std::string, TableChanges>& tables) {
  std::string out;
  for (const auto& [name, changes] : tables) {
    if (!out.empty()) out += "; ";
    out += name + ":";
    const char* separator = " ";
    const auto add = [&](uint64_t count, std::string_view what) {
      if (count == 0) return;
      out += fmt::format("{}{} {}", separator, count, what);
      separator = ", ";
    };
    add(changes.inserts, "inserted");
    add(changes.updates, "updated");
    add(changes.deletes, "deleted");
    if (changes.truncates > 0) out += fmt::format("{}truncated", separator);
  }
  return out;
}

}  // namespace sluice::audit
