#include "provenance/receipt.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/base64.h"
#include "base/test_folder.h"
#include "provenance/check_rows.h"

namespace sluice::provenance {
namespace {

using testing::HasSubstr;

Receipt sample() {
  Receipt r;
  r.id = "5-1764208800000000";
  r.dataset = "churn-2026-11";
  r.model = "churn";
  r.started_micros = 1764208800000001;
  r.ended_micros = 1764208801000000;
  r.origin = "sluice.example/log";
  r.session = 5;
  r.user = "trainer";
  r.kind = "agent";
  r.actors = {"trainer", "alice"};
  r.statement = "COPY";
  r.query_sha256 = std::string(64, 'a');
  r.policy_version = "17";
  r.rule = "training";
  r.database = "shop";
  r.environment = "production";
  r.catalog = "f00";
  r.tables = {"public.members"};
  r.snapshot = {"0/16B3748", "733:733:", "repeatable read", false, true};
  r.masking = true;
  r.mask_version = "1+0011223344556677";
  r.columns = {
      {"id", {"public.members.id"}, true, false, "", "", "", false},
      {"email", {"public.members.email"}, true, false, "email", "pseudonym", "default", false}};
  r.classes = {"email"};
  r.encoding = "UTF8";
  r.copy = CopyForm::csv();
  RowTree tree;
  CopyRows rows(*r.copy, tree);
  EXPECT_TRUE(rows.feed("1,x@example.org\n2,\n"));
  r.rows = tree.size();
  r.root = tree.root();
  return r;
}

struct SignedReceipt : testing::Test {
  TestFolder folder;
  std::unique_ptr<tlog::Signer> signer = *tlog::create_key(folder.path() / "key");
  tlog::VerifierKey key{"sluice.example/log", tlog::KeyType::kEd25519, signer->public_key()};

  std::string sealed(const std::string& payload, std::string_view type = kPayloadType) {
    return tlog::format_envelope(
        {std::string(type),
         payload,
         {{tlog::dsse_key_id(key), *signer->sign(tlog::dsse_bytes(type, payload))}}});
  }
  std::string problem(const std::string& envelope) {
    const auto opened = open_receipt(envelope, {key});
    return opened ? "" : opened.error().text;
  }
};

TEST_F(SignedReceipt, WhatIsSignedIsReadBack) {
  const Receipt r = sample();
  const auto opened = open_receipt(sealed(to_statement(r)), {key});
  ASSERT_TRUE(opened) << opened.error().text;
  EXPECT_EQ(opened->signer, tlog::dsse_key_id(key));
  EXPECT_EQ(to_statement(opened->receipt), to_statement(r));
  EXPECT_EQ(opened->receipt.columns, r.columns);
  EXPECT_EQ(opened->receipt.snapshot, r.snapshot);
  EXPECT_EQ(opened->receipt.root, r.root);
  EXPECT_EQ(opened->receipt.ended_micros, r.ended_micros);
}

TEST_F(SignedReceipt, WhatIsNotBelieved) {
  const std::string statement = to_statement(sample());
  const std::string good = sealed(statement);
  ASSERT_EQ(problem(good), "");
  // One bit of the payload, with the signature of before.
  std::string other = statement;
  other[other.find("churn-2026-11\"") + 1] ^= 1;
  auto envelope = *tlog::parse_envelope(good);
  envelope.payload = other;
  EXPECT_NE(problem(tlog::format_envelope(envelope)), "");
  const auto stranger = *tlog::create_key(folder.path() / "other");
  EXPECT_THAT(open_receipt(good, {{key.name, key.type, stranger->public_key()}}).error().text,
              HasSubstr("none of the keys"));
  // The key of one log speaks for no other.
  Receipt elsewhere = sample();
  elsewhere.origin = "another.example/log";
  EXPECT_THAT(problem(sealed(to_statement(elsewhere))), HasSubstr("another.example/log"));
  // Signed, but as something else.
  EXPECT_THAT(problem(sealed(statement, "text/plain")), HasSubstr("payloadType"));
  const auto edited = [&](std::string_view what, std::string_view by) {
    std::string text = statement;
    text.replace(text.find(what), what.size(), by);
    return problem(sealed(text));
  };
  EXPECT_THAT(edited("Statement/v1", "Statement/v0"), HasSubstr("in-toto statement v1"));
  EXPECT_THAT(edited("training/v1", "training/v2"), HasSubstr("of type"));
  EXPECT_THAT(edited("\"name\":\"churn-2026-11\"", "\"name\":\"x\""), HasSubstr("subject"));
  EXPECT_THAT(edited("\"count\":2", "\"count\":-2"), HasSubstr("count"));
  EXPECT_THAT(edited("\"started\":\"2", "\"started\":\"1h2"), HasSubstr("started"));
  for (const std::string text : {"", "{}", "[]", "{\"payloadType\":\"x\"}", "\xff"})
    EXPECT_NE(problem(text), "") << text;
}

// The example of the DSSE specification (protocol.md).
TEST(Dsse, BytesOfTheSpecification) {
  EXPECT_EQ(tlog::dsse_bytes("http://example.com/HelloWorld", "hello world"),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

TEST_F(SignedReceipt, RowsOfAFile) {
  const Receipt r = sample();
  const auto file = folder.path() / "rows.csv";
  const auto check = [&](std::string_view rows, std::optional<CopyForm> form = std::nullopt) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << rows;
    const auto done = check_rows(file, r, form);
    return done ? std::string() : done.error().text;
  };
  EXPECT_EQ(check("1,x@example.org\n2,\n"), "");
  EXPECT_EQ(check("1\tx@example.org\n2\t\\N\n", CopyForm()), "") << "the same rows, as text";
  EXPECT_THAT(check("1,x@example.org\n"), HasSubstr("has 1 rows, and the receipt is for 2"));
  EXPECT_THAT(check("2,\n1,x@example.org\n"), HasSubstr("not those of the receipt"));
  EXPECT_THAT(check("1,x@example.org\n2,\"\"\n"), HasSubstr("not those of the receipt"));
  EXPECT_THAT(check("1,x,y\n2,,\n"), HasSubstr("have 3 columns"));
  EXPECT_THAT(check("", CopyForm{CopyFormat::kBinary}), HasSubstr("sent as text"));
  EXPECT_THAT(check("1,\"x\n"), HasSubstr("within a row"));
}

RC_GTEST_PROP(Receipt, AnyTextComesBack, (const std::string& name, const std::string& user)) {
  Receipt r = sample();
  r.dataset = "d" + name;
  r.user = user;
  r.columns[0].name = name;
  const auto back = from_statement(to_statement(r));
  RC_ASSERT(bool(back));
  RC_ASSERT(back->dataset == to_printable_utf8(r.dataset));
  RC_ASSERT(back->columns[0].name == to_printable_utf8(name));
  RC_ASSERT(to_statement(*back) == to_statement(r));
}

}  // namespace
}  // namespace sluice::provenance
