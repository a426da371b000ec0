#include "gateway/server_rules.h"

namespace sluice::gateway {

using wire::postgres::Framer;

namespace {

Framer::Rules make_rules() {
  Framer::Rules rules;
  for (const char type : {'D', 'd'}) {
    rules.by_type[static_cast<unsigned char>(type)] = Framer::Handling::kStream;
  }
  for (const char type :
       {'1', '2', '3', 'A', 'C', 'E', 'G', 'H', 'I', 'N', 'n', 'S', 's', 'T', 't', 'V', 'Z', 'c'}) {
    rules.by_type[static_cast<unsigned char>(type)] = Framer::Handling::kGather;
  }
  rules.gather_limit = 1 << 20;
  return rules;
}

}  // namespace

const Framer::Rules& server_rules() {
  static const Framer::Rules rules = make_rules();
  return rules;
}

const Framer::Rules& masking_rules() {
  static const Framer::Rules rules = [] {
    Framer::Rules with_rows = make_rules();
    with_rows.by_type[static_cast<unsigned char>('D')] = Framer::Handling::kGather;
    with_rows.gather_limit = kLongestMaskedRow;
    return with_rows;
  }();
  return rules;
}

}  // namespace sluice::gateway
