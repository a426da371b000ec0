#include "privacy/column_type.h"

#include <algorithm>
#include <string>

#include "privacy/fold.h"

namespace sluice::privacy {

TypeKind type_kind(const ColumnInput& column) {
  if (!column.parts.empty() && !column.type.ends_with("[]")) return TypeKind::kComposite;
  std::string type = fold(column.type);
  if (type.ends_with("[]")) return TypeKind::kArray;
  if (const size_t end = type.find('('); end != std::string::npos) type.resize(end);
  if (const size_t dot = type.rfind('.'); dot != std::string::npos) type.erase(0, dot + 1);
  const auto is = [&](std::initializer_list<std::string_view> names) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view each) {
      return type == each || type.starts_with(std::string(each) + " ");
    });
  };
  if (is({"json", "jsonb", "xml", "hstore"})) return TypeKind::kDocument;
  if (is({"text", "character", "character varying", "varchar", "char", "bpchar", "citext", "name",
          "\"char\""}))
    return TypeKind::kText;
  if (is({"smallint", "integer", "bigint", "int", "int2", "int4", "int8", "serial", "bigserial",
          "smallserial"}))
    return TypeKind::kInteger;
  if (is({"numeric", "decimal", "real", "double precision", "double", "float4", "float8", "money"}))
    return TypeKind::kDecimal;
  if (is({"boolean", "bool"})) return TypeKind::kBoolean;
  if (is({"date", "daterange", "datemultirange"})) return TypeKind::kDate;
  if (is({"timestamp", "timestamptz", "time", "timetz", "tsrange", "tstzrange", "tsmultirange",
          "tstzmultirange"}))
    return TypeKind::kTimestamp;
  if (is({"uuid"})) return TypeKind::kUuid;
  if (is({"inet", "cidr"})) return TypeKind::kNetwork;
  if (is({"macaddr", "macaddr8"})) return TypeKind::kMac;
  if (is({"point", "circle", "box", "path", "polygon", "lseg", "line", "geometry", "geography"}))
    return TypeKind::kPoint;
  if (is({"bytea"})) return TypeKind::kBytes;
  return TypeKind::kOther;
}

bool may_hold_identifiers(TypeKind type) {
  switch (type) {
    case TypeKind::kText:
    case TypeKind::kInteger:
    case TypeKind::kDecimal:
    case TypeKind::kDate:
    case TypeKind::kTimestamp:
    case TypeKind::kNetwork:
    case TypeKind::kMac:
    case TypeKind::kPoint:
      return true;
    default:
      return false;
  }
}

bool fits(TypeKind type, Class cls) {
  switch (type) {
    case TypeKind::kText:
    case TypeKind::kArray:
    case TypeKind::kDocument:
    case TypeKind::kComposite:
    case TypeKind::kBytes:
      return true;
    case TypeKind::kInteger:
      return is_national_id(cls) || cls == Class::kPhone || cls == Class::kCardNumber ||
             cls == Class::kCardCode || cls == Class::kBankAccount || cls == Class::kBankRouting ||
             cls == Class::kPostcode || cls == Class::kAge || cls == Class::kImei ||
             cls == Class::kSalary || cls == Class::kMedicalRecord ||
             cls == Class::kHealthInsurance || cls == Class::kPassport ||
             cls == Class::kDrivingLicence || cls == Class::kHealthData ||
             cls == Class::kBirthDate || cls == Class::kMfaSeed || cls == Class::kDeviceId;
    case TypeKind::kDecimal:
      // numeric(15) holds numbers as long as they come.
      return cls == Class::kGeoPosition || fits(TypeKind::kInteger, cls);
    case TypeKind::kDate:
    case TypeKind::kTimestamp:
      return cls == Class::kBirthDate || cls == Class::kCardExpiry;
    case TypeKind::kUuid:
      return cls == Class::kDeviceId || cls == Class::kAccessToken || cls == Class::kApiKey ||
             cls == Class::kSessionCookie;
    case TypeKind::kNetwork:
      return cls == Class::kIpAddress;
    case TypeKind::kMac:
      return cls == Class::kMacAddress || cls == Class::kDeviceId;
    case TypeKind::kPoint:
      return cls == Class::kGeoPosition;
    case TypeKind::kBoolean:
      return false;
    case TypeKind::kOther:
      return cls == Class::kGender || cls == Class::kReligion || cls == Class::kEthnicity ||
             cls == Class::kHealthData || cls == Class::kNationality;
  }
  return false;
}

}  // namespace sluice::privacy
