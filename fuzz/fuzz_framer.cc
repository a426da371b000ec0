// However a stream is cut into chunks, the framer finds the same messages in it, for what clients
// send and for what servers send.
#include <memory>
#include <string>
#include <vector>

#include "input.h"
#include "wire/postgres/framer.h"

using sluice::wire::postgres::Framer;

namespace {

constexpr uint32_t kLimit = 300;

struct Outcome {
  std::string bytes;  ///< everything delivered
  struct Message {
    char type;
    uint32_t length;
    bool whole;  ///< in one piece; left out for streamed ones, where it is a matter of luck
    bool operator==(const Message&) const = default;
  };
  std::vector<Message> messages;  ///< those that ended
  bool bad = false;
};

Framer::Rules make_rules(std::string_view streamed, std::string_view gathered) {
  Framer::Rules rules;
  for (const char type : streamed) {
    rules.by_type[static_cast<unsigned char>(type)] = Framer::Handling::kStream;
  }
  for (const char type : gathered) {
    rules.by_type[static_cast<unsigned char>(type)] = Framer::Handling::kGather;
  }
  rules.gather_limit = kLimit;
  return rules;
}

class Run {
 public:
  explicit Run(const Framer::Rules& rules) : rules_(rules), framer_(rules) {}

  /// Takes one chunk, from a buffer of exactly its size.
  void feed(std::string_view chunk) {
    const auto own = std::make_unique<char[]>(chunk.size());
    chunk.copy(own.get(), chunk.size());
    std::string_view in(own.get(), chunk.size());
    Framer::Piece piece;
    while (!out_.bad) {
      const auto status = framer_.next(in, piece);
      if (status == Framer::Status::kNeedMore) {
        require(in.empty());
        break;
      }
      if (status == Framer::Status::kBad) {
        out_.bad = true;
        break;
      }
      take(piece);
    }
    require(framer_.held() <= 2 * kLimit);
  }

  const Outcome& outcome() const { return out_; }

 private:
  void take(const Framer::Piece& piece) {
    require(!piece.bytes.empty() && piece.first != inside_);
    inside_ = !piece.last;
    require(framer_.at_boundary() == piece.last);
    out_.bytes += piece.bytes;
    if (!piece.last) return;
    const bool gathered =
        rules_.by_type[static_cast<unsigned char>(piece.type)] == Framer::Handling::kGather;
    require(!gathered || piece.whole() == (piece.length <= kLimit));
    out_.messages.push_back({piece.type, piece.length, gathered && piece.whole()});
  }

  const Framer::Rules& rules_;
  Framer framer_;
  Outcome out_;
  bool inside_ = false;
};

Outcome in_chunks(std::string_view bytes, const Framer::Rules& rules, size_t chunk) {
  Run run(rules);
  for (size_t at = 0; at < bytes.size(); at += chunk) run.feed(bytes.substr(at, chunk));
  return run.outcome();
}

/// Chunks of 1 to 32 bytes, chosen by the input itself.
Outcome in_odd_chunks(std::string_view bytes, const Framer::Rules& rules) {
  Run run(rules);
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::string_view chunk =
        rest.substr(0, 1 + static_cast<unsigned char>(rest[rest.size() / 2]) % 32);
    run.feed(chunk);
    rest.remove_prefix(chunk.size());
  }
  return run.outcome();
}

void compare(const Outcome& parts, const Outcome& whole) {
  require(parts.bad == whole.bad);
  require(parts.messages == whole.messages);
  require(whole.bytes == parts.bytes);
}

void skip_rows(std::string_view bytes, const Framer::Rules& rules) {
  const Framer framer(rules);
  std::string_view in = bytes;
  const uint32_t rows = framer.skip_data_rows(in, -1);
  require(in.size() <= bytes.size() && (rows > 0) == (in.size() < bytes.size()));
  // `next` sees in what was skipped as many whole messages.
  const auto skipped =
      in_chunks(bytes.substr(0, bytes.size() - in.size()), rules, bytes.size() + 1);
  require(!skipped.bad && skipped.messages.size() == rows);
}

}  // namespace

FUZZ(bytes) {
  static const Framer::Rules client = make_rules("BdF", "QPEDCSHXcf");
  static const Framer::Rules server = make_rules("Dd", "123ACEGHINnSsTtVZc");
  for (const auto* rules : {&client, &server}) {
    const Outcome whole = in_chunks(bytes, *rules, bytes.size() + 1);
    require(bytes.starts_with(whole.bytes));
    for (const size_t chunk : {1, 3, 7, 64}) compare(in_chunks(bytes, *rules, chunk), whole);
    compare(in_odd_chunks(bytes, *rules), whole);
  }
  skip_rows(bytes, server);
}
