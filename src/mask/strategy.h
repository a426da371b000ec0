#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::mask {

/// What takes the place of a value.
enum class Strategy : uint8_t {
  kRedact,      ///< one constant for all values of a type
  kPartial,     ///< keeps what helps: the last four of a card, the domain of an e-mail
  kPseudonym,   ///< keyed, deterministic, of the same shape; equal values stay equal, others differ
  kGeneralise,  ///< date to year, address to network, number to range, position to grid
  kNull,
  kHash,  ///< text becomes a keyed digest in hex; other types become pseudonyms
};

/// What a value is to people, whatever its type: decides what is kept and what must stay valid.
enum class Kind : uint8_t {
  kAny,
  kName,
  kEmail,
  kPhone,
  kCard,  ///< the last digit is a Luhn check
  kIban,  ///< the third and fourth character are a check (ISO 7064 mod 97-10)
  kDate,
  kIp,
  kMac,
  kUuid,
  kPostcode,
  kGeo,     ///< degrees
  kSecret,  ///< nothing of it may stay, not even its punctuation
  kFreeText,
};

std::string_view name(Strategy strategy);
std::string_view name(Kind kind);
std::optional<Strategy> find_strategy(std::string_view name);
std::optional<Kind> find_kind(std::string_view name);

/// How the values of one column, or of one place in a document, are masked.
struct Rule {
  Strategy strategy = Strategy::kRedact;
  Kind kind = Kind::kAny;
  /// Width of the ranges that numbers are generalised to; 0 keeps the first digit.
  uint64_t step = 0;

  friend bool operator==(const Rule&, const Rule&) = default;
};

}  // namespace sluice::mask
