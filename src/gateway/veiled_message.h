#pragma once

#include "base/bytes.h"
#include "mask/treatment.h"
#include "wire/postgres/backend.h"

namespace sluice::gateway {

/// How much of what a server says about a statement its client may read.
enum class Telling : uint8_t {
  kAll,  ///< it touches nothing that is hidden; what looks sensitive is struck out all the same
  kOwnWords,  ///< of what the server quotes only what stands in the statement
  kNothing,   ///< code of users' own has run that says what it likes: only the SQLSTATE
};

/// An error or notice without values that its receiver may not see (ErrorResponse and
/// NoticeResponse; PostgreSQL documentation, 55.8). `text` is the statement's own text as sent.
/// DETAIL, HINT and CONTEXT, where the server shows rows, are kept only by kAll.
wire::postgres::ErrorFields veiled(const wire::postgres::ErrorFields& fields, Bytes text,
                                   Telling telling, const mask::Treatment& treatment);

/// A text of which nobody knows where it comes from, without what `treatment` hides in it.
std::string without_sensitive(Bytes text, const mask::Treatment& treatment);

}  // namespace sluice::gateway
