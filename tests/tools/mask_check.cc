// sluice_mask_check CONNINFO: masks real values and gives them back to the server, for tests.
//
// Each line of standard input is {"type", "value", "kind"}: a type's name and a literal of it, or
// null. The server's own text and binary form of the value are masked by every strategy, and each
// result is stored in a column of the type, sent as a parameter in the same format: unlike a cast,
// that refuses what is too long. The answer is one line of JSON:
// {strategy: {"original", "text", "binary"}}, where "text" and "binary" are what the server makes
// of the masked value of that format, as text; {"refused"} when the type cannot be masked; a string
// for what went wrong.
//
// {"copy": QUERY, "form", "piece", "strategy", "masked": [bool…], "into"} copies the rows of a
// query out in a form ("text", "csv", "binary"), masks columns of it, in pieces of so many bytes,
// and copies the result into the table named.
#include <array>
#include <charconv>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <libpq-fe.h>

#include "mask/copy.h"
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

  /// All data of a COPY TO STDOUT.
  Result<std::string> copy_out(const std::string& text) {
    const Answer answer(PQexec(connection_.get(), text.c_str()));
    if (PQresultStatus(answer.get()) != PGRES_COPY_OUT) return failed();
    std::string data;
    char* row = nullptr;
    for (int size = 0; (size = PQgetCopyData(connection_.get(), &row, 0)) > 0; PQfreemem(row)) {
      data.append(row, static_cast<size_t>(size));
    }
    SLUICE_TRY(ended());
    return data;
  }

  Result<> copy_in(const std::string& text, const std::string& data) {
    const Answer answer(PQexec(connection_.get(), text.c_str()));
    if (PQresultStatus(answer.get()) != PGRES_COPY_IN) return failed();
    PQputCopyData(connection_.get(), data.data(), static_cast<int>(data.size()));
    PQputCopyEnd(connection_.get(), nullptr);
    return ended();
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
    SLUICE_ASSIGN(const auto labels,
                  ask("SELECT enumtypid, enumlabel FROM pg_enum ORDER BY enumsortorder"));
    for (int i = 0; i < PQntuples(labels.get()); ++i) {
      types_[to_oid(cell(labels, i, 0))].labels.emplace_back(cell(labels, i, 1));
    }
    SLUICE_ASSIGN(const auto fields,
                  ask("SELECT attrelid, attname, atttypid, atttypmod FROM pg_attribute "
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
  tl::unexpected<Error> failed() const {
    return fail(ErrorCode::kInvalidInput, PQerrorMessage(connection_.get()));
  }
  /// Takes the results that are left.
  Result<> ended() {
    bool good = true;
    std::string text;
    while (const Answer answer{PQgetResult(connection_.get())}) {
      if (PQresultStatus(answer.get()) == PGRES_COMMAND_OK) continue;
      good = false;
      text = PQresultErrorMessage(answer.get());
    }
    if (!good) return fail(ErrorCode::kInvalidInput, text);
    return {};
  }

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

/// What the server stores of a masked value, as it then writes it.
Result<Value> round_trip(Server& server, const mask::Masker& masker, mask::TypeRef ref,
                         const Value& value, Format format) {
  Value masked;
  if (value) {
    std::string out;
    SLUICE_ASSIGN(const auto kind, masker.mask(format, *value, out));
    if (kind == mask::Masked::kValue) masked = std::move(out);
  }
  auto answer =
      server.ask("INSERT INTO pg_temp.held VALUES ($1) RETURNING v::text", masked, ref.oid, format);
  if (!answer) {
    return fail(ErrorCode::kInvalidInput,
                (format == Format::kText ? "text " + masked.value_or("")
                                         : "binary " + to_hex(masked.value_or(""))) +
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
  SLUICE_TRY(server->ask("DROP TABLE IF EXISTS pg_temp.held"));
  SLUICE_TRY(server->ask("CREATE TEMP TABLE held (v " + type + ")"));
  json::object all;
  for (const auto strategy :
       {mask::Strategy::kRedact, mask::Strategy::kPartial, mask::Strategy::kPseudonym,
        mask::Strategy::kGeneralise, mask::Strategy::kNull, mask::Strategy::kHash}) {
    const mask::Means means{{.strategy = strategy, .kind = *kind},
                            std::make_shared<mask::Permuter>(SecretString("of the tests"))};
    const auto masker = mask::compile(ref, means, server);
    if (!masker) {
      all[mask::name(strategy)] = json::object{{"refused", masker.error().text}};
      continue;
    }
    const auto from_text = round_trip(*server, **masker, ref, cell(text), Format::kText);
    const auto from_binary = round_trip(*server, **masker, ref, cell(binary), Format::kBinary);
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

/// The columns' maskers of the query's result.
Result<std::vector<mask::MaskerPtr>> maskers(const std::shared_ptr<Server>& server,
                                             const json::object& line) {
  const auto strategy = mask::find_strategy(std::string_view(line.at("strategy").as_string()));
  if (!strategy) return fail(ErrorCode::kInvalidInput, "no such strategy");
  const mask::Means means{{.strategy = *strategy},
                          std::make_shared<mask::Permuter>(SecretString("of the tests"))};
  SLUICE_ASSIGN(const auto columns,
                server->ask(std::string(line.at("copy").as_string()) + " LIMIT 0"));
  std::vector<mask::MaskerPtr> all;
  for (const json::value& masked : line.at("masked").as_array()) {
    const int number = static_cast<int>(all.size());
    mask::MaskerPtr masker;
    if (masked.as_bool()) {
      const mask::TypeRef type{PQftype(columns.get(), number), PQfmod(columns.get(), number)};
      SLUICE_ASSIGN(masker, mask::compile(type, means, server));
    }
    all.push_back(std::move(masker));
  }
  return all;
}

Result<json::object> copy(const std::shared_ptr<Server>& server, const json::object& line) {
  const std::string form(line.at("form").as_string());
  auto options = form == "csv" ? mask::CopyOptions::csv() : mask::CopyOptions();
  if (form == "binary") options.form = mask::CopyForm::kBinary;
  SLUICE_ASSIGN(auto columns, maskers(server, line));
  const std::string tail = " WITH (FORMAT " + form + ")";
  SLUICE_ASSIGN(
      const std::string data,
      server->copy_out("COPY (" + std::string(line.at("copy").as_string()) + ") TO STDOUT" + tail));
  constexpr size_t kMaxRow = size_t{1} << 20;
  const auto format = form == "binary" ? mask::Format::kBinary : mask::Format::kText;
  mask::CopyMasker masker(mask::RowMasker::of(std::move(columns), format), std::move(options),
                          kMaxRow);
  std::string out;
  const auto piece = static_cast<size_t>(line.at("piece").to_number<int64_t>());
  for (size_t at = 0; at < data.size(); at += piece) {
    SLUICE_TRY(masker.feed(Bytes(data).substr(at, piece), out));
  }
  SLUICE_TRY(masker.finish(out));
  SLUICE_TRY(server->copy_in(
      "COPY " + std::string(line.at("into").as_string()) + " FROM STDIN" + tail, out));
  return json::object{{"rows", masker.rows()}, {"same", out == data}};
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
    const json::object question = json::parse(line).as_object();
    const auto answer = question.contains("copy") ? copy(server, question) : play(server, question);
    std::cout << (answer ? json::serialize(*answer)
                         : json::serialize(json::value(answer.error().text)))
              << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace sluice::tools

int main(int argc, char** argv) { return sluice::tools::main(argc, argv); }
