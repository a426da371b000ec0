"""Free loopback ports.

Taken from below the range that the kernel gives to outgoing connections: a server that is restarted on its port would
sometimes find it in use there by a connection of another test.
"""

import fcntl
import os
import random
import socket
import tempfile

PORTS = range(12000, 32000)
_held = []  # Locks live as long as this process: tests that run beside each other never get the same port.


def free_port() -> int:
    folder = os.path.join(tempfile.gettempdir(), f"sluice-test-ports-{os.getuid()}")
    os.makedirs(folder, exist_ok=True)
    for port in random.sample(PORTS, len(PORTS)):
        lock = open(os.path.join(folder, str(port)), "w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(("127.0.0.1", port))
        except OSError:
            lock.close()
            continue
        _held.append(lock)
        return port
    raise RuntimeError("no port is free")
