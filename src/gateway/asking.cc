#include "gateway/asking.h"

#include <optional>

#include "gateway/own_query.h"
#include "net/reactor.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

namespace {

class AskingImpl : public Asking, private ServerUser {
 public:
  AskingImpl(std::unique_ptr<net::Reactor> reactor, std::shared_ptr<Database> database)
      : reactor_(std::move(reactor)),
        server_(std::make_unique<ServerConnection>(*reactor_, std::move(database))),
        framer_(own_answer_rules()) {}

  Result<> connect() {
    server_->connect("sluice", [this](auto failure) {
      if (failure) problem_ = std::move(failure->error);
      answered_ = true;
      reactor_->stop();
    });
    SLUICE_TRY(wait());
    server_->attach(this);
    return {};
  }

  Result<std::vector<catalog::Rows>> ask(std::string_view text) override {
    if (problem_) return fail(*problem_);
    answer_ = OwnAnswer();
    std::string out;
    pg::encode_query(out, text);
    server_->stream().send(Bytes(out));
    SLUICE_TRY(wait());
    if (answer_.error) return fail(ErrorCode::kUnavailable, std::string(answer_.error->message()));
    return std::move(answer_.results);
  }

 private:
  Result<> wait() {
    while (!answered_ && !problem_) reactor_->run();
    answered_ = false;
    if (problem_) return fail(*problem_);
    return {};
  }

  void broken(Error problem) {
    problem_ = std::move(problem);
    reactor_->stop();
  }

  void on_server_receive(net::Slice data) override {
    Bytes in = data.bytes();
    pg::Framer::Piece piece;
    for (;;) {
      const auto status = framer_.next(in, piece);
      if (status == pg::Framer::Status::kNeedMore) return;
      if (status == pg::Framer::Status::kBad || !piece.whole() ||
          !answer_.take(piece.type, piece.body())) {
        broken({ErrorCode::kProtocol, "the server's answer cannot be read"});
        return;
      }
      if (piece.type != pg::kReadyForQuery) continue;
      answered_ = true;
      reactor_->stop();
    }
  }
  void on_server_drained() override {}
  void on_server_closed(const Error& reason) override { broken(reason); }

  std::unique_ptr<net::Reactor> reactor_;
  std::unique_ptr<ServerConnection> server_;
  pg::Framer framer_;
  OwnAnswer answer_;
  bool answered_ = false;
  std::optional<Error> problem_;
};

}  // namespace

Result<std::unique_ptr<Asking>> Asking::connect(const config::DatabaseConfig& config) {
  SLUICE_ASSIGN(auto database, Database::create(config));
  SLUICE_TRY(database->refresh_addresses());
  SLUICE_ASSIGN(auto reactor, net::Reactor::create(net::Reactor::Backend::kEpoll));
  auto asking = std::make_unique<AskingImpl>(std::move(reactor), std::move(database));
  if (auto connected = asking->connect(); !connected) {
    return fail(std::move(connected.error()).within("database " + config.name));
  }
  return asking;
}

}  // namespace sluice::gateway
