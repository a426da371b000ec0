#include "mask/alphabet.h"

#include <algorithm>
#include <array>

namespace sluice::mask {
namespace {

struct Run {
  char32_t first, last;
  uint8_t step = 1;
  bool separates = false;
};

// By first character. Where cases alternate, a run with step 2 is for both: its letters are those
// with the parity of the character.
constexpr std::array kRuns = {
    Run{0x80, 0xA9, 1, true},
    Run{0xAB, 0xB4, 1, true},
    Run{0xB6, 0xB9, 1, true},
    Run{0xBB, 0xBF, 1, true},
    Run{0xC0, 0xD6},
    Run{0xD7, 0xD7, 1, true},
    Run{0xD8, 0xDE},
    Run{0xDF, 0xF6},
    Run{0xF7, 0xF7, 1, true},
    Run{0xF8, 0xFF},
    Run{0x100, 0x137, 2},
    Run{0x139, 0x148, 2},
    Run{0x14A, 0x177, 2},
    Run{0x179, 0x17E, 2},
    Run{0x300, 0x36F},
    Run{0x391, 0x3A1},
    Run{0x3A3, 0x3A9},
    Run{0x3AC, 0x3AF},
    Run{0x3B1, 0x3C9},
    Run{0x400, 0x40F},
    Run{0x410, 0x42F},
    Run{0x430, 0x44F},
    Run{0x450, 0x45F},
    Run{0x531, 0x556},
    Run{0x561, 0x586},
    Run{0x5D0, 0x5EA},
    Run{0x621, 0x63A},
    Run{0x641, 0x64A},
    Run{0x660, 0x669},
    Run{0x6F0, 0x6F9},
    Run{0x905, 0x939},
    Run{0x93E, 0x94C},
    Run{0x966, 0x96F},
    Run{0xE01, 0xE2E},
    Run{0x10D0, 0x10FA},
    Run{0x1E00, 0x1E95, 2},
    Run{0x1EA0, 0x1EF9, 2},
    Run{0x2000, 0x206F, 1, true},
    Run{0x20A0, 0x20CF, 1, true},
    Run{0x3000, 0x3003, 1, true},
    Run{0x3008, 0x3011, 1, true},
    Run{0x3041, 0x3096},
    Run{0x30A1, 0x30FA},
    Run{0x3400, 0x4DBF},
    Run{0x4E00, 0x9FFF},
    Run{0xAC00, 0xD7A3},
    Run{0xFF10, 0xFF19},
    Run{0xFF21, 0xFF3A},
    Run{0xFF41, 0xFF5A},
};

}  // namespace

Letters letters_of(char32_t c) {
  if (c < 0x80) return ascii_letters(static_cast<unsigned char>(c));
  const auto* run = std::upper_bound(kRuns.begin(), kRuns.end(), c,
                                     [](char32_t value, const Run& r) { return value < r.first; });
  if (run != kRuns.begin() && c <= (--run)->last) {
    if (run->separates) return {};
    const char32_t parity = run->step == 2 ? (c - run->first) % 2 : 0;
    const char32_t count =
        run->step == 2 ? (run->last - run->first + 1) / 2 : run->last - run->first + 1;
    return {run->first + parity, static_cast<uint16_t>(count), run->step};
  }
  // Anything else: those that share all but the last byte of the UTF-8 form.
  return {c & ~char32_t{63}, 64};
}

}  // namespace sluice::mask
