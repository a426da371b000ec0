// json, jsonb, xml, tsvector, hstore, citext.
#include "mask/families.h"
#include "mask/hstore.h"
#include "mask/json.h"
#include "mask/text_vector.h"
#include "mask/xml.h"

namespace sluice::mask {
namespace {

class JsonMasker : public Masker {
 public:
  /// jsonb's binary form has a version before the text.
  JsonMasker(Means means, bool versioned) : means_(std::move(means)), versioned_(versioned) {}

 private:
  Result<Masked> text(Bytes value, std::string& out) const override {
    SLUICE_TRY(mask_json(value, means_.rule, *means_.permuter, out));
    return Masked::kValue;
  }
  Result<Masked> binary(Bytes value, std::string& out) const override {
    if (versioned_) {
      if (!value.starts_with('\1')) return malformed("jsonb");
      out.push_back('\1');
      value.remove_prefix(1);
    }
    return text(value, out);
  }

  Means means_;
  bool versioned_;
};

class XmlMasker : public Masker {
 public:
  explicit XmlMasker(Means means) : means_(std::move(means)) {}

 private:
  Result<Masked> text(Bytes value, std::string& out) const override {
    mask_xml(value, means_.rule, *means_.permuter, out);
    return Masked::kValue;
  }
  Result<Masked> binary(Bytes value, std::string& out) const override { return text(value, out); }

  Means means_;
};

class HstoreMasker : public Masker {
 public:
  explicit HstoreMasker(Means means) : means_(std::move(means)) {}

 private:
  Result<Masked> text(Bytes value, std::string& out) const override {
    SLUICE_TRY(mask_hstore_text(value, means_.rule, *means_.permuter, out));
    return Masked::kValue;
  }
  Result<Masked> binary(Bytes value, std::string& out) const override {
    SLUICE_TRY(mask_hstore_binary(value, means_.rule, *means_.permuter, out));
    return Masked::kValue;
  }

  Means means_;
};

/// A list of words: pseudonyms keep it one, anything else leaves none of them.
class TextVectorMasker : public Masker {
 public:
  explicit TextVectorMasker(Means means) : means_(std::move(means)) {}

 private:
  bool exact() const { return means_.rule.strategy == Strategy::kPseudonym; }

  Result<Masked> text(Bytes value, std::string& out) const override {
    if (!exact()) return Masked::kValue;
    SLUICE_TRY(mask_text_vector_text(value, *means_.permuter, out));
    return Masked::kValue;
  }
  Result<Masked> binary(Bytes value, std::string& out) const override {
    if (!exact()) {
      append_be32(out, 0);
      return Masked::kValue;
    }
    SLUICE_TRY(mask_text_vector_binary(value, *means_.permuter, out));
    return Masked::kValue;
  }

  Means means_;
};

}  // namespace

MaskerPtr document_masker(TypeRef type, const Means& means) {
  switch (type.oid) {
    case 114:
      return std::make_shared<JsonMasker>(means, false);
    case 3802:
      return std::make_shared<JsonMasker>(means, true);
    case 142:
      return std::make_shared<XmlMasker>(means);
    case 3614:
      return std::make_shared<TextVectorMasker>(means);
    default:
      return nullptr;
  }
}

MaskerPtr extension_masker(std::string_view name, const Means& means) {
  if (name == "citext") return text_masker({.oid = 25}, means);
  if (name == "hstore") return std::make_shared<HstoreMasker>(means);
  return nullptr;
}

}  // namespace sluice::mask
