// Bodies of messages from clients.
#include "input.h"
#include "wire/postgres/messages.h"

using namespace sluice::wire::postgres;

namespace {

/// A view that a decoder gave out lies within what it was given.
bool inside(std::string_view view, std::string_view bytes) {
  return view.empty() ||
         (view.data() >= bytes.data() && view.data() + view.size() <= bytes.data() + bytes.size());
}

void check_bind(std::string_view bytes) {
  const auto prefix = decode_bind_prefix(bytes);
  if (!prefix) return;
  require(prefix->parameters_offset <= bytes.size());
  require(prefix->portal.size() + prefix->statement.size() + 2 == prefix->parameters_offset);
  const auto parameters = bind_parameters(bytes, prefix->parameters_offset);
  if (!parameters) return;
  require(parameters->size() >= 4 && inside(*parameters, bytes));
  // It is the shortest beginning that holds them all.
  require(bind_parameters(*parameters, 0)->size() == parameters->size());
  require(!bind_parameters(parameters->substr(0, parameters->size() - 1), 0));
}

}  // namespace

FUZZ(bytes) {
  if (const auto query = decode_query(bytes)) {
    require(query->text.size() + 1 == bytes.size());
    require(query->text.find('\0') == std::string_view::npos);
  }
  if (const auto parse = decode_parse(bytes)) {
    require(inside(parse->name, bytes) && inside(parse->text, bytes));
    require((bytes.size() - parse->name.size() - parse->text.size()) % 4 == 0);
  }
  if (const auto execute = decode_execute(bytes)) {
    require(execute->portal.size() + 5 == bytes.size());
  }
  if (const auto named = decode_describe_or_close(bytes)) {
    require(named->name.size() + 2 == bytes.size());
  }
  if (const auto sasl = decode_sasl_initial_response(bytes)) {
    require(inside(sasl->data, bytes) &&
            sasl->mechanism.size() + 5 + sasl->data.size() == bytes.size());
  }
  check_bind(bytes);
}
