#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

/// Check digits. All take ASCII digits (or letters where said) and return false for anything else.
namespace sluice::privacy {

bool all_digits(std::string_view text);

/// ISO/IEC 7812-1 annex B, last digit included.
bool luhn(std::string_view digits);

/// ISO 7064 MOD 97-10 over letters and digits, as IBANs use it after moving their first four.
uint32_t mod97(std::string_view letters_and_digits);

/// Verhoeff's dihedral check, last digit included.
bool verhoeff(std::string_view digits);

/// ISO 7064 MOD 11,10, last digit included (DE, HR).
bool mod11_10(std::string_view digits);

/// The sum of digit times weight, over as many digits as there are weights.
uint32_t weighted(std::string_view digits, std::initializer_list<uint8_t> weights);

/// Whether year (two digits stand for any century), month and day can be a date.
bool date_like(std::string_view year, std::string_view month, std::string_view day);

/// The digits as a number; 0 when there is none. At most nine digits.
uint32_t number(std::string_view digits);

}  // namespace sluice::privacy
