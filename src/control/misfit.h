#pragma once

#include <optional>
#include <string>

#include <boost/json.hpp>

namespace sluice::control {

/// How a value is of another type than was described.
struct Misfit {
  std::string inside;  ///< Where in it: "[1]", ".team"; empty: the value itself
  std::string wanted;  ///< As in "a list"
  std::string was;     ///< As in "a text"; never the value, which may be a secret
};

/// Whether a value of a request is of the type that a schema of the API's description names, with
/// what lists and objects of any names hold. Bounds, lengths and words are left to who reads it.
std::optional<Misfit> misfit(const boost::json::value& value, const boost::json::object& schema);

}  // namespace sluice::control
