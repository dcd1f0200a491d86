import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from semspill import Rater
from semspill.scoring import LexiconRater

RATER = """
    import numpy as np
    import semspill as sp

    class Mood(sp.Rater):
        '''Rates everything alike.'''
        citation = "original"
        mood: float = 0.5

        def rate(self, texts):
            return np.full(len(texts), {returned})
"""


MODULES = {
    "grandparent.py": """
        import numpy as np
        import semspill as sp

        MOST = {most}

        def level(texts):
            return np.full(len(texts), MOST * {factor})

        class Grandparent(sp.Rater):
            '''Rates everything alike.'''
            citation = "original"

            def rate(self, texts):
                return level(texts)
    """,
    "mixed.py": """
        class Mixin:
            bonus = {bonus}
    """,
    "script.py": """
        from grandparent import Grandparent
        from mixed import Mixin

        class Child(Mixin, Grandparent):
            '''Adds nothing.'''

        print(Child().fingerprint)
    """,
}
BUILT_IN = """
from semspill.scoring import LexiconRater, TransformersRater
print(LexiconRater().fingerprint, TransformersRater(model={folder!r}).fingerprint)
"""
# What every script imports is imported once, and each runs in a process that is forked then.
EACH = """
import os, runpy, sys
import numpy
from semspill import Rater
from semspill.scoring import LexiconRater
sys.dont_write_bytecode = True
for folder in sys.argv[1:]:
    if not os.fork():
        sys.path.insert(0, folder)
        sys.argv = [os.path.join(folder, "script.py")]
        runpy.run_path(sys.argv[0], run_name="__main__")
        sys.stdout.flush()
        os._exit(0)
    os.wait()
"""
NEWER = "import importlib.metadata; importlib.metadata.version = lambda name: '9.9'\n"


def mood(returned="self.mood", fields="", *, file=True):
    code = textwrap.dedent(RATER).format(returned=returned)
    code += f"\nprint(Mood({fields}).fingerprint)\n"
    return {"script.py": code if file else f"exec({code!r})"}


def inherited(**values):
    values = {"most": 0.5, "factor": 1, "bonus": 0} | values
    return {name: textwrap.dedent(code).format(**values) for name, code in MODULES.items()}


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What each script prints in the first process, in another one and under another version."""
    place = tmp_path_factory.mktemp("fingerprints")
    (place / "config.json").write_text("{}")
    scripts = {
        "mood": mood(),
        "unseen": mood(file=False),
        "inherited": inherited(),
        "built-in": {"script.py": BUILT_IN.format(folder=str(place))},
        "other field": mood(fields="mood=0.6"),
        "other code": mood("1 - self.mood"),
        **{name: inherited(**{name: 0.25}) for name in ("most", "factor", "bonus")},
    }
    for name, files in scripts.items():
        (place / name).mkdir()
        for file, code in files.items():
            (place / name / file).write_text(code)

    def ran(names, before=""):
        command = [sys.executable, "-c", before + EACH, *(place / name for name in names)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return dict(zip(names, done.stdout.splitlines(), strict=True))

    return ran(scripts), ran(["mood", "unseen", "inherited"]), ran(["built-in"], NEWER)


def test_the_same_rater_has_the_same_fingerprint_in_another_process(printed):
    first, other, _ = printed
    assert first["mood"] == other["mood"]


def test_other_fields_or_other_code_have_another_fingerprint(printed):
    found = [printed[0][name] for name in ("mood", "other field", "other code")]
    assert len(set(found)) == 3


def test_code_that_cannot_be_seen_is_the_same_within_a_process():
    names = {"__name__": "nowhere"}
    exec(textwrap.dedent(RATER).format(returned="self.mood"), names)
    one, two, other = names["Mood"](), names["Mood"](), names["Mood"](mood=0.6)
    assert one.fingerprint == two.fingerprint != other.fingerprint


def test_code_that_cannot_be_seen_is_never_taken_for_the_same(printed):
    first, other, _ = printed
    assert first["unseen"] != other["unseen"]


def test_code_that_is_inherited_called_or_read_is_covered(printed):
    """A constant, a function beside the class, a class beside the line of raters."""
    first, other, _ = printed
    assert first["inherited"] == other["inherited"]
    assert len({first[name] for name in ("inherited", "most", "factor", "bonus")}) == 4


def made(level):
    class Made(Rater):
        citation = "original"

        def rate(self, texts):
            return np.full(len(texts), level)

    return Made()


def test_values_that_a_method_encloses_are_covered():
    assert made(0.5).fingerprint == made(0.5).fingerprint != made(0.6).fingerprint


def test_what_cannot_be_compared_is_never_taken_for_the_same():
    assert made(object()).fingerprint != made(object()).fingerprint


def test_the_content_of_a_file_is_covered(tmp_path):
    path = tmp_path / "words.txt"
    prints = []
    for text in ("one", "two", "one"):
        path.write_text(text)
        prints.append(OfFile(path=path).fingerprint)
    assert prints[0] == prints[2] != prints[1]


class OfFile(Rater):
    """Depends on a file."""

    citation = "original"
    path: Path

    def rate(self, texts):
        return np.full(len(texts), len(self.path.read_text()) / 10)


class Doubting(LexiconRater):
    """A lexicon that a plugin weakens."""

    doubt: float = 0.5

    def rate(self, texts):
        return super().rate(texts) * self.doubt


def test_a_built_in_rater_that_is_changed_has_fingerprints_of_its_own():
    prints = [LexiconRater(), Doubting(), Doubting(doubt=0.1)]
    assert len({rater.fingerprint for rater in prints}) == 3


def test_built_in_raters_know_the_version_of_semspill(printed):
    first, _, newer = printed
    pairs = zip(first["built-in"].split(), newer["built-in"].split(), strict=True)
    assert all(one != other for one, other in pairs)
