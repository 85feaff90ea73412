"""The sample mail of the source tree, as a Maildir somebody can use."""

import os
import re
import shutil
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "maildirs" / "samples"


def copy_samples(target: Path) -> None:
    """Makes the Maildir `target`, which must not exist, from the samples; it is there whole or not at all.

    What git does not keep is put back: empty directories, and as each file's time the one its name begins with.
    """
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(SAMPLES, partial)
    for folder in [partial, *(path for path in partial.iterdir() if path.is_dir() and path.name.startswith("."))]:
        for name in ("cur", "new", "tmp"):
            (folder / name).mkdir(exist_ok=True)
    for path in partial.rglob("*"):
        arrived = re.match(r"\d+", path.name)
        if arrived:
            os.utime(path, (int(arrived[0]), int(arrived[0])))
        path.chmod(0o700 if path.is_dir() else 0o600)
    partial.chmod(0o700)
    partial.rename(target)
