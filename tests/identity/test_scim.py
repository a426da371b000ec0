"""SCIM: an identity provider keeps users and groups; who is deprovisioned is out within seconds (threats 70, 72)."""

import json
import ssl
import time
import urllib.parse

import psycopg2
import pytest
from harness.certificates import Authority
from harness.gateway import PASSWORD, Gateway
from issuers import CLIENT, FakeIssuer, call
from scim import PATCH, Scim

HOME = "http://127.0.0.1:8765/callback"


@pytest.fixture(scope="module")
def issuer():
    running = FakeIssuer()
    yield running
    running.stop()


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def gateway(request, server, issuer):
    running = Gateway(server, reactor=request.param, environment="staging", extra=f"""\
log: {{ level: trace }}
identity:
  issuers:
    - {{ name: corp, issuer: '{issuer.url}', client_id: {CLIENT}, allow_http: true, scim: true }}
""")
    yield running
    log = running.log.read_bytes()
    assert running.stop() == 0
    assert b"slc_" not in log, "a secret is in the log"


@pytest.fixture(scope="module")
def scim(gateway):
    return Scim(gateway, gateway.cli("scim", "token", "create", "--label", "test").stdout.strip())


def users(gateway):
    return {u["name"]: u for u in json.loads(gateway.cli("user", "list", "-o", "json").stdout)}


def log_in(gateway, issuer, email, subject):
    """By the issuer, as a browser would."""
    status, begun = call(gateway, "POST", "/api/v1/login/oidc", {"issuer": "corp", "redirect_uri": HOME})
    assert status == 200, begun
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(begun["url"]).query))
    issuer.nonce, issuer.claims, issuer.header = query["nonce"], {"sub": subject, "email": email}, {}
    return call(gateway, "POST", "/api/v1/login/oidc/finish",
                {"attempt": begun["attempt"], "secret": begun["secret"], "code": "c", "state": query["state"]})


def session(gateway, issuer, email, subject):
    """A libpq session of somebody who has logged in."""
    status, answer = log_in(gateway, issuer, email, subject)
    assert status == 200, answer
    connection = psycopg2.connect(gateway.dsn(email, answer["secret"]))
    connection.autocommit = True
    return connection, answer["secret"]


def groups_at(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def ends(connection, seconds=30):
    """Whether the gateway ends the session, which asks for nothing that it would be refused."""
    deadline = time.time() + seconds
    while time.time() < deadline:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except psycopg2.Error as error:
            assert connection.closed, error
            return True
        time.sleep(0.2)
    return False


def event(gateway, text):
    found = gateway.wait_for(lambda records: any(text in r["message"] for r in records), "--type", "admin")
    return next((r for r in found if text in r["message"]), None)


def test_discovery(scim):
    status, body, headers = scim("GET", "/ServiceProviderConfig")
    assert status == 200 and body["patch"]["supported"] and body["etag"]["supported"] and not body["bulk"]["supported"]
    assert headers["Content-Type"] == "application/scim+json"
    assert [r["id"] for r in scim("GET", "/ResourceTypes")[1]["Resources"]] == ["User", "Group"]
    status, body, _ = scim("GET", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User")
    assert status == 200 and body["attributes"][0]["name"] == "userName"
    assert scim("GET", "/Me")[0] == 501
    assert scim("GET", "/Nothing")[0] == 404
    assert scim("POST", "/Schemas", {})[0] == 405


def test_a_user_from_first_to_last(gateway, scim):
    status, made, headers = scim("POST", "/Users", {
        "userName": "dora@example.com", "externalId": "ext-dora", "name": {"givenName": "Dora", "familyName": "D"},
        "displayName": "Dora D", "emails": [{"value": "dora@example.com", "type": "work", "primary": True}],
        "active": True, "password": "ignored", "title": "not kept"})
    assert status == 201
    path = "/Users/" + made["id"]
    assert headers["Location"] == made["meta"]["location"] == scim.url + path
    assert headers["ETag"] == made["meta"]["version"] == 'W/"1"'
    assert "password" not in made and "title" not in made
    assert users(gateway)["dora@example.com"]["kept_by"] == "scim"
    assert scim("GET", path)[1] == made
    assert scim("GET", path, If_None_Match='W/"1"')[0] == 304
    assert scim("GET", path + "?attributes=userName")[1].keys() == {"schemas", "id", "userName"}
    # Another has changed it in between.
    status, changed, headers = scim.patch(path, {"op": "replace", "path": "displayName", "value": "Dora"})
    assert status == 200 and headers["ETag"] == 'W/"2"' and changed["displayName"] == "Dora"
    assert scim("PUT", path, {"userName": "dora@example.com"}, If_Match='W/"1"')[0] == 412
    status, put, _ = scim("PUT", path, {"userName": "dora@example.com", "externalId": "e2"}, If_Match='W/"2"')
    assert status == 200 and "displayName" not in put and put["externalId"] == "e2" and put["active"] is True
    assert [u["id"] for u in scim.find("Users", 'userName eq "DORA@example.com"')] == [made["id"]]
    assert [u["id"] for u in scim.find("Users", 'externalId eq "e2" and active eq true')] == [made["id"]]
    assert scim.find("Users", 'externalId eq "E2"') == []
    status, problem, _ = scim("POST", "/Users", {"userName": "Dora@example.com"})
    assert (status, problem["scimType"], problem["status"]) == (409, "uniqueness", "409")
    assert scim("DELETE", path, If_Match='W/"1"')[0] == 412
    assert scim("DELETE", path)[0] == 204
    assert scim("GET", path)[0] == 404 and "dora@example.com" not in users(gateway)
    record = event(gateway, 'user "dora@example.com" removed')
    assert record and "SCIM token" in json.dumps(record) and "(test)" in json.dumps(record)


def test_what_is_wrong_says_how(scim):
    for method, path, body, status, kind in (
            ("POST", "/Users", {}, 400, "invalidValue"),
            ("POST", "/Users", {"userName": "x" * 64}, 400, "invalidValue"),
            ("POST", "/Users", [], 400, "invalidSyntax"),
            ("POST", "/Groups", {"displayName": "g", "members": [{"value": "nobody"}]}, 400, "invalidValue"),
            ("GET", "/Users?filter=userName%20is%20x", None, 400, "invalidFilter"),
            ("GET", "/Users?count=x", None, 400, "invalidValue"),
            ("GET", "/Users/nobody", None, 404, None),
            ("PATCH", "/Users/nobody", {"schemas": [PATCH], "Operations": []}, 404, None),
            ("PUT", "/Users", {}, 405, None)):
        answer = scim(method, path, body)
        assert (answer[0], answer[1].get("scimType")) == (status, kind), (method, path, answer[1])
        assert answer[1]["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_pages(scim):
    made = [scim.user(f"page{i}@example.com") for i in range(7)]
    everything = scim("GET", "/Users?count=1000")[1]
    assert everything["totalResults"] == everything["itemsPerPage"] >= 7
    seen, start = [], 1
    while start <= everything["totalResults"]:
        page = scim("GET", f"/Users?startIndex={start}&count=3")[1]
        assert page["startIndex"] == start and page["totalResults"] == everything["totalResults"]
        seen += [u["id"] for u in page["Resources"]]
        start += 3
    assert seen == [u["id"] for u in everything["Resources"]]
    assert scim("GET", "/Users?count=0")[1]["Resources"] == []
    assert scim("GET", "/Users?startIndex=0&count=-1")[1]["startIndex"] == 1
    assert len(scim.find("Users", 'userName sw "PAGE"')) == 7
    for user in made:
        assert scim("DELETE", "/Users/" + user["id"])[0] == 204


def test_groups_are_those_of_policies(gateway, scim):
    eve, frank = scim.user("eve@example.com"), scim.user("frank@example.com")
    group = scim.group("analysts", eve)
    path = "/Groups/" + group["id"]
    assert users(gateway)["eve@example.com"]["groups"] == ["analysts"]
    # As Entra ID sends it, and as Okta does.
    assert scim.patch(path, {"op": "Add", "path": "members", "value": [{"$ref": None, "value": frank["id"]}]})[0] == 204
    assert scim.patch(path, {"op": "remove", "path": f'members[value eq "{eve["id"]}"]'})[0] == 204
    assert scim.patch(path, {"op": "replace", "value": {"id": group["id"], "displayName": "data"}})[0] == 204
    assert [m["display"] for m in scim("GET", path)[1]["members"]] == ["frank@example.com"]
    assert "members" not in scim("GET", "/Groups?excludedAttributes=members&count=1")[1]["Resources"][0]
    assert [g["id"] for g in scim.find("Groups", f'members[value eq "{frank["id"]}"]')] == [group["id"]]
    listed = users(gateway)
    assert listed["eve@example.com"]["groups"] == [] and listed["frank@example.com"]["groups"] == ["data"]
    assert scim("GET", "/Users/" + frank["id"])[1]["groups"][0]["display"] == "data"
    assert scim.patch(path, {"op": "Remove", "path": "members", "value": [{"value": frank["id"]}]})[0] == 204
    assert users(gateway)["frank@example.com"]["groups"] == []
    status, problem, _ = scim("POST", "/Groups", {"displayName": "Data"})
    assert status == 409, problem
    assert event(gateway, 'group "analysts" renamed "data"')
    assert event(gateway, 'group "analysts": added frank@example.com')
    for each in (path, "/Users/" + eve["id"], "/Users/" + frank["id"]):
        assert scim("DELETE", each)[0] == 204


@pytest.mark.parametrize("operation", [
    {"op": "Replace", "path": "active", "value": "False"},
    {"op": "replace", "value": {"active": False}}, None])
def test_Threat72_who_is_deprovisioned_is_out(gateway, scim, issuer, operation):
    name = "gina@example.com"
    user = scim.user(name)
    connection, secret = session(gateway, issuer, name, user["id"])
    groups_at(connection)
    path = "/Users/" + user["id"]
    began = time.time()
    status = scim.patch(path, operation)[0] if operation else scim("DELETE", path)[0]
    assert status in (200, 204)
    assert ends(connection)
    assert time.time() - began < 15
    status, refused = log_in(gateway, issuer, name, user["id"])
    assert status == 403 and ("inactive" if operation else "not provisioned") in refused["title"], refused
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(gateway.dsn(name, secret))
    if operation:  # And comes back.
        assert scim.patch(path, {"op": "Replace", "path": "active", "value": "True"})[0] == 200
        again, _ = session(gateway, issuer, name, user["id"])
        groups_at(again)
        again.close()
        assert scim("DELETE", path)[0] == 204


def test_Threat70_users_made_here_are_not_its_business(gateway, scim, issuer):
    assert scim.find("Users", 'userName eq "alice"') == []
    for name in ("alice", "ALICE"):
        status, problem, _ = scim("POST", "/Users", {"userName": name, "active": False})
        assert status == 409 and "sluice scim adopt alice" in problem["detail"], problem
    assert gateway.psql("-Atc", "SELECT 1").stdout == "1\n"
    # Nor does it get them by renaming.
    user = scim.user("henry@example.com")
    assert scim.patch("/Users/" + user["id"], {"op": "replace", "path": "userName", "value": "alice"})[0] == 409
    assert scim("DELETE", "/Users/" + user["id"])[0] == 204
    # A login by the issuer whose people SCIM keeps does not either.
    status, refused = log_in(gateway, issuer, "alice", "alice-at-issuer")
    assert status == 403 and "not provisioned" in refused["title"], refused


def test_Threat70_its_token_is_good_for_nothing_else(gateway, scim):
    for path in ("/api/v1/approvals", "/api/v1/grants", "/api/v1/changes"):
        assert scim("GET", path, url=f"http://127.0.0.1:{gateway.http}")[0] == 401, path
    for user in ("alice", "test", "scim"):
        assert gateway.psql("-c", "SELECT 1", user=user, password=scim.token).returncode != 0
    # And nothing else is good in its place.
    credential = gateway.cli("token", "create", "--user", "alice", "--scope", "api").stdout.strip()
    for token in (credential, PASSWORD, "", "slc_" + "x" * 49):
        status, problem, headers = scim("GET", "/Users", token=token)
        assert status == 401 and headers["WWW-Authenticate"] == "Bearer", problem
    assert gateway.wait_for(lambda found: any("SCIM token is unknown" in r["message"] for r in found), "--type", "login_failed")
    # Only what is below /scim/v2.
    for path in ("/../api/v1/sessions", "/Users/../../api/v1/sessions", "/%2e%2e/"):
        assert scim("GET", path)[0] in (400, 404)


def test_Threat70_a_flood_of_wrong_tokens_is_slowed_and_fills_no_record(server):
    gateway = Gateway(server)
    try:
        right = Scim(gateway, gateway.cli("scim", "token", "create").stdout.strip())
        assert right("GET", "/Users")[0] == 200
        answers = [right("GET", "/Users", token=f"made-up-{number}") for number in range(150)]
        statuses = [status for status, _, _ in answers]
        assert statuses[:100] == [401] * 100 and statuses[-1] == 429 and set(statuses) == {401, 429}
        _, problem, headers = answers[-1]
        assert problem["status"] == "429" and "wait" in problem["detail"] and int(headers["Retry-After"]) > 0
        records = gateway.wait_for(lambda found: len(found) >= 100, "--type", "login_failed")
        assert len(records) == statuses.count(401) < 110
        assert right("GET", "/Users")[0] == 200, "whose token was good from there goes on"
        late = Scim(gateway, gateway.cli("scim", "token", "create").stdout.strip())
        assert late("GET", "/Users")[0] == 429, "a new one waits, as at any login"
    finally:
        gateway.stop()


def test_Threat70_a_token_ends(gateway):
    made = gateway.cli("scim", "token", "create", "--label", "short", "--for", "30m")
    scim = Scim(gateway, made.stdout.strip())
    assert scim("GET", "/Users")[0] == 200
    listed = {t["label"]: t for t in json.loads(gateway.cli("scim", "token", "list", "-o", "json").stdout)}
    assert listed["short"]["state"] == "live" and listed["short"]["last_used"] != "never"
    gateway.cli("scim", "token", "revoke", listed["short"]["id"])
    assert scim("GET", "/Users")[0] == 401
    assert gateway.cli("scim", "token", "revoke", listed["short"]["id"], check=False).returncode == 3
    brief = Scim(gateway, gateway.cli("scim", "token", "create", "--for", "1s").stdout.strip())
    time.sleep(1.5)
    assert brief("GET", "/Users")[0] == 401


def test_an_operator_hands_over(gateway, scim, issuer):
    gateway.cli("user", "add", "iris@example.com", "--group", "admins", "--password-stdin", input=PASSWORD + "\n")
    assert scim.find("Users", 'userName eq "iris@example.com"') == []
    deadline = time.time() + 10
    while gateway.psql("-c", "SELECT 1", user="iris@example.com").returncode != 0 and time.time() < deadline:
        time.sleep(0.3)
    gateway.cli("scim", "adopt", "iris@example.com")
    found = scim.find("Users", 'userName eq "iris@example.com"')
    assert len(found) == 1 and users(gateway)["iris@example.com"]["groups"] == []
    deadline = time.time() + 10
    while gateway.psql("-c", "SELECT 1", user="iris@example.com").returncode == 0 and time.time() < deadline:
        time.sleep(0.3)
    assert gateway.psql("-c", "SELECT 1", user="iris@example.com").returncode != 0
    for command in (("passwd", "iris@example.com", "--generate"), ("set", "iris@example.com", "--group", "x")):
        refused = gateway.cli("user", *command, check=False)
        assert refused.returncode == 1 and "identity provider" in refused.stderr
    connection, _ = session(gateway, issuer, "iris@example.com", "iris")
    groups_at(connection)
    # An operator's word stands beside the provider's.
    gateway.cli("user", "disable", "iris@example.com")
    assert ends(connection)
    path = "/Users/" + found[0]["id"]
    assert scim.patch(path, {"op": "replace", "path": "active", "value": True})[0] == 200
    assert users(gateway)["iris@example.com"]["enabled"] is False
    assert scim("DELETE", path)[0] == 204


def test_over_https(server):
    authority = Authority()
    certificate, key = authority.issue("gateway")
    gateway = Gateway(server, environment="staging", extra=f"tls: {{ certificate: {certificate}, key: {key} }}")
    try:
        secret = gateway.cli("scim", "token", "create").stdout.strip()
        scim = Scim(gateway, secret, ssl.create_default_context(cafile=authority.certificate))
        made = scim.user("june@example.com")
        assert made["meta"]["location"] == f"https://127.0.0.1:{gateway.http}/scim/v2/Users/{made['id']}"
        assert scim("GET", "/Users/" + made["id"], If_None_Match=made["meta"]["version"])[0] == 304
        assert scim("GET", "/Users/" + made["id"], token="slc_" + "x" * 49)[0] == 401
    finally:
        assert gateway.stop() == 0
        authority.remove()
