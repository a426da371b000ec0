// Values of the configuration file.
#include "config/units.h"
#include "input.h"

using namespace sluice::config;

FUZZ(bytes) {
  (void)parse_duration(bytes);
  (void)parse_size(bytes);
  (void)parse_host_port(bytes);
  DatabaseConfig database;
  if (parse_database_url(bytes, database))
    require(!database.host.empty() && !database.server_database.empty());
}
