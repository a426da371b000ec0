#include "models/event_ends.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice::models {
namespace {

/// What is taken, a "|" for each piece that `stream` comes in.
std::string taken(std::string_view stream, size_t piece) {
  EventEnds ends;
  std::string waiting, out;
  for (size_t at = 0; at < stream.size(); at += piece) {
    waiting += stream.substr(at, piece);
    ends.read(stream.substr(at, piece));
    const size_t ready = ends.take_all_but_last();
    out += waiting.substr(0, ready);
    waiting.erase(0, ready);
  }
  return out;
}

TEST(EventEnds, AllButTheLastEventWhateverEndsALine) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const std::string first = "event: a" + end + "data: 1" + end + end,
                      second = "data: 2" + end + end, third = "data: 3" + end + end;
    for (size_t piece = 1; piece < 40; ++piece) {
      EXPECT_EQ(taken(first, piece), "") << piece;
      EXPECT_EQ(taken(first + "data: 2" + end, piece), "") << piece;
      EXPECT_EQ(taken(first + second, piece), first) << piece;
      EXPECT_EQ(taken(first + second + third + "data:", piece), first + second) << piece;
      EXPECT_EQ(taken(first + second + end + end + third, piece), first + second + end + end)
          << piece;
    }
  }
}

TEST(EventEnds, WhatIsNoEventIsNotTaken) {
  EXPECT_EQ(taken("", 1), "");
  EXPECT_EQ(taken("\n\n\n", 1), "");
  EXPECT_EQ(taken("a\nb\nc\n", 1), "");
}

}  // namespace
}  // namespace sluice::models
