// However a stream is cut into chunks, the framer finds the same messages in it.
#include <string>
#include <vector>

#include "input.h"
#include "wire/postgres/framer.h"

using sluice::wire::postgres::Framer;

namespace {

struct Outcome {
  std::string bytes;               ///< everything delivered
  std::vector<uint32_t> messages;  ///< length of each whole message, with its type
  bool bad = false;
  bool operator==(const Outcome&) const = default;
};

const Framer::Rules& rules() {
  static const Framer::Rules made = [] {
    Framer::Rules r;
    for (const char c : {'D', 'd', 'B'})
      r.by_type[static_cast<unsigned char>(c)] = Framer::Handling::kStream;
    for (const char c : {'Q', 'P', 'C', 'Z', 'E'})
      r.by_type[static_cast<unsigned char>(c)] = Framer::Handling::kGather;
    r.gather_limit = 300;
    return r;
  }();
  return made;
}

Outcome run(std::string_view bytes, size_t chunk) {
  Framer framer(rules());
  Outcome out;
  Framer::Piece piece;
  for (size_t at = 0; at < bytes.size() && !out.bad; at += chunk) {
    std::string_view in = bytes.substr(at, chunk);
    for (;;) {
      const auto status = framer.next(in, piece);
      if (status == Framer::Status::kNeedMore) break;
      if (status == Framer::Status::kBad) {
        out.bad = true;
        break;
      }
      out.bytes += piece.bytes;
      if (piece.last)
        out.messages.push_back(piece.length * 256 + static_cast<unsigned char>(piece.type));
    }
  }
  return out;
}

}  // namespace

FUZZ(bytes) {
  const Outcome whole = run(bytes, bytes.size() + 1);
  for (const size_t chunk : {1, 3, 7, 64}) {
    const Outcome parts = run(bytes, chunk);
    require(parts.messages == whole.messages && parts.bad == whole.bad);
    if (!whole.bad) require(bytes.starts_with(parts.bytes));
  }
  Framer framer(rules());
  std::string_view in = bytes;
  const uint32_t rows = framer.skip_data_rows(in, -1);
  require(in.size() <= bytes.size() && (rows > 0) == (in.size() < bytes.size()));
}
