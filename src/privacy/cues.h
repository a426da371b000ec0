#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::privacy {

/// What the words before a number say it is.
enum Cue : uint32_t {
  kCueCard = 1U << 0,
  kCuePhone = 1U << 1,
  kCueAccount = 1U << 2,
  kCueIdentity = 1U << 3,  ///< national, social, tax
  kCuePassport = 1U << 4,
  kCueLicence = 1U << 5,
  kCueDevice = 1U << 6,
  kCueVehicle = 1U << 7,
  kCueMedical = 1U << 8,
  kCueInsurance = 1U << 9,
  kCueBirth = 1U << 10,
  kCueThing = 1U << 11,   ///< order, invoice, part, version: not about a person
  kCuePerson = 1U << 12,  ///< Mr, Frau, Dear, contact
  kCuePassword = 1U << 13,
  kCueCode = 1U << 14,    ///< of a card: CVV
  kCueDirect = 1U << 15,  ///< "call", "ring", "write to": what follows is for reaching somebody
};

/// Of one word, lower case, without accents.
uint32_t cue_of(std::string_view word);

/// Of the up to five words before `position`, not farther away than 48 bytes, nor behind the end of
/// a sentence.
uint32_t cues_before(std::string_view text, size_t position);

}  // namespace sluice::privacy
