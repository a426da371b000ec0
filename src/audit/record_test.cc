#include "audit/record.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "audit/cbor.h"
#include "audit/details.h"
#include "audit/record_json.h"

namespace sluice::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string encoded(const SessionContext& context, const Event& event,
                    const RecordLimits& limits = {}) {
  std::string head;
  encode_context(head, context);
  std::string out;
  encode_record(out, head, event, limits);
  return out;
}

Event statement(std::string_view text) {
  Event event;
  event.text = text;
  event.kind = "SELECT";
  event.time_micros = 1'700'000'000'000'000;
  return event;
}

/// Each once, in the order of the first, as many as a record keeps.
std::vector<std::string> unique(const std::vector<std::string>& values) {
  std::vector<std::string> out;
  for (const auto& value : values) {
    if (out.size() == kMostDetails) break;
    if (std::find(out.begin(), out.end(), value) == out.end()) out.push_back(value);
  }
  return out;
}

RC_GTEST_PROP(Record, ComesBackAsItWas, ()) {
  const auto bytes = [] { return *rc::gen::arbitrary<std::string>(); };
  const auto number = [] { return *rc::gen::arbitrary<uint64_t>(); };
  SessionContext context;
  context.session_id = number();
  context.user = bytes();
  context.database = bytes();
  context.environment = bytes();
  context.application = bytes();
  context.client_address = bytes();
  context.authentication = bytes();
  context.groups = *rc::gen::arbitrary<std::vector<std::string>>();
  context.kind = bytes();
  context.driver = bytes();
  context.issuer = bytes();
  context.actors = {bytes(), "alice"};
  context.credential = bytes();
  context.acr = bytes();
  context.role = bytes();
  context.end_user = bytes();
  context.run = bytes();
  context.prompt = bytes();
  context.call = bytes();
  context.authenticated_micros = *rc::gen::inRange<int64_t>(0, 4'000'000'000'000'000);
  context.amr = {bytes(), "otp"};
  context.grants = {bytes(), "12 writer"};
  context.attributes = *rc::gen::arbitrary<std::vector<std::string>>();
  const std::string text = bytes(), digest = bytes(), kind = bytes(), name = bytes(),
                    parameters = bytes(), parameters_digest = bytes(), rule = bytes(),
                    message = bytes();
  const auto tables = *rc::gen::arbitrary<std::vector<std::string>>();
  const auto matched = *rc::gen::arbitrary<std::vector<std::string>>();
  const auto shadow = *rc::gen::arbitrary<std::vector<std::string>>();
  const std::string version = bytes();
  Event event;
  event.type = *rc::gen::inRange(0, 4) == 0 ? EventType::kProvenance
                                            : static_cast<EventType>(*rc::gen::inRange(1, 9));
  event.time_micros = *rc::gen::arbitrary<int64_t>();
  event.phase = static_cast<Phase>(*rc::gen::inRange(1, 5));
  event.outcome = static_cast<Outcome>(*rc::gen::inRange(1, 5));
  event.text = text;
  event.text_digest = digest;
  event.kind = kind;
  event.tables = &tables;
  event.statement_name = name;
  event.parameters = parameters;
  event.parameters_digest = parameters_digest;
  event.rule = rule;
  event.matched = &matched;
  event.shadow = &shadow;
  event.policy_version = version;
  event.masked = &matched;
  event.released = &shadow;
  event.sqlstate = "42501";
  event.message = message;
  event.rows = number();
  event.bytes = number();
  event.duration_micros = number();
  const StatementDetails details{tables, matched, shadow, tables, matched, shadow};
  const std::string encoded_details = encode_details(details);
  event.tables = nullptr;
  event.details = encoded_details;
  event.tags = &shadow;
  event.changed = &matched;
  event.server_micros = number();
  event.waited_micros = number();
  if (*rc::gen::arbitrary<bool>()) event.estimated_rows = *rc::gen::inRange<uint64_t>(0, 3);
  event.transaction = number();
  event.transaction_outcome = static_cast<TransactionOutcome>(*rc::gen::inRange(0, 4));
  event.stamp = number();
  event.server_transaction = number();
  event.purpose = name;
  event.receipt = digest;
  event.envelope = text;
  event.dataset = kind;
  event.model = rule;

  const auto record = decode_record(7, encoded(context, event));
  RC_ASSERT(record.has_value());
  RC_ASSERT(record->sequence == 7U);
  RC_ASSERT(record->type == event.type);
  RC_ASSERT(record->time_micros == event.time_micros);
  RC_ASSERT(record->context.session_id == context.session_id);
  RC_ASSERT(record->context.user == context.user);
  RC_ASSERT(record->context.grants == context.grants);
  RC_ASSERT(record->context.database == context.database);
  RC_ASSERT(record->context.environment == context.environment);
  RC_ASSERT(record->context.application == context.application);
  RC_ASSERT(record->context.client_address == context.client_address);
  RC_ASSERT(record->context.authentication == context.authentication);
  RC_ASSERT(record->context.groups == context.groups);
  RC_ASSERT(record->context.kind == context.kind);
  RC_ASSERT(record->context.attributes == context.attributes);
  if (event.type == EventType::kStatement) {
    RC_ASSERT(record->phase == event.phase);
    RC_ASSERT(record->outcome == event.outcome);
  }
  RC_ASSERT(record->text == text);
  RC_ASSERT(record->text_length == text.size());
  RC_ASSERT(record->text_digest == (text.empty() ? digest : ""));
  RC_ASSERT(record->kind == kind);
  RC_ASSERT(record->tables == tables);
  RC_ASSERT(record->statement_name == name);
  RC_ASSERT(record->parameters == parameters);
  RC_ASSERT(record->parameters_digest == parameters_digest);
  RC_ASSERT(record->rule == rule);
  const bool only = matched.size() == 1 && matched[0] == rule;
  RC_ASSERT(record->matched == (only ? std::vector<std::string>() : matched));
  RC_ASSERT(record->shadow == shadow);
  RC_ASSERT(record->policy_version == version);
  RC_ASSERT(record->masked == matched);
  RC_ASSERT(record->released == shadow);
  RC_ASSERT(record->sqlstate == "42501");
  RC_ASSERT(record->message == message);
  RC_ASSERT(record->rows == event.rows);
  RC_ASSERT(record->bytes == event.bytes);
  RC_ASSERT(record->duration_micros == event.duration_micros);
  RC_ASSERT(record->context.driver == context.driver);
  RC_ASSERT(record->context.issuer == context.issuer);
  RC_ASSERT(record->context.actors == context.actors);
  RC_ASSERT(record->context.credential == context.credential);
  RC_ASSERT(record->context.acr == context.acr);
  RC_ASSERT(record->context.role == context.role);
  RC_ASSERT(record->context.end_user == context.end_user);
  RC_ASSERT(record->context.run == context.run);
  RC_ASSERT(record->context.prompt == context.prompt);
  RC_ASSERT(record->context.call == context.call);
  RC_ASSERT(record->context.amr == context.amr);
  RC_ASSERT(record->context.authenticated_micros == context.authenticated_micros);
  RC_ASSERT(record->estimated_rows == event.estimated_rows);
  RC_ASSERT(record->actions == unique(matched));
  RC_ASSERT(record->output_columns == unique(shadow));
  RC_ASSERT(record->predicate_columns == unique(tables));
  RC_ASSERT(record->written_columns == unique(matched));
  RC_ASSERT(record->classes == shadow);
  const bool fits = std::max({matched.size(), shadow.size(), tables.size()}) <= kMostDetails;
  RC_ASSERT(!fits || record->details_cut == 0U);
  RC_ASSERT(record->tags == shadow);
  RC_ASSERT(record->changed == matched);
  const uint64_t server = event.server_micros != 0 ? event.server_micros : event.duration_micros;
  RC_ASSERT(record->server_micros == server);
  RC_ASSERT(record->waited_micros == event.waited_micros);
  RC_ASSERT(record->transaction == event.transaction);
  RC_ASSERT(record->transaction_outcome == event.transaction_outcome);
  RC_ASSERT(record->stamp == event.stamp);
  RC_ASSERT(record->server_transaction == event.server_transaction);
  RC_ASSERT(record->purpose == name);
  RC_ASSERT(record->receipt == digest);
  RC_ASSERT(record->envelope == text);
  RC_ASSERT(record->dataset == kind);
  RC_ASSERT(record->model == rule);
}

TEST(Record, DetailsAreCutAndSaySo) {
  StatementDetails details;
  for (int i = 0; i < 100; ++i) {
    details.tables.push_back("public.t" + std::to_string(i));
    details.actions.push_back("read public.t" + std::to_string(i));
    details.actions.push_back("read public.t" + std::to_string(i));
  }
  details.output_columns = {std::string(kMostDetailBytes, 'a'), "b"};
  details.written_columns = {"public.t1.id", "public.t1.id"};
  const std::string bytes = encode_details(details);
  Event event = statement("SELECT 1");
  event.details = bytes;
  const auto record = decode_record(1, encoded({}, event));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->tables.size(), 100U) << "tables are never cut";
  ASSERT_EQ(record->actions.size(), kMostDetails);
  EXPECT_EQ(record->actions.back(), "read public.t63");
  EXPECT_EQ(record->output_columns.size(), 1U);
  EXPECT_THAT(record->written_columns, ElementsAre("public.t1.id"));
  EXPECT_THAT(names_of_cut(record->details_cut), ElementsAre("actions", "output_columns"));
}

TEST(Record, ChangesOfOneTableByItsTag) {
  Event event = statement("UPDATE orders SET status = 1");
  event.changed_table = "public.orders";
  EXPECT_THAT(decode_record(1, encoded({}, event))->changed, IsEmpty());
  event.rows = 42;
  EXPECT_THAT(decode_record(1, encoded({}, event))->changed, ElementsAre("public.orders 42"));
}

TEST(Record, LongTextIsCutAtACharacterAndKeepsItsLengthAndDigest) {
  const std::string text = "SELECT '" + std::string(20, 'a') + "ééé'";
  Event event = statement(text);
  const std::string digest(32, '\x5A');
  event.text_digest = digest;
  const auto record = decode_record(1, encoded({}, event, {29, 10}));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->text, text.substr(0, 28)) << "29 would cut an é";
  EXPECT_EQ(record->text_length, text.size());
  EXPECT_EQ(record->text_digest, event.text_digest);
}

TEST(Record, LongParametersNamesAndMessagesAreCut) {
  const std::string many(5000, 'p');
  Event event = statement("SELECT 1");
  event.parameters = many;
  event.parameters_digest = "digest";
  event.statement_name = many;
  event.message = many;
  event.sqlstate = many;
  const auto record = decode_record(1, encoded({}, event));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->parameters.size(), 4096U);
  EXPECT_EQ(record->parameters_digest, "digest");
  EXPECT_EQ(record->statement_name.size(), 256U);
  EXPECT_EQ(record->message.size(), 1024U);
  EXPECT_EQ(record->sqlstate.size(), 5U);
}

TEST(Record, EveryPrefixAndEverySurplusByteIsRefused) {
  SessionContext context;
  context.user = "alice";
  context.groups = {"engineering", "oncall"};
  const std::vector<std::string> tables = {"public.orders", "customers"};
  Event event = statement("SELECT * FROM orders");
  event.tables = &tables;
  event.rows = 100'000;
  const std::string whole = encoded(context, event);
  ASSERT_TRUE(decode_record(1, whole));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_record(1, Bytes(whole).substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_record(1, whole + '\0'));
}

TEST(Record, ARecordWithoutATypeIsNone) {
  EXPECT_FALSE(read_record("\xBF\xFF"));
  std::string out;
  CborWriter cbor(out);
  cbor.begin_map();
  cbor.unsigned_integer(static_cast<uint64_t>(Key::kUser));
  cbor.text("alice");
  cbor.end();
  EXPECT_FALSE(read_record(out));
}

TEST(Record, EnumeratorsOutOfRangeAreRefused) {
  for (const auto& [key, bad] :
       std::vector<std::pair<Key, uint64_t>>{{Key::kType, 0},
                                             {Key::kType, 33},
                                             {Key::kType, 35},
                                             {Key::kPhase, 5},
                                             {Key::kOutcome, 6},
                                             {Key::kOutcome, uint64_t{1} << 32 | 1}}) {
    std::string out;
    CborWriter cbor(out);
    cbor.begin_map();
    cbor.unsigned_integer(static_cast<uint64_t>(Key::kType));
    cbor.unsigned_integer(6);
    cbor.unsigned_integer(static_cast<uint64_t>(key));
    cbor.unsigned_integer(bad);
    cbor.end();
    EXPECT_FALSE(read_record(out)) << static_cast<uint64_t>(key) << '=' << bad;
  }
}

TEST(Record, FieldsOfLaterVersionsAreSkipped) {
  std::string out = encoded({}, statement("SELECT 1"));
  out.pop_back();
  CborWriter cbor(out);
  cbor.unsigned_integer(1000);
  cbor.array(2);
  cbor.text("new");
  cbor.unsigned_integer(UINT64_MAX);
  cbor.unsigned_integer(1001);
  cbor.bytes("\xFF");
  cbor.end();
  const auto record = decode_record(1, out);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->text, "SELECT 1");
}

RC_GTEST_PROP(Record, ChangedBytesAreReadWithoutHarm, (const std::string& text)) {
  const std::vector<std::string> tables = {text, "b"};
  Event event = statement(text);
  event.tables = &tables;
  std::string bytes = encoded({}, event);
  const auto at = *rc::gen::inRange<size_t>(0, bytes.size());
  bytes[at] = *rc::gen::arbitrary<char>();
  if (const auto record = decode_record(1, bytes)) {
    RC_ASSERT(record->text.size() <= bytes.size());
    RC_ASSERT(!boost::json::serialize(to_json(*record)).empty());
  }
}

TEST(Record, ParametersAreShownAsTextAndBinary) {
  Event event = statement("SELECT $1, $2, $3");
  const std::string parameters("\0\3\0\0\0\1\0\0\0\3\0\0\0\2hi\0\0\0\2\xAB\xCD\xFF\xFF\xFF\xFF",
                               26);
  event.parameters = parameters;
  const auto json = to_json(*decode_record(5, encoded({}, event)));
  const auto& shown = json.at("parameters").as_array();
  ASSERT_EQ(shown.size(), 3U);
  EXPECT_EQ(shown[0].as_string(), "hi");
  EXPECT_EQ(shown[1].as_string(), "\\xabcd");
  EXPECT_TRUE(shown[2].is_null());
  EXPECT_EQ(json.at("id").to_number<int>(), 5);
}

TEST(Record, AnyParameterBytesBecomeJson) {
  for (size_t size = 0; size < 12; ++size) {
    Event event = statement("x");
    const std::string parameters(size, '\xFF');
    event.parameters = parameters;
    EXPECT_FALSE(boost::json::serialize(to_json(*decode_record(1, encoded({}, event)))).empty());
  }
}

TEST(Cbor, HeadsAreTheShortest) {
  const auto head = [](uint64_t value) {
    std::string out;
    CborWriter(out).unsigned_integer(value);
    return out;
  };
  // RFC 8949, appendix A.
  EXPECT_EQ(head(0), std::string("\x00", 1));
  EXPECT_EQ(head(23), "\x17");
  EXPECT_EQ(head(24), "\x18\x18");
  EXPECT_EQ(head(1000), "\x19\x03\xE8");
  EXPECT_EQ(head(1'000'000), std::string("\x1A\x00\x0F\x42\x40", 5));
  EXPECT_EQ(head(UINT64_MAX), "\x1B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
}

RC_GTEST_PROP(Cbor, NumbersComeBack, (uint64_t value)) {
  std::string out;
  CborWriter(out).unsigned_integer(value);
  CborReader reader(out);
  RC_ASSERT(reader.unsigned_integer() == std::optional(value));
  RC_ASSERT(reader.done());
}

TEST(Cbor, LengthsBeyondTheInputAreRefused) {
  EXPECT_FALSE(CborReader("\x43"
                          "ab")
                   .bytes());
  EXPECT_FALSE(CborReader("\x5B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF").bytes());
  EXPECT_FALSE(CborReader("\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF").array());
  EXPECT_FALSE(CborReader("\x5F").bytes()) << "indefinite lengths are not written";
  EXPECT_FALSE(CborReader("\x1C").unsigned_integer());
  EXPECT_FALSE(CborReader("").skip());
  EXPECT_FALSE(CborReader("\xA0").skip()) << "maps are not nested";
  EXPECT_FALSE(CborReader("\x81\x81\x00").skip()) << "nor arrays in arrays";
}

}  // namespace
}  // namespace sluice::audit
