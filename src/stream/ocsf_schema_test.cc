#include <map>
#include <sstream>

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "stream/ocsf.h"
#include "stream/test_ocsf_schema.h"
#include "stream/test_records.h"

// Every event that we can send is held against what OCSF says of its class and objects.

namespace sluice::stream {
namespace {

namespace json = boost::json;
using audit::EventType;
using audit::Outcome;

struct Attribute {
  bool required = false;
  bool list = false;
  std::string type;
  std::map<int64_t, std::string> captions;  ///< empty: no enumeration
  std::string sibling;
};

/// A class or an object.
struct Definition {
  int64_t category = 0;
  std::string caption;
  std::vector<std::string> any;
  std::map<std::string, Attribute> attributes;
};

std::string trim(const std::string& text) {
  const size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

Attribute read_attribute(std::string rest) {
  Attribute out;
  if (const size_t sibling = rest.find(" as "); sibling != std::string::npos) {
    out.sibling = rest.substr(sibling + 4);
    rest.resize(sibling);
  }
  if (const size_t equals = rest.find('='); equals != std::string::npos) {
    std::istringstream values(rest.substr(equals + 1));
    for (std::string value; std::getline(values, value, ',');) {
      std::istringstream words(value);
      int64_t number = 0;
      words >> number;
      std::string caption;
      std::getline(words, caption);
      out.captions[number] = trim(caption);
    }
    rest.resize(equals);
  }
  out.type = trim(rest);
  if (out.type.ends_with("[]")) {
    out.list = true;
    out.type.resize(out.type.size() - 2);
  }
  return out;
}

/// By name; classes by their number.
std::map<std::string, Definition> read_schema() {
  std::map<std::string, Definition> all;
  Definition* now = nullptr;
  std::istringstream lines(kOcsfSchema);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word, name;
    if (!(words >> word)) continue;
    if (word == "class" || word == "object") {
      words >> name;
      now = &all[name];
      if (word == "object") continue;
      words >> now->category;
      std::getline(words, name);
      now->caption = trim(name);
    } else if (word == "with") {
      words >> name;
      now->attributes = all.at(name).attributes;
    } else if (word == "any") {
      while (words >> name) now->any.push_back(name);
    } else {
      std::getline(words, name);
      Attribute attribute = read_attribute(name);
      attribute.required = word.ends_with('!');
      if (attribute.required) word.pop_back();
      now->attributes[word] = std::move(attribute);
    }
  }
  return all;
}

class Checker {
 public:
  /// What is wrong with an event; empty: nothing.
  std::vector<std::string> check(const json::object& event) {
    wrong_.clear();
    const int64_t uid = event.at("class_uid").as_int64();
    const auto found = schema_.find(std::to_string(uid));
    if (found == schema_.end()) return {"no such class"};
    Definition cls = found->second;
    const auto* profiles = event.at("metadata").as_object().if_contains("profiles");
    if (profiles != nullptr) {
      for (const auto& profile : profiles->as_array()) {
        const auto& more = schema_.at(std::string(profile.as_string())).attributes;
        cls.attributes.insert(more.begin(), more.end());
      }
    }
    object("", cls, event);
    expect(event.at("category_uid").as_int64() == cls.category, "category_uid");
    expect(event.at("class_name").as_string() == cls.caption, "class_name");
    const int64_t activity = event.at("activity_id").as_int64();
    expect(event.at("type_uid").as_int64() == uid * 100 + activity, "type_uid");
    const std::string type = cls.caption + ": " + cls.attributes["activity_id"].captions[activity];
    expect(event.at("type_name").as_string() == type, "type_name");
    return wrong_;
  }

 private:
  void expect(bool good, const std::string& what) {
    if (!good) wrong_.push_back(what);
  }

  void object(const std::string& path, const Definition& definition, const json::object& value) {
    for (const auto& [name, attribute] : definition.attributes)
      expect(!attribute.required || value.contains(name), path + name + " is required");
    bool any = definition.any.empty();
    for (const auto& name : definition.any) any = any || value.contains(name);
    expect(any, path + " has none of what it needs one of");
    for (const auto& [key, member] : value) {
      const auto found = definition.attributes.find(std::string(key));
      const std::string here = path + std::string(key);
      if (found == definition.attributes.end()) {
        wrong_.push_back(here + " is not known");
        continue;
      }
      one(here, found->second, member);
      if (!found->second.captions.empty()) enumeration(here, found->second, member, value);
    }
  }

  void one(const std::string& here, const Attribute& attribute, const json::value& value) {
    if (!attribute.list) return typed(here, attribute.type, value);
    if (!value.is_array()) return expect(false, here + " is no list");
    for (const auto& item : value.as_array()) typed(here, attribute.type, item);
  }

  void typed(const std::string& here, const std::string& type, const json::value& value) {
    if (type == "free") return expect(value.is_object(), here + " is no object");
    if (type == "boolean") return expect(value.is_bool(), here + " is no boolean");
    if (type == "string") return expect(value.is_string(), here + " is no text");
    if (type == "ip")
      return expect(value.is_string() && is_ip(value.as_string()), here + " is no address");
    if (const auto definition = schema_.find(type); definition != schema_.end()) {
      if (!value.is_object()) return expect(false, here + " is no object");
      return object(here + ".", definition->second, value.as_object());
    }
    // integer, long, timestamp and port; numbers beyond 2^63 are no long.
    boost::system::error_code error;
    const auto number = value.to_number<int64_t>(error);
    expect(!error && !value.is_double(), here + " is no integer");
    if (type == "integer")
      expect(number >= INT32_MIN && number <= INT32_MAX, here + " is too large");
    if (type == "port") expect(number >= 0 && number <= 65535, here + " is no port");
    if (type == "timestamp")
      expect(number > 1'000'000'000'000 && number < 10'000'000'000'000,
             here + " is not in milliseconds");
  }

  void enumeration(const std::string& here, const Attribute& attribute, const json::value& value,
                   const json::object& parent) {
    const auto found = attribute.captions.find(value.to_number<int64_t>());
    if (found == attribute.captions.end()) return expect(false, here + " is none of the values");
    const auto* caption = parent.if_contains(attribute.sibling);
    if (caption == nullptr || found->first == 99) return;  // 99: the source's own word
    expect(caption->as_string() == found->second,
           here + " is not what " + attribute.sibling + " says");
  }

  static bool is_ip(std::string_view text) {
    const std::string address(text.substr(0, text.find('%')));
    char out[16];
    return text.size() <= 40 && (inet_pton(AF_INET, address.c_str(), out) == 1 ||
                                 inet_pton(AF_INET6, address.c_str(), out) == 1);
  }

  std::map<std::string, Definition> schema_ = read_schema();
  std::vector<std::string> wrong_;
};

void expect_valid(const Entry& entry, const std::string& what) {
  static Checker checker;
  const json::object event = ocsf_event(test_source(), entry);
  for (const auto& wrong : checker.check(event))
    ADD_FAILURE() << what << ": " << wrong << "\n" << json::serialize(event);
}

constexpr const char* kAddresses[] = {
    "192.0.2.7:51234", "[2001:db8::1]:99", "[fe80::1%eth0]:5", "/run/sluice.sock", "local", "",
    "gateway:0",       "127.0.0.1:70000"};

TEST(OcsfSchema, StatementsAreAsItSays) {
  for (const char* kind : {"SELECT", "TABLE", "FETCH", "SHOW", "INSERT", "MERGE", "UPDATE", "GRANT",
                           "CREATE TABLE", "DELETE", "DROP ROLE", "SET", "LISTEN", ""}) {
    for (int outcome = 1; outcome <= 5; ++outcome) {
      Entry entry = statement_entry();
      entry.record.kind = kind;
      entry.record.outcome = static_cast<Outcome>(outcome);
      expect_valid(entry, std::string(kind) + " " + std::to_string(outcome));
      entry.record.sqlstate = "23505";
      entry.record.message = "duplicate key";
      expect_valid(entry, std::string(kind) + " with an error");
    }
  }
}

TEST(OcsfSchema, StatementsWithLittleAreAsItSays) {
  Entry entry = statement_entry();
  entry.record.text = entry.record.rule = entry.record.policy_version = "";
  entry.record.tables.clear();
  expect_valid(entry, "no table");
  entry.record.context = {};
  expect_valid(entry, "no session");
  entry = statement_entry();
  entry.record.bytes = UINT64_MAX;
  expect_valid(entry, "more than a long can say");
}

TEST(OcsfSchema, EveryKindOfPrincipalAndAddressIsAsItSays) {
  for (const char* kind : {"human", "service", "agent", ""}) {
    for (const char* address : kAddresses) {
      for (const auto type : {EventType::kStatement, EventType::kSessionStart, EventType::kAdmin}) {
        Entry entry = statement_entry();
        entry.record.type = type;
        entry.record.context.kind = kind;
        entry.record.context.client_address = address;
        expect_valid(entry, std::string(kind) + " from " + address);
      }
    }
  }
}

TEST(OcsfSchema, EveryTypeOfRecordIsAsItSays) {
  for (int type = 0; type < 256; ++type) {
    expect_valid(other_entry(static_cast<EventType>(type), "a message"), std::to_string(type));
    Entry bare = other_entry(static_cast<EventType>(type));
    bare.record.context = {};
    expect_valid(bare, std::to_string(type) + ", without a session");
  }
}

TEST(OcsfSchema, EveryWayToLogInIsAsItSays) {
  for (const char* method : {"scram-sha-256", "password", "certificate", "ldap", "oidc", "jwt",
                             "totp", "peer", "trust", "token", ""}) {
    Entry entry = other_entry(EventType::kSessionStart);
    entry.record.context.authentication = method;
    expect_valid(entry, method);
  }
}

TEST(OcsfSchema, TheCheckFindsWhatIsWrong) {
  Checker checker;
  json::object event = ocsf_event(test_source(), statement_entry());
  EXPECT_TRUE(checker.check(event).empty());
  event.erase("actor");
  event["severity_id"] = 7;
  event["status"] = "Good";
  event["time"] = 1'764'150'000;
  event["made_up"] = 1;
  event["query_info"].as_object().erase("query_string");
  event["src_endpoint"] = json::object{};
  EXPECT_EQ(checker.check(event).size(), 7U);
}

}  // namespace
}  // namespace sluice::stream
