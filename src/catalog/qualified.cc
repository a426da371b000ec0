#include "catalog/qualified.h"

namespace sluice::catalog {

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (size_t at = 0;;) {
    const size_t found = text.find(from, at);
    out.append(text.substr(at, found - at));
    if (found == std::string_view::npos) return out;
    out.append(to);
    at = found + from.size();
  }
}

std::string qualified(std::string_view text) {
  std::string out(text);
  for (const std::string_view name : {"=", "<>", ">=", ">", "~", "!~", "||"}) {
    const std::string written = " " + std::string(name) + " ";
    out = replaced(out, written, " OPERATOR(pg_catalog." + std::string(name) + ") ");
  }
  return out;
}

}  // namespace sluice::catalog
