#pragma once

namespace sluice::stream {

/// What OCSF 1.5.0 says of the classes and objects that we send, from github.com/ocsf/ocsf-schema:
/// events/base_event.json, events/application/{application_lifecycle,api_activity,
/// datastore_activity}.json, events/iam/authentication.json, profiles/security_control.json,
/// objects/*.json of the same names, dictionary.json (types, enumerations and their siblings).
///
/// "class UID CATEGORY NAME" and "object NAME" begin one; "any" is its constraint at_least_one.
/// Then its attributes: the name, "!" where it is required, the type ("[]" for a list of it), and
/// behind "=" what an enumeration allows, with the sibling attribute that has the caption behind
/// "as". "with" takes all attributes of another one. Attributes that we never send are left out,
/// so that sending one is a decision: look it up and add it.
inline constexpr const char* kOcsfSchema = R"(
object base_event
activity_id! integer
activity_name string
category_uid! integer
category_name string
class_uid! integer
class_name string
type_uid! long
type_name string
time! timestamp
start_time timestamp
end_time timestamp
duration long
message string
metadata! metadata
severity_id! integer = 0 Unknown, 1 Informational, 2 Low, 3 Medium, 4 High, 5 Critical, 6 Fatal, 99 Other as severity
severity string
status_id integer = 0 Unknown, 1 Success, 2 Failure, 99 Other as status
status string
status_code string
status_detail string
unmapped free

class 6005 6 Datastore Activity
with base_event
any database databucket table
activity_id! integer = 0 Unknown, 1 Read, 2 Update, 3 Connect, 4 Query, 5 Write, 6 Create, 7 Delete, 8 List, 9 Encrypt, 10 Decrypt, 99 Other as activity_name
actor! actor
src_endpoint! network_endpoint
dst_endpoint network_endpoint
database database
table table
query_info query_info
type_id integer = 0 Unknown, 1 Database, 2 Databucket, 3 Table, 99 Other as type
type string

object security_control
action_id! integer = 0 Unknown, 1 Allowed, 2 Denied as action
action string
disposition_id! integer = 0 Unknown, 1 Allowed, 2 Blocked, 8 Approved, 14 Delayed, 16 No Action, 17 Logged, 25 Rejected, 26 Unauthorized, 27 Error, 99 Other as disposition
disposition string
firewall_rule firewall_rule
policy policy

class 3002 3 Authentication
with base_event
any service dst_endpoint
activity_id! integer = 0 Unknown, 1 Logon, 2 Logoff, 3 Authentication Ticket, 4 Service Ticket Request, 5 Service Ticket Renew, 6 Preauth, 99 Other as activity_name
user! user
auth_protocol_id integer = 0 Unknown, 1 NTLM, 2 Kerberos, 3 Digest, 4 OpenID, 5 SAML, 6 OAUTH 2.0, 7 PAP, 8 CHAP, 9 EAP, 10 RADIUS, 11 Basic Authentication, 12 LDAP, 99 Other as auth_protocol
auth_protocol string
src_endpoint network_endpoint
dst_endpoint network_endpoint
is_remote boolean
logon_type_id integer = 0 Unknown, 1 System, 2 Interactive, 3 Network, 4 Batch, 5 OS Service, 7 Unlock, 8 Network Cleartext, 9 New Credentials, 99 Other as logon_type
logon_type string
service service
session session

class 6002 6 Application Lifecycle
with base_event
activity_id! integer = 0 Unknown, 1 Install, 2 Remove, 3 Start, 4 Stop, 5 Restart, 6 Enable, 7 Disable, 8 Update, 99 Other as activity_name
app! product

class 6003 6 API Activity
with base_event
activity_id! integer = 0 Unknown, 1 Create, 2 Read, 3 Update, 4 Delete, 99 Other as activity_name
actor! actor
api! api
src_endpoint! network_endpoint
dst_endpoint network_endpoint
resources resource_details[]

object metadata
version! string
product! product
profiles string[]
labels string[]
uid string
sequence long
event_code string
log_name string
log_provider string
original_time string
correlation_uid string

object product
any name uid
name string
vendor_name string
version string

object actor
any process user invoked_by session app_name app_uid
user user
session session
app_name string

object user
any account name uid
name string
type_id integer = 0 Unknown, 1 User, 2 Admin, 3 System, 99 Other as type
type string
groups group[]

object group
any name uid
name string

object session
uid string

object network_endpoint
any ip uid name hostname svc_name instance_uid interface_uid interface_name domain
name string
ip ip
port port

object database
any name uid
name string
type_id! integer = 0 Unknown, 1 Relational, 2 Network, 3 Object Oriented, 4 Centralized, 5 Operational, 6 NoSQL, 99 Other as type
type string

object table
any name uid
name string

object query_info
query_string! string
uid string
bytes long
query_time timestamp

object firewall_rule
any name uid
name string

object policy
any name uid
uid string

object api
operation! string
service service

object service
any name uid
name string

object resource_details
any name uid
name string
type string
)";

}  // namespace sluice::stream
