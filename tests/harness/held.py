"""Many statements that wait for people at one gateway."""

from harness.gateway import PASSWORD
from harness.wire import WireClient, kinds, query

POLICY = """
rules:
  - { name: all, effect: allow }
  - { name: drops-wait, effect: hold, do: [drop], approve: { by: [dba], wait: 1h } }
"""
# Each may have only so many that wait.
USERS = [f"user{i}" for i in range(20)]


def prepare(gateway, server):
    """Before the gateway starts: the policy, who asks and decides, and what is to be dropped."""
    policy = gateway.root / "policy.yaml"
    policy.write_text(POLICY)
    gateway.config.write_text(gateway.config.read_text() + f"policy: {{ file: {policy} }}\n")
    for user in ("dora", *USERS):
        gateway.cli("user", "add", user, "--group", "dba", "--password-stdin", input=PASSWORD + "\n")
    server.sql("SET ROLE sluice; CREATE TABLE IF NOT EXISTS victim (id int)", "orders")


def sessions(gateway, count):
    """Logged in, of all the users in turn, with a statement behind them."""
    clients = []
    for i in range(count):
        client = WireClient(gateway.port, timeout=60)
        client.login(user=USERS[i % len(USERS)])
        assert kinds(client.run(query("SELECT 1"))) == "TDCZ"
        clients.append(client)
    return clients


def hold(clients):
    """Lets each of them wait with a statement of its own."""
    for i, client in enumerate(clients):
        client.send(query(f"DROP TABLE victim /* {i} */"))
    for client in clients:
        said = client.read_message()
        assert said[0] == b"N", said
