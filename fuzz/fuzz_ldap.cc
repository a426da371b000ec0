// Names that people type and that directories answer: a value stays one value, in filters and DNs.
#include "identity/ldap_directory.h"
#include "input.h"

FUZZ(bytes) {
  using namespace sluice::identity;
  const std::string text(bytes);
  require(escape_filter(text).find_first_of(std::string_view("*()\0{", 5)) == std::string::npos);
  const std::string filter = fill_filter("(uid={user})", "{user}", text);
  require(filter.find(')') == filter.size() - 1 && filter.rfind('(') == 0);
  if (!text.empty() && text.find('\0') == std::string::npos)
    require(first_value_of_dn("uid=" + escape_dn(text) + ",dc=x") == std::optional(text));
  require(id_of_subject(subject_of(text)) == text);
  // What a directory says is a name: the same form of it is the same.
  if (const auto normal = normal_dn(text)) {
    const auto again = normal_dn(*normal);
    require(again && *again == *normal);
  }
  sluice::config::LdapConfig config;
  config.groups_map = {{"cn=dba,ou=groups,dc=x", "admins"}};
  const auto local = local_group(config, text, text);
  require(!local || *local == "admins");
  (void)first_value_of_dn(text);
}
