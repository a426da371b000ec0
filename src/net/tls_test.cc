#include "net/tls.h"

#include <fstream>
#include <thread>

#include <malloc.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include "net/reactor_fixture.h"
#include "net/test_certificates.h"

namespace sluice::net {
namespace {

using Context = std::shared_ptr<const TlsContext>;

Context server_context(const TestAuthority::Files& files) {
  auto context = TlsContext::server(files.certificate, files.key);
  EXPECT_TRUE(context) << context.error().text;
  return context ? *context : nullptr;
}

Context client_context(PeerCheck check, const std::string& root_file) {
  auto context = TlsContext::client({check, root_file, "", ""});
  EXPECT_TRUE(context) << context.error().text;
  return context ? *context : nullptr;
}

class TlsTest : public ReactorTest {
 public:
  /// A clear connection on which both ends then start TLS; waits for the outcome.
  void handshake(Peer& client, Peer& server, const Context& client_side, const Context& server_side,
                 const std::string& name, bool alpn = false) {
    connect_pair(client, server);
    server.stream->start_tls_server(server_side, Slice());
    client.stream->start_tls_client(client_side, name, alpn);
    EXPECT_TRUE(client.stream->is_tls());
    run_until(
        [&] { return (client.secured || client.closed) && (server.secured || server.closed); });
  }
  TestAuthority authority;
};
SLUICE_ON_BOTH_BACKENDS(TlsTest);

TEST_P(TlsTest, CarriesDataBothWays) {
  Peer client, server;
  handshake(client, server, client_context(PeerCheck::kFullName, authority.root_file()),
            server_context(authority.issue()), "db.example");
  ASSERT_TRUE(client.secured) << client.reason.text;
  EXPECT_EQ(client.stream->tls_description().substr(0, 7), "TLSv1.3");
  EXPECT_EQ(client.stream->tls_description(), server.stream->tls_description());
  EXPECT_EQ(client.stream->alpn(), "");

  const std::string data = pattern(32 << 20);
  size_t offset = 0;
  const auto more = [&] {
    while (offset < data.size() && client.stream->unsent() <= Stream::kHighWater) {
      client.stream->send(Bytes(data).substr(offset, 50'000));
      offset += std::min<size_t>(50'000, data.size() - offset);
    }
  };
  server.keep = false;
  server.receive = [&](Slice slice) {
    server.stream->send(std::move(slice));
    if (server.stream->unsent() > Stream::kHighWater) server.stream->pause_receive();
  };
  server.when_drained = [&] { server.stream->resume_receive(); };
  client.when_drained = more;
  more();
  ASSERT_TRUE(run_until([&] { return client.received_bytes == data.size(); }));
  EXPECT_TRUE(client.received == data);
  // The end comes as close_notify and is told like any other.
  Stream::close_after_flush(std::move(client.stream));
  EXPECT_TRUE(run_until([&] { return server.closed; }));
  EXPECT_EQ(server.reason.text, "closed by peer");
}

TEST_P(TlsTest, PauseHoldsBackDecryptedBytes) {
  Peer client, server;
  handshake(client, server, client_context(PeerCheck::kNone, ""), server_context(authority.issue()),
            "db.example");
  server.stream->pause_receive();
  const std::string data = pattern(4 << 20);
  client.stream->send(Bytes(data));
  run_for(std::chrono::milliseconds(30));
  EXPECT_EQ(server.received_bytes, 0U);
  server.receive = [&](Slice) {
    server.stream->pause_receive();  // after each piece
    reactor->post([&] { server.stream->resume_receive(); });
  };
  server.stream->resume_receive();
  EXPECT_TRUE(run_until([&] { return server.received_bytes == data.size(); }));
  EXPECT_TRUE(server.received == data);
}

TEST_P(TlsTest, WhatIsQueuedBeforeStartsClearAndWhatComesAfterIsEncrypted) {
  // As a server answers SSLRequest: 'S' in the clear, then TLS, in one go.
  Peer client, server;
  connect_pair(client, server);
  server.receive = [&](Slice request) {
    if (server.stream->is_tls()) return;
    EXPECT_EQ(request.bytes(), "SSLRequest");
    server.stream->send(Bytes("S"));
    server.stream->start_tls_server(server_context(authority.issue()), Slice());
    server.stream->send(Bytes("behind the handshake"));
  };
  client.receive = [&](Slice answer) {
    if (client.stream->is_tls()) return;
    EXPECT_EQ(answer.bytes(), "S");
    client.received.clear();
    client.stream->start_tls_client(client_context(PeerCheck::kFullName, authority.root_file()),
                                    "db.example", false);
    client.stream->send(Bytes("startup"));
  };
  client.stream->send(Bytes("SSLRequest"));
  EXPECT_TRUE(run_until([&] { return client.received == "behind the handshake"; }));
  EXPECT_TRUE(run_until([&] { return server.received == "SSLRequeststartup"; }));
}

TEST_P(TlsTest, Threat08_DirectTlsUsesTheBytesAlreadyReceived) {
  Peer client, server;
  connect_pair(client, server);
  server.receive = [&](Slice hello) {
    if (server.stream->is_tls()) return;
    EXPECT_EQ(hello.bytes().front(), '\x16');  // a TLS handshake record
    server.received.clear();
    server.stream->start_tls_server(server_context(authority.issue()), std::move(hello));
  };
  client.stream->start_tls_client(client_context(PeerCheck::kFullName, authority.root_file()),
                                  "db.example", true);
  client.stream->send(Bytes("hello"));
  EXPECT_TRUE(run_until([&] { return server.received == "hello"; }));
  EXPECT_EQ(client.stream->alpn(), "postgresql");
  EXPECT_EQ(server.stream->alpn(), "postgresql");
}

TEST_P(TlsTest, HandshakeSurvivesAnySplit) {
  // Bytes go through a relay that hands them on one at a time.
  Peer server;
  UniqueFd raw = connect_raw(server);
  server.stream->start_tls_server(server_context(authority.issue()), Slice());
  server.when_secured = [&] { server.stream->send(Bytes("welcome")); };
  const Context context = client_context(PeerCheck::kNone, "");
  std::string got;
  std::thread other([&] {
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context->native()), SSL_free);
    BIO* const in = BIO_new(BIO_s_mem());
    BIO* const out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl.get(), in, out);
    SSL_set_connect_state(ssl.get());
    char block[4096];
    int count = 0;
    while ((count = SSL_read(ssl.get(), block, sizeof block)) <= 0) {
      char byte = 0;
      while (BIO_read(out, &byte, 1) == 1) ASSERT_EQ(::send(raw.get(), &byte, 1, 0), 1);
      ASSERT_EQ(::recv(raw.get(), &byte, 1, 0), 1);
      BIO_write(in, &byte, 1);
    }
    got.assign(block, static_cast<size_t>(count));
  });
  run_until([&] { return server.secured && server.stream->unsent() == 0; });
  other.join();
  EXPECT_EQ(got, "welcome");
}

/// What the verify-full client makes of a certificate.
struct Verdict {
  const char* name;
  CertificateSpec spec;
  std::string host;
  std::string refusal;  ///< part of the reason; empty: accepted
};

std::vector<Verdict> verdicts() {
  std::vector<Verdict> all;
  const auto add = [&](const char* name, const std::string& host, const std::string& refusal,
                       auto change) {
    CertificateSpec spec;
    change(spec);
    all.push_back({name, spec, host, refusal});
  };
  const std::string mismatch = "hostname mismatch";
  add("right name", "db.example", "", [](auto&) {});
  add("wrong SAN", "other.example", mismatch, [](auto&) {});
  add("common name only", "db.example", mismatch, [](auto& s) {
    s.alt_names.clear();
    s.common_name = "db.example";
  });
  add("common name beside another SAN", "db.example", mismatch, [](auto& s) {
    s.alt_names = "DNS:other.example";
    s.common_name = "db.example";
  });
  add("zero byte in the SAN", "db.example", mismatch, [](auto& s) {
    s.alt_names.clear();
    s.dns_with_zero = std::string("db.example\0.evil.test", 21);
  });
  add("zero byte in the common name", "db.example", mismatch, [](auto& s) {
    s.alt_names.clear();
    s.common_name = std::string("db.example\0.evil.test", 21);
  });
  add("wildcard", "db.sluice.example", "", [](auto& s) { s.alt_names = "DNS:*.sluice.example"; });
  add("wildcard over two labels", "a.db.sluice.example", mismatch,
      [](auto& s) { s.alt_names = "DNS:*.sluice.example"; });
  add("partial wildcard", "db.sluice.example", mismatch,
      [](auto& s) { s.alt_names = "DNS:d*.sluice.example"; });
  add("address", "127.0.0.1", "", [](auto& s) { s.alt_names = "IP:127.0.0.1"; });
  add("IPv6 address", "::1", "", [](auto& s) { s.alt_names = "IP:::1"; });
  add("other address", "127.0.0.1", "IP address mismatch",
      [](auto& s) { s.alt_names = "IP:127.0.0.2"; });
  add("address as a DNS name", "127.0.0.1", "IP address mismatch",
      [](auto& s) { s.alt_names = "DNS:127.0.0.1"; });
  add("expired", "db.example", "expired", [](auto& s) {
    s.valid_from = -7200;
    s.valid_until = -3600;
  });
  add("not valid yet", "db.example", "not yet valid", [](auto& s) { s.valid_from = 3600; });
  add("client-auth only", "db.example", "purpose",
      [](auto& s) { s.extended_usage = "clientAuth"; });
  add("no name to check", "", "no host name", [](auto&) {});
  add("zero byte in our own name", std::string("db.example\0x", 12), "zero byte", [](auto&) {});
  return all;
}

TEST_P(TlsTest, Threat10_VerifyFullRefusesEveryWrongCertificate) {
  const Context context = client_context(PeerCheck::kFullName, authority.root_file());
  for (const Verdict& verdict : verdicts()) {
    SCOPED_TRACE(verdict.name);
    Peer client, server;
    connect_pair(client, server);
    server.stream->start_tls_server(server_context(authority.issue(verdict.spec)), Slice());
    client.stream->start_tls_client(context, verdict.host, false);
    client.stream->send(Bytes("password"));
    run_until([&] { return client.secured || client.closed; });
    if (verdict.refusal.empty()) {
      EXPECT_TRUE(client.secured) << client.reason.text;
      continue;
    }
    EXPECT_TRUE(client.closed);
    EXPECT_FALSE(client.secured);
    EXPECT_NE(client.reason.text.find(verdict.refusal), std::string::npos) << client.reason.text;
    if (verdict.name != std::string("zero byte in our own name")) {
      EXPECT_EQ(client.reason.code, ErrorCode::kAuthentication);
    }
    client.stream.reset();
    run_until([&] { return server.closed; });
    EXPECT_EQ(server.received, "");
  }
}

TEST_P(TlsTest, Threat10_WrongAuthorityIsRefusedUnlessNothingIsChecked) {
  TestAuthority other;
  const Context server_side = server_context(other.issue());
  for (const PeerCheck check : {PeerCheck::kFullName, PeerCheck::kChain, PeerCheck::kNone}) {
    Peer client, server;
    handshake(client, server, client_context(check, authority.root_file()), server_side,
              "db.example");
    EXPECT_EQ(client.secured, check == PeerCheck::kNone);
    EXPECT_EQ(client.closed, check != PeerCheck::kNone);
    if (check == PeerCheck::kNone) continue;
    EXPECT_EQ(client.reason.code, ErrorCode::kAuthentication);
    EXPECT_NE(client.reason.text.find("issuer"), std::string::npos) << client.reason.text;
    // The server hears why from the alert.
    run_until([&] { return server.closed; });
    EXPECT_NE(server.reason.text.find("unknown ca"), std::string::npos) << server.reason.text;
  }
}

TEST_P(TlsTest, VerifyCaTakesAnyNameButNotAnyPurpose) {
  const Context context = client_context(PeerCheck::kChain, authority.root_file());
  {
    Peer client, server;
    handshake(client, server, context, server_context(authority.issue()), "whatever.example");
    EXPECT_TRUE(client.secured) << client.reason.text;
  }
  CertificateSpec wrong;
  wrong.extended_usage = "clientAuth";
  Peer client, server;
  handshake(client, server, context, server_context(authority.issue(wrong)), "db.example");
  EXPECT_FALSE(client.secured);
}

TEST_P(TlsTest, Threat08_AlpnWithoutPostgresqlIsRefused) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  server.stream->start_tls_server(server_context(authority.issue()), Slice());
  const Context context = client_context(PeerCheck::kNone, "");
  std::string alert;
  std::thread other([&] {
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context->native()), SSL_free);
    static constexpr unsigned char kOffers[] = "\x02h2\x09postgres!\x0bpostgresql2";
    SSL_set_alpn_protos(ssl.get(), kOffers, sizeof kOffers - 1);
    BIO* const in = BIO_new(BIO_s_mem());
    BIO* const out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl.get(), in, out);
    SSL_set_connect_state(ssl.get());
    EXPECT_LE(SSL_do_handshake(ssl.get()), 0);
    char block[4096];
    int count = BIO_read(out, block, sizeof block);
    ASSERT_EQ(::send(raw.get(), block, static_cast<size_t>(count), 0), count);
    for (ssize_t n = 0; (n = ::recv(raw.get(), block, sizeof block, 0)) > 0;) {
      alert.append(block, static_cast<size_t>(n));
    }
  });
  server.when_closed = [&] { server.stream.reset(); };
  EXPECT_TRUE(run_until([&] { return server.closed; }));
  run_for(std::chrono::milliseconds(5));
  other.join();
  EXPECT_FALSE(server.secured);
  EXPECT_EQ(server.reason.code, ErrorCode::kProtocol);
  // RFC 8446 section 6: alert record, fatal (2), no_application_protocol (120); and it got there
  // although the owner destroyed the stream in on_closed.
  ASSERT_EQ(alert.size(), 7U);
  EXPECT_EQ(alert[0], 21);
  EXPECT_EQ(alert[5], 2);
  EXPECT_EQ(alert[6], 120);
}

TEST_P(TlsTest, Threat08_OldVersionsAreRefused) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> old(SSL_CTX_new(TLS_client_method()),
                                                              SSL_CTX_free);
  SSL_CTX_set_security_level(old.get(), 0);
  SSL_CTX_set_min_proto_version(old.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(old.get(), TLS1_1_VERSION);
  Peer server;
  UniqueFd raw = connect_raw(server);
  server.stream->start_tls_server(server_context(authority.issue()), Slice());
  bool up = true;
  std::thread other([&] {
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(old.get()), SSL_free);
    SSL_set_fd(ssl.get(), raw.get());
    up = SSL_connect(ssl.get()) == 1;
  });
  EXPECT_TRUE(run_until([&] { return server.closed; }));
  other.join();
  EXPECT_FALSE(up);
  EXPECT_EQ(server.reason.code, ErrorCode::kProtocol);
  EXPECT_FALSE(server.reason.text.empty());
}

TEST_P(TlsTest, GarbageInsteadOfAHandshake) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  server.stream->start_tls_server(server_context(authority.issue()), Slice());
  ASSERT_EQ(::send(raw.get(), "GET / HTTP/1.0\r\n\r\n", 18, 0), 18);
  EXPECT_TRUE(run_until([&] { return server.closed; }));
  EXPECT_EQ(server.reason.code, ErrorCode::kProtocol);
}

TEST_P(TlsTest, EndDuringTheHandshake) {
  Peer server;
  UniqueFd raw = connect_raw(server);
  server.stream->start_tls_server(server_context(authority.issue()), Slice());
  ASSERT_EQ(::send(raw.get(), "\x16\x03\x01", 3, 0), 3);
  raw.reset();
  EXPECT_TRUE(run_until([&] { return server.closed; }));
  EXPECT_EQ(server.reason.code, ErrorCode::kUnavailable);
}

TEST_P(TlsTest, HoldOutputHoldsEncryptedBytes) {
  Peer client, server;
  handshake(client, server, client_context(PeerCheck::kNone, ""), server_context(authority.issue()),
            "db.example");
  server.stream->hold_output(true);
  server.stream->send(Bytes("held"));
  run_for(std::chrono::milliseconds(10));
  EXPECT_EQ(client.received, "");
  server.stream->hold_output(false);
  EXPECT_TRUE(run_until([&] { return client.received == "held"; }));
}

TEST_P(TlsTest, DestroyedAnywhere) {
  const Context server_side = server_context(authority.issue());
  const Context client_side = client_context(PeerCheck::kNone, "");
  {
    Peer client, server;
    server.when_secured = [&] { server.stream.reset(); };
    connect_pair(client, server);
    server.stream->start_tls_server(server_side, Slice());
    client.stream->start_tls_client(client_side, "db.example", false);
    EXPECT_TRUE(run_until([&] { return client.closed; }));
    EXPECT_EQ(client.reason.text, "closed by peer");  // close_notify
  }
  {
    Peer client, server;
    handshake(client, server, client_side, server_side, "db.example");
    server.receive = [&](Slice) { server.stream.reset(); };
    client.stream->send(Bytes(pattern(1 << 20)));
    EXPECT_TRUE(run_until([&] { return client.closed; }));
    EXPECT_LE(server.received_bytes, Buffer::kSize);
  }
  {
    Peer client, server;
    connect_pair(client, server);
    server.when_closed = [&] { server.stream.reset(); };
    server.stream->start_tls_server(server_side, Slice());
    client.stream->send(Bytes("no handshake"));
    EXPECT_TRUE(run_until([&] { return server.closed; }));
  }
}

TEST_P(TlsTest, ChannelBindingIsTheSameOnBothSides) {
  struct Case {
    const char* root;
    const char* key;
    const char* digest;
    size_t size;  // 0: none
  };
  // RFC 5929 section 4.1: the hash of the signature, SHA-256 in place of SHA-1.
  for (const Case& c : {Case{"EC", "EC", "SHA256", 32}, Case{"EC", "RSA", "SHA384", 48},
                        Case{"RSA", "EC", "SHA512", 64}, Case{"RSA-PSS", "EC", "SHA256", 32},
                        Case{"ED25519", "EC", "", 0}}) {
    SCOPED_TRACE(std::string(c.root) + " " + c.digest);
    TestAuthority root(c.root);
    CertificateSpec spec;
    spec.key = c.key;
    spec.digest = c.digest;
    Peer client, server;
    handshake(client, server, client_context(PeerCheck::kFullName, root.root_file()),
              server_context(root.issue(spec)), "db.example");
    ASSERT_TRUE(client.secured) << client.reason.text;
    const auto theirs = client.stream->channel_binding();
    const auto ours = server.stream->channel_binding();
    if (c.size == 0) {
      EXPECT_FALSE(theirs);
      EXPECT_FALSE(ours);
      continue;
    }
    ASSERT_TRUE(theirs) << theirs.error().text;
    ASSERT_TRUE(ours) << ours.error().text;
    EXPECT_EQ(*theirs, *ours);
    EXPECT_EQ(ours->size(), c.size);
  }
}

TEST_P(TlsTest, IdleStreamsAreSmall) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "the sanitizer's allocator does not count";
#endif
#endif
  constexpr size_t kPairs = 50;
  const Context server_side = server_context(authority.issue());
  const Context client_side = client_context(PeerCheck::kFullName, authority.root_file());
  const auto memory = [] { return ::mallinfo2().uordblks; };
  std::vector<Peer> clients(kPairs);
  std::vector<Peer> servers(kPairs);
  for (size_t i = 0; i < kPairs; ++i) {
    handshake(clients[i], servers[i], client_side, server_side, "db.example");
    clients[i].stream->send(Bytes("ping"));
    servers[i].stream->send(Bytes("pong"));
    run_until([&] { return clients[i].received == "pong" && servers[i].received == "ping"; });
  }
  EXPECT_EQ(reactor->buffers().in_use(), idle_buffers);
  std::vector<Buffer*> warm(256);  // so that the pool does not grow while we count
  for (Buffer*& buffer : warm) buffer = reactor->buffers().take();
  for (Buffer* buffer : warm) reactor->buffers().put(buffer);
  const size_t all = memory();
  for (size_t i = 0; i < kPairs; ++i) {
    clients[i].stream.reset();
    servers[i].stream.reset();
  }
  run_for(std::chrono::milliseconds(5));
  const size_t each = (all - memory()) / (2 * kPairs);
  RecordProperty("bytes_per_idle_stream", static_cast<int>(each));
  EXPECT_GT(each, 1024U);
  EXPECT_LT(each, 30U * 1024);
}

TEST_P(TlsTest, ClearStreamsHaveNoChannelBinding) {
  Peer client, server;
  connect_pair(client, server);
  EXPECT_FALSE(client.stream->channel_binding());
  EXPECT_FALSE(client.stream->is_tls());
  EXPECT_EQ(client.stream->tls_description(), "");
}

TEST(TlsContextTest, SaysWhatIsWrongWithItsFiles) {
  TestAuthority authority;
  const auto one = authority.issue();
  const auto two = authority.issue();
  const auto missing = TlsContext::server("/nonexistent.crt", one.key);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().text.find("/nonexistent.crt"), std::string::npos);
  EXPECT_FALSE(TlsContext::server(one.certificate, two.key));
  EXPECT_FALSE(TlsContext::server(one.certificate, one.certificate));
  EXPECT_FALSE(TlsContext::client({PeerCheck::kFullName, "/nonexistent.crt", "", ""}));
  EXPECT_TRUE(TlsContext::client({PeerCheck::kFullName, "system", "", ""}));
  EXPECT_TRUE(
      TlsContext::client({PeerCheck::kChain, authority.root_file(), one.certificate, one.key}));
}

}  // namespace
}  // namespace sluice::net
