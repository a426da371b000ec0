#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/loader.h"

namespace sluice::catalog {

/// Takes the values of one row, from the left, strictly. After the first value that does not fit,
/// all that follow are empty, and `finish` says what was wrong. Text is moved out of the row.
class RowReader {
 public:
  /// `row` must outlive this. A row of another width than `columns` gives no values at all.
  RowReader(Row& row, size_t columns);

  std::string text();
  std::string text_or_empty();  ///< NULL gives ""
  Oid oid();
  int16_t small();    ///< int2
  int32_t integer();  ///< int4
  double number();    ///< float4 as PostgreSQL writes it; finite
  bool flag();        ///< t or f
  char one_of(std::string_view allowed);
  std::vector<int16_t> small_vector();  ///< int2vector: "1 2 0"
  std::vector<Oid> oid_vector();        ///< oidvector: "23 25"
  /// One-dimensional arrays, "{1,2}"; NULL gives an empty one, an element that is NULL is an error.
  std::vector<int16_t> small_array();
  std::vector<std::string> text_array();

  /// An error if any value did not fit or was left.
  Result<void> finish() const;

 private:
  std::string* next();  ///< null for NULL and after an error
  std::string* needed();
  void refuse(std::string_view expected);
  template <typename T>
  T parsed(const std::string* value, std::string_view expected);
  template <typename T>
  std::vector<T> parsed_vector(std::string_view expected);

  Row& row_;
  size_t next_ = 0;
  std::string error_;
};

/// The elements of a one-dimensional array literal ({a,"b c"}); nullopt for anything else, NULL
/// elements among it. (PostgreSQL documentation, 8.15.6)
std::optional<std::vector<std::string>> parse_array(std::string_view literal);

/// An int2vector that comes as a text among others; nothing of one that is malformed.
std::vector<int16_t> small_numbers(std::string_view text);

}  // namespace sluice::catalog
