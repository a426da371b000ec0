"""Which configuration is in force, and what has changed of it, is on the record: names, and no secrets."""

import hashlib
import signal

from harness.gateway import Gateway


def words(gateway, count):
    records = gateway.wait_for(lambda r: sum(e["message"].startswith("configuration sha256:") for e in r) >= count, "--type", "admin")
    return [e["message"] for e in records if e["message"].startswith("configuration sha256:")]


def test_a_change_of_the_configuration_leaves_a_trace(server):
    gateway = Gateway(server, masking=True, extra="audit: { segment_size: 1MiB, low_water: 1MiB }")
    try:
        first = words(gateway, 2)
        digest = hashlib.sha256(gateway.config.read_bytes()).hexdigest()
        assert first[0].startswith(f"configuration sha256:{digest}: the first one, of ") and "masking" in " ".join(first), first
        text = gateway.config.read_text()
        gateway.config.write_text(text.replace("low_water: 1MiB", "archive: { after: 2h }"))
        gateway.signal(signal.SIGHUP)
        told = words(gateway, 3)[-1]
        assert "audit.archive.after added" in told and "audit.low_water removed" in told, told
        gateway.signal(signal.SIGTERM)
        gateway.process.wait(20)
        # Behind its back, before the next start.
        gateway.config.write_text(gateway.config.read_text().replace("masking: true", "masking: false"))
        gateway.start()
        told = words(gateway, 4)[-1]
        assert ".masking changed = false" in told and "sha256:" in told, told
        gateway.signal(signal.SIGTERM)
        gateway.process.wait(20)
        gateway.start()
        assert words(gateway, 5)[-1].endswith(": nothing changed")
    finally:
        gateway.stop()
