// sluice_mask_check CONNINFO: masks real values and gives them back to the server, for tests.
//
// Each line of standard input is {"type", "value", "kind"}: a type's name and a literal of it, or
// null. The server's own text and binary form of the value are masked by every strategy, and each
// result is sent back as a parameter of the type in the same format. The answer is one line of JSON:
// {strategy: {"original", "text", "binary"}}, where "text" and "binary" are what the server makes of
// the masked value of that format, as text; {"refused"} when the type cannot be masked; a string for
// what went wrong.
#include <array>
#include <charconv>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <libpq-fe.h>

#include "mask/plan.h"

namespace sluice::tools {
namespace {

namespace json = boost::json;
using mask::Format;

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Answer = std::unique_ptr<PGresult, Clear>;
using Value = std::optional<std::string>;

uint32_t to_oid(std::string_view text) {
  uint32_t oid = 0;
  std::from_chars(text.data(), text.data() + text.size(), oid);
  return oid;
}
int32_t to_typmod(std::string_view text) {
  int32_t typmod = -1;
  std::from_chars(text.data(), text.data() + text.size(), typmod);
  return typmod;
}

/// One session, with what its types are.
class Server : public mask::TypeSource {
 public:
  explicit Server(const char* conninfo) : connection_(PQconnectdb(conninfo)) {}

  bool connected() const { return PQstatus(connection_.get()) == CONNECTION_OK; }

  Result<Answer> ask(const std::string& text, const Value& parameter = {}, uint32_t type = 0,
                     Format format = Format::kText, Format result = Format::kText) {
    const bool has = text.find("$1") != std::string::npos;
    const char* value = parameter ? parameter->data() : nullptr;
    const int size = parameter ? static_cast<int>(parameter->size()) : 0;
    const int code = format == Format::kBinary ? 1 : 0;
    Answer answer(PQexecParams(connection_.get(), text.c_str(), has ? 1 : 0, &type, &value, &size,
                               &code, result == Format::kBinary ? 1 : 0));
    const auto status = PQresultStatus(answer.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return answer;
    return fail(ErrorCode::kInvalidInput, PQresultErrorMessage(answer.get()));
  }

  Result<> read_types() {
    SLUICE_ASSIGN(const auto types, ask(R"(
SELECT t.oid, t.typname, t.typtype, t.typelem, t.typcategory, t.typbasetype, t.typtypmod, t.typdelim, t.typrelid,
  coalesce((SELECT rngsubtype FROM pg_range WHERE rngtypid = t.oid), 0),
  coalesce((SELECT rngtypid FROM pg_range WHERE rngmultitypid = t.oid), 0) FROM pg_type t)"));
    const auto cell = [](const Answer& answer, int row, int column) {
      return std::string_view(PQgetvalue(answer.get(), row, column));
    };
    std::map<uint32_t, uint32_t> relations;
    for (int i = 0; i < PQntuples(types.get()); ++i) {
      const auto get = [&](int column) { return cell(types, i, column); };
      mask::TypeInfo& info = types_[to_oid(get(0))];
      info.name = get(1);
      const char kind = get(2)[0];
      if (kind == 'b' && get(4) == "A" && get(3) != "0") {
        info.kind = mask::TypeKind::kArray;
        info.inner = {to_oid(get(3)), -1};
        info.delimiter = ',';
        if (get(1) == "_box") info.delimiter = ';';
      } else if (kind == 'd') {
        info.kind = mask::TypeKind::kDomain;
        info.inner = {to_oid(get(5)), to_typmod(get(6))};
      } else if (kind == 'e') {
        info.kind = mask::TypeKind::kEnum;
      } else if (kind == 'c') {
        info.kind = mask::TypeKind::kComposite;
        relations[to_oid(get(8))] = to_oid(get(0));
      } else if (kind == 'r') {
        info.kind = mask::TypeKind::kRange;
        info.inner = {to_oid(get(9)), -1};
      } else if (kind == 'm') {
        info.kind = mask::TypeKind::kMultirange;
        info.inner = {to_oid(get(10)), -1};
      }
    }
    SLUICE_ASSIGN(const auto labels, ask("SELECT enumtypid, enumlabel FROM pg_enum ORDER BY enumsortorder"));
    for (int i = 0; i < PQntuples(labels.get()); ++i) {
      types_[to_oid(cell(labels, i, 0))].labels.emplace_back(cell(labels, i, 1));
    }
    SLUICE_ASSIGN(const auto fields, ask("SELECT attrelid, attname, atttypid, atttypmod FROM pg_attribute "
                                         "WHERE attnum > 0 AND NOT attisdropped ORDER BY attrelid, attnum"));
    for (int i = 0; i < PQntuples(fields.get()); ++i) {
      const auto found = relations.find(to_oid(cell(fields, i, 0)));
      if (found == relations.end()) continue;
      types_[found->second].fields.push_back(
          {std::string(cell(fields, i, 1)),
           {to_oid(cell(fields, i, 2)), to_typmod(cell(fields, i, 3))}});
    }
    return {};
  }

  const mask::TypeInfo* find(mask::Oid oid) const override {
    const auto found = types_.find(oid);
    return found == types_.end() ? nullptr : &found->second;
  }

 private:
  std::unique_ptr<PGconn, Clear> connection_;
  std::map<uint32_t, mask::TypeInfo> types_;
};

Value cell(const Answer& answer) {
  if (PQgetisnull(answer.get(), 0, 0) != 0) return std::nullopt;
  return std::string(PQgetvalue(answer.get(), 0, 0),
                     static_cast<size_t>(PQgetlength(answer.get(), 0, 0)));
}

json::value to_json(const Value& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

/// What the server reads in a masked value of `type`, as it then writes it.
Result<Value> round_trip(Server& server, const mask::Masker& masker, const std::string& type,
                         mask::TypeRef ref, const Value& value, Format format) {
  Value masked;
  if (value) {
    std::string out;
    SLUICE_ASSIGN(const auto kind, masker.mask(format, *value, out));
    if (kind == mask::Masked::kValue) masked = std::move(out);
  }
  auto answer = server.ask("SELECT $1::" + type + "::text", masked, ref.oid, format);
  if (!answer) {
    return fail(ErrorCode::kInvalidInput,
                (format == Format::kText ? "text " + masked.value_or("") : "binary " + to_hex(masked.value_or(""))) +
                    ": " + answer.error().text);
  }
  return cell(*answer);
}

Result<json::object> play(const std::shared_ptr<Server>& server, const json::object& line) {
  const std::string type(line.at("type").as_string());
  const auto kind = mask::find_kind(std::string_view(line.at("kind").as_string()));
  if (!kind) return fail(ErrorCode::kInvalidInput, "no such kind");
  Value literal;
  if (line.at("value").is_string()) literal = std::string(line.at("value").as_string());
  SLUICE_ASSIGN(const auto text, server->ask("SELECT $1::" + type, literal));
  SLUICE_ASSIGN(const auto binary,
                server->ask("SELECT $1::" + type, literal, 0, Format::kText, Format::kBinary));
  const mask::TypeRef ref{PQftype(text.get(), 0), PQfmod(text.get(), 0)};
  json::object all;
  for (const auto strategy : {mask::Strategy::kRedact, mask::Strategy::kPartial, mask::Strategy::kPseudonym,
                              mask::Strategy::kGeneralise, mask::Strategy::kNull, mask::Strategy::kHash}) {
    const mask::Means means{{.strategy = strategy, .kind = *kind},
                            std::make_shared<mask::Permuter>(SecretString("of the tests"))};
    const auto masker = mask::compile(ref, means, server);
    if (!masker) {
      all[mask::name(strategy)] = json::object{{"refused", masker.error().text}};
      continue;
    }
    const auto from_text = round_trip(*server, **masker, type, ref, cell(text), Format::kText);
    const auto from_binary = round_trip(*server, **masker, type, ref, cell(binary), Format::kBinary);
    if (!from_text || !from_binary) {
      all[mask::name(strategy)] = (from_text ? from_binary : from_text).error().text;
      continue;
    }
    all[mask::name(strategy)] = json::object{{"original", to_json(cell(text))},
                                             {"text", to_json(*from_text)},
                                             {"binary", to_json(*from_binary)}};
  }
  return all;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: sluice_mask_check CONNINFO\n";
    return 2;
  }
  const auto server = std::make_shared<Server>(argv[1]);
  if (!server->connected() || !server->read_types()) {
    std::cerr << "cannot read the database's types\n";
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    const auto answer = play(server, json::parse(line).as_object());
    std::cout << (answer ? json::serialize(*answer) : json::serialize(json::value(answer.error().text)))
              << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace sluice::tools

int main(int argc, char** argv) { return sluice::tools::main(argc, argv); }
