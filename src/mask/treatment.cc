#include "mask/treatment.h"

namespace sluice::mask {
namespace {

using privacy::Class;
using privacy::Method;

Kind kind_of(Class cls) {
  if (privacy::is_credential(cls)) return Kind::kSecret;
  switch (cls) {
    case Class::kPersonName:
      return Kind::kName;
    case Class::kEmail:
      return Kind::kEmail;
    case Class::kPhone:
      return Kind::kPhone;
    case Class::kPostcode:
      return Kind::kPostcode;
    case Class::kBirthDate:
    case Class::kCardExpiry:
      return Kind::kDate;
    case Class::kIpAddress:
      return Kind::kIp;
    case Class::kMacAddress:
      return Kind::kMac;
    case Class::kDeviceId:
      return Kind::kUuid;
    case Class::kCardNumber:
      return Kind::kCard;
    // The last four of any account help as those of an IBAN do; what is none becomes a text of the
    // same letters and digits.
    case Class::kIban:
    case Class::kBankAccount:
      return Kind::kIban;
    case Class::kCardCode:
      return Kind::kSecret;
    case Class::kGeoPosition:
      return Kind::kGeo;
    default:
      return Kind::kAny;
  }
}

Strategy strategy_of(Method method) {
  switch (method) {
    case Method::kRedact:
      return Strategy::kRedact;
    case Method::kPartial:
      return Strategy::kPartial;
    case Method::kPseudonym:
      return Strategy::kPseudonym;
    case Method::kGeneralise:
      return Strategy::kGeneralise;
    case Method::kNull:
      return Strategy::kNull;
    case Method::kHash:
      return Strategy::kHash;
  }
  return Strategy::kRedact;
}

}  // namespace

Rule rule_for(Class cls, Method method) {
  constexpr uint64_t kYears = 10;
  return {.strategy = strategy_of(method),
          .kind = kind_of(cls),
          .step = cls == Class::kAge ? kYears : 0};
}

Treatment default_treatment() {
  Treatment out;
  for (const privacy::ClassInfo& info : privacy::classes())
    if (privacy::masked_by_default(info.id)) out.of(info.id) = rule_for(info.id, info.method);
  return out;
}

}  // namespace sluice::mask
