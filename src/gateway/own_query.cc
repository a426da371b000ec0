#include "gateway/own_query.h"

#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

/// Everything whole: answers to our own questions are read, not passed on.
const pg::Framer::Rules& gather_rules() {
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

}  // namespace

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

OwnQuery::OwnQuery(Pool& pool, std::string text, Done done)
    : pool_(pool), text_(std::move(text)), done_(std::move(done)), framer_(gather_rules()) {}

OwnQuery::~OwnQuery() {
  waiter_.reset();
  if (server_) pool_.release(std::move(server_), false);
}

void OwnQuery::start() {
  waiter_ = pool_.acquire("sluice", [this](auto result) { acquired(std::move(result)); });
  if (server_ || finished()) waiter_.reset();
}

void OwnQuery::acquired(tl::expected<std::unique_ptr<ServerConnection>, Pool::Refusal> result) {
  if (!result) {
    const auto& why = result.error();
    finish(
        fail(ErrorCode::kUnavailable, why.message + (why.detail.empty() ? "" : ": " + why.detail)),
        false);
    return;
  }
  server_ = std::move(*result);
  server_->attach(this);
  std::string out;
  pg::encode_query(out, text_);
  server_->stream().send(Bytes(out));
}

void OwnQuery::on_server_receive(net::Slice data) {
  Bytes in = data.bytes();
  pg::Framer::Piece piece;
  for (;;) {
    const auto status = framer_.next(in, piece);
    if (status == pg::Framer::Status::kNeedMore) return;
    if (status == pg::Framer::Status::kBad || !piece.whole() ||
        !answer_.take(piece.type, piece.body())) {
      finish(fail(ErrorCode::kProtocol, "the server's answer cannot be read"), false);
      return;
    }
    if (piece.type != pg::kReadyForQuery) continue;
    if (answer_.error) {
      finish(fail(ErrorCode::kUnavailable, std::string(answer_.error->message())), true);
    } else {
      finish(std::move(answer_.results), true);
    }
    return;
  }
}

void OwnQuery::on_server_closed(const Error& reason) { finish(fail(reason), false); }

void OwnQuery::finish(Result<std::vector<catalog::Rows>> result, bool reusable) {
  if (server_) pool_.release(std::move(server_), reusable);
  const Done done = std::exchange(done_, nullptr);
  if (done) done(std::move(result));
}

}  // namespace sluice::gateway
