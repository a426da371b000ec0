#include "wire/postgres/framer.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"
#include "wire/postgres/wire_fixture.h"

namespace sluice::wire::postgres {
namespace {

using testing::B;
using testing::be16;
using testing::be32;
using ::testing::ElementsAre;
using testing::frame;
using ::testing::SizeIs;

constexpr uint32_t kLimit = 64;

/// Statements are gathered, data is streamed, the rest is refused.
const Framer::Rules& rules() {
  static const Framer::Rules rules = [] {
    Framer::Rules r;
    for (const char type : {'Q', 'P', 'E', 'S', 'X', 'Z', 'C', 'T'}) {
      r.by_type[static_cast<unsigned char>(type)] = Framer::Handling::kGather;
    }
    for (const char type : {'B', 'd', 'D'}) {
      r.by_type[static_cast<unsigned char>(type)] = Framer::Handling::kStream;
    }
    r.gather_limit = kLimit;
    return r;
  }();
  return rules;
}

struct Message {
  char type;
  std::string bytes;
  bool whole;  ///< came in one piece
  bool operator==(const Message&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Message& message) {
  return out << message.type << " of " << message.bytes.size() << (message.whole ? "" : " parted");
}

/// Puts pieces together again and checks what every piece promises.
class Collector {
 public:
  /// Feeds one chunk, as a buffer of its own so that reading outside it shows under ASan.
  bool feed(Bytes chunk) {
    const std::vector<char> own(chunk.begin(), chunk.end());
    Bytes input(own.data(), own.size());
    for (;;) {
      const size_t before = input.size();
      Framer::Piece piece;
      const auto status = framer_.next(input, piece);
      EXPECT_LE(input.size(), before);
      if (status == Framer::Status::kBad) return false;
      if (status == Framer::Status::kNeedMore) {
        EXPECT_TRUE(input.empty());
        return true;
      }
      take(piece, own);
    }
  }

  const std::vector<Message>& messages() const { return messages_; }
  Framer& framer() { return framer_; }

 private:
  void take(const Framer::Piece& piece, const std::vector<char>& own) {
    EXPECT_FALSE(piece.bytes.empty());
    EXPECT_EQ(piece.first, !inside_);
    const bool points_in =
        piece.bytes.data() >= own.data() && piece.bytes.data() < own.data() + own.size();
    EXPECT_EQ(piece.in_place, points_in);
    if (piece.first) {
      ASSERT_GE(piece.bytes.size(), kHeaderSize) << "the header is never parted";
      EXPECT_EQ(piece.bytes[0], piece.type);
      EXPECT_EQ(load_be32(piece.bytes.data() + 1) + 1, piece.length);
      EXPECT_EQ(piece.body().size(), piece.bytes.size() - kHeaderSize);
      messages_.push_back({piece.type, std::string(piece.bytes), piece.whole()});
    } else {
      EXPECT_EQ(piece.type, messages_.back().type);
      EXPECT_EQ(piece.body(), piece.bytes);
      messages_.back().bytes.append(piece.bytes);
    }
    inside_ = !piece.last;
    if (piece.last) {
      EXPECT_EQ(messages_.back().bytes.size(), piece.length);
    }
    EXPECT_EQ(framer_.at_boundary(), piece.last);
  }

  Framer framer_{rules()};
  std::vector<Message> messages_;
  bool inside_ = false;
};

std::string script() {
  std::string out;
  encode_parse(out, "s1", "SELECT $1");
  encode_bind(out, "", "s1", {"a value of some length", std::nullopt});
  encode_execute(out, "", 0);
  encode_sync(out);
  encode_query(out, std::string(kLimit, 'x'));  // too long to be gathered
  out += frame('d', std::string(200, 'd'));
  encode_query(out, "");
  out += frame('d', "");
  encode_terminate(out);
  return out;
}

/// Messages as they are, from their lengths alone.
std::vector<std::string> cut(Bytes bytes) {
  std::vector<std::string> out;
  while (!bytes.empty()) {
    const size_t total = load_be32(bytes.data() + 1) + size_t{1};
    out.emplace_back(bytes.substr(0, total));
    bytes.remove_prefix(total);
  }
  return out;
}

/// Messages are those of `bytes`, and what is gathered came whole exactly if it is short enough.
void expect_messages(const std::vector<Message>& messages, Bytes bytes) {
  const auto expected = cut(bytes);
  ASSERT_EQ(messages.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(messages[i].bytes, expected[i]);
    const auto handling = rules().by_type[static_cast<unsigned char>(messages[i].type)];
    if (handling == Framer::Handling::kGather) {
      EXPECT_EQ(messages[i].whole, expected[i].size() <= kLimit) << messages[i];
    }
  }
}

TEST(Framer, Threat32_EverySplitPoint) {
  const std::string bytes = script();
  for (size_t split = 0; split <= bytes.size(); ++split) {
    SCOPED_TRACE(split);
    Collector collector;
    ASSERT_TRUE(collector.feed(Bytes(bytes).substr(0, split)));
    ASSERT_TRUE(collector.feed(Bytes(bytes).substr(split)));
    expect_messages(collector.messages(), bytes);
    EXPECT_TRUE(collector.framer().at_boundary());
  }
}

TEST(Framer, Threat32_EveryPairOfSplitPoints) {
  std::string bytes;
  encode_parse(bytes, "s1", "SELECT $1");
  bytes += frame('d', "data");
  encode_sync(bytes);
  for (size_t first = 0; first <= bytes.size(); ++first) {
    for (size_t second = first; second <= bytes.size(); ++second) {
      Collector collector;
      ASSERT_TRUE(collector.feed(Bytes(bytes).substr(0, first)));
      ASSERT_TRUE(collector.feed(Bytes(bytes).substr(first, second - first)));
      ASSERT_TRUE(collector.feed(Bytes(bytes).substr(second)));
      expect_messages(collector.messages(), bytes);
    }
  }
}

TEST(Framer, Threat32_ChunksOfEverySize) {
  const std::string bytes = script();
  for (size_t size = 1; size <= bytes.size(); ++size) {
    SCOPED_TRACE(size);
    Collector collector;
    for (size_t at = 0; at < bytes.size(); at += size) {
      ASSERT_TRUE(collector.feed(Bytes(bytes).substr(at, size)));
    }
    expect_messages(collector.messages(), bytes);
  }
}

TEST(Framer, Threat32_ThousandCoalesced) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += script();
  Collector collector;
  ASSERT_TRUE(collector.feed(bytes));
  expect_messages(collector.messages(), bytes);
}

RC_GTEST_PROP(Framer, AnyMessagesInAnyChunks, ()) {
  const auto message = rc::gen::apply([](char type, std::string body) { return frame(type, body); },
                                      rc::gen::element('Q', 'P', 'S', 'B', 'd', 'D', 'Z'),
                                      rc::gen::scale(3.0, rc::gen::string<std::string>()));
  const auto messages = *rc::gen::container<std::vector<std::string>>(message);
  std::string bytes;
  for (const auto& one : messages) bytes += one;
  Collector collector;
  for (Bytes rest = bytes; !rest.empty();) {
    const auto size = *rc::gen::inRange<size_t>(1, rest.size() + 1);
    RC_ASSERT(collector.feed(rest.substr(0, size)));
    rest.remove_prefix(size);
  }
  RC_ASSERT(collector.messages().size() == messages.size());
  for (size_t i = 0; i < messages.size(); ++i) {
    RC_ASSERT(collector.messages()[i].bytes == messages[i]);
  }
  RC_ASSERT(collector.framer().at_boundary());
  RC_ASSERT(!::testing::Test::HasFailure());
}

TEST(Framer, Threat29_BadLengths) {
  for (const uint32_t length : {0U, 1U, 3U, 0x40000000U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU}) {
    for (const char type : {'Q', 'd'}) {
      const std::string bytes = type + be32(length) + "rest";
      for (size_t split = 0; split <= kHeaderSize; ++split) {
        Collector collector;
        EXPECT_FALSE(collector.feed(Bytes(bytes).substr(0, split)) &&
                     collector.feed(Bytes(bytes).substr(split)))
            << type << length;
        EXPECT_STREQ(collector.framer().problem(), "invalid message length");
        EXPECT_THAT(collector.messages(), SizeIs(0));
      }
    }
  }
}

TEST(Framer, Threat29_UnknownTypes) {
  for (int type = 0; type < 256; ++type) {
    if (rules().by_type[type] != Framer::Handling::kRefuse) continue;
    Collector collector;
    EXPECT_FALSE(collector.feed(frame(static_cast<char>(type), ""))) << type;
    EXPECT_STREQ(collector.framer().problem(), "unexpected message type");
  }
}

TEST(Framer, Threat29_ABadMessageBehindGoodOnes) {
  std::string bytes;
  encode_query(bytes, "SELECT 1");
  const size_t good = bytes.size();
  bytes += B("\0\0\0\0\4");
  for (size_t split = 0; split <= bytes.size(); ++split) {
    Collector collector;
    EXPECT_FALSE(collector.feed(Bytes(bytes).substr(0, split)) &&
                 collector.feed(Bytes(bytes).substr(split)));
    ASSERT_THAT(collector.messages(), SizeIs(1));
    EXPECT_EQ(collector.messages()[0].bytes.size(), good);
  }
}

TEST(Framer, Threat30_LongestMessageIsStreamedNotHeld) {
  // 1 GiB - 1 announced, of a type that is gathered if short.
  for (const char type : {'Q', 'd'}) {
    Collector collector;
    ASSERT_TRUE(collector.feed(type + be32(kMaxMessageLength) + std::string(100, 'x')));
    ASSERT_TRUE(collector.feed(std::string(100, 'x')));
    ASSERT_THAT(collector.messages(), SizeIs(1));
    EXPECT_EQ(collector.messages()[0].bytes.size(), 205U);
    EXPECT_FALSE(collector.messages()[0].whole);
    EXPECT_FALSE(collector.framer().at_boundary());
    EXPECT_LT(collector.framer().held(), 64U);
  }
}

TEST(Framer, Threat16_MemoryIsThatOfWhatArrived) {
  // A peer that announces much and sends little costs little.
  Framer::Rules rules;
  rules.by_type[static_cast<unsigned char>('p')] = Framer::Handling::kGather;
  rules.gather_limit = 64 << 10;
  Framer framer(rules);
  Framer::Piece piece;
  const std::string announced = 'p' + be32(60'000) + "x";
  Bytes input = announced;
  EXPECT_EQ(framer.next(input, piece), Framer::Status::kNeedMore);
  EXPECT_LT(framer.held(), 64U);
  Framer other(rules);
  const std::string huge = 'p' + be32(0x3FFFFFFF) + std::string(1000, 'x');
  input = huge;
  EXPECT_EQ(other.next(input, piece), Framer::Status::kPiece);
  EXPECT_FALSE(piece.whole());
  EXPECT_LT(other.held(), 64U);
}

TEST(Framer, GatheredMemoryIsGivenBack) {
  Collector collector;
  std::string bytes;
  encode_query(bytes, "SELECT 1, 2, 3, 4, 5, 6, 7, 8, 9, 10");
  ASSERT_TRUE(collector.feed(Bytes(bytes).substr(0, 20)));
  EXPECT_FALSE(collector.framer().at_boundary());
  ASSERT_TRUE(collector.feed(Bytes(bytes).substr(20)));
  EXPECT_TRUE(collector.framer().at_boundary());
  EXPECT_LT(collector.framer().held(), 32U) << "no more than an empty string has in itself";
}

std::string row(std::initializer_list<std::string> values) {
  std::string body = be16(static_cast<uint16_t>(values.size()));
  for (const auto& value : values) body += be32(static_cast<uint32_t>(value.size())) + value;
  return frame('D', body);
}

/// Skips rows of two columns; returns how many, and what is left of `bytes`.
std::pair<uint32_t, std::string> skip(const std::string& bytes, int16_t columns = 2) {
  const Framer framer(rules());
  Bytes input = bytes;
  const uint32_t rows = framer.skip_data_rows(input, columns);
  return {rows, std::string(input)};
}

TEST(FramerSkip, WholeRowsOnly) {
  const std::string one = row({"a", "bc"});
  EXPECT_EQ(skip(""), std::pair(0U, std::string()));
  EXPECT_EQ(skip(one + one), std::pair(2U, std::string()));
  for (size_t size = 0; size < one.size(); ++size) {
    EXPECT_EQ(skip(one + one.substr(0, size)), std::pair(1U, one.substr(0, size))) << size;
  }
  const std::string complete = frame('C', B("SELECT 2\0"));
  EXPECT_EQ(skip(one + one + complete + one), std::pair(2U, complete + one));
}

TEST(FramerSkip, Threat39_RowsOfAnotherWidthStop) {
  const std::string two = row({"a", "b"});
  for (const auto& other : {row({"a"}), row({"a", "b", "c"}), row({})}) {
    EXPECT_EQ(skip(two + other + two), std::pair(1U, other + two));
    EXPECT_EQ(skip(two + other + two, -1), std::pair(3U, std::string()));
  }
  const std::string wide = frame('D', be16(0xFFFE) + "x");
  EXPECT_EQ(skip(wide, -2).first, 1U) << "any number";
}

TEST(FramerSkip, Threat39_LyingLengthsStop) {
  const std::string two = row({"a", "b"});
  for (const uint32_t length : {0U, 3U, 4U, 5U, 0x40000000U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
    const std::string lie = 'D' + be32(length) + be16(2) + std::string(20, 'x');
    EXPECT_EQ(skip(two + lie), std::pair(1U, lie)) << length;
    EXPECT_EQ(skip(two + lie, -1), std::pair(1U, lie)) << length;
  }
}

TEST(FramerSkip, NotInsideAMessage) {
  // The value of the one row is itself the bytes of a row.
  const std::string inner = row({"a", "b"});
  const std::string outer = row({inner, "x"});
  const size_t split = outer.find(inner);
  Framer framer(rules());
  Framer::Piece piece;
  Bytes part = Bytes(outer).substr(0, split);
  ASSERT_EQ(framer.next(part, piece), Framer::Status::kPiece);
  const std::string rest = outer.substr(split) + inner;
  Bytes input = rest;
  EXPECT_EQ(framer.skip_data_rows(input, 2), 0U);
  EXPECT_EQ(input.size(), rest.size());
  ASSERT_EQ(framer.next(input, piece), Framer::Status::kPiece);
  EXPECT_TRUE(piece.last);
  EXPECT_EQ(framer.skip_data_rows(input, 2), 1U);
  EXPECT_TRUE(input.empty());
}

RC_GTEST_PROP(FramerSkip, SkippingChangesNothingElse, ()) {
  const auto message = rc::gen::element(row({"a", "b"}), row({"", ""}), row({"x"}),
                                        frame('C', B("SELECT 1\0")), frame('Z', "I"));
  std::string bytes;
  for (const auto& one : *rc::gen::container<std::vector<std::string>>(message)) bytes += one;
  Framer framer(rules());
  std::string seen;
  for (Bytes rest = bytes; !rest.empty();) {
    const auto size = *rc::gen::inRange<size_t>(1, rest.size() + 1);
    const std::string chunk(rest.substr(0, size));
    rest.remove_prefix(size);
    for (Bytes input = chunk;;) {
      const Bytes before = input;
      framer.skip_data_rows(input, 2);
      seen += before.substr(0, before.size() - input.size());
      Framer::Piece piece;
      const auto status = framer.next(input, piece);
      RC_ASSERT(status != Framer::Status::kBad);
      if (status == Framer::Status::kNeedMore) break;
      seen += piece.bytes;
    }
  }
  RC_ASSERT(seen == bytes);
  RC_ASSERT(framer.at_boundary());
}

TEST(SkipCopyData, TakesWholeMessagesOnly) {
  const Framer framer{Framer::Rules()};
  const std::string first("d\0\0\0\x06xy", 7);
  const std::string empty("d\0\0\0\x04", 5);
  const std::string done("c\0\0\0\x04", 5);
  std::string text = first + empty + first + done;
  Bytes input = text;
  EXPECT_EQ(framer.skip_copy_data(input), 3U);
  EXPECT_EQ(input, done);
  for (size_t cut = 0; cut < first.size(); ++cut) {
    const std::string part = first.substr(0, cut);
    input = part;
    EXPECT_EQ(framer.skip_copy_data(input), 0U);
    EXPECT_EQ(input, part);
  }
  text = std::string("d\0\0\0\x03x", 6);
  input = text;
  EXPECT_EQ(framer.skip_copy_data(input), 0U);
}

}  // namespace
}  // namespace sluice::wire::postgres
