#include "gateway/own_query.h"

#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

const pg::Framer::Rules& own_answer_rules() {
  static const pg::Framer::Rules rules = [] {
    pg::Framer::Rules r;
    for (const char type : {'A', 'C', 'D', 'E', 'I', 'N', 'S', 'T', 'Z'}) {
      r.by_type[static_cast<unsigned char>(type)] = pg::Framer::Handling::kGather;
    }
    r.gather_limit = 64 << 20;
    return r;
  }();
  return rules;
}

bool OwnAnswer::take(char type, Bytes body) {
  switch (type) {
    case pg::kDataRow: {
      bytes_ += body.size();
      const auto values = pg::decode_data_row(body);
      if (!values || bytes_ > kMostBytes) return false;
      catalog::Row row;
      row.reserve(values->size());
      for (const auto& value : *values) {
        row.push_back(value ? std::optional(std::string(*value)) : std::nullopt);
      }
      rows_.push_back(std::move(row));
      return true;
    }
    case pg::kCommandComplete:
      tag_ = body.substr(0, body.find('\0'));
      [[fallthrough]];
    case pg::kEmptyQueryResponse:
      results.push_back(std::move(rows_));
      rows_.clear();
      return true;
    case pg::kErrorResponse:
      error = pg::ErrorFields::decode(body);
      return true;
    default:
      return true;
  }
}

void OwnAnswer::expect_commit() {
  if (error || results.empty() || tag_ == "COMMIT") return;
  error.emplace();
  error->set_severity("ERROR");
  error->set(pg::kFieldSqlstate, "40000");
  error->set(pg::kFieldMessage, "the transaction was rolled back by the server");
  error->set(pg::kFieldHint, "Nothing of it has taken effect: run it again.");
}

OwnQuery::OwnQuery(net::Reactor& reactor, std::shared_ptr<Database> database, std::string text,
                   Done done)
    : text_(std::move(text)),
      done_(std::move(done)),
      server_(reactor, std::move(database)),
      framer_(own_answer_rules()) {}

void OwnQuery::start() {
  server_.connect("sluice", [this](auto failure) { connected(std::move(failure)); });
}

void OwnQuery::connected(std::optional<ServerConnection::Failure> failure) {
  if (failure) {
    finish(fail(std::move(failure->error)));
    return;
  }
  server_.attach(this);
  std::string out;
  pg::encode_query(out, text_);
  server_.stream().send(Bytes(out));
}

void OwnQuery::on_server_receive(net::Slice data) {
  Bytes in = data.bytes();
  pg::Framer::Piece piece;
  for (;;) {
    const auto status = framer_.next(in, piece);
    if (status == pg::Framer::Status::kNeedMore) return;
    if (status == pg::Framer::Status::kBad || !piece.whole() ||
        !answer_.take(piece.type, piece.body())) {
      finish(fail(ErrorCode::kProtocol, "the server's answer cannot be read"));
      return;
    }
    if (piece.type != pg::kReadyForQuery) continue;
    if (answer_.error) {
      const bool again = catalog::may_read_again(answer_.error->sqlstate());
      finish(fail(again ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
                  std::string(answer_.error->message())));
    } else {
      finish(std::move(answer_.results));
    }
    return;
  }
}

void OwnQuery::on_server_closed(const Error& reason) { finish(fail(reason)); }

void OwnQuery::finish(Result<std::vector<catalog::Rows>> result) {
  const Done done = std::exchange(done_, nullptr);
  if (done) done(std::move(result));
}

}  // namespace sluice::gateway
