#include "wire/postgres/row_description.h"

#include "wire/postgres/reader.h"

namespace sluice::wire::postgres {
namespace {

tl::unexpected<Error> bad(std::string_view message) {
  return fail(ErrorCode::kProtocol, "malformed " + std::string(message));
}

}  // namespace

Result<std::vector<FieldDescription>> decode_row_description(Bytes body) {
  Reader reader(body);
  const auto count = reader.u16();
  if (!count) return bad("RowDescription");
  std::vector<FieldDescription> fields;
  fields.reserve(*count);
  for (uint16_t i = 0; i < *count; ++i) {
    const auto name = reader.string();
    const auto table = reader.u32();
    const auto column = reader.u16();
    const auto type = reader.u32();
    const auto size = reader.u16();
    const auto modifier = reader.u32();
    const auto format = reader.u16();
    if (!name || !table || !column || !type || !size || !modifier || !format) {
      return bad("RowDescription");
    }
    fields.push_back({*name, *table, static_cast<int16_t>(*column), *type,
                      static_cast<int16_t>(*size), static_cast<int32_t>(*modifier), *format});
  }
  if (!reader.done()) return bad("RowDescription");
  return fields;
}

Result<CopyResponse> decode_copy_response(Bytes body) {
  Reader reader(body);
  const auto format = reader.u8();
  const auto columns = reader.u16();
  if (!format || *format > 1 || !columns || reader.rest().size() != size_t{2} * *columns) {
    return bad("CopyOutResponse");
  }
  return CopyResponse{*format == 1, *columns};
}

}  // namespace sluice::wire::postgres
