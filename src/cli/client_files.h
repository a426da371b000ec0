#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "cli/kept.h"

// The files that libpq and drivers look into: pg_service.conf and .pgpass.

namespace sluice::cli {

/// Whether clients must see by SCRAM that TLS ends at the gateway: they do not look at its
/// certificate, and show none of their own.
bool binds_channel(const Kept& kept);
/// For libpq. Who shows a certificate gets no proof from the gateway that it knows a secret, and so
/// checks its certificate (authority_of); else no weaker than the gateway offers, and what works
/// without its CA at hand.
const char* sslmode_of(const Kept& kept);
/// The file for libpq's sslrootcert, or "system"; empty without a certificate of one's own.
std::string authority_of(const Kept& kept);

/// $PGSERVICEFILE, or ~/.pg_service.conf.
Result<std::filesystem::path> service_file();
/// $PGPASSFILE, or ~/.pgpass.
Result<std::filesystem::path> password_file();

/// A section for each of the credential's databases, named like it.
std::string service_lines(const Kept& kept);
/// One line for each, with libpq's escapes; none where a certificate stands in for the secret.
std::string password_lines(const Kept& kept);

/// `old` with `ours` between two marks, in place of what stood between them before. What else it
/// says stays as it is. Ours goes first: libpq takes the first line that fits.
std::string with_part(std::string_view old, std::string_view ours);
/// The same of a file, which is made with mode 0600 or gets it. Nothing to say makes none.
Result<> replace_part(const std::filesystem::path& file, std::string_view ours);

/// Whether config-clients wrote `before` to these files; they then say `next` in its place.
Result<bool> refresh_clients(const Kept& before, const Kept& next);

}  // namespace sluice::cli
