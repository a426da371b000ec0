// What opens doors: keys by their vendors' prefixes, tokens, private keys, password hashes,
// passwords that are said to be ones, connection strings.
#include "privacy/patterns.h"
#include "privacy/scan.h"

namespace sluice::privacy {

void find_secrets(Scan& scan) {
  // clang-format off
  static const PatternList patterns = {
    {Class::kPrivateKey, .99F, R"((-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)))"},
    {Class::kPrivateKey, .97F, R"((AGE-SECRET-KEY-1[0-9A-Z]{20,}|PuTTY-User-Key-File-(?s:.*)))"},
    {Class::kJwt, .98F, R"((eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){1,3}))"},
    {Class::kConnectionString, .97F, R"(([A-Za-z][A-Za-z0-9+.-]*://[^\s:/?#@'"<>]*:[^\s@/'"<>]+@[^\s'"<>]+))"},
    {Class::kPasswordHash, .97F,
     R"((\$2[abxy]?\$[0-9]{2}\$[./A-Za-z0-9]{22,53}|\$argon2(?:id|i|d)\$[^\s'";]{10,}|\$(?:1|5|6|y|7|md5|gy|sha1)\$[^\s'",;:]{8,}|\$(?:pbkdf2|scrypt|P|H|S|apr1|2y)[A-Za-z0-9-]*\$?[^\s'",;]{8,}))"},
    {Class::kPasswordHash, .97F,
     R"((pbkdf2[:_](?:hmac[:_])?sha[0-9]+[$:][0-9]+\$[^\s'",;]{8,}|(?:scrypt|argon2|bcrypt)(?:_sha256)?[:$][0-9a-z]*[:$][^\s'",;]{8,}|SCRAM-SHA-(?:1|256|512)\$[0-9]+:[^\s'",;]{8,}|\{(?:SSHA|SHA|SMD5|CRYPT|PBKDF2|SSHA256|SSHA512|ARGON2)[^}]*\}[^\s'",;]{8,}|sha(?:1|256|512)\$[A-Za-z0-9]+\$[0-9a-f]{32,}))"},
    {Class::kPasswordHash, .9F, R"((\bmd5[0-9a-f]{32}|\*[0-9A-F]{40})\b)"},
    {Class::kApiKey, .97F,
     R"(\b((?:A3T[A-Z0-9]|AKIA|ASIA|AGPA|AIDA|AROA|ABIA|ACCA)[A-Z0-9]{12,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|gl(?:pat|ptt|dt|rt|soat|cbt|agent|imt|ft)-[A-Za-z0-9_-]{16,}|(?:sk|pk|rk)_(?:live|test|prod)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}|sk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{18,}|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{20,}|ya29\.[A-Za-z0-9_-]{16,}|GOCSPX-[A-Za-z0-9_-]{16,}))"},
    {Class::kApiKey, .97F,
     R"(\b((?:npm|hf|gsk|r8|glsa|pul|lin_api|figd|dckr_pat|dckr_oat|rubygems|ntn|secret|doo_v1|dor_v1|dop_v1|shpat|shpss|shpca|shppa|sbp|ATATT3|atlasv1|phc|phx|vercel|tfp|sntrys|sntryu|rpa|fo1|FlyV1|EZAK|EZTK|sq0atp|sq0csp|PMAK|NRAK|NRJS|tskey|key|dapi|oy2|cio|crates|pplx|xai|lsv2_pt|lsv2_sk|duffel_test|duffel_live|shippo_live|shippo_test|BBDC|rdme|dp\.pt|dp\.st|hvs|hvb|hvp|CCIPAT|SG|AC|SK)(?:[_.-])[A-Za-z0-9_.=-]{20,}|pypi-[A-Za-z0-9_-]{16,}|amzn\.mws\.[0-9a-f-]{36}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|key-[0-9a-zA-Z]{32}|(?:SK|AC)[0-9a-f]{32}|dapi[0-9a-f]{32}|EAA[A-Za-z0-9]{30,}|sl\.[A-Za-z0-9_-]{40,}|[0-9]{8,10}:AA[A-Za-z0-9_-]{30,}|[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}))"},
    {Class::kApiKey, .95F, R"((https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]+|https://(?:discord|discordapp)\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]+))"},
  };
  // clang-format on
  patterns.find(scan);
}

void find_said_secrets(Scan& scan) {
  // clang-format off
  static const PatternList patterns = {
    {Class::kConnectionString, .9F, R"re(((?i:(?:server|data source|host|hostname|user id|uid|user|username|dbname|database|initial catalog|endpoint|accountname|defaultendpointsprotocol) ?= ?[^;\s]*[; ]+(?:[A-Za-z ]+ ?= ?[^;\s]*[; ]+){0,8}?(?:password|pwd|accountkey|sharedaccesskey) ?= ?[^;\s'"]+)(?:;[A-Za-z ]+=[^;\s]*)*;?))re"},
    {Class::kAccessToken, .95F, R"((?i:\b(?:bearer|basic)\s+)([A-Za-z0-9._~+/-]{12,}=*))"},
    {Class::kMfaSeed, .97F, R"((otpauth://[^\s'"<>]+))"},
    {Class::kSessionCookie, .9F, R"((?i:\b(?:phpsessid|jsessionid|asp\.net_sessionid|connect\.sid|session_?id|sessid|sid|csrf_?token|xsrf-token|auth_?token|remember_token)=)([A-Za-z0-9%._~+/-]{10,}))"},
    {Class::kPassword, .85F,
     R"re((?i:\b(?:pass ?words?|passwd|pwd|passwort|kennwort|passphrase|mot de passe|contrase(?:\xc3\xb1|n)a|clave|senha|wachtwoord|has(?:\xc5\x82|l)o|l(?:\xc3\xb6|o)senord|adgangskode|passord|salasana|heslo|parola|\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c)\b["']?\s{0,2}(?:(?:reset|set|changed)\s)?(?:is|was|ist|lautet|est|es|era|\x{e8}|\xc3\xa8|e|\xc3\xa9|to|:|=|=>)\s{0,2}["']?)([^\s"',;<>]*[0-9!@#$%^&*_?+=~-][^\s"',;<>]*))re"},
    {Class::kApiKey, .85F,
     R"re((?i:(?:\b|_)(?:api[ _-]?key|access[ _-]?key(?:[ _-]?id)?|secret[ _-]?key|signing[ _-]?key|encryption[ _-]?key|account[ _-]?key|client[ _-]?secret|secret|token|auth[ _-]?key)\b["']?\s{0,2}(?:is|:|=|=>)\s{0,2}["']?)([A-Za-z0-9_./+=-]{12,}))re"},
    {Class::kPassword, .7F, R"re((?i:\b(?:password|passwort|kennwort|passwd|pw)\b:? )([A-Za-z!-/:-@]{2,}[0-9][^\s]*))re"},
    {Class::kSeedPhrase, .85F, R"((?i:\b(?:seed|recovery|mnemonic|backup|secret)(?: phrase| words)?\b\W{1,3}(?:is|are|was)?\W{0,3})((?:[a-z]{3,8} ){11,23}[a-z]{3,8}))"},
  };
  // clang-format on
  patterns.find(scan);
}

}  // namespace sluice::privacy
