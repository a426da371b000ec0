#include "gateway/asking.h"

#include <optional>

#include "gateway/own_query.h"
#include "gateway/reach.h"
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

  /// Nothing: it is connected.
  std::optional<ServerConnection::Failure> connect() {
    std::optional<ServerConnection::Failure> failed;
    server_->connect("sluice", [this, &failed](auto failure) {
      failed = std::move(failure);
      answered_ = true;
      reactor_->stop();
    });
    while (!answered_) reactor_->run();
    answered_ = false;
    if (failed) {
      problem_ = failed->error;
      return failed;
    }
    server_->attach(this);
    return std::nullopt;
  }

  std::string server_version() const override {
    return std::string(parameter(server_->parameters(), "server_version"));
  }
  std::string tls() const override { return server_->tls_description(); }

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

tl::expected<std::unique_ptr<Asking>, ServerConnection::Failure> reach(
    std::shared_ptr<Database> database) {
  auto reactor = net::Reactor::create(net::Reactor::Backend::kEpoll);
  if (!reactor) return tl::unexpected(ServerConnection::Failure{std::move(reactor.error()), {}});
  auto asking = std::make_unique<AskingImpl>(std::move(*reactor), std::move(database));
  if (auto failure = asking->connect()) return tl::unexpected(std::move(*failure));
  return asking;
}

Result<std::unique_ptr<Asking>> Asking::connect(const config::DatabaseConfig& config) {
  SLUICE_ASSIGN(auto database, Database::create(config));
  SLUICE_TRY(database->refresh_addresses());
  auto asking = reach(std::move(database));
  if (!asking) return fail(std::move(asking.error().error).within("database " + config.name));
  return std::move(*asking);
}

}  // namespace sluice::gateway
