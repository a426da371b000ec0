#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "mask/masker.h"
#include "mask/type.h"

namespace sluice::mask {

/// The type that says how values are written: of a domain its base, text for what is written as
/// text (citext, enums).
Oid written_as(TypeRef type, const std::shared_ptr<const TypeSource>& types);

/// A value as the server writes it in text, if that is known here. It is in `buffer`, or in the
/// value itself. `written` is what written_as says.
std::optional<Bytes> text_form(Oid written, Format format, Bytes value, std::string& buffer);

}  // namespace sluice::mask
