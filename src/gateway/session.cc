#include "gateway/session.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/cancel.h"
#include "gateway/identified.h"
#include "gateway/server_identity.h"
#include "gateway/server_rules.h"
#include "gateway/worker.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/protocol.h"
#include "wire/postgres/startup_parameters.h"

namespace sluice::gateway {
namespace pg = wire::postgres;

Session::Session(Worker& worker, std::unique_ptr<net::Stream> client, Admission admission)
    : worker_(worker),
      id_(worker.shared().next_session.fetch_add(1)),
      client_address_(admission.asked_from.empty() ? client->peer().host() : admission.asked_from),
      client_(std::move(client)),
      admission_(std::move(admission)),
      context_(context()),
      client_framer_(admission_.runtime->client_rules),
      server_framer_(server_rules()),
      now_(Moment::now()),
      started_micros_(now_.wall_micros),
      state_since_micros_(started_micros_) {
  cancel_key_ = make_cancel_key(admission_.protocol_minor);
  worker_.cancel_keys().emplace(cancel_key_, this);
  principal_ = worker_.principals().intern(admission_.principal);
  const identity::User* user = worker.runtime()->directory->find(admission_.user);
  acting_.may = user != nullptr && may_assert(*user);
  for (const auto& [name, value] : admission_.settings) {
    std::string* const stated = acting_.stated.member(name);
    if (stated != nullptr && is_statable(value)) *stated = value;
  }
  watch_.at_server = ServerTimeout(!parameter(admission_.settings, "statement_timeout").empty());
  if (const auto& credential = admission_.principal.credential; !credential.empty())
    change_run_ = worker_.shared().change_runs.find(credential);
  if (const auto& config = admission_.database->config(); config.stamp_writes) {
    stamping_.maker = std::make_unique<audit::StampMaker>(worker_.shared().secret.reveal(),
                                                          worker_.shared().origin, config.name);
  }
  worker_.counters().sessions.add();
  client_->set_handler(this);
}

Session::~Session() {
  worker_.cancel_keys().erase(cancel_key_);
  worker_.counters().sessions.subtract();
}

void Session::start(net::Slice received) {
  audit::Event event;
  event.type = audit::EventType::kSessionStart;
  event.time_micros = started_micros_;
  const std::string tls = client_->tls_description();
  event.message = tls;
  if (!record(event)) return;
  suspended_ = kNoServer;  // Until the first message asks for one.
  if (!received.empty()) pending_.push_back(std::move(received));
  greet();
}

std::string Session::greeting_key() const {
  // The role counts too: by it "$user" in a search path is meant, and is_superuser.
  std::string key = admission_.role;
  for (const auto& [name, value] : admission_.settings) {
    key.append(1, '\0').append(name).append(1, '\0').append(value);
  }
  return key;
}

void Session::greet() {
  if (!greeted_ && parameters_.empty()) {
    // The answer to a login needs a server connection only the first time these settings are seen.
    const auto known = admission_.database->greeting(greeting_key());
    if (!known) {
      client_->pause_receive();
      acquire_server();
      return;
    }
    parameters_ = *known;
    (void)set_parameter(parameters_, "application_name",
                        pg::clean_application_name(admission_.application_name));
  }
  greeted_ = true;
  std::string out;
  pg::encode_authentication_ok(out);
  for (const auto& [name, value] : parameters_) pg::encode_parameter_status(out, name, value);
  pg::encode_backend_key_data(out, load_be32(cancel_key_.data()), Bytes(cancel_key_).substr(4));
  pg::encode_ready_for_query(out, 'I');
  client_->send(Bytes(out));
  if (!pending_.empty()) {
    client_->pause_receive();
    acquire_server();
  }
}

void Session::acquire_server() {
  if (server_ || waiter_) return;
  state_since_micros_ = wall_micros();
  waiter_ = worker_.pool(admission_.database)
                .acquire(pg::clean_application_name(admission_.application_name),
                         [this](auto result) { server_acquired(std::move(result)); });
  if (server_) waiter_.reset();
}

void Session::server_acquired(
    tl::expected<std::unique_ptr<ServerConnection>, Pool::Refusal> result) {
  waiter_.reset();
  if (!result) {
    const Pool::Refusal& why = result.error();
    pg::ErrorFields fields;
    fields.set_severity("FATAL");
    fields.set(pg::kFieldSqlstate, why.sqlstate);
    fields.set(pg::kFieldMessage, why.message);
    if (!why.detail.empty()) fields.set(pg::kFieldDetail, why.detail);
    if (!why.hint.empty()) fields.set(pg::kFieldHint, why.hint);
    std::string out;
    pg::encode_error_response(out, fields);
    client_->send(Bytes(out));
    finish("no server connection: " + why.message);
    return;
  }
  server_ = std::move(*result);
  server_->attach(this);
  server_framer_ = pg::Framer(server_rules());
  apply_settings();
}

void Session::apply_settings() {
  auto settings = admission_.settings;
  const std::string name = pg::clean_application_name(admission_.application_name);
  if (name != server_->application_name()) settings.emplace_back("application_name", name);
  const auto identity = server_identity();
  settings.insert(settings.end(), identity.begin(), identity.end());
  setup_parameters_ = server_->parameters();
  if (settings.empty()) {
    setup_finished();
    return;
  }
  std::string out;
  pg::encode_query(out, pg::build_set_batch(settings));
  server_->stream().send(Bytes(out));
  setup_pending_ = true;
  // Setting application_name cannot fail, nor can what the server has taken before whoever it was
  // of; statements may follow at once. Anything else must have worked first.
  const bool certain = identity.empty() ||
                       (admission_.database->takes_identity().load() && always_accepted(identity));
  if (greeted_ && admission_.settings.empty() && certain) resume(kNoServer);
}

void Session::setup_finished() {
  setup_pending_ = false;
  admission_.database->takes_identity().store(true);
  if (!greeted_) {
    parameters_ = std::move(setup_parameters_);
    setup_parameters_ = {};
    admission_.database->remember_greeting(greeting_key(), parameters_);
    greet();
  } else {
    report_changed_parameters();
  }
  resume(kNoServer);
}

void Session::report_changed_parameters() {
  std::string out;
  for (const auto& [name, value] : setup_parameters_) {
    if (parameter(parameters_, name) == value) continue;
    pg::encode_parameter_status(out, name, value);
    (void)set_parameter(parameters_, name, value);
  }
  setup_parameters_ = {};
  if (!out.empty()) client_->send(Bytes(out));
}

void Session::suspend(Suspension why) {
  if (suspended_ == 0) client_->pause_receive();
  suspended_ |= why;
}

void Session::resume(Suspension why) {
  if (finished_ || (suspended_ & why) == 0) return;
  suspended_ &= ~static_cast<uint32_t>(why);
  if (suspended_ == 0) process_pending();
}

bool Session::at_rest() const {
  return expected_.empty() && transaction_ == 'I' && !since_sync_ && !skip_until_sync_ &&
         !copying_in_ && !setup_pending_ && server_framer_.at_boundary() &&
         client_framer_.at_boundary() && !dropping_;
}

void Session::release_server(bool running) {
  waiter_.reset();
  if (!server_) return;
  const bool reusable =
      !server_lost_ && at_rest() && cutting_.cancels == 0 && server_->stream().unsent() == 0;
  // What still runs for nobody would otherwise run on, and be committed.
  if (running && !server_lost_) {
    send_cancel(worker_, *server_, [] {});
    const auto due = cutting_.unheeded > 0 ? Clock::now() : Clock::now() + Stragglers::kPatience;
    worker_.stragglers().add(server_->database(), server_->process_id(), server_->idle_since(),
                             due);
  }
  worker_.pool(admission_.database).release(std::move(server_), reusable);
}

void Session::finish(std::string_view reason) {
  if (finished_) return;
  finished_ = true;
  now_ = Moment::now();
  end_schema_changes();
  forget_hold();
  const bool running = !expected_.empty();
  record_lost();
  record_end(reason);
  release_server(running);
  net::Stream::close_after_flush(std::move(client_));
  pending_.clear();
  worker_.retire(this);
}

void Session::fatal(std::string_view sqlstate, std::string_view message, std::string_view hint) {
  if (finished_) return;
  pg::ErrorFields fields;
  fields.set_severity("FATAL");
  fields.set(pg::kFieldSqlstate, sqlstate);
  fields.set(pg::kFieldMessage, message);
  if (!hint.empty()) fields.set(pg::kFieldHint, hint);
  std::string out;
  pg::encode_error_response(out, fields);
  // Not into the middle of a message that will never be whole.
  if (!server_framer_.streaming() || dropping_row_) client_->send(Bytes(out));
  finish(message);
}

void Session::terminate(std::string_view sqlstate, std::string_view message,
                        std::string_view hint) {
  fatal(sqlstate, message, hint);
}

void Session::drain() {
  draining_ = true;
  if (expected_.empty() && transaction_ == 'I' && pending_.empty()) {
    fatal("57P01", "the gateway is shutting down", "Connect again.");
  }
}

void Session::output_durable() {
  if (!finished_) client_->hold_output(false);
}

void Session::cancel(std::shared_ptr<CancelTicket> ticket) {
  audit::Event event;
  event.type = audit::EventType::kCancel;
  event.time_micros = wall_micros();
  if (!record(event)) return;
  worker_.counters().cancels.add();
  if (waiter_) {
    fatal("57014", "canceled while waiting for a server connection");
    return;
  }
  if (held_) {
    cancel_hold();
    return;
  }
  // One at a time is enough, and bounds what a flood of cancels can cost.
  if (server_ && !expected_.empty()) stop_at_server(std::move(ticket));
}

void Session::on_closed(const Error& reason) {
  finish(reason.code == ErrorCode::kUnavailable ? "closed by client" : reason.text);
}

void Session::on_drained() {
  if (server_) server_->stream().resume_receive();
}

void Session::on_server_drained() { resume(kServerFull); }

void Session::on_server_closed(const Error& reason) {
  server_lost_ = true;
  log::info("session {}: server connection of {} lost: {}", id_, admission_.database->config().name,
            reason.text);
  fatal("08006", "the connection to the database was lost", "Connect again.");
}

SessionInfo Session::info() const {
  SessionInfo info;
  const auto& config = admission_.database->config();
  info.id = id_;
  info.user = admission_.user;
  info.database = config.name;
  info.environment = config.environment;
  info.application = to_printable_utf8(admission_.application_name);
  if (client_) {
    info.client_address = admission_.shown_address(client_->peer());
    info.tls = client_->tls_description();
  }
  if (waiter_) {
    info.state = "waiting for a server connection";
  } else if (held_) {
    info.state = "waiting for approval";
  } else if (!expected_.empty()) {
    info.state = "active";
  } else {
    info.state = transaction_ == 'I' ? "idle" : "idle in transaction";
  }
  if (last_statement_) info.last_statement = utf8_prefix(last_statement_->recorded.text, 200);
  info.started_micros = started_micros_;
  info.state_since_micros = state_since_micros_;
  info.statements = statements_;
  info.worker = worker_.index();
  return info;
}

}  // namespace sluice::gateway
