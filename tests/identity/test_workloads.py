"""Services and agents that show a token of an issuer (RFC 8693)."""

import json

import pytest
from harness.gateway import Gateway
from issuers import FakeIssuer, Key, call

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT = "urn:ietf:params:oauth:token-type:jwt"


@pytest.fixture(scope="module")
def github():
    running = FakeIssuer()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def cluster():
    running = FakeIssuer()
    running.key = Key("ec", curve=True)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(server, github, cluster):
    running = Gateway(server, start=False, environment="staging")
    running.write_config(server, environment="staging", extra=f"""\
identity:
  issuers:
    - {{ name: github, issuer: '{github.url}', audience: sluice, allow_http: true }}
    - {{ name: cluster, issuer: '{cluster.url}', audience: [sluice, spiffe://acme/sluice], allow_http: true }}
  workloads:
    - {{ issuer: github, match: {{ sub: 'repo:acme/app:ref:refs/heads/*', environment: production }}, user: ci,
        groups: [deploy], databases: [orders], session: 10m }}
    - {{ issuer: github, match: {{ sub: 'agent:*' }}, user: helper, kind: agent }}
    - {{ issuer: cluster, match: {{ sub: 'system:serviceaccount:prod:*' }}, user: prod-jobs }}
    - {{ issuer: cluster, match: {{ sub: 'spiffe://acme/billing' }}, user: billing }}
    - {{ issuer: cluster, match: {{ sub: stolen }}, user: alice }}
""")
    running.start()
    yield running
    assert running.stop() == 0


def exchange(gateway, token, **more):
    return call(gateway, "POST", "/api/v1/token",
                form={"grant_type": GRANT, "subject_token": token, "subject_token_type": JWT, **more})


def ci(github, **claims):
    return github.token("repo:acme/app:ref:refs/heads/main", "sluice", **{"environment": "production", **claims})


def test_a_job_gets_a_credential(gateway, github):
    status, answer = exchange(gateway, ci(github))
    assert status == 200 and answer["user"] == "ci" and answer["expires_in"] == 600, answer
    assert answer["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
    done = gateway.psql("-Atc", "SELECT 1", user="ci", password=answer["access_token"])
    assert done.stdout == "1\n", done.stderr
    record = gateway.wait_for(lambda r: any(x.get("user") == "ci" for x in r), "--type", "session_start", "--user", "ci")[-1]
    assert record["authentication"] == "jwt" and record["issuer"] == github.url and record["groups"] == ["deploy"], record
    users = json.loads(gateway.cli("user", "list", "-o", "json").stdout)
    assert next(u for u in users if u["name"] == "ci")["kind"] == "service"


def test_pods_and_spiffe_ids(gateway, cluster):
    status, answer = exchange(gateway, cluster.token("system:serviceaccount:prod:loader", ["sluice"]))
    assert status == 200 and answer["user"] == "prod-jobs", answer
    status, answer = exchange(gateway, cluster.token("spiffe://acme/billing", ["spiffe://acme/sluice"]))
    assert status == 200 and answer["user"] == "billing", answer


@pytest.mark.parametrize("says, claims", [
    ("identity.workloads", {"environment": "staging"}),
    ("identity.workloads", {"environment": None}),
    ("identity.workloads", {"environment": ["production"]}),
    ("identity.workloads", {"sub": "repo:acme/app:pull_request"}),
    ("identity.workloads", {"sub": "repo:evil/app:ref:refs/heads/main"}),
    ("identity.workloads", {"sub": "xrepo:acme/app:ref:refs/heads/main"}),
    ("check client_id and audience", {"aud": "other"}),
    ("expired", {"exp": 1}),
    ("not configured", {"iss": "https://evil.example"}),
])
def test_other_jobs_get_none(gateway, github, says, claims):
    subject = claims.pop("sub", "repo:acme/app:ref:refs/heads/main")
    audience = claims.pop("aud", "sluice")
    status, answer = exchange(gateway, github.token(subject, audience, **{"environment": "production", **claims}))
    assert status == 400 and answer["error"] == "invalid_grant" and says in answer["error_description"], answer


def test_another_issuer_does_not_vouch(gateway, github, cluster):
    # Signed by one configured issuer in the name of another, with a key of the same name.
    forged = cluster.token("repo:acme/app:ref:refs/heads/main", "sluice", iss=github.url, environment="production")
    status, answer = exchange(gateway, forged)
    assert status == 400 and "key" in answer["error_description"], answer
    forged = github.token("repo:acme/app:ref:refs/heads/main", "sluice", key=Key("k1"), environment="production")
    status, answer = exchange(gateway, forged)
    assert status == 400 and "signature" in answer["error_description"], answer
    status, answer = exchange(gateway, ci(github)[:-6] + "AAAAAA")
    assert status == 400 and answer["error"] == "invalid_grant", answer
    assert exchange(gateway, github.token("x", "sluice", header={"alg": "none"}))[0] == 400


def test_a_person_is_no_workload(gateway, cluster):
    status, answer = exchange(gateway, cluster.token("stolen", "sluice"))
    assert status == 400 and "somebody else" in answer["error_description"], answer


def test_an_agent_acts_for_somebody(gateway, github, cluster):
    job = cluster.token("spiffe://acme/billing", "sluice")
    agent = github.token("agent:7", "sluice")
    status, answer = exchange(gateway, job, actor_token=agent, actor_token_type=JWT)
    assert status == 200 and answer["user"] == "helper", answer
    done = gateway.psql("-Atc", "SELECT 1", user="helper", password=answer["access_token"])
    assert done.stdout == "1\n", done.stderr
    record = gateway.wait_for(lambda r: any(x.get("actors") for x in r), "--type", "session_start", "--user", "helper")[-1]
    assert record["actors"] == ["helper", "billing"] and record["principal_kind"] == "agent", record
    # In one token, with another agent that handed on.
    chain = github.token("repo:acme/app:ref:refs/heads/main", "sluice", environment="production",
                         act={"sub": "agent:7", "act": {"sub": "agent:planner"}})
    status, answer = exchange(gateway, chain)
    assert status == 200 and answer["user"] == "helper", answer
    gateway.psql("-Atc", "SELECT 1", user="helper", password=answer["access_token"])
    wanted = ["helper", "agent:planner", "ci"]
    found = gateway.wait_for(lambda r: any(x.get("actors") == wanted for x in r), "--type", "session_start", "--user", "helper")
    assert any(r.get("actors") == wanted for r in found), found


def test_agents_act_only_for_those_who_are_known(gateway, github, cluster):
    agent = {"actor_token": github.token("agent:7", "sluice"), "actor_token_type": JWT}
    status, answer = exchange(gateway, cluster.token("nobody", "sluice"), **agent)
    assert status == 400 and "nobody here" in answer["error_description"], answer
    status, answer = exchange(gateway, cluster.token("spiffe://acme/billing", "sluice", may_act={"sub": "agent:8"}), **agent)
    assert status == 400 and "may_act" in answer["error_description"], answer
    # A subject is one of an issuer: the cluster's own agent:7, unless it says whose.
    status, answer = exchange(gateway, cluster.token("spiffe://acme/billing", "sluice", may_act={"sub": "agent:7"}), **agent)
    assert status == 400 and "may_act" in answer["error_description"], answer
    named = cluster.token("spiffe://acme/billing", "sluice", may_act={"sub": "agent:7", "iss": github.url})
    assert exchange(gateway, named, **agent)[0] == 200
    status, answer = exchange(gateway, cluster.token("spiffe://acme/billing", "sluice", act={"sub": "agent:7"}))
    assert status == 400, "the cluster's actors are not those of the other issuer"
    status, answer = exchange(gateway, cluster.token("spiffe://acme/billing", "sluice"),
                              actor_token=github.token("stranger", "sluice"), actor_token_type=JWT)
    assert status == 400 and "identity.workloads" in answer["error_description"], answer
    deep = {"sub": "agent:7"}
    for _ in range(12):
        deep = {"sub": "agent:7", "act": deep}
    assert exchange(gateway, github.token("repo:acme/app:ref:refs/heads/main", "sluice", environment="production", act=deep))[0] == 400


def test_requests_that_are_none(gateway, github):
    assert call(gateway, "POST", "/api/v1/token", form={"grant_type": "password"})[1]["error"] == "invalid_request"
    status, answer = call(gateway, "POST", "/api/v1/token", form={"grant_type": GRANT, "subject_token": ci(github)})
    assert status == 400 and "subject_token_type" in answer["error_description"], answer
    for junk in ["", ".", "a.b.c", "x" * 100_000, "....", "eyJhbGciOiJub25lIn0.e30."]:
        status, answer = exchange(gateway, junk)
        assert status == 400, (junk[:20], answer)
