#include "sql/function_risk.h"

#include <array>
#include <utility>

#include <gtest/gtest.h>

namespace sluice::sql {
namespace {

using enum FunctionRisk;

struct Case {
  const char* schema;
  const char* name;
  FunctionRisk risk;
};

class Risk : public ::testing::TestWithParam<Case> {};
TEST_P(Risk, IsKnownByName) {
  const Case& c = GetParam();
  EXPECT_EQ(risk_of(c.schema, c.name), c.risk) << c.schema << "." << c.name;
}

INSTANTIATE_TEST_SUITE_P(
    Catalog, Risk,
    ::testing::Values(
        Case{"pg_catalog", "pg_read_file", kFile}, Case{"", "pg_read_file", kFile},
        Case{"pg_catalog", "pg_read_binary_file", kFile}, Case{"pg_catalog", "pg_ls_dir", kFile},
        Case{"pg_catalog", "pg_ls_waldir", kFile}, Case{"pg_catalog", "pg_stat_file", kFile},
        Case{"pg_catalog", "lo_import", kFile}, Case{"pg_catalog", "lo_export", kFile},
        Case{"pg_catalog", "lo_get", kLargeObject}, Case{"pg_catalog", "lowrite", kLargeObject},
        Case{"pg_catalog", "loread", kLargeObject}, Case{"pg_catalog", "pg_sleep_for", kSleep},
        Case{"pg_catalog", "set_config", kSetting}, Case{"pg_catalog", "query_to_xml", kDynamicSql},
        Case{"pg_catalog", "database_to_xmlschema", kDynamicSql},
        Case{"pg_catalog", "ts_stat", kDynamicSql}, Case{"pg_catalog", "ts_rewrite", kDynamicSql},
        Case{"pg_catalog", "pg_terminate_backend", kServer},
        Case{"pg_catalog", "pg_replication_origin_create", kServer},
        Case{"pg_catalog", "pg_logical_emit_message", kServer},
        Case{"pg_catalog", "pg_stat_get_activity", kStatistics},
        Case{"pg_catalog", "pg_stat_get_live_tuples", kNone},
        Case{"pg_catalog", "pg_file_unlink", kFile}, Case{"pg_catalog", "nextval", kNone},
        Case{"pg_catalog", "pg_notify", kNone}, Case{"pg_catalog", "pg_get_viewdef", kNone},
        Case{"pg_catalog", "has_table_privilege", kNone},
        Case{"pg_catalog", "pg_advisory_xact_lock", kNone},
        Case{"pg_catalog", "plainto_tsquery", kNone}, Case{"pg_catalog", "txid_current", kNone},
        Case{"pg_catalog", "pg_lsn_in", kNone}, Case{"pg_catalog", "pg_type_is_visible", kNone},
        Case{"pg_catalog", "upper", kNone},
        Case{"pg_catalog", "pg_something_a_newer_server_has", kUnknown}));

INSTANTIATE_TEST_SUITE_P(
    Extensions, Risk,
    ::testing::Values(Case{"public", "dblink", kNetwork}, Case{"ext", "dblink_exec", kNetwork},
                      Case{"", "dblink_connect_u", kNetwork},
                      Case{"extensions", "crosstab", kDynamicSql},
                      Case{"public", "xpath_table", kDynamicSql},
                      Case{"public", "get_raw_page", kStatistics},
                      Case{"public", "heap_force_kill", kServer},
                      Case{"cron", "schedule", kDynamicSql}, Case{"app", "schedule", kNone},
                      Case{"net", "http_get", kNetwork}, Case{"public", "http_post", kNetwork}));

/// A user's own function of such a name is judged by its body, not by its name.
INSTANTIATE_TEST_SUITE_P(OwnFunctions, Risk,
                         ::testing::Values(Case{"app", "pg_sleep", kNone},
                                           Case{"app", "lo_get", kNone},
                                           Case{"app", "pg_mine", kNone}));

/// What PostgreSQL 15 itself takes away from PUBLIC (system_functions.sql), but for
/// pg_stat_have_stats, which only says whether counters are there.
TEST(FunctionRisk, WhatTheServerKeepsFromThePublicIsARisk) {
  constexpr std::array kRestricted = {"pg_backup_start",
                                      "pg_backup_stop",
                                      "pg_create_restore_point",
                                      "pg_switch_wal",
                                      "pg_wal_replay_pause",
                                      "pg_wal_replay_resume",
                                      "pg_rotate_logfile",
                                      "pg_reload_conf",
                                      "pg_current_logfile",
                                      "pg_promote",
                                      "pg_stat_reset",
                                      "pg_stat_reset_shared",
                                      "pg_stat_reset_slru",
                                      "pg_stat_reset_single_table_counters",
                                      "pg_stat_reset_single_function_counters",
                                      "pg_stat_reset_replication_slot",
                                      "pg_stat_reset_subscription_stats",
                                      "lo_import",
                                      "lo_export",
                                      "pg_ls_logdir",
                                      "pg_ls_waldir",
                                      "pg_ls_archive_statusdir",
                                      "pg_ls_tmpdir",
                                      "pg_read_file",
                                      "pg_read_binary_file",
                                      "pg_replication_origin_advance",
                                      "pg_replication_origin_create",
                                      "pg_replication_origin_drop",
                                      "pg_replication_origin_oid",
                                      "pg_replication_origin_progress",
                                      "pg_replication_origin_session_is_setup",
                                      "pg_replication_origin_session_progress",
                                      "pg_replication_origin_session_reset",
                                      "pg_replication_origin_session_setup",
                                      "pg_replication_origin_xact_reset",
                                      "pg_replication_origin_xact_setup",
                                      "pg_stat_file",
                                      "pg_ls_dir",
                                      "pg_log_backend_memory_contexts",
                                      "pg_ls_logicalsnapdir",
                                      "pg_ls_logicalmapdir",
                                      "pg_ls_replslotdir"};
  for (const char* name : kRestricted) EXPECT_NE(risk_of("pg_catalog", name), kNone) << name;
}

TEST(FunctionRisk, Names) {
  EXPECT_EQ(name_of(kNone), "");
  EXPECT_EQ(name_of(kDynamicSql), "dynamic_sql");
  EXPECT_EQ(name_of(kUnknown), "unknown");
}

}  // namespace
}  // namespace sluice::sql
