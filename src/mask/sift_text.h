#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "mask/sift.h"

/// What is sensitive within texts and documents, masked as a Look says.
namespace sluice::mask {

/// Appends any text; what looks like a document is taken as one, and stays one.
void sift_text(Bytes text, const Look& look, std::string& out);

/// Appends a JSON document. An error when it is none.
Result<> sift_json(Bytes document, const Look& look, std::string& out);

/// Appends XML.
void sift_xml(Bytes document, const Look& look, std::string& out);

/// Appends an hstore.
Result<> sift_hstore(Format format, Bytes value, const Look& look, std::string& out);

/// Appends a bytea.
Result<> sift_bytea(Format format, Bytes value, const Look& look, std::string& out);

/// The first class found, of those that are masked, in a value that is masked whole or not at all;
/// kNone if there is nothing.
privacy::Class class_within(Bytes value, const Look& look);

/// What the name alone says of a value that cannot be read; kNone if that is not masked.
privacy::Class class_by_name(const Look& look);

}  // namespace sluice::mask
