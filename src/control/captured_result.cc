#include "control/captured_result.h"

#include <bit>
#include <map>

#include <fmt/format.h>

#include "audit/captured.h"
#include "audit/search.h"
#include "base/bound_values.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/hash.h"
#include "undo/seal.h"
#include "wire/postgres/backend.h"
#include "wire/postgres/framer.h"
#include "wire/postgres/protocol.h"
#include "wire/postgres/row_description.h"

namespace sluice::control {
namespace json = boost::json;
namespace pg = wire::postgres;

namespace {

/// Parts are of 32 KiB.
constexpr size_t kPage = 128;

Error altered(std::string what) {
  return {ErrorCode::kDenied,
          std::move(what) + ": `sluice audit verify` tells whether the log was changed"};
}

/// Those of one result; they stand before the record of their statement.
Result<std::map<uint64_t, std::string>> find_parts(const std::filesystem::path& audit,
                                                   const audit::Record& record,
                                                   const audit::Captured& captured) {
  audit::Query query;
  query.type = "captured";
  query.session = record.context.session_id;
  query.limit = kPage;
  query.after = audit::Rank{0, record.sequence};
  std::map<uint64_t, std::string> parts;
  do {
    SLUICE_ASSIGN(const auto page, audit::search_page(audit, query));
    for (const auto& part : page.records) {
      for (uint64_t n = 1; n <= captured.parts; ++n) {
        if (part.captured == audit::captured_part(captured.id, n)) parts[n] = part.content;
      }
    }
    query.after = page.next;
  } while (query.after && parts.size() < captured.parts);
  return parts;
}

Result<std::string> open_parts(const std::filesystem::path& state, const audit::Captured& captured,
                               const std::map<uint64_t, std::string>& parts) {
  const auto file = state / "results.key";
  std::error_code ignored;
  // Opening it would make one.
  if (!std::filesystem::exists(file, ignored))
    return fail(ErrorCode::kNotFound, "there is no " + file.string() +
                                          ": without it no result that was kept can be read");
  SLUICE_ASSIGN(const auto seal, undo::Seal::open(file));
  std::string whole;
  for (const auto& [number, content] : parts) {
    auto part = seal.open(content, audit::captured_purpose(captured.id, number));
    if (!part)
      return fail(
          altered(fmt::format("part {} of the result has been altered, or was sealed with "
                              "another key (results.key)",
                              number)));
    whole += *part;
  }
  const auto digest = sha256(whole);
  if (whole.size() != captured.bytes || to_hex({digest.data(), digest.size()}) != captured.sha256)
    return fail(altered("what was kept is not what the statement's record says"));
  return whole;
}

std::string readable(Bytes value, const pg::FieldDescription* field) {
  if (field == nullptr || field->format == 0) return to_printable_utf8(value);
  return readable_value(value, field->type);
}

/// Reads messages as they went to the client.
class Reader {
 public:
  Result<> read(Bytes messages) {
    while (!messages.empty()) {
      const size_t length = messages.size() < pg::kHeaderSize ? 0 : load_be32(messages.data() + 1);
      if (length < 4 || length + 1 > messages.size())
        return fail(altered("a message of the result is not whole"));
      SLUICE_TRY(take(messages[0], messages.substr(pg::kHeaderSize, length - 4)));
      messages.remove_prefix(length + 1);
    }
    return {};
  }

  json::array columns, rows, messages;
  std::string copy;

 private:
  Result<> take(char type, Bytes body) {
    if (type == pg::kRowDescription) {
      description_ = body;
      SLUICE_ASSIGN(fields_, pg::decode_row_description(description_));
      for (const auto& field : fields_)
        columns.push_back(
            json::object{{"name", to_printable_utf8(field.name)}, {"type", field.type}});
    } else if (type == pg::kDataRow) {
      SLUICE_ASSIGN(const auto values, pg::decode_data_row(body));
      json::array row;
      for (size_t i = 0; i < values.size(); ++i) {
        const auto* field = i < fields_.size() ? &fields_[i] : nullptr;
        values[i] ? row.emplace_back(readable(*values[i], field)) : row.emplace_back(nullptr);
      }
      rows.push_back(std::move(row));
    } else if (type == pg::kErrorResponse || type == pg::kNoticeResponse) {
      messages.push_back(told(pg::ErrorFields::decode(body), type == pg::kErrorResponse));
    } else {
      copy.append(body);
    }
    return {};
  }

  json::object told(const pg::ErrorFields& fields, bool error) const {
    json::object out{{"type", error ? "error" : "notice"}, {"after_rows", rows.size()}};
    const std::pair<const char*, char> named[] = {
        {"severity", pg::kFieldSeverity}, {"sqlstate", pg::kFieldSqlstate},
        {"message", pg::kFieldMessage},   {"detail", pg::kFieldDetail},
        {"hint", pg::kFieldHint},         {"context", pg::kFieldWhere}};
    for (const auto& [name, code] : named) {
      if (!fields.get(code).empty()) out[name] = to_printable_utf8(fields.get(code));
    }
    return out;
  }

  std::string description_;
  std::vector<pg::FieldDescription> fields_;
};

}  // namespace

Result<json::object> captured_result(const std::filesystem::path& state, uint64_t number) {
  const auto audit = state / "audit";
  SLUICE_ASSIGN(const auto record, audit::show(audit, number));
  if (record.type != audit::EventType::kStatement || record.captured.empty())
    return fail(ErrorCode::kNotFound, fmt::format("nothing is kept of what record {} returned: "
                                                  "no rule asked for it, or it had no rows",
                                                  number));
  SLUICE_ASSIGN(const auto captured, audit::parse_captured(record.captured));
  SLUICE_ASSIGN(const auto parts, find_parts(audit, record, captured));
  if (parts.empty() && captured.parts > 0)
    return fail(ErrorCode::kNotFound, "what was kept has been erased, by retention or by people");
  if (parts.size() != captured.parts)
    return fail(altered(fmt::format("{} of {} parts of the result are missing",
                                    captured.parts - parts.size(), captured.parts)));
  SLUICE_ASSIGN(const auto whole, open_parts(state, captured, parts));
  Reader reader;
  SLUICE_TRY(reader.read(whole));
  json::object out{{"record", record.sequence},
                   {"session", record.context.session_id},
                   {"user", to_printable_utf8(record.context.user)},
                   {"database", to_printable_utf8(record.context.database)},
                   {"time", format_time(record.time_micros)},
                   {"text", to_printable_utf8(record.text)},
                   {"columns", std::move(reader.columns)},
                   {"rows", std::move(reader.rows)},
                   {"messages", std::move(reader.messages)},
                   {"bytes", captured.bytes},
                   {"left_out", captured.left_out}};
  if (!reader.copy.empty()) out["copy"] = to_printable_utf8(reader.copy);
  return out;
}

}  // namespace sluice::control
