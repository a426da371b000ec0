#include "undo/images.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include "sql/lint_text.h"

namespace sluice::undo {
namespace json = boost::json;

namespace {

json::value optional(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

std::optional<std::string> optional_text(const json::value& value) {
  if (value.is_null()) return std::nullopt;
  return std::string(value.as_string());
}

json::object table_json(const TableImages& table) {
  json::array columns, rows;
  for (const ImageColumn& column : table.columns) {
    columns.push_back(json::object{{"name", column.name},
                                   {"type", column.type},
                                   {"generated", column.generated},
                                   {"identity", column.identity}});
  }
  for (const RowImage& row : table.rows)
    rows.push_back(json::array{row.key, optional(row.before), optional(row.after)});
  return {{"schema", table.schema},
          {"name", table.name},
          {"columns", std::move(columns)},
          {"key", json::array(table.key.begin(), table.key.end())},
          {"rows", std::move(rows)}};
}

TableImages table_from(const json::object& from) {
  TableImages table;
  table.schema = from.at("schema").as_string();
  table.name = from.at("name").as_string();
  for (const auto& item : from.at("columns").as_array()) {
    const auto& column = item.as_object();
    table.columns.push_back({std::string(column.at("name").as_string()),
                             std::string(column.at("type").as_string()),
                             column.at("generated").as_bool(), column.at("identity").as_bool()});
  }
  for (const auto& name : from.at("key").as_array()) table.key.emplace_back(name.as_string());
  for (const auto& item : from.at("rows").as_array()) {
    const auto& row = item.as_array();
    table.rows.push_back(
        {std::string(row.at(0).as_string()), optional_text(row.at(1)), optional_text(row.at(2))});
  }
  return table;
}

}  // namespace

size_t Images::rows() const {
  size_t all = 0;
  for (const auto& table : tables) all += table.rows.size();
  return all;
}

std::string Images::summary() const {
  std::string out;
  for (const auto& table : tables) {
    out += fmt::format("{}{} row{} of {}", out.empty() ? "" : ", ", table.rows.size(),
                       table.rows.size() == 1 ? "" : "s", table.qualified_name());
  }
  return out;
}

std::vector<std::string> image_settings() {
  // Names in values (regclass and the like) are written with their schemas.
  return {"search_path = pg_catalog",        "client_encoding = 'UTF8'", "datestyle = 'ISO, MDY'",
          "intervalstyle = 'postgres'",      "timezone = 'UTC'",         "bytea_output = 'hex'",
          "extra_float_digits = 1",          "lc_monetary = 'C'",        "xmlbinary = 'base64'",
          "standard_conforming_strings = on"};
}

std::string encode(const Images& images) {
  json::array tables;
  for (const TableImages& table : images.tables) tables.push_back(table_json(table));
  return json::serialize(
      json::object{{"transaction", images.transaction}, {"tables", std::move(tables)}});
}

Result<Images> decode_images(std::string_view text) {
  json::error_code error;
  const auto value = json::parse(text, error);
  if (error) return fail(ErrorCode::kInvalidInput, "images of rows cannot be read");
  try {  // boost::json's accessors throw.
    Images images;
    images.transaction = value.at("transaction").as_string();
    for (const auto& table : value.at("tables").as_array())
      images.tables.push_back(table_from(table.as_object()));
    return images;
  } catch (const std::exception&) {
    return fail(ErrorCode::kInvalidInput, "images of rows cannot be read");
  }
}

std::string quoted_name(const std::string& schema, const std::string& name) {
  return sql::quote_ident(schema) + "." + sql::quote_ident(name);
}

}  // namespace sluice::undo
