// The audit trail's API, described for programs: made from the filters and fields themselves, so
// that nothing is missing.
#include <algorithm>
#include <initializer_list>

#include "audit/count.h"
#include "control/audit_api.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

json::object parameter(std::string_view name, std::string_view about, json::object schema) {
  return {{"name", name}, {"in", "query"}, {"description", about}, {"schema", std::move(schema)}};
}

json::object text_schema() { return {{"type", "string"}}; }

json::array filter_parameters() {
  json::array out;
  for (const audit::Filter& filter : audit::filters()) {
    json::object schema = text_schema();
    if (filter.value == "N" || filter.value == "ID") {
      schema = {{"type", "integer"}, {"minimum", 0}};
    }
    if (!filter.choices.empty()) {
      schema["enum"] = json::array(filter.choices.begin(), filter.choices.end());
    }
    out.push_back(parameter(filter.name, filter.about, std::move(schema)));
  }
  out.push_back(parameter("saved", "Name of a saved search to begin with", text_schema()));
  return out;
}

json::object limit_parameter() {
  return parameter("limit", "At most so many",
                   {{"type", "integer"}, {"minimum", 0}, {"maximum", 10'000}, {"default", 100}});
}

json::object answer(std::string_view about, std::string_view type, json::object schema) {
  return {
      {"200", json::object{
                  {"description", about},
                  {"content", json::object{{type, json::object{{"schema", std::move(schema)}}}}}}}};
}

json::object operation(std::string_view id, std::string_view summary, json::array parameters,
                       json::object responses) {
  return {{"operationId", id},
          {"summary", summary},
          {"parameters", std::move(parameters)},
          {"responses", std::move(responses)}};
}

/// A shape of openapi.json.
json::object shape(std::string_view name) {
  return {{"$ref", "#/components/schemas/" + std::string(name)}};
}

/// With nothing but these, of which all but `optional` are always there.
json::object object_schema(json::object properties,
                           std::initializer_list<std::string_view> optional = {}) {
  json::array required;
  for (const auto& [name, schema] : properties) {
    if (std::find(optional.begin(), optional.end(), name) == optional.end())
      required.emplace_back(name);
  }
  return {{"type", "object"},
          {"required", std::move(required)},
          {"properties", std::move(properties)},
          {"additionalProperties", false}};
}

json::object list_of(json::object items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}

json::object records_path(std::string_view id, std::string_view summary) {
  auto parameters = filter_parameters();
  parameters.push_back(limit_parameter());
  const auto orders = audit::orders();
  parameters.push_back(parameter(
      "order",
      "What comes first; of newest, the oldest of the page stands first. Texts go from A to Z, "
      "numbers from the highest; of several values the first counts, and none is last",
      {{"type", "string"}, {"enum", json::array(orders.begin(), orders.end())}}));
  parameters.push_back(parameter("cursor", "`next` of the page before", text_schema()));
  return {{"get", operation(id, summary, std::move(parameters),
                            answer("Records as in `sluice audit show`", "application/json",
                                   shape("RecordPage")))}};
}

json::object counts_path() {
  auto parameters = filter_parameters();
  parameters.push_back(limit_parameter());
  std::string fields;
  for (const auto field : audit::fields()) {
    fields += (fields.empty() ? "" : ", ") + std::string(audit::name_of(field));
  }
  parameters.push_back(
      parameter("by", "Fields with commas between them: " + fields, text_schema()));
  parameters.push_back(parameter("over", "How long a span of time is: 1h, 1d", text_schema()));
  const json::object count =
      object_schema({{"time", {{"type", "string"}, {"format", "date-time"}}},
                     {"values", {{"type", "object"}, {"additionalProperties", text_schema()}}},
                     {"records", {{"type", "integer"}}}},
                    {"time"});
  return {{"get",
           operation(
               "countRecords", "How many there are, by fields and over time", std::move(parameters),
               answer("Counts; a record of several tables counts for each", "application/json",
                      object_schema(
                          {{"records", {{"type", "integer"}}}, {"counts", list_of(count)}})))}};
}

json::object subjects_path() {
  auto parameters = filter_parameters();
  parameters.push_back(limit_parameter());
  const json::object seen = object_schema({{"day", {{"type", "string"}, {"format", "date"}}},
                                           {"user", text_schema()},
                                           {"subjects", {{"type", "integer"}}},
                                           {"exact", {{"type", "boolean"}}},
                                           {"statements", {{"type", "integer"}}}});
  return {
      {"get",
       operation("countSubjects", "How many different sensitive values people have seen, by day",
                 std::move(parameters),
                 answer("The latest day first; today where no time is given", "application/json",
                        object_schema({{"subjects", list_of(seen)}})))}};
}

json::object tail_path() {
  auto parameters = filter_parameters();
  parameters.push_back(json::object{{"name", "Last-Event-ID"},
                                    {"in", "header"},
                                    {"description",
                                     "The last id that was told: goes on behind it, up to 10,000 "
                                     "records back; some may come again"},
                                    {"schema", {{"type", "integer"}, {"minimum", 0}}}});
  return {{"get", operation("followRecords", "Records as they are written", std::move(parameters),
                            answer("Server-sent events; data is a record. An id, which comes as an "
                                   "event without data, says that all records up to it were told",
                                   "text/event-stream", text_schema()))}};
}

json::object search_path() {
  const json::array name = {json::object{
      {"name", "name"}, {"in", "path"}, {"required", true}, {"schema", text_schema()}}};
  json::object put =
      operation("saveSearch", "Save a search", name,
                answer("It is saved", "application/json",
                       object_schema({{"name", text_schema()}, {"query", text_schema()}})));
  put["requestBody"] = json::object{
      {"required", true},
      {"content", {{"application/json", {{"schema", object_schema({{"query", text_schema()}})}}}}}};
  return {{"put", std::move(put)},
          {"delete", operation("removeSearch", "Remove a saved search", name,
                               answer("It is gone", "application/json", shape("Removed")))}};
}

json::object who_saw_path() {
  json::object post = operation(
      "whoSaw", "Who has received a value", {},
      answer("Results that it was in, the oldest first; `truncated`: there are older ones",
             "application/json",
             object_schema({{"records", list_of(shape("SeenRecord"))},
                            {"truncated", {{"type", "boolean"}}},
                            {"damaged", list_of(text_schema())}},
                           {"damaged"})));
  const json::object asked = object_schema({{"value", text_schema()},
                                            {"masked_too", {{"type", "boolean"}}},
                                            {"exact", {{"type", "boolean"}}},
                                            {"since", text_schema()},
                                            {"until", text_schema()},
                                            {"limit", {{"type", "integer"}}}},
                                           {"masked_too", "exact", "since", "until", "limit"});
  post["requestBody"] =
      json::object{{"required", true}, {"content", {{"application/json", {{"schema", asked}}}}}};
  return {{"post", std::move(post)}};
}

json::object history_path() {
  json::array parameters = {
      parameter("table", "orders or public.orders; needed without definitions", text_schema()),
      parameter("definitions", "Only what created, altered or dropped", {{"type", "boolean"}}),
      parameter("database", "Only there", text_schema()),
      parameter("column", "Only what may have changed this one", text_schema()),
      parameter("where", "Only what may have changed such rows: id=42", text_schema()),
      parameter("since", "TIME", text_schema()),
      parameter("until", "TIME", text_schema())};
  parameters.push_back(limit_parameter());
  parameters.push_back(parameter("cursor", "`next` of the page before", text_schema()));
  json::object next = text_schema();
  next["type"] = json::array{"string", "null"};
  return {{"get",
           operation("history", "What changed a table, or what tables are", std::move(parameters),
                     answer("The newest, the oldest of them first; the next page is of older "
                            "ones",
                            "application/json",
                            object_schema({{"records", list_of(shape("ChangeRecord"))},
                                           {"next", std::move(next)}})))}};
}

json::object transcript_path() {
  json::array parameters = {json::object{{"name", "session"},
                                         {"in", "path"},
                                         {"required", true},
                                         {"schema", json::object{{"type", "integer"}}}}};
  parameters.push_back(limit_parameter());
  parameters.push_back(parameter("cursor", "`next` of the page before", text_schema()));
  return {{"get",
           operation("transcript", "What happened in a session", std::move(parameters),
                     answer("A page, the oldest first", "application/json", shape("RecordPage")))}};
}

json::object result_path() {
  const json::object column =
      object_schema({{"name", text_schema()}, {"type", {{"type", "integer"}}}});
  json::object value = text_schema();
  value["type"] = json::array{"string", "null"};
  const json::object message =
      object_schema({{"type", text_schema()},
                     {"after_rows", {{"type", "integer"}}},
                     {"severity", text_schema()},
                     {"sqlstate", text_schema()},
                     {"message", text_schema()},
                     {"detail", text_schema()},
                     {"hint", text_schema()},
                     {"context", text_schema()}},
                    {"severity", "sqlstate", "message", "detail", "hint", "context"});
  json::object properties{{"record", {{"type", "integer"}}},
                          {"session", {{"type", "integer"}}},
                          {"user", text_schema()},
                          {"database", text_schema()},
                          {"time", {{"type", "string"}, {"format", "date-time"}}},
                          {"text", text_schema()},
                          {"columns", list_of(column)},
                          {"rows", list_of(list_of(value))},
                          {"messages", list_of(message)},
                          {"copy", text_schema()},
                          {"bytes", {{"type", "integer"}}},
                          {"left_out", {{"type", "integer"}}}};
  return {
      {"get", operation("capturedResult", "What was kept of the result of a statement",
                        json::array{json::object{{"name", "sequence"},
                                                 {"in", "path"},
                                                 {"required", true},
                                                 {"schema", json::object{{"type", "integer"}}}}},
                        answer("As its client received it", "application/json",
                               object_schema(std::move(properties), {"copy"})))}};
}

json::object verification_path() {
  json::object post =
      operation("verify", "Compare the whole log with what was signed", {},
                answer("What was found", "application/json", shape("Verification")));
  json::object number{{"type", "integer"}, {"minimum", 1}};
  json::object asked =
      object_schema({{"first", number}, {"last", number}, {"checkpoints", list_of(text_schema())}},
                    {"first", "last", "checkpoints"});
  asked["description"] =
      "Only the records from first to last; checkpoints that were kept elsewhere, to compare with";
  post["requestBody"] =
      json::object{{"required", false},
                   {"content", {{"application/json", json::object{{"schema", std::move(asked)}}}}}};
  return {{"post", std::move(post)}};
}

json::object receipts_path() {
  json::array parameters = {parameter("dataset", "Only this data set", text_schema()),
                            parameter("model", "Only for this model", text_schema()),
                            parameter("user", "Only by this user", text_schema()),
                            parameter("database", "Only from there", text_schema()),
                            parameter("since", "TIME", text_schema()),
                            parameter("until", "TIME", text_schema())};
  parameters.push_back(limit_parameter());
  return {{"get", operation("trainingReceipts", "What has left for training", std::move(parameters),
                            answer("Receipts in short, the oldest first", "application/json",
                                   shape("TrainingReceipts")))}};
}

json::object subject_path(std::string_view id, std::string_view summary, bool contains) {
  json::object post = operation(id, summary, {},
                                answer("Receipts in short, with how the values left",
                                       "application/json", shape("TrainingReceipts")));
  json::object asked{{"values", list_of(text_schema())}};
  for (const char* name : {"dataset", "since", "until"}) {
    if (contains == (std::string_view(name) == "dataset")) asked[name] = text_schema();
  }
  const json::object schema = object_schema(std::move(asked), {"since", "until"});
  post["requestBody"] =
      json::object{{"required", true}, {"content", {{"application/json", {{"schema", schema}}}}}};
  return {{"post", std::move(post)}};
}

}  // namespace

json::object audit_openapi() {
  const json::object saved =
      object_schema({{"name", text_schema()},
                     {"query", text_schema()},
                     {"author", text_schema()},
                     {"time", {{"type", "string"}, {"format", "date-time"}}}});
  return {
      {"openapi", "3.1.0"},
      {"info", {{"title", "Sluice: the audit trail"}, {"version", "1"}}},
      {"paths",
       {{"/api/v1/history", records_path("listOwnStatements", "The caller's own statements")},
        {"/api/v1/audit/records", records_path("searchRecords", "A page of records")},
        {"/api/v1/audit/records/{sequence}/result", result_path()},
        {"/api/v1/audit/counts", counts_path()},
        {"/api/v1/audit/subjects", subjects_path()},
        {"/api/v1/audit/tail", tail_path()},
        {"/api/v1/audit/searches",
         {{"get", operation("listSearches", "Saved searches", {},
                            answer("By name", "application/json", list_of(saved)))}}},
        {"/api/v1/audit/searches/{name}", search_path()},
        {"/api/v1/audit/who-saw", who_saw_path()},
        {"/api/v1/audit/history", history_path()},
        {"/api/v1/audit/transcripts/{session}", transcript_path()},
        {"/api/v1/audit/verification", verification_path()},
        {"/api/v1/provenance/receipts", receipts_path()},
        {"/api/v1/provenance/receipts/{id}",
         {{"get",
           operation(
               "trainingReceipt", "One receipt",
               json::array{json::object{
                   {"name", "id"}, {"in", "path"}, {"required", true}, {"schema", text_schema()}}},
               answer("A DSSE envelope", "application/json", shape("SignedReceipt")))}}},
        {"/api/v1/provenance/contains",
         subject_path("datasetContains", "Whether a data set holds somebody's values", true)},
        {"/api/v1/provenance/affected",
         subject_path("datasetsAffected", "Which data sets hold somebody's values", false)}}}};
}

}  // namespace sluice::control
