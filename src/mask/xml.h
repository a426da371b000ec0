#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "mask/permuter.h"
#include "mask/strategy.h"

namespace sluice::mask {

/// Text with its five entities and character references resolved; nothing for any other entity.
std::optional<std::string> resolve_entities(Bytes text);

/// Appends `text` such that it means the same within elements and attributes.
void append_xml_text(Bytes text, std::string& out);

/// Appends an XML document or content with its texts, attribute values and comments masked; the
/// names of elements and attributes stay. What is not understood is replaced whole.
void mask_xml(Bytes document, const Rule& rule, const Permuter& permuter, std::string& out);

}  // namespace sluice::mask
