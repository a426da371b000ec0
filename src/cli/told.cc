#include "cli/told.h"

#include <iostream>

namespace sluice::cli {

void told(const Common& common, const boost::json::object& what, std::string_view text) {
  if (common.format == Format::kJson) {
    std::cout << json_text(what) << '\n';
  } else if (common.format == Format::kCsv) {
    Listing listing;
    for (const auto& [name, value] : what) listing.columns.emplace_back(name);
    listing.rows.emplace_back(what);
    print(std::cout, listing, common.format);
  } else if (!text.empty()) {
    std::cerr << text << '\n';
  }
}

}  // namespace sluice::cli
