"""What holds for all tests."""

import signal

from hypothesis import settings

settings.register_profile("patient", deadline=None)  # how long a step takes on a busy machine says nothing
settings.load_profile("patient")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So does a shell start what runs in the background; servers that tests start would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
