#pragma once

#include "mask/masker.h"
#include "mask/type.h"

/// Maskers of the server's own types, one function for each file; null for a type of another one.
namespace sluice::mask {

MaskerPtr number_masker(TypeRef type, const Means& means);
MaskerPtr text_masker(TypeRef type, const Means& means);
MaskerPtr time_masker(TypeRef type, const Means& means);
MaskerPtr network_masker(TypeRef type, const Means& means);
MaskerPtr bytes_masker(TypeRef type, const Means& means);
MaskerPtr geometry_masker(TypeRef type, const Means& means);
MaskerPtr document_masker(TypeRef type, const Means& means);

/// For extensions' types, known by name: citext, hstore.
MaskerPtr extension_masker(std::string_view name, const Means& means);

/// Always NULL.
MaskerPtr null_masker();

/// Of the labels of an enum: a pseudonym is another label, anything else NULL.
MaskerPtr enum_masker(std::vector<std::string> labels, const Means& means);

/// An array of what `element` masks.
MaskerPtr array_masker(MaskerPtr element, char delimiter);

/// A composite; a field without a masker stays as it is.
MaskerPtr composite_masker(std::vector<MaskerPtr> fields);

/// A range whose bounds `bound` masks, put in order; the empty range where they have none.
MaskerPtr range_masker(MaskerPtr bound, const Means& means);
MaskerPtr multirange_masker(MaskerPtr range, const Means& means);

}  // namespace sluice::mask
