#include "sql/function_risk.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <unordered_map>
#include <unordered_set>

namespace sluice::sql {
namespace {

using enum FunctionRisk;
using Names = std::initializer_list<std::string_view>;
using Risks = std::unordered_map<std::string_view, FunctionRisk>;

struct Group {
  FunctionRisk risk;
  Names names;
};

Risks by_name(std::initializer_list<Group> groups) {
  Risks risks;
  for (const Group& group : groups) {
    for (const std::string_view name : group.names) risks.emplace(name, group.risk);
  }
  return risks;
}

/// Functions of pg_catalog, PostgreSQL 12 to 18, and of adminpack, which installs itself there.
const Risks& of_catalog() {
  static const Risks risks = by_name({
      {kFile,
       {"lo_import", "lo_export", "pg_stat_file", "pg_current_logfile", "pg_show_all_file_settings",
        "pg_hba_file_rules", "pg_ident_file_mappings", "pg_file_length", "pg_file_read",
        "pg_file_rename", "pg_file_sync", "pg_file_unlink", "pg_file_write", "pg_logdir_ls"}},
      {kDynamicSql,
       {"query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema", "cursor_to_xml",
        "cursor_to_xmlschema", "table_to_xml", "table_to_xmlschema", "table_to_xml_and_xmlschema",
        "schema_to_xml", "schema_to_xmlschema", "schema_to_xml_and_xmlschema", "database_to_xml",
        "database_to_xmlschema", "database_to_xml_and_xmlschema", "ts_stat", "ts_rewrite"}},
      {kSetting, {"set_config"}},
      {kSleep, {"pg_sleep", "pg_sleep_for", "pg_sleep_until"}},
      {kServer,
       {"pg_terminate_backend",
        "pg_cancel_backend",
        "pg_reload_conf",
        "pg_rotate_logfile",
        "pg_rotate_logfile_old",
        "pg_logfile_rotate",
        "pg_switch_wal",
        "pg_switch_xlog",
        "pg_create_restore_point",
        "pg_promote",
        "pg_wal_replay_pause",
        "pg_wal_replay_resume",
        "pg_backup_start",
        "pg_backup_stop",
        "pg_start_backup",
        "pg_stop_backup",
        "pg_log_backend_memory_contexts",
        "pg_log_standby_snapshot",
        "pg_create_physical_replication_slot",
        "pg_create_logical_replication_slot",
        "pg_copy_physical_replication_slot",
        "pg_copy_logical_replication_slot",
        "pg_drop_replication_slot",
        "pg_replication_slot_advance",
        "pg_sync_replication_slots",
        "pg_logical_slot_get_changes",
        "pg_logical_slot_peek_changes",
        "pg_logical_slot_get_binary_changes",
        "pg_logical_slot_peek_binary_changes",
        "pg_logical_emit_message",
        "pg_stat_get_wal_receiver",  // shows how the server connects to its primary
        "pg_stat_reset",
        "pg_stat_reset_shared",
        "pg_stat_reset_slru",
        "pg_stat_reset_single_table_counters",
        "pg_stat_reset_single_function_counters",
        "pg_stat_reset_replication_slot",
        "pg_stat_reset_subscription_stats",
        "pg_stat_reset_backend_stats",
        "pg_restore_relation_stats",
        "pg_restore_attribute_stats",
        "pg_clear_relation_stats",
        "pg_clear_attribute_stats",
        "pg_import_system_collations",
        "pg_extension_config_dump",
        "pg_nextoid",
        "pg_stop_making_pinned_objects",
        "brin_summarize_new_values",
        "brin_summarize_range",
        "brin_desummarize_range",
        "gin_clean_pending_list"}},
      {kStatistics, {"pg_stat_get_activity", "pg_stat_get_backend_activity", "pg_mcv_list_items"}},
  });
  return risks;
}

/// Extensions' functions, whatever schema they were installed in.
const Risks& of_extensions() {
  static const Risks risks = by_name({
      // file: log_fdw, xml2 (a style sheet may name documents)
      {kFile, {"list_postgres_log_files", "create_foreign_table_for_log_file", "xslt_process"}},
      // network: pgsql-http, pg_net, aws_s3, oracle_fdw; dblink by its prefix
      {kNetwork,
       {"http", "http_get", "http_post", "http_put", "http_patch", "http_delete", "http_head",
        "table_import_from_s3", "query_export_to_s3", "oracle_execute", "oracle_diag"}},
      // dynamic SQL: tablefunc, xml2, pg_background, TimescaleDB, Citus, pglogical
      {kDynamicSql,
       {"crosstab", "crosstab2", "crosstab3", "crosstab4", "connectby", "xpath_table",
        "pg_background_launch", "pg_background_result", "add_job", "run_job", "alter_job",
        "run_command_on_workers", "run_command_on_placements", "run_command_on_shards",
        "run_command_on_all_nodes", "run_command_on_coordinator", "replicate_ddl_command"}},
      // role changes: set_user
      {kSetting, {"set_user", "set_user_u", "reset_user", "set_session_auth"}},
      // server: pg_surgery, pg_visibility, pg_walinspect, pg_prewarm, pg_buffercache, amcheck
      {kServer,
       {"heap_force_kill", "heap_force_freeze", "pg_truncate_visibility_map",
        "pg_get_wal_record_info", "pg_get_wal_records_info",
        "pg_get_wal_records_info_till_end_of_wal", "pg_get_wal_block_info", "pg_get_wal_stats",
        "pg_get_wal_stats_till_end_of_wal", "pg_prewarm", "autoprewarm_start_worker",
        "autoprewarm_dump_now", "pg_buffercache_evict", "pg_buffercache_evict_relation",
        "pg_buffercache_evict_all", "bt_index_parent_check", "pg_stat_statements_reset"}},
      // values of rows, or of other users' statements: pageinspect, pg_stat_statements
      {kStatistics,
       {"get_raw_page", "heap_page_items", "heap_page_item_attrs", "tuple_data_split",
        "bt_page_items", "brin_page_items", "gist_page_items", "gist_page_items_bytea",
        "gin_leafpage_items", "hash_page_items", "pg_stat_statements"}},
  });
  return risks;
}

/// Extensions whose functions have everyday names, by the schema they always live in.
const Risks& of_schemas() {
  static const Risks risks = by_name({
      {kDynamicSql, {"cron", "dbms_sql"}},
      {kFile, {"utl_file"}},
      {kNetwork, {"aws_lambda", "aws_s3", "net"}},
      {kServer, {"pglogical", "pgtle", "bdr"}},
  });
  return risks;
}

/// Those of pg_catalog named pg_… that do nothing but tell about the schema, the session or
/// counters; `pg_stat_get_…` and the like are recognised by their prefixes.
bool harmless(std::string_view name) {
  static const std::unordered_set<std::string_view> names = {
      "pg_available_extension_versions", "pg_available_extensions", "pg_available_wal_summaries",
      "pg_backend_pid", "pg_basetype", "pg_blocking_pids", "pg_char_to_encoding",
      "pg_client_encoding", "pg_collation_actual_version", "pg_collation_for",
      "pg_column_compression", "pg_column_is_updatable", "pg_column_size",
      "pg_column_toast_chunk_id", "pg_conf_load_time", "pg_config", "pg_control_checkpoint",
      "pg_control_init", "pg_control_recovery", "pg_control_system", "pg_current_snapshot",
      "pg_current_wal_flush_lsn", "pg_current_wal_insert_lsn", "pg_current_wal_lsn",
      "pg_current_xact_id", "pg_current_xact_id_if_assigned", "pg_cursor",
      "pg_database_collation_actual_version", "pg_database_size", "pg_describe_object",
      "pg_encoding_max_length", "pg_encoding_to_char", "pg_event_trigger_ddl_commands",
      "pg_event_trigger_dropped_objects", "pg_event_trigger_table_rewrite_oid",
      "pg_event_trigger_table_rewrite_reason", "pg_export_snapshot", "pg_extension_update_paths",
      "pg_filenode_relation", "pg_get_acl", "pg_get_aios", "pg_get_backend_memory_contexts",
      "pg_get_catalog_foreign_keys", "pg_get_constraintdef", "pg_get_expr",
      "pg_get_function_arg_default", "pg_get_function_arguments",
      "pg_get_function_identity_arguments", "pg_get_function_result", "pg_get_function_sqlbody",
      "pg_get_functiondef", "pg_get_indexdef", "pg_get_keywords", "pg_get_loaded_modules",
      "pg_get_multixact_members", "pg_get_object_address", "pg_get_partition_constraintdef",
      "pg_get_partkeydef", "pg_get_publication_tables", "pg_get_replica_identity_index",
      "pg_get_replication_slots", "pg_get_ruledef", "pg_get_sequence_data",
      "pg_get_serial_sequence", "pg_get_shmem_allocations", "pg_get_shmem_allocations_numa",
      "pg_get_statisticsobjdef", "pg_get_statisticsobjdef_columns",
      "pg_get_statisticsobjdef_expressions", "pg_get_triggerdef", "pg_get_userbyid",
      "pg_get_viewdef", "pg_get_wait_events", "pg_get_wal_replay_pause_state",
      "pg_get_wal_resource_managers", "pg_get_wal_summarizer_state", "pg_has_role",
      "pg_identify_object", "pg_identify_object_as_address", "pg_index_column_has_property",
      "pg_index_has_property", "pg_indexam_has_property", "pg_indexam_progress_phasename",
      "pg_indexes_size", "pg_input_error_info", "pg_input_is_valid", "pg_is_in_backup",
      "pg_is_in_recovery", "pg_is_other_temp_schema", "pg_is_wal_replay_paused",
      "pg_isolation_test_session_is_blocked", "pg_jit_available", "pg_last_committed_xact",
      "pg_last_wal_receive_lsn", "pg_last_wal_replay_lsn", "pg_last_xact_replay_timestamp",
      "pg_listening_channels", "pg_lock_status", "pg_lsn", "pg_my_temp_schema",
      "pg_notification_queue_usage", "pg_notify", "pg_numa_available", "pg_options_to_table",
      "pg_partition_ancestors", "pg_partition_root", "pg_partition_tree",
      "pg_postmaster_start_time", "pg_prepared_statement", "pg_prepared_xact",
      "pg_relation_filenode", "pg_relation_filepath", "pg_relation_is_publishable",
      "pg_relation_is_updatable", "pg_relation_size", "pg_safe_snapshot_blocking_pids",
      "pg_sequence_last_value", "pg_sequence_parameters", "pg_settings_get_flags",
      "pg_show_all_settings", "pg_show_replication_origin_status", "pg_size_bytes",
      "pg_size_pretty", "pg_snapshot_xip", "pg_snapshot_xmax", "pg_snapshot_xmin",
      "pg_split_walfile_name", "pg_stat_clear_snapshot", "pg_stat_force_next_flush",
      "pg_stat_have_stats", "pg_table_size", "pg_tablespace_databases", "pg_tablespace_location",
      "pg_tablespace_size", "pg_timezone_abbrevs", "pg_timezone_abbrevs_abbrevs",
      "pg_timezone_abbrevs_zone", "pg_timezone_names", "pg_total_relation_size", "pg_trigger_depth",
      "pg_typeof", "pg_visible_in_snapshot", "pg_wal_lsn_diff", "pg_wal_summary_contents",
      "pg_walfile_name", "pg_walfile_name_offset", "pg_xact_commit_timestamp",
      "pg_xact_commit_timestamp_origin", "pg_xact_status",
      // Extensions' own, should one be installed in pg_catalog.
      "pg_buffercache_pages", "pg_buffercache_summary", "pg_check_frozen", "pg_check_visible",
      "pg_freespace", "pg_old_snapshot_time_mapping", "pg_relpages", "pg_stat_statements_info",
      "pg_visibility", "pg_visibility_map", "pg_visibility_map_summary"};
  // Counters, advisory locks, and the functions of types.
  static constexpr std::array<std::string_view, 11> kPrefixes = {
      "pg_stat_get_",  "pg_advisory_",  "pg_try_advisory_", "pg_lsn_",
      "pg_snapshot_",  "pg_node_tree_", "pg_ddl_command_",  "pg_dependencies_",
      "pg_ndistinct_", "pg_mcv_list_",  "pg_brin_"};
  const auto begins = [&](std::string_view prefix) { return name.starts_with(prefix); };
  return names.contains(name) || name.ends_with("_is_visible") ||
         std::any_of(kPrefixes.begin(), kPrefixes.end(), begins);
}

FunctionRisk catalog_risk(std::string_view name) {
  if (const auto it = of_catalog().find(name); it != of_catalog().end()) return it->second;
  if (name.starts_with("pg_ls_") || name.starts_with("pg_read_")) return kFile;
  if (name.starts_with("lo_") || name == "loread" || name == "lowrite") return kLargeObject;
  // Who follows a stream of changes, and up to where.
  if (name.starts_with("pg_replication_") || name.starts_with("binary_upgrade_")) return kServer;
  // Citus puts its cluster administration here.
  if (name.starts_with("citus_") || name.starts_with("master_")) return kServer;
  return name.starts_with("pg_") && !harmless(name) ? kUnknown : kNone;
}

}  // namespace

FunctionRisk risk_of(std::string_view schema, std::string_view name) {
  if (const auto it = of_extensions().find(name); it != of_extensions().end()) return it->second;
  if (name == "dblink" || name.starts_with("dblink_")) return kNetwork;
  if (schema.empty() || schema == "pg_catalog") return catalog_risk(name);
  const auto it = of_schemas().find(schema);
  return it == of_schemas().end() ? kNone : it->second;
}

FunctionRisk risk_of_language(std::string_view language) {
  // Empty: the body could not be read.
  static constexpr std::array<std::string_view, 13> kTrusted = {
      "",     "c",        "sql",   "plpgsql", "plperl", "pltcl", "plv8",
      "plls", "plcoffee", "pllua", "pljava",  "plrust", "pltsql"};
  const bool trusted = std::find(kTrusted.begin(), kTrusted.end(), language) != kTrusted.end();
  return trusted ? kUnknown : kProgram;
}

std::string_view name_of(FunctionRisk risk) {
  switch (risk) {
    case kNone:
      return "";
    case kFile:
      return "file";
    case kProgram:
      return "program";
    case kNetwork:
      return "network";
    case kDynamicSql:
      return "dynamic_sql";
    case kSetting:
      return "setting";
    case kSleep:
      return "sleep";
    case kServer:
      return "server";
    case kLargeObject:
      return "large_object";
    case kStatistics:
      return "statistics";
    case kUnknown:
      return "unknown";
  }
  return "unknown";
}

}  // namespace sluice::sql
