#pragma once

#include <cstddef>
#include <string_view>

/// Numbers by which money moves.
namespace sluice::privacy {

/// The network that gives out cards that begin so and have so many digits; empty for none.
std::string_view card_issuer(std::string_view digits);

/// Luhn and issuer.
bool is_card_number(std::string_view digits);

/// Length of an IBAN of a country ("DE"), 0 if it has none.
size_t iban_length(std::string_view country);

/// Upper case, no separators.
bool is_iban(std::string_view code);

/// ABA routing number of the US: nine digits, checked.
bool is_aba_routing(std::string_view digits);

/// ISO 9362: four letters, a country's two, two and perhaps three more.
bool is_bic(std::string_view code);

/// Whether ISO 3166 has such a country.
bool is_country(std::string_view code);

}  // namespace sluice::privacy
