#pragma once

#include <string>

#include "base/bytes.h"

namespace sluice::mask {

/// The digit that makes `digits` followed by it a number valid by ISO/IEC 7812-1 (Luhn).
char luhn_digit(Bytes digits);

/// The remainder by 97 of upper-case letters and digits as ISO 7064 reads them (A is 10).
unsigned mod97(Bytes text);

/// The two check digits of an IBAN whose country is `country` and whose rest is `account`, both
/// upper case without spaces.
std::string iban_digits(Bytes country, Bytes account);

}  // namespace sluice::mask
