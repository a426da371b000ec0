#pragma once

#include "privacy/column_values.h"

/// What the forms and the vocabulary of many values prove together, none by itself.
namespace sluice::privacy {

/// A column whose values never have what their scheme forbids is of that scheme: licence plates
/// without the letters that are taken for digits, telephone numbers without the area codes that
/// nobody has. The more values, the surer.
void try_plates(const ColumnInput& column, const ValueStats& stats, ValueVerdict& best);
void try_bare_phones(const ColumnInput& column, const ValueStats& stats, ValueVerdict& best);

/// Seeds of second factors: base32 without 0, 1, 8 and 9.
void try_seeds(const ColumnInput& column, const ValueStats& stats, ValueVerdict& best);

/// Blood groups, codes and words of diagnoses; beliefs, origins and the like.
/// Addresses by words for streets of many languages; `stats` says what was found by their form.
void try_streets(const ColumnInput& column, const ValueStats& stats, ValueVerdict& best);
void try_vocabularies(const ColumnInput& column, const ValueStats& stats, ValueVerdict& best);

/// Whether a value is a digest by its length: sixteen or twenty bytes as base64, which keys are
/// not. Checksums of contents are written so, and are nobody's.
bool is_base64_digest(std::string_view value);

/// So improbable by chance that the values must be of the scheme.
bool significant(double passed, double chance, size_t values);

}  // namespace sluice::privacy
