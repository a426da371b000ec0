#include <atomic>
#include <chrono>
#include <iostream>

#include <fmt/format.h>
#include <signal.h>

#include "audit/count.h"
#include "audit/record_json.h"
#include "audit/search.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/units.h"
#include "cli/actor.h"
#include "cli/commands.h"
#include "cli/damage.h"
#include "cli/elsewhere.h"
#include "cli/leave_word.h"
#include "cli/open_store.h"
#include "cli/told.h"
#include "config/config.h"
#include "store/saved_searches.h"

namespace sluice::cli {
namespace {

const std::vector<std::string> kColumns = {"id",   "time", "user", "database", "type",   "decision",
                                           "kind", "rows", "rule", "text",     "message"};

constexpr const char* kSearches = "/api/v1/audit/searches";

std::atomic<bool> interrupted{false};

Result<std::filesystem::path> audit_directory(const Common& common) {
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  const auto directory = config.state / "audit";
  std::error_code error;
  if (!std::filesystem::exists(directory / "log", error)) {
    if (error) return fail(ErrorCode::kIo, directory.string() + ": " + error.message());
    return fail(ErrorCode::kNotFound, "there is no audit log in " + directory.string() +
                                          " yet: it is made when the gateway first starts");
  }
  return directory;
}

/// The fields to count by, and over which spans of time.
Result<audit::Counting> counting_of(const AuditOptions& options) {
  audit::Counting counting;
  std::string_view names = options.count_by;
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    const auto field = audit::find_field(name);
    if (!field) {
      std::string known;
      for (const auto one : audit::fields()) {
        known += (known.empty() ? "" : ", ") + std::string(audit::name_of(one));
      }
      return fail(ErrorCode::kInvalidInput,
                  fmt::format("nothing is counted by \"{}\"; there are {}", name, known));
    }
    counting.by.push_back(*field);
  }
  if (!options.over.empty()) {
    SLUICE_ASSIGN(const auto span, parse_duration(options.over));
    counting.bucket_micros = std::chrono::duration_cast<std::chrono::microseconds>(span).count();
    if (counting.bucket_micros <= 0) {
      return fail(ErrorCode::kInvalidInput, "--over takes a span of time such as 1h");
    }
  }
  return counting;
}

Result<> print_counts(const Common& common, const std::filesystem::path& directory,
                      const audit::Query& query, const audit::Counting& counting) {
  SLUICE_ASSIGN(const auto counts, audit::count(directory, query, counting));
  Listing listing;
  if (counting.bucket_micros > 0) listing.columns.emplace_back("time");
  for (const auto field : counting.by) listing.columns.emplace_back(audit::name_of(field));
  listing.columns.emplace_back("records");
  for (const auto& some : counts.counts) {
    boost::json::object row;
    if (counting.bucket_micros > 0) row["time"] = format_time(some.bucket);
    for (size_t i = 0; i < counting.by.size(); ++i) {
      row[audit::name_of(counting.by[i])] = to_printable_utf8(some.values[i]);
    }
    row["records"] = some.records;
    listing.rows.push_back(std::move(row));
  }
  print(std::cout, listing, common.format);
  return {};
}

std::string line_of(const boost::json::object& record) {
  std::string line;
  for (const auto& column : kColumns) {
    const auto* value = record.if_contains(column);
    if (value == nullptr) continue;
    const std::string text = printable(plain(*value));
    if (!text.empty()) line += (line.empty() ? "" : "  ") + text;
  }
  return line;
}

}  // namespace

Result<audit::Query> query_of(const Common& common, const AuditOptions& options) {
  audit::Query query;
  query.limit = common.limit;
  if (!options.saved.empty()) {
    SLUICE_ASSIGN(auto database, open_store(common));
    SLUICE_ASSIGN(const auto saved, store::saved_search(database, options.saved));
    SLUICE_ASSIGN(const auto given, audit::parse_query_string(saved.query));
    for (const auto& [name, value] : given) SLUICE_TRY(audit::set_filter(query, name, value));
  }
  for (const auto& [name, value] : options.filters) {
    SLUICE_TRY(audit::set_filter(query, name, value));
  }
  SLUICE_TRY(audit::check_times(query));
  SLUICE_TRY(audit::set_order(query, options.order));
  if (!options.cursor.empty()) {
    SLUICE_ASSIGN(query.after, audit::parse_rank(options.cursor));
  }
  return query;
}

Result<> audit_search(const Common& common, const AuditOptions& options) {
  if (is_elsewhere(common)) return audit_search_elsewhere(common, options);
  SLUICE_ASSIGN(const auto directory, audit_directory(common));
  SLUICE_ASSIGN(const auto query, query_of(common, options));
  SLUICE_ASSIGN(const auto counting, counting_of(options));
  if (!options.save.empty()) {
    SLUICE_ASSIGN(auto database, open_store(common));
    SLUICE_TRY(store::save_search(
        database, {options.save, audit::to_query_string(options.filters), actor(), 0}));
  }
  SLUICE_TRY(leave_word(common, "searched"));
  if (!counting.by.empty() || counting.bucket_micros > 0) {
    return print_counts(common, directory, query, counting);
  }
  SLUICE_ASSIGN(const auto page, audit::search_page(directory, query));
  Listing listing{kColumns, {}};
  for (const auto& record : page.records) listing.rows.push_back(audit::to_json(record));
  print(std::cout, listing, common.format);
  // Not among the records, so that they stay what a program reads.
  if (page.next) {
    std::cerr << "more: --cursor " << audit::to_text(*page.next) << '\n';
  }
  return warn_of_damage(directory);
}

Result<> audit_searches(const Common& common) {
  Listing listing{{"name", "query", "author", "time"}, {}};
  if (is_elsewhere(common)) {
    SLUICE_ASSIGN(auto found, call_elsewhere("GET", kSearches));
    listing.rows = std::move(found.as_array());
    print(std::cout, listing, common.format);
    return {};
  }
  SLUICE_ASSIGN(auto database, open_store(common));
  SLUICE_ASSIGN(const auto all, store::saved_searches(database));
  for (const auto& search : all) {
    listing.rows.push_back({{"name", search.name},
                            {"query", search.query},
                            {"author", search.author},
                            {"time", format_time(search.time_micros)}});
  }
  print(std::cout, listing, common.format);
  return {};
}

Result<> audit_forget_search(const Common& common, const std::string& name) {
  if (is_elsewhere(common)) {
    SLUICE_ASSIGN([[maybe_unused]] const auto gone,
                  call_elsewhere("DELETE", fmt::format("{}/{}", kSearches, percent_encoded(name))));
  } else {
    SLUICE_ASSIGN(auto database, open_store(common));
    SLUICE_TRY(store::remove_search(database, name));
  }
  told(common, {{"name", name}, {"removed", true}}, "");
  return {};
}

Result<> audit_tail(const Common& common, const AuditOptions& options) {
  struct sigaction action{};
  action.sa_handler = [](int) { interrupted = true; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  const auto show = [&](const boost::json::object& record) {
    std::cout << (common.format == Format::kJson ? json_text(record) : line_of(record))
              << std::endl;
    return true;
  };
  if (is_elsewhere(common)) return audit_tail_elsewhere(common, options, interrupted, show);
  SLUICE_ASSIGN(const auto directory, audit_directory(common));
  SLUICE_ASSIGN(const auto query, query_of(common, options));
  SLUICE_TRY(leave_word(common, "followed"));
  size_t seen = 0;
  return audit::tail(
      directory, query,
      [&](const audit::Record& record) {
        show(audit::to_json(record));
        return ++seen < common.limit || common.limit == 0;
      },
      [] { return interrupted.load(); });
}

Result<boost::json::object> record_json(const Common& common, uint64_t id) {
  if (is_elsewhere(common)) {
    SLUICE_ASSIGN(auto found, call_elsewhere("GET", fmt::format("/api/v1/audit/records/{}", id)));
    return std::move(found.as_object());
  }
  SLUICE_ASSIGN(const auto directory, audit_directory(common));
  SLUICE_TRY(leave_word(common, fmt::format("record {}", id)));
  SLUICE_ASSIGN(const auto record, audit::show(directory, id));
  return audit::to_json(record);
}

Result<> audit_show(const Common& common, uint64_t id) {
  SLUICE_ASSIGN(const auto json, record_json(common, id));
  if (common.format == Format::kJson) {
    std::cout << json_text(json) << '\n';
    return {};
  }
  for (const auto& [name, value] : json) {
    std::cout << fmt::format("{:<20} {}\n", std::string_view(name), printable(plain(value)));
  }
  return {};
}

}  // namespace sluice::cli
