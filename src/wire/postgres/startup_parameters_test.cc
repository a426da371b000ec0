#include "wire/postgres/startup_parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/bytes.h"

namespace sluice::wire::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

Result<StartupParameters> sort(Settings parameters) {
  StartupMessage message;
  message.parameters = std::move(parameters);
  message.parameters.emplace_back("user", "alice");
  return sort_startup_parameters(message);
}

Settings settings(Settings parameters) {
  const auto sorted = sort(std::move(parameters));
  EXPECT_TRUE(sorted) << (sorted ? "" : sorted.error().text);
  return sorted ? sorted->settings : Settings{};
}

std::string refusal(Settings parameters) {
  const auto sorted = sort(std::move(parameters));
  return sorted ? "accepted" : sorted.error().text;
}

TEST(StartupParameters, SortsWhoAndWhere) {
  const auto sorted = sort({{"database", "orders"}, {"application_name", "psql"}});
  ASSERT_TRUE(sorted);
  EXPECT_EQ(sorted->user, "alice");
  EXPECT_EQ(sorted->database, "orders");
  EXPECT_EQ(sorted->application_name, "psql");
  EXPECT_THAT(sorted->settings, IsEmpty());
  EXPECT_EQ(sort({})->database, "alice") << "as PostgreSQL: the user's name";
  EXPECT_EQ(sort({{"database", ""}})->database, "alice");
}

TEST(StartupParameters, Threat12_AUserIsNeeded) {
  const auto sorted = sort_startup_parameters({});
  ASSERT_FALSE(sorted);
  EXPECT_THAT(sorted.error().text, StartsWith("28000 "));
  StartupMessage empty;
  empty.parameters = {{"user", ""}, {"database", "orders"}};
  EXPECT_FALSE(sort_startup_parameters(empty));
}

TEST(StartupParameters, DriversMaySetWhatTheySet) {
  EXPECT_THAT(settings({{"client_encoding", "UTF8"},
                        {"DateStyle", "ISO"},
                        {"TimeZone", "Europe/Berlin"},
                        {"extra_float_digits", "2"}}),
              ElementsAre(Pair("client_encoding", "UTF8"), Pair("datestyle", "ISO"),
                          Pair("timezone", "Europe/Berlin"), Pair("extra_float_digits", "2")));
}

TEST(StartupParameters, LaterSettingWinsWhateverItsCase) {
  EXPECT_THAT(settings({{"TimeZone", "UTC"}, {"TIMEZONE", "CET"}}),
              ElementsAre(Pair("timezone", "CET")));
}

TEST(StartupParameters, ParametersWinOverOptions) {
  EXPECT_THAT(settings({{"work_mem", "1MB"}, {"options", "-c work_mem=2MB"}}),
              ElementsAre(Pair("work_mem", "1MB")));
}

TEST(StartupParameters, Threat13_OnlyTheAllowList) {
  for (const auto* name :
       {"role", "ROLE", "session_authorization", "session_preload_libraries",
        "local_preload_libraries", "is_superuser", "row_security", "backslash_quote", "my.setting",
        "User", "allow_system_table_mods", "log_statement", ""}) {
    EXPECT_THAT(refusal({{name, "x"}}), StartsWith("42501 ")) << name;
    EXPECT_THAT(refusal({{"options", "-c " + std::string(name) + "=x"}}), StartsWith("42501 "))
        << name;
  }
  EXPECT_THAT(refusal({{"search_path ", "x"}}), StartsWith("42501 "));
  EXPECT_THAT(refusal({{"search-path", "x"}}), StartsWith("42501 ")) << "dashes: only in options";
}

TEST(StartupParameters, Threat13_ReplicationIsRefused) {
  for (const auto* value : {"true", "on", "1", "database", "DATABASE", "nonsense", "", "tr"}) {
    EXPECT_THAT(refusal({{"replication", value}}), StartsWith("0A000 replication")) << value;
  }
  for (const auto* value : {"false", "off", "0", "no", "FALSE"}) {
    EXPECT_EQ(refusal({{"replication", value}}), "accepted") << value;
  }
}

TEST(StartupParameters, OptionsForms) {
  EXPECT_THAT(
      settings({{"options", "-c work_mem=1MB -cgeqo=off\t--search-path=a,b"}}),
      ElementsAre(Pair("work_mem", "1MB"), Pair("geqo", "off"), Pair("search_path", "a,b")));
  EXPECT_THAT(settings({{"options", ""}}), IsEmpty());
  EXPECT_THAT(settings({{"options", " \n "}}), IsEmpty());
  EXPECT_THAT(settings({{"options", "-c datestyle="}}), ElementsAre(Pair("datestyle", "")));
  EXPECT_EQ(sort({{"options", "-c application_name=x"}})->application_name, "x");
}

TEST(StartupParameters, OptionsEscapes) {
  // Seen at PostgreSQL 15: a backslash takes the next character; at the end it is dropped.
  EXPECT_THAT(settings({{"options", R"(-c search_path=a\ b\\c)"}}),
              ElementsAre(Pair("search_path", R"(a b\c)")));
  EXPECT_THAT(settings({{"options", R"(-c work_mem=5MB\)"}}), ElementsAre(Pair("work_mem", "5MB")));
  EXPECT_THAT(refusal({{"options", "\\"}}), StartsWith("42601 "));
}

TEST(StartupParameters, Threat13_OptionsCannotSmuggle) {
  for (const auto* options :
       {"-c", "-c ", "--", "-", "x", "-c work_mem", "--work_mem", "-d 5", "-S 1MB", "-fs", "-B 5",
        "-W 10", "-O", "-P", "work_mem=5", "-c work_mem=1MB x"}) {
    EXPECT_THAT(refusal({{"options", options}}), StartsWith("42601 ")) << options;
  }
  for (const auto* options : {R"(-c r\ole=postgres)", R"(-\c role=postgres)", R"(\-c role=x)",
                              "--role=x", "-crole=x", "-c work_mem=1MB -c role=x", "-c =x"}) {
    EXPECT_THAT(refusal({{"options", options}}), StartsWith("42501 ")) << options;
  }
}

TEST(StartupParameters, RefusalsAreFitToBeShown) {
  const std::string text = refusal({{"\xff\x1b[2J" + std::string(5000, 'x'), "v"}});
  EXPECT_TRUE(is_utf8(text));
  EXPECT_LT(text.size(), 300U);
}

TEST(StartupParameters, ApplicationNameAsTheServerReportsIt) {
  EXPECT_EQ(clean_application_name("psql"), "psql");
  EXPECT_EQ(clean_application_name("a\tb\xc3\xa9"), "a?b??");
  EXPECT_EQ(clean_application_name(std::string(100, 'x')), std::string(63, 'x'));
}

TEST(QuoteLiteral, Forms) {
  EXPECT_EQ(quote_literal(""), "''");
  EXPECT_EQ(quote_literal("plain"), "'plain'");
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_literal("a\\'b"), R"(E'a\x5c''b')");
  EXPECT_EQ(quote_literal("\xc3\xa9"), R"(E'\xc3\xa9')");
  EXPECT_EQ(quote_literal("\n1\x7f"), R"(E'\x0a1\x7f')");
}

TEST(QuoteLiteral, Threat47_MultibyteTrailBytesCannotEscape) {
  // In SJIS 0x81 0x5C is one character: its second byte must not stand there as a backslash.
  EXPECT_EQ(quote_literal("\x81\\' OR 1=1 --"), R"(E'\x81\x5c'' OR 1=1 --')");
}

/// Reads a literal back as the server's lexer does.
std::string unquote(std::string_view literal) {
  const bool escapes = literal.starts_with('E');
  literal.remove_prefix(escapes ? 2 : 1);
  RC_ASSERT(literal.ends_with('\''));
  literal.remove_suffix(1);
  std::string out;
  for (size_t i = 0; i < literal.size(); ++i) {
    if (literal[i] == '\'') {
      RC_ASSERT(++i < literal.size() && literal[i] == '\'');
      out += '\'';
    } else if (literal[i] == '\\') {
      RC_ASSERT(escapes && i + 3 < literal.size() && literal[i + 1] == 'x');
      out += static_cast<char>(std::stoi(std::string(literal.substr(i + 2, 2)), nullptr, 16));
      i += 3;
    } else {
      RC_ASSERT(literal[i] >= 0x20 && literal[i] < 0x7F);
      out += literal[i];
    }
  }
  return out;
}

RC_GTEST_PROP(QuoteLiteral, RoundTrips, ()) {
  const auto piece = rc::gen::oneOf(rc::gen::element<char>('\'', '\\', 'x', 'E', '"', '0', ' '),
                                    rc::gen::arbitrary<char>());
  const auto value = *rc::gen::container<std::string>(piece);
  RC_ASSERT(unquote(quote_literal(value)) == value);
}

TEST(SetBatch, OneStatement) {
  EXPECT_EQ(build_set_batch({}), "");
  EXPECT_EQ(build_set_batch({{"search_path", "\"$user\", public"}, {"timezone", "it's"}}),
            "SELECT pg_catalog.set_config('search_path', '\"$user\", public', false), "
            "pg_catalog.set_config('timezone', 'it''s', false)");
}

}  // namespace
}  // namespace sluice::wire::postgres
