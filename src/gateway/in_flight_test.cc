#include "gateway/in_flight.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

/// A queue of what was sent, in its order.
class Sent {
 public:
  Sent& parse(std::string_view statement) {
    add(RequestKind::kParse).statement = statement;
    return *this;
  }
  Sent& bind(std::string_view portal) {
    add(RequestKind::kBind).portal = portal;
    return *this;
  }
  /// Without a text: of a cursor that SQL has opened.
  Sent& execute(std::string_view portal) {
    add(RequestKind::kExecute).portal = portal;
    return *this;
  }
  Sent& close_portal(std::string_view portal) {
    Expected& entry = add(RequestKind::kClose);
    entry.close_portal = true;
    entry.portal = portal;
    return *this;
  }
  Sent& close_statement(std::string_view statement) {
    add(RequestKind::kClose).statement = statement;
    return *this;
  }
  Sent& sync() {
    add(RequestKind::kSync);
    return *this;
  }
  Sent& own_sync() {
    add(RequestKind::kSync).own = std::make_shared<OwnRun>();
    return *this;
  }
  const ExpectedQueue& queue() const { return queue_; }

 private:
  Expected& add(RequestKind kind) {
    Expected& entry = queue_.push();
    entry.start(kind);
    return entry;
  }
  ExpectedQueue queue_;
};

TEST(InFlight, ANameIsKnownWithinThePipelineThatMakesIt) {
  EXPECT_FALSE(statement_in_flight(Sent().queue(), "s"));
  EXPECT_FALSE(statement_in_flight(Sent().parse("s").queue(), "s"));
  EXPECT_FALSE(statement_in_flight(Sent().close_statement("s").sync().parse("s").queue(), "s"));
}

TEST(InFlight, BehindASyncItMayHaveFailed) {
  EXPECT_TRUE(statement_in_flight(Sent().parse("s").sync().queue(), "s"));
  EXPECT_TRUE(statement_in_flight(Sent().close_statement("s").sync().queue(), "s"));
  EXPECT_FALSE(statement_in_flight(Sent().parse("other").sync().queue(), "s"));
  EXPECT_FALSE(statement_in_flight(Sent().close_portal("s").sync().queue(), "s"));
}

TEST(InFlight, TheSameOfPortals) {
  EXPECT_TRUE(portal_in_flight(Sent().bind("p").sync().queue(), "p"));
  EXPECT_TRUE(portal_in_flight(Sent().close_portal("p").sync().queue(), "p"));
  EXPECT_FALSE(portal_in_flight(Sent().bind("p").queue(), "p"));
  EXPECT_FALSE(portal_in_flight(Sent().bind("p").sync().bind("p").queue(), "p"));
  EXPECT_FALSE(portal_in_flight(Sent().close_statement("p").sync().queue(), "p"));
}

TEST(InFlight, TheLastBindOfAPortalCounts) {
  Sent sent;
  sent.bind("p").bind("q").bind("p");
  EXPECT_EQ(bind_ahead(sent.queue(), "p").bind, &sent.queue().at(2));
  EXPECT_FALSE(bind_ahead(sent.queue(), "p").other);
  EXPECT_EQ(bind_ahead(sent.queue(), "q").bind, &sent.queue().at(1));
  EXPECT_EQ(bind_ahead(sent.queue(), "r").bind, nullptr);
}

TEST(InFlight, WhatComesBehindABindMayTakeItsPortal) {
  EXPECT_TRUE(bind_ahead(Sent().bind("p").close_portal("p").queue(), "p").other);
  EXPECT_TRUE(bind_ahead(Sent().bind("p").execute("cursor").queue(), "p").other);
  EXPECT_TRUE(bind_ahead(Sent().close_portal("p").queue(), "p").other);
  // What runs cannot close the portal that it runs in, nor what stands before the Bind.
  EXPECT_FALSE(bind_ahead(Sent().bind("p").execute("p").queue(), "p").other);
  EXPECT_FALSE(bind_ahead(Sent().execute("cursor").bind("p").queue(), "p").other);
  EXPECT_FALSE(bind_ahead(Sent().bind("p").close_portal("q").queue(), "p").other);
  // The unnamed one is no cursor.
  EXPECT_FALSE(bind_ahead(Sent().bind("").execute("cursor").queue(), "").other);
}

TEST(InFlight, CountsWhatTheClientIsStillToGet) {
  EXPECT_FALSE(ready_outstanding(Sent().bind("p").queue()));
  EXPECT_TRUE(ready_outstanding(Sent().bind("p").sync().queue()));
  EXPECT_EQ(readies_to_come(Sent().queue()), 1U);
  EXPECT_EQ(readies_to_come(Sent().bind("p").sync().execute("p").sync().queue()), 3U);
  EXPECT_EQ(readies_to_come(Sent().own_sync().queue()), 1U);
}

TEST(InFlight, OnlyWhatRunsMayEndAnAbortedTransaction) {
  EXPECT_FALSE(may_leave_aborted(Sent().parse("s").bind("p").close_portal("p").queue()));
  EXPECT_TRUE(may_leave_aborted(Sent().parse("s").execute("p").queue()));
  EXPECT_TRUE(may_leave_aborted(Sent().sync().queue()));
}

}  // namespace
}  // namespace sluice::gateway
