#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "base/result.h"
#include "tlog/merkle.h"

namespace sluice::provenance {

/// Reads an object that somebody else may have written. What is not there, or is of another kind,
/// reads as empty where nothing depends on it. Does not outlive what it reads.
class Reader {
 public:
  explicit Reader(const boost::json::object& object) : object_(&object) {}

  bool has(std::string_view name) const { return object_->contains(name); }
  std::string text(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  bool flag(std::string_view name) const;
  /// Empty for what is none.
  Reader object(std::string_view name) const;
  Result<std::vector<Reader>> objects(std::string_view name) const;
  Result<uint64_t> number(std::string_view name) const;
  Result<tlog::Hash> hash(std::string_view name) const;  ///< hexadecimal
  Result<int64_t> time(std::string_view name) const;     ///< microseconds
  Result<> character(std::string_view name, char& out) const;

  /// "member NAME is not EXPECTED".
  static tl::unexpected<Error> bad(std::string_view name, std::string_view expected);

 private:
  const boost::json::object* object_;
};

}  // namespace sluice::provenance
