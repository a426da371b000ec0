#include "models/conversation.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

namespace sluice::models {
namespace json = boost::json;

namespace {

struct Known {
  Api api;
  std::string_view method, path;
  Operation operation;
};

constexpr Known kKnown[] = {
    {Api::kOpenai, "POST", "/v1/chat/completions", Operation::kConverse},
    {Api::kOpenai, "POST", "/v1/responses", Operation::kConverse},
    {Api::kOpenai, "POST", "/v1/completions", Operation::kConverse},
    {Api::kOpenai, "POST", "/v1/embeddings", Operation::kEmbed},
    {Api::kOpenai, "GET", "/v1/models", Operation::kListModels},
    {Api::kAnthropic, "POST", "/v1/messages", Operation::kConverse},
    {Api::kAnthropic, "POST", "/v1/messages/count_tokens", Operation::kCount},
    {Api::kAnthropic, "GET", "/v1/models", Operation::kListModels},
};

/// What is no word for the model, but holds them together.
constexpr std::array<std::string_view, 7> kFrame = {"type",   "role",  "name",         "model",
                                                    "status", "phase", "cache_control"};
/// Who uses an agent, as the provider is to know it.
constexpr std::array<std::string_view, 2> kUsers = {"user", "safety_identifier"};
/// What tools are called with, and how that or an answer is to look: data, in which no name means
/// anything here.
constexpr std::array<std::string_view, 6> kData = {"input",        "arguments", "parameters",
                                                   "input_schema", "schema",    "input_examples"};
/// Parts of a message that are no text, by their `type`.
constexpr std::array<std::string_view, 13> kAttachments = {"image",
                                                           "image_url",
                                                           "input_image",
                                                           "document",
                                                           "file",
                                                           "input_file",
                                                           "input_audio",
                                                           "audio",
                                                           "video_url",
                                                           "input_video",
                                                           "computer_screenshot",
                                                           "container_upload",
                                                           "image_generation_call"};

/// Where the bytes of such a part stand, and where it is said where they are.
constexpr std::array<std::string_view, 3> kBytes = {"data", "file_data", "b64_json"};
constexpr std::array<std::string_view, 2> kAddresses = {"image_url", "url"};

/// Numbers that the APIs have, of a request itself and of what is in it: settings, whatever they
/// are. Any other that is long may be somebody's.
constexpr std::array<std::string_view, 22> kSettings = {"seed",
                                                        "max_tokens",
                                                        "max_completion_tokens",
                                                        "max_output_tokens",
                                                        "max_tool_calls",
                                                        "max_uses",
                                                        "max_num_results",
                                                        "budget_tokens",
                                                        "n",
                                                        "best_of",
                                                        "logprobs",
                                                        "top_logprobs",
                                                        "top_k",
                                                        "top_p",
                                                        "temperature",
                                                        "frequency_penalty",
                                                        "presence_penalty",
                                                        "repetition_penalty",
                                                        "dimensions",
                                                        "score_threshold",
                                                        "compact_threshold",
                                                        "timeout"};

/// A number in data that has fewer is nobody's: no telephone, card or account has.
constexpr int64_t kFewDigits = 8;

template <typename Names>
bool is_one_of(std::string_view name, const Names& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

/// What holds parts of a conversation together.
bool is_id(std::string_view name) { return name == "id" || name.ends_with("_id"); }

/// Where in a request something stands.
enum class Place : uint8_t { kBody, kWords, kAttachment, kData };

/// What names and ids of programs are made of; an address of a person has more, and so have words.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_-.:/$+=|").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool has_many_digits(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }) >=
         kFewDigits;
}

/// Text in the form of a model's tokens, alone or several.
bool is_tokens(const json::value& value) {
  if (!value.is_array()) return false;
  const auto& all = value.get_array();
  return std::any_of(all.begin(), all.end(),
                     [](const json::value& each) { return each.is_number() || is_tokens(each); });
}

/// A file that stands as text (RFC 2397).
bool is_data_url(std::string_view text) {
  constexpr std::string_view kScheme = "data:", kBase64 = ";base64,";
  const auto same = [](char a, char b) {
    return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b);
  };
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (text.size() < kScheme.size() || !std::equal(kScheme.begin(), kScheme.end(), text.begin(),
                                                  [&](char a, char b) { return same(b, a); }))
    return false;
  return std::search(text.begin(), text.end(), kBase64.begin(), kBase64.end(), same) != text.end();
}

bool is_base64(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("+/=-_\r\n").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool is_address(std::string_view text) {
  return text.find("://") != std::string_view::npos &&
         text.find_first_of(" \t\r\n") == std::string_view::npos;
}

/// Whether a member of an attachment is what nobody can mask: only what looks like it is, so that
/// words do not pass for it.
bool is_opaque(const json::object& attachment, std::string_view name, const json::value& value) {
  if (!value.is_string()) return false;
  const std::string_view text = value.get_string();
  if (is_one_of(name, kAddresses)) return is_data_url(text) || is_address(text);
  if (!is_one_of(name, kBytes)) return false;
  return is_data_url(text) || (is_base64(text) && text_of(attachment, "type") != "text");
}

/// A number as a person would write it: 4111111111111111.0 has no exponent and no fraction.
std::string written(const json::value& number) {
  if (!number.is_double()) return json::serialize(number);
  const double value = number.get_double();
  constexpr double kExact = 9007199254740992;  // 2^53
  if (value != std::trunc(value) || std::abs(value) > kExact) return json::serialize(number);
  return std::to_string(static_cast<int64_t>(value));
}

/// Changes texts of a request, and in data also the names of their members.
class Changer {
 public:
  Changer(bool attachments, const Changes& changes)
      : attachments_(attachments), changes_(changes) {}

  Result<> change(json::value& value, Place place) {
    if (value.is_number()) return number(value);
    if (value.is_string() && is_data_url(value.get_string())) return attachment();
    if (value.is_string()) {
      SLUICE_ASSIGN(const auto changed, changes_.text(value.get_string()));
      value = changed;
      return {};
    }
    if (value.is_array()) {
      for (auto& each : value.get_array()) SLUICE_TRY(change(each, place));
      return {};
    }
    if (!value.is_object()) return {};
    // What a client says of a thought has to be it, to the last byte.
    const auto thought = changes_.was_thought ? thought_of(value.get_object()) : std::nullopt;
    if (place == Place::kWords && thought && changes_.was_thought(*thought)) return {};
    return members(value.get_object(), place);
  }

  /// Ids by which a provider tells users apart are known to be somebody's, whatever they look like.
  void users(json::object& body) const {
    for (const std::string_view name : kUsers) hide(body.if_contains(name));
    auto* metadata = body.if_contains("metadata");
    if (metadata != nullptr && metadata->is_object())
      hide(metadata->get_object().if_contains("user_id"));
  }

 private:
  void hide(json::value* id) const {
    if (id != nullptr && id->is_string() && !id->get_string().empty())
      *id = changes_.id(id->get_string());
  }

  /// Another stands for one that is sensitive, the same wherever it is.
  Result<> id(json::value& value) {
    if (value.is_string() && is_data_url(value.get_string())) return attachment();
    const std::string text = value.is_string() ? std::string(value.get_string()) : written(value);
    if (changes_.is_sensitive(text)) value = changes_.id(text);
    return {};
  }

  /// No API has a word that is sensitive, and no other can stand in its place.
  Result<> word(std::string_view name, const json::value& value) const {
    if (!value.is_string() || !changes_.is_sensitive(value.get_string())) return {};
    return fail(ErrorCode::kDenied, "\"" + std::string(name) +
                                        "\" holds something sensitive that cannot be masked there: "
                                        "give it another name");
  }

  Result<> attachment() const {
    if (attachments_) return {};
    return fail(ErrorCode::kDenied, "images, files and sound cannot be masked, and are not sent");
  }

  /// One that is long enough to be somebody's: it stays a number unless it is masked.
  Result<> number(json::value& value) {
    const std::string text = written(value);
    if (!has_many_digits(text)) return {};
    SLUICE_ASSIGN(const auto changed, changes_.text(text));
    if (changed != text) value = changed;
    return {};
  }

  Result<> members(json::object& object, Place place) {
    // What a tool is called with may say "type" of anything.
    const bool typed = place != Place::kData && is_one_of(text_of(object, "type"), kAttachments);
    if (typed) SLUICE_TRY(attachment());
    const bool attached = typed || place == Place::kAttachment;
    // Who speaks may have a person's name; a tool is called by its own.
    const bool speaker = object.contains("role");
    for (auto& entry : object) {
      const std::string_view key = entry.key();
      const bool all_input = place == Place::kBody && key == "input";
      const bool data = place == Place::kData || (is_one_of(key, kData) && !all_input);
      if (!data && is_id(key) && !entry.value().is_structured()) {
        SLUICE_TRY(id(entry.value()));
        continue;
      }
      const bool frame = !data && is_one_of(key, kFrame) && !(speaker && key == "name");
      if (frame && is_frame(entry.value())) {
        SLUICE_TRY(word(key, entry.value()));
        continue;
      }
      if (!data && entry.value().is_number() && is_one_of(key, kSettings)) continue;
      if (attached && !data && is_opaque(object, key, entry.value())) continue;
      if ((all_input || (place == Place::kBody && key == "prompt")) && is_tokens(entry.value()) &&
          !attachments_) {
        return fail(ErrorCode::kDenied,
                    "text as numbers of tokens cannot be masked, and is not sent: send it as text");
      }
      const Place inside = attached ? Place::kAttachment : Place::kWords;
      SLUICE_TRY(change(entry.value(), data ? Place::kData : inside));
    }
    return names(object, place);
  }

  /// Words that stand where an id or the like belongs are words, and numbers are none.
  static bool is_frame(const json::value& value) {
    return value.is_string() ? is_plain(value.get_string())
                             : !value.is_structured() && !value.is_number();
  }

  /// Of data all of them; elsewhere those that no API has.
  Result<> names(json::object& object, Place place) {
    const auto taken = [place](std::string_view name) {
      return place == Place::kData || !is_plain(name) || has_many_digits(name);
    };
    const bool any = std::any_of(object.begin(), object.end(),
                                 [&](const auto& entry) { return taken(entry.key()); });
    if (!any) return {};
    json::object renamed;
    for (auto& entry : object) {
      std::string name(entry.key());
      if (taken(name)) {
        SLUICE_ASSIGN(name, changes_.text(name));
      }
      if (!renamed.emplace(name, std::move(entry.value())).second) {
        return fail(ErrorCode::kDenied, "two names of one object are one when they are masked");
      }
    }
    object = std::move(renamed);
    return {};
  }

  const bool attachments_;
  const Changes& changes_;
};

}  // namespace

namespace {

/// "/v1/models/ID"; ids may have slashes, as they are or encoded. Nothing that means another place.
bool is_one_model(std::string_view path) {
  constexpr std::string_view kModels = "/v1/models/";
  constexpr size_t kLongest = 300;
  if (!path.starts_with(kModels) || path.size() > kLongest) return false;
  path.remove_prefix(kModels.size());
  std::string part;
  const auto ends = [&part] { return part.empty() || part == "." || part == ".."; };
  while (!path.empty()) {
    const bool encoded = path.starts_with("%2F") || path.starts_with("%2f");
    const char c = path.front();
    path.remove_prefix(encoded ? 3 : 1);
    if (encoded || c == '/') {
      if (ends()) return false;
      part.clear();
    } else if (std::isalnum(static_cast<unsigned char>(c)) == 0 &&
               std::string_view("._-:@~").find(c) == std::string_view::npos) {
      return false;
    } else {
      part += c;
    }
  }
  return !ends();
}

}  // namespace

std::optional<Operation> find_operation(Api api, std::string_view method, std::string_view path) {
  for (const Known& known : kKnown) {
    if (known.api == api && known.method == method && known.path == path) return known.operation;
  }
  if (method == "GET" && is_one_model(path)) return Operation::kListModels;
  return std::nullopt;
}

Result<Conversation> read_conversation(std::string_view body) {
  json::error_code error;
  auto value = json::parse(body, error);
  if (error || !value.is_object())
    return fail(ErrorCode::kInvalidInput, "the body is not a JSON object");
  Conversation out;
  out.body = std::move(value.get_object());
  out.model = text_of(out.body, "model");
  const auto* stream = out.body.if_contains("stream");
  out.streams = stream != nullptr && stream->is_bool() && stream->get_bool();
  if (out.model.empty()) return fail(ErrorCode::kInvalidInput, "\"model\" says which is asked");
  return out;
}

Result<> change_texts(Conversation& conversation, bool attachments, const Changes& changes) {
  Changer changer(attachments, changes);
  changer.users(conversation.body);
  // Wherever it stands: what a provider adds to its API tomorrow may be words too.
  json::value all = std::move(conversation.body);
  const auto changed = changer.change(all, Place::kBody);
  conversation.body = std::move(all.get_object());
  return changed;
}

}  // namespace sluice::models
