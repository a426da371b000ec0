#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace sluice::wire::postgres {

// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677) as PostgreSQL speaks them: the user
// name in the SCRAM messages is ignored, the one from start-up counts.

inline constexpr std::string_view kScramSha256 = "SCRAM-SHA-256";
inline constexpr std::string_view kScramSha256Plus = "SCRAM-SHA-256-PLUS";

using ScramKey = std::array<unsigned char, 32>;

/// What a server keeps of a password: it can check one, but not make one.
struct ScramVerifier {
  int iterations = 4096;
  std::string salt;  ///< raw
  ScramKey stored_key{};
  ScramKey server_key{};

  /// "SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>", the form of pg_authid.
  static Result<ScramVerifier> parse(std::string_view text);
  std::string format() const;
};

/// A verifier with a fresh salt, in text form. The password goes through SASLprep (RFC 4013); one
/// that SASLprep does not allow is used as it is, like libpq does.
std::string make_verifier(std::string_view password, int iterations = 4096);
/// The same with a salt (raw) that is given.
std::string make_verifier(std::string_view password, std::string salt, int iterations);

/// One of the secrets that a login may be made with: what a server keeps of it beside the salt.
struct ScramCandidate {
  ScramKey stored_key{};
  ScramKey server_key{};
  bool good = false;  ///< it lets in; else it is recognised, and refused as an unknown one
};

/// The gateway's side of a client's login. One use: any message out of turn, and any after a
/// failure, is an error.
class ScramServer {
 public:
  /// All candidates are of one salt (raw) and iteration count. Nothing that the client sees, and
  /// not the time that it takes, tells how many there are or which it has shown: their number is
  /// filled up to a multiple of kCandidates.
  ScramServer(std::string salt, int iterations, std::vector<ScramCandidate> candidates,
              std::string channel_binding);
  /// `channel_binding`: tls-server-end-point data when the connection is TLS, else empty (and then
  /// SCRAM-SHA-256-PLUS must not be offered). `genuine` false: the user does not exist or may not
  /// log in; everything looks the same and fails at the end.
  ScramServer(ScramVerifier verifier, bool genuine, std::string channel_binding);

  /// A verifier for a user who does not exist: same salt on every try, so that nobody can tell.
  static ScramVerifier mock_verifier(std::string_view secret, std::string_view user);

  /// SASL mechanism and client-first-message -> server-first-message.
  Result<std::string> first(std::string_view mechanism, Bytes client_first);
  /// client-final-message -> server-final-message; the login has succeeded.
  Result<std::string> final(Bytes client_final);
  /// Which candidate's secret the client has proved to know, good or not.
  std::optional<size_t> shown() const { return shown_; }

  static constexpr size_t kCandidates = 8;

 private:
  friend struct ScramTestPeer;  // sets nonces, for the examples of the RFCs
  enum class Step : uint8_t { kFirst, kFinal, kOver };
  Result<> read_gs2_header(bool plus, std::string_view& rest) const;
  Result<std::string> check_proof(Bytes proof, const std::string& auth_message);

  Step step_ = Step::kFirst;
  std::string salt_;
  int iterations_;
  std::vector<ScramCandidate> candidates_;
  std::optional<size_t> shown_;
  std::string channel_binding_;
  std::string gs2_header_;
  std::string client_first_bare_;
  std::string server_first_;
  std::string nonce_;
};

/// Keys derived from a password for one salt and iteration count; what PBKDF2 costs is paid once.
struct ScramKeys {
  std::string salt;
  int iterations = 0;
  ScramKey client_key{};
  ScramKey server_key{};
};

/// The gateway's side of its own login at a server. One use: any message out of turn, and any after
/// a failure, is an error.
class ScramClient {
 public:
  /// More than any PostgreSQL in use asks for (its default is 4,096), and some 25 ms: what a
  /// hostile server can cost the thread that logs in, for each login.
  static constexpr int kMaxIterations = 100'000;

  /// `channel_binding`: tls-server-end-point data, or empty. `offered_plus`: whether the server
  /// offered SCRAM-SHA-256-PLUS.
  ScramClient(std::string password, std::string channel_binding, bool offered_plus);

  /// Keys from an earlier login with the same password; used when salt and iterations are the same.
  void use_keys(ScramKeys keys) { keys_ = std::move(keys); }
  const ScramKeys& keys() const { return keys_; }

  std::string_view mechanism() const { return plus_ ? kScramSha256Plus : kScramSha256; }
  /// client-first-message.
  std::string first();
  /// server-first-message -> client-final-message.
  Result<std::string> final(Bytes server_first);
  /// Checks the server-final-message: the server knew the password too.
  Result<> verify(Bytes server_final);

 private:
  friend struct ScramTestPeer;
  enum class Step : uint8_t { kFirst, kFinal, kVerify, kOver };

  Step step_ = Step::kFirst;
  SecretString password_;
  std::string channel_binding_;
  std::string gs2_header_;
  bool plus_;
  std::string nonce_;
  std::string client_first_bare_;
  std::string auth_message_;
  ScramKeys keys_;
};

}  // namespace sluice::wire::postgres
