"""Every transcript in `transcripts/`, whole, one octet at a time, and in random pieces."""

from pathlib import Path

import pytest

from tests.transcript import SPLITS, Transcript
from tests.world import World

TRANSCRIPTS = sorted((Path(__file__).parent / "transcripts").glob("*.txt"))


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript(path: Path, split: str, tmp_path: Path) -> None:
    """The session goes exactly as written."""
    world = World(tmp_path)
    try:
        Transcript(path, world.imap, SPLITS[split], world.hooks).run()
    finally:
        world.close()
