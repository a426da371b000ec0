"""The machine's clock as one gateway sees it: tests set it as an administrator would, ahead and back (Debian: faketime)."""

import pathlib

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


class MachineClock:
    """`environment()` is for a Gateway. Only what tells the time of day is set: what measures how long something takes goes
    on, as it does when a clock is set."""

    def __init__(self, folder):
        self.file = pathlib.Path(folder) / "clock"
        self.ahead(hours=0)

    def environment(self):
        return {"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def ahead(self, hours):
        """By so much before what it is; less than nothing: behind it."""
        next_one = self.file.with_suffix(".next")
        next_one.write_text(f"{hours:+}h\n")
        next_one.rename(self.file)
