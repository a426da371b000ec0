#include "gateway/driver.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

std::string_view driver(Parameters parameters) {
  wire::postgres::StartupMessage message;
  message.parameters = std::move(parameters);
  return driver_of(message);
}

TEST(Driver, ProgramsThatSayWhoTheyAre) {
  EXPECT_EQ(driver({{"user", "a"}, {"database", "b"}, {"application_name", "psql"}}), "psql");
  EXPECT_EQ(driver({{"user", "a"}, {"application_name", "pgAdmin 4 - DB:orders"}}), "pgAdmin");
  EXPECT_EQ(driver({{"user", "a"}, {"application_name", "DBeaver 23.2 - Main"}}), "JDBC");
}

TEST(Driver, DriversByWhatTheySend) {
  EXPECT_EQ(driver({{"user", "a"},
                    {"database", "b"},
                    {"client_encoding", "UTF8"},
                    {"DateStyle", "ISO"},
                    {"TimeZone", "Europe/Berlin"},
                    {"extra_float_digits", "2"}}),
            "JDBC");
  EXPECT_EQ(driver({{"client_encoding", "'utf-8'"}, {"user", "a"}, {"database", "b"}}), "asyncpg");
  EXPECT_EQ(driver({{"user", "a"}, {"client_encoding", "UTF8"}, {"database", "b"}}), "npgsql");
  EXPECT_EQ(driver({{"client_encoding", "UTF8"}, {"user", "a"}, {"database", "b"}}),
            "tokio-postgres");
  EXPECT_EQ(driver({{"user", "a"}, {"database", "b"}, {"client_encoding", "UTF8"}}),
            "node-postgres");
  EXPECT_EQ(driver({{"user", "a"},
                    {"database", "b"},
                    {"DateStyle", "ISO, MDY"},
                    {"client_encoding", "UTF8"},
                    {"TimeZone", "UTC"}}),
            "sqlx");
  EXPECT_EQ(driver({{"client_encoding", "UTF8"},
                    {"datestyle", "ISO, MDY"},
                    {"extra_float_digits", "2"},
                    {"user", "a"}}),
            "lib/pq");
}

TEST(Driver, WhatCouldBeAnythingIsNotGuessed) {
  EXPECT_EQ(driver({{"user", "a"}, {"database", "b"}}), "");
  EXPECT_EQ(driver({{"user", "a"}, {"database", "b"}, {"application_name", "web"}}), "");
  EXPECT_EQ(driver({{"user", "a"},
                    {"database", "b"},
                    {"application_name", "web"},
                    {"client_encoding", "UTF8"}}),
            "");
  EXPECT_EQ(driver({}), "");
}

}  // namespace
}  // namespace sluice::gateway
