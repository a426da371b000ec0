// sluice_privacy_sample LABELS TRUTH OUT [rows=N] [blind] [names]: classifies the tables that
// LABELS (a JSON file as the masking sample has) describes from the CSV files in TRUTH, strikes out
// in OUT's copies what is sensitive, and prints one JSON object a column with the decision. Only
// names and types are taken from LABELS. ROWS is how many rows of each table there shall be.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <limits>
#include <sstream>
#include <string>

#include <boost/json.hpp>

#include "csv.h"
#include "privacy/columns.h"
#include "privacy/find.h"
#include "privacy/fold.h"
#include "privacy/structured.h"

namespace sluice::tools {

namespace json = boost::json;
using namespace privacy;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string strike(std::string_view text, const std::vector<Span>& spans) {
  std::string out;
  size_t at = 0;
  for (const Span& span : spans) {
    if (!masked_by_default(span.cls)) continue;
    out.append(text.substr(at, span.begin - at)).append("***");
    at = span.end;
  }
  return out.append(text.substr(at));
}

std::string bytes_of(std::string_view hex) {
  std::string out;
  for (size_t i = 2; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

bool is_bytes(const ColumnInput& column) { return column.type == "bytea"; }

std::vector<Span> find_parts(const std::string& value, const ColumnInput& column,
                             const Context& context) {
  if (looks_like_json(value)) return find_in_json(value, context);
  if (looks_like_xml(value)) return find_in_xml(value, context);
  if (value.starts_with('{') || value.starts_with('(')) {
    const std::vector<std::string> names =
        column.parts.empty() ? std::vector<std::string>{column.name} : column.parts;
    return find_in_array(value, names, context);
  }
  return find_in_pairs(value, context);
}

std::string masked(const std::string& value, const ColumnInput& column,
                   const ColumnDecision& decision, const CsvRow& row, const Context& context) {
  if (!decision.masked() || value.empty()) return value;
  const std::string plain = is_bytes(column) ? bytes_of(value) : value;
  std::vector<Span> spans;
  Context inner = context;
  inner.people = decision.people;
  switch (decision.shape) {
    case Shape::kNone:
      return value;
    case Shape::kWhole:
      return "***";
    case Shape::kFreeText:
      spans = looks_like_json(plain) ? find_in_json(plain, context) : find_sensitive(plain, inner);
      break;
    case Shape::kStructured:
      spans = find_parts(plain, column, context);
      break;
    case Shape::kByKey:
      spans = find_in_named(row[static_cast<size_t>(decision.key_column)], plain, {}, context);
      break;
  }
  if (is_bytes(column)) return spans.empty() ? value : "\\x";
  return strike(value, spans);
}

/// Words of columns that hold no names, for telling products from people.
WordSet harmless_words(const TableInput& table, const std::vector<ColumnDecision>& decisions) {
  WordSet out;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    if (decisions[c].shape != Shape::kNone) continue;
    for (const auto& value : table.columns[c].sample) {
      if (!value || value->size() > 60) continue;
      std::istringstream words(fold(*value));
      for (std::string word; words >> word;) out.insert(word);
    }
  }
  return out;
}

struct Options {
  size_t rows = std::numeric_limits<size_t>::max();
  bool blind = false, names_only = false;
};

TableInput input_of(std::string_view name, const json::object& labels,
                    const std::vector<CsvRow>& rows, const Options& options) {
  TableInput table;
  if (!options.blind) table.name = name;
  const json::array& columns = labels.at("columns").as_array();
  for (size_t c = 0; c < columns.size(); ++c) {
    ColumnInput column;
    const json::object& label = columns[c].as_object();
    column.name =
        options.blind ? "c" + std::to_string(c + 1) : std::string(label.at("name").as_string());
    column.type = label.at("type").as_string();
    if (const size_t key = column.type.find(" PRIMARY KEY"); key != std::string::npos) {
      column.key = true;
      column.type.resize(key);
    }
    for (size_t r = 1; r < rows.size() && r <= options.rows && !options.names_only; ++r)
      column.sample.push_back(rows[r][c].empty() ? std::nullopt : std::optional(rows[r][c]));
    table.columns.push_back(std::move(column));
  }
  return table;
}

void report(std::string_view table, const ColumnInput& column, const ColumnDecision& decision,
            const json::object& label) {
  json::array evidence(decision.evidence.begin(), decision.evidence.end());
  std::cout << json::serialize(json::object{{"table", table},
                                            {"column", column.name},
                                            {"label", label.at("label")},
                                            {"entity", label.at("entity")},
                                            {"shape", name(decision.shape)},
                                            {"class", name(decision.cls)},
                                            {"confidence", decision.confidence},
                                            {"evidence", std::move(evidence)}})
            << '\n';
}

void run(std::string_view name, const json::object& labels, const std::string& truth,
         const std::string& out, const Options& options) {
  const std::string file(labels.at("file").as_string());
  const std::vector<CsvRow> rows = read_csv(read_file(truth + "/" + file));
  const TableInput table = input_of(name, labels, rows, options);
  const std::vector<ColumnDecision> decisions = classify(table);
  const WordSet harmless = harmless_words(table, decisions);
  std::ofstream result(out + "/" + file, std::ios::binary);
  result << write_csv(rows.at(0));
  for (size_t r = 1; r < rows.size() && r <= options.rows; ++r) {
    Context context;
    context.harmless = &harmless;
    for (size_t c = 0; c < rows[r].size(); ++c)
      if (decisions[c].shape == Shape::kWhole && decisions[c].masked())
        context.known.push_back({rows[r][c], decisions[c].cls});
    CsvRow changed;
    for (size_t c = 0; c < rows[r].size(); ++c)
      changed.push_back(masked(rows[r][c], table.columns[c], decisions[c], rows[r], context));
    result << write_csv(changed);
  }
  for (size_t c = 0; c < decisions.size(); ++c)
    report(name, table.columns[c], decisions[c], labels.at("columns").as_array()[c].as_object());
}

}  // namespace sluice::tools

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: sluice_privacy_sample LABELS TRUTH OUT [rows=N] [blind] [names]\n";
    return 2;
  }
  sluice::tools::Options options;
  for (int i = 4; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option.starts_with("rows=")) options.rows = std::stoul(std::string(option.substr(5)));
    options.blind |= option == "blind";
    options.names_only |= option == "names";
  }
  const auto labels = boost::json::parse(sluice::tools::read_file(argv[1]));
  for (const auto& [name, table] : labels.at("tables").as_object())
    sluice::tools::run(name, table.as_object(), argv[2], argv[3], options);
  return 0;
}
