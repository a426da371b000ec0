#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "privacy/find.h"
#include "privacy/name_words.h"

/// Sensitive parts of values that have parts: by the name of each part and by its value. Offsets
/// are those of the text as it stands; a span never cuts an escape, and covers no quotes.
namespace sluice::privacy {

/// JSON text. What is no JSON is searched as plain text from where it stops being any.
std::vector<Span> find_in_json(std::string_view text, const Context& context = {});

/// XML text: elements and attributes by their names, character data by its value.
std::vector<Span> find_in_xml(std::string_view text, const Context& context = {});

/// The text form of arrays, "{a,"b c",NULL}", and of composites, "(a,"b c",)". `names` has the
/// names of a composite's parts, or one name that all elements of an array share.
std::vector<Span> find_in_array(std::string_view text, const std::vector<std::string>& names,
                                const Context& context = {});

/// hstore ("\"k\"=>\"v\"") and key-value text ("k=v; k2: v2").
std::vector<Span> find_in_pairs(std::string_view text, const Context& context = {});

/// Whether a text column's value is one of these by its look.
bool looks_like_json(std::string_view text);
bool looks_like_xml(std::string_view text);
bool looks_like_pairs(std::string_view text);

/// One value under a name: whole, if the name says so and the value does not gainsay it, or what is
/// found in it. `path` is the meaning of what the name stands in. Without escapes.
std::vector<Span> find_in_named(std::string_view name, std::string_view value,
                                const Concepts& path = {}, const Context& context = {});

}  // namespace sluice::privacy
