"""What holds for all tests."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)  # how long a step takes on a busy machine says nothing
settings.load_profile("patient")
