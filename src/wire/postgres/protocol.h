#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::wire::postgres {

// PostgreSQL 17 documentation, chapter 55 "Frontend/Backend Protocol".

/// Codes in place of a protocol version in the first packet (55.7, SSLRequest and others).
inline constexpr uint32_t kCancelRequestCode = 80877102;
inline constexpr uint32_t kSslRequestCode = 80877103;
inline constexpr uint32_t kGssEncRequestCode = 80877104;
inline constexpr uint32_t kProtocolMajor = 3;
inline constexpr uint32_t kNewestMinor = 2;

/// Longest start-up packet, including its length word (PostgreSQL's MAX_STARTUP_PACKET_LENGTH).
inline constexpr uint32_t kMaxStartupPacket = 10000;

// Messages from the frontend.
inline constexpr char kBind = 'B';
inline constexpr char kClose = 'C';
inline constexpr char kCopyData = 'd';
inline constexpr char kCopyDone = 'c';
inline constexpr char kCopyFail = 'f';
/// A whole CopyFail that gives no reason.
inline constexpr std::string_view kEmptyCopyFail{"f\0\0\0\5\0", 6};
inline constexpr char kDescribe = 'D';
inline constexpr char kExecute = 'E';
inline constexpr char kFlush = 'H';
inline constexpr char kFunctionCall = 'F';
inline constexpr char kParse = 'P';
inline constexpr char kPasswordMessage = 'p';  ///< also SASLInitialResponse, SASLResponse
inline constexpr char kQuery = 'Q';
inline constexpr char kSync = 'S';
inline constexpr char kTerminate = 'X';

// Messages from the backend.
inline constexpr char kAuthentication = 'R';
inline constexpr char kBackendKeyData = 'K';
inline constexpr char kBindComplete = '2';
inline constexpr char kCloseComplete = '3';
inline constexpr char kCommandComplete = 'C';
inline constexpr char kCopyInResponse = 'G';
inline constexpr char kCopyOutResponse = 'H';
inline constexpr char kDataRow = 'D';
inline constexpr char kEmptyQueryResponse = 'I';
inline constexpr char kErrorResponse = 'E';
inline constexpr char kFunctionCallResponse = 'V';
inline constexpr char kNegotiateProtocolVersion = 'v';
inline constexpr char kNoData = 'n';
inline constexpr char kNoticeResponse = 'N';
inline constexpr char kNotificationResponse = 'A';
inline constexpr char kParameterDescription = 't';
inline constexpr char kParameterStatus = 'S';
inline constexpr char kParseComplete = '1';
inline constexpr char kPortalSuspended = 's';
inline constexpr char kReadyForQuery = 'Z';
inline constexpr char kRowDescription = 'T';

/// Sub-codes of Authentication messages.
enum class AuthCode : uint32_t {
  kOk = 0,
  kCleartextPassword = 3,
  kMd5Password = 5,
  kSasl = 10,
  kSaslContinue = 11,
  kSaslFinal = 12,
};

// Fields of ErrorResponse and NoticeResponse (55.8).
inline constexpr char kFieldSeverity = 'S';
inline constexpr char kFieldSeverityNonLocalized = 'V';
inline constexpr char kFieldSqlstate = 'C';
inline constexpr char kFieldMessage = 'M';
inline constexpr char kFieldDetail = 'D';
inline constexpr char kFieldHint = 'H';
inline constexpr char kFieldPosition = 'P';
inline constexpr char kFieldWhere = 'W';

}  // namespace sluice::wire::postgres
