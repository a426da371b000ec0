#include "provenance/receipt.h"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "provenance/json_reader.h"

namespace sluice::provenance {
namespace {

namespace json = boost::json;

/// What is not UTF-8 would make the whole unreadable.
std::string utf8(const std::string& text) { return to_printable_utf8(text); }

json::array list(const std::vector<std::string>& values) {
  json::array out;
  for (const auto& value : values) out.emplace_back(utf8(value));
  return out;
}

/// Members that say nothing are left out.
class Object {
 public:
  Object& text(std::string_view name, const std::string& value) {
    if (!value.empty()) object_[name] = utf8(value);
    return *this;
  }
  Object& texts(std::string_view name, const std::vector<std::string>& values) {
    if (!values.empty()) object_[name] = list(values);
    return *this;
  }
  Object& flag(std::string_view name, bool value) {
    if (value) object_[name] = true;
    return *this;
  }
  Object& put(std::string_view name, json::value value) {
    object_[name] = std::move(value);
    return *this;
  }
  json::object take() { return std::move(object_); }

 private:
  json::object object_;
};

std::string_view name_of(CopyFormat format) {
  switch (format) {
    case CopyFormat::kText:
      return "text";
    case CopyFormat::kCsv:
      return "csv";
    case CopyFormat::kBinary:
      return "binary";
  }
  return "text";
}

json::object to_json(const CopyForm& copy) {
  Object out;
  out.put("format", json::string(name_of(copy.format)));
  if (copy.format == CopyFormat::kBinary) return out.take();
  out.put("delimiter", json::string(1, copy.delimiter)).put("null", json::string(copy.null_text));
  if (copy.format == CopyFormat::kCsv) {
    out.put("quote", json::string(1, copy.quote)).put("escape", json::string(1, copy.escape));
  }
  return out.flag("header", copy.header).take();
}

json::object to_json(const Column& column) {
  return Object()
      .put("name", json::string(utf8(column.name)))
      .texts("from", column.sources)
      .flag("unchanged", column.as_is)
      .flag("unknownSources", column.unknown)
      .text("class", column.cls)
      .text("masked", column.masked)
      .text("rule", column.rule)
      .flag("binary", column.binary)
      .take();
}

json::object rows_to_json(const Receipt& receipt) {
  Object rows;
  rows.put("count", receipt.rows)
      .put("root", json::string(to_hex(tlog::view(receipt.root))))
      .put("tree", "RFC 6962, SHA-256, of each row as in a DataRow message")
      .text("encoding", receipt.encoding);
  if (receipt.copy) rows.put("copy", to_json(*receipt.copy));
  return rows.flag("moreToCome", !receipt.last).take();
}

json::object source_to_json(const Receipt& receipt) {
  const Snapshot& at = receipt.snapshot;
  auto snapshot = Object()
                      .text("lsn", at.lsn)
                      .text("snapshot", at.snapshot)
                      .text("isolation", at.isolation)
                      .flag("standby", at.standby)
                      .put("exact", at.exact)
                      .take();
  return Object()
      .text("database", receipt.database)
      .text("environment", receipt.environment)
      .text("catalog", receipt.catalog)
      .texts("tables", receipt.tables)
      .put("snapshot", std::move(snapshot))
      .take();
}

json::object predicate_of(const Receipt& receipt) {
  json::array columns;
  for (const auto& column : receipt.columns) columns.push_back(to_json(column));
  auto by = Object()
                .text("user", receipt.user)
                .text("kind", receipt.kind)
                .texts("actors", receipt.actors)
                .text("endUser", receipt.end_user)
                .text("application", receipt.application)
                .take();
  auto query = Object()
                   .text("statement", receipt.statement)
                   .text("sha256", receipt.query_sha256)
                   .text("parametersSha256", receipt.parameters_sha256)
                   .take();
  auto policy = Object().text("version", receipt.policy_version).text("rule", receipt.rule).take();
  return Object()
      .text("id", receipt.id)
      .text("dataset", receipt.dataset)
      .text("model", receipt.model)
      .put("started", json::string(format_time(receipt.started_micros)))
      .put("ended", json::string(format_time(receipt.ended_micros)))
      .text("log", receipt.origin)
      .put("session", receipt.session)
      .put("by", std::move(by))
      .put("query", std::move(query))
      .put("policy", std::move(policy))
      .put("source", source_to_json(receipt))
      .put("masking", receipt.masking)
      .text("maskVersion", receipt.mask_version)
      .put("columns", std::move(columns))
      .texts("classes", receipt.classes)
      .put("rows", rows_to_json(receipt))
      .take();
}

Result<CopyForm> read_copy(const Reader& in) {
  CopyForm copy;
  const std::string format = in.text("format");
  if (format == "binary") {
    copy.format = CopyFormat::kBinary;
    return copy;
  }
  if (format == "csv") copy = CopyForm::csv();
  if (format != "csv" && format != "text") return in.bad("format", "text, csv or binary");
  SLUICE_TRY(in.character("delimiter", copy.delimiter));
  copy.null_text = in.text("null");
  if (format == "csv") {
    SLUICE_TRY(in.character("quote", copy.quote));
    SLUICE_TRY(in.character("escape", copy.escape));
  }
  copy.header = in.flag("header");
  return copy;
}

Result<> read_rows(const Reader& in, Receipt& out) {
  SLUICE_ASSIGN(out.rows, in.number("count"));
  SLUICE_ASSIGN(out.root, in.hash("root"));
  out.encoding = in.text("encoding");
  out.last = !in.flag("moreToCome");
  if (!in.has("copy")) return {};
  SLUICE_ASSIGN(out.copy, read_copy(in.object("copy")));
  return {};
}

Result<> read_columns(const Reader& in, Receipt& out) {
  SLUICE_ASSIGN(const auto columns, in.objects("columns"));
  for (const Reader& each : columns) {
    out.columns.push_back({each.text("name"), each.texts("from"), each.flag("unchanged"),
                           each.flag("unknownSources"), each.text("class"), each.text("masked"),
                           each.text("rule"), each.flag("binary")});
  }
  return {};
}

void read_source(const Reader& in, Receipt& out) {
  out.database = in.text("database");
  out.environment = in.text("environment");
  out.catalog = in.text("catalog");
  out.tables = in.texts("tables");
  const Reader at = in.object("snapshot");
  out.snapshot = {at.text("lsn"), at.text("snapshot"), at.text("isolation"), at.flag("standby"),
                  at.flag("exact")};
}

Result<> read_predicate(const Reader& in, Receipt& out) {
  out.id = in.text("id");
  out.dataset = in.text("dataset");
  out.model = in.text("model");
  if (out.id.empty() || out.dataset.empty()) return in.bad("id", "an id and a dataset");
  SLUICE_ASSIGN(out.started_micros, in.time("started"));
  SLUICE_ASSIGN(out.ended_micros, in.time("ended"));
  out.origin = in.text("log");
  SLUICE_ASSIGN(out.session, in.number("session"));
  const Reader by = in.object("by");
  out.user = by.text("user");
  out.kind = by.text("kind");
  out.actors = by.texts("actors");
  out.end_user = by.text("endUser");
  out.application = by.text("application");
  const Reader query = in.object("query");
  out.statement = query.text("statement");
  out.query_sha256 = query.text("sha256");
  out.parameters_sha256 = query.text("parametersSha256");
  const Reader policy = in.object("policy");
  out.policy_version = policy.text("version");
  out.rule = policy.text("rule");
  read_source(in.object("source"), out);
  out.masking = in.flag("masking");
  out.mask_version = in.text("maskVersion");
  out.classes = in.texts("classes");
  SLUICE_TRY(read_columns(in, out));
  return read_rows(in.object("rows"), out);
}

Result<> check_subject(const Reader& statement, const Receipt& receipt) {
  SLUICE_ASSIGN(const auto subjects, statement.objects("subject"));
  if (subjects.size() != 1) return statement.bad("subject", "one data set");
  const std::string root = subjects[0].object("digest").text(kRowsDigest);
  if (subjects[0].text("name") == receipt.dataset && root == to_hex(tlog::view(receipt.root))) {
    return {};
  }
  return statement.bad("subject", "the data set and the root that the predicate names");
}

}  // namespace

bool Receipt::text() const {
  return std::none_of(columns.begin(), columns.end(), [](const Column& c) { return c.binary; });
}

std::string to_statement(const Receipt& receipt) {
  json::object digest{{kRowsDigest, to_hex(tlog::view(receipt.root))}};
  json::object subject{{"name", utf8(receipt.dataset)}, {"digest", std::move(digest)}};
  return json::serialize(json::object{{"_type", kStatementType},
                                      {"subject", json::array{std::move(subject)}},
                                      {"predicateType", kTraining},
                                      {"predicate", predicate_of(receipt)}});
}

Result<Receipt> from_statement(std::string_view payload) {
  json::error_code error;
  const json::value value = json::parse(payload, error);
  if (error || !value.is_object()) {
    return fail(ErrorCode::kInvalidInput, "what is signed is no JSON object");
  }
  const Reader statement(value.get_object());
  if (statement.text("_type") != kStatementType || statement.text("predicateType") != kTraining) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("expected an in-toto statement v1 of type {}", kTraining));
  }
  Receipt out;
  SLUICE_TRY(read_predicate(statement.object("predicate"), out));
  SLUICE_TRY(check_subject(statement, out));
  return out;
}

Result<Receipt> read_receipt(std::string_view envelope) {
  if (envelope.size() > kLongestEnvelope) {
    return fail(ErrorCode::kInvalidInput, "the envelope is too long");
  }
  SLUICE_ASSIGN(const auto read, tlog::parse_envelope(envelope));
  if (read.type != kPayloadType) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("expected a DSSE envelope of payloadType {}", kPayloadType));
  }
  return from_statement(read.payload);
}

Result<Verified> open_receipt(std::string_view envelope,
                              const std::vector<tlog::VerifierKey>& keys) {
  SLUICE_ASSIGN(auto receipt, read_receipt(envelope));
  SLUICE_ASSIGN(const auto read, tlog::parse_envelope(envelope));
  for (const auto& key : keys) {
    if (key.type != tlog::KeyType::kEd25519 || !tlog::signed_by(read, key)) continue;
    // A log's key speaks for that log alone.
    if (key.name != receipt.origin) {
      return fail(ErrorCode::kDenied,
                  fmt::format("it is of the log {}, and signed by the key of {}", receipt.origin,
                              key.name));
    }
    return Verified{std::move(receipt), tlog::dsse_key_id(key)};
  }
  std::string said;
  for (const auto& signature : read.signatures) said += " " + to_printable_utf8(signature.key_id);
  return fail(ErrorCode::kDenied,
              "none of the keys given has signed it; it names" + (said.empty() ? " none" : said));
}

}  // namespace sluice::provenance
