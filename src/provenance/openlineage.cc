#include "provenance/openlineage.h"

#include <set>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/hash.h"

namespace sluice::provenance {
namespace {

namespace json = boost::json;

constexpr std::string_view kProducer = "https://sluice.dev/provenance";
constexpr std::string_view kSpec = "https://openlineage.io/spec/";

std::string utf8(const std::string& text) { return to_printable_utf8(text); }

json::object facet(std::string_view version, std::string_view name) {
  const std::string schema =
      std::string(kSpec) + "facets/" + std::string(version) + "/" + std::string(name);
  return {{"_producer", kProducer}, {"_schemaURL", schema + ".json#/$defs/" + std::string(name)}};
}

/// A UUID (RFC 9562, version 8) that is the same whenever the event is made.
std::string run_id(const Receipt& receipt) {
  auto hash = sha256("sluice run\n" + receipt.origin + "\n" + receipt.id);
  hash[6] = static_cast<char>((hash[6] & 0x0f) | 0x80);
  hash[8] = static_cast<char>((hash[8] & 0x3f) | 0x80);
  const std::string hex = to_hex({hash.data(), 16});
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

/// What tools call a database: the gateway knows only its own name of it.
std::string input_namespace(const Receipt& receipt) { return "postgres://" + receipt.database; }

/// "public.members.email" -> "public.members" and "email".
std::pair<std::string, std::string> parts(const std::string& column) {
  const size_t dot = column.rfind('.');
  if (dot == std::string::npos) return {column, ""};
  return {column.substr(0, dot), column.substr(dot + 1)};
}

json::array inputs(const Receipt& receipt) {
  std::set<std::string> tables(receipt.tables.begin(), receipt.tables.end());
  for (const auto& column : receipt.columns) {
    for (const auto& source : column.sources) tables.insert(parts(source).first);
  }
  json::array out;
  for (const auto& table : tables) {
    out.push_back(json::object{{"namespace", utf8(input_namespace(receipt))},
                               {"name", utf8(receipt.database + "." + table)}});
  }
  return out;
}

json::object lineage(const Receipt& receipt) {
  json::object fields;
  for (const auto& column : receipt.columns) {
    json::array from;
    for (const auto& source : column.sources) {
      const auto [table, field] = parts(source);
      const bool unchanged = column.as_is;
      json::object how{{"type", "DIRECT"},
                       {"subtype", unchanged ? "IDENTITY" : "TRANSFORMATION"},
                       {"description", utf8(column.masked)},
                       {"masking", !column.masked.empty()}};
      from.push_back(json::object{{"namespace", utf8(input_namespace(receipt))},
                                  {"name", utf8(receipt.database + "." + table)},
                                  {"field", utf8(field)},
                                  {"transformations", json::array{std::move(how)}}});
    }
    if (!from.empty()) fields[utf8(column.name)] = json::object{{"inputFields", std::move(from)}};
  }
  json::object out = facet("1-2-0", "ColumnLineageDatasetFacet");
  out["fields"] = std::move(fields);
  return out;
}

json::object output(const Receipt& receipt) {
  json::array columns;
  for (const auto& column : receipt.columns) {
    columns.push_back(json::object{{"name", utf8(column.name)}});
  }
  json::object schema = facet("1-1-1", "SchemaDatasetFacet");
  schema["fields"] = std::move(columns);
  json::object statistics = facet("1-0-2", "OutputStatisticsOutputDatasetFacet");
  statistics["rowCount"] = receipt.rows;
  return {
      {"namespace", utf8(receipt.origin)},
      {"name", utf8(receipt.dataset)},
      {"facets", json::object{{"schema", std::move(schema)}, {"columnLineage", lineage(receipt)}}},
      {"outputFacets", json::object{{"outputStatistics", std::move(statistics)}}}};
}

json::object receipt_facet(const Receipt& receipt, const std::string& record) {
  return {{"_producer", kProducer},
          {"_schemaURL", kTraining},
          {"receipt", receipt.id},
          {"record", record},
          {"log", utf8(receipt.origin)},
          {"root", to_hex(tlog::view(receipt.root))},
          {"model", utf8(receipt.model)},
          {"user", utf8(receipt.user)},
          {"policy", utf8(receipt.policy_version)}};
}

}  // namespace

json::object run_event(const Receipt& receipt, const std::string& record) {
  json::object run{{"runId", run_id(receipt)},
                   {"facets", json::object{{"sluice_provenance", receipt_facet(receipt, record)}}}};
  json::object job{{"namespace", utf8(receipt.origin)},
                   {"name", utf8("export " + receipt.dataset)}};
  return {{"eventType", "COMPLETE"},
          {"eventTime", format_time(receipt.ended_micros)},
          {"producer", kProducer},
          {"schemaURL", std::string(kSpec) + "2-0-2/OpenLineage.json#/$defs/RunEvent"},
          {"run", std::move(run)},
          {"job", std::move(job)},
          {"inputs", inputs(receipt)},
          {"outputs", json::array{output(receipt)}}};
}

}  // namespace sluice::provenance
