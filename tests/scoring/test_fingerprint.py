import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np

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


def fingerprint(tmp_path, returned="self.mood", fields="", *, file=True) -> str:
    code = textwrap.dedent(RATER).format(returned=returned)
    code += f"\nprint(Mood({fields}).fingerprint)\n"
    script = tmp_path / "mood.py"
    script.write_text(code if file else f"exec({code!r})")
    made = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    return made.stdout.strip()


def test_the_same_rater_has_the_same_fingerprint_in_another_process(tmp_path):
    assert fingerprint(tmp_path) == fingerprint(tmp_path)


def test_other_fields_or_other_code_have_another_fingerprint(tmp_path):
    mine = fingerprint(tmp_path)
    assert fingerprint(tmp_path, fields="mood=0.6") != mine
    assert fingerprint(tmp_path, returned="1 - self.mood") != mine


def test_code_that_cannot_be_seen_is_the_same_within_a_process():
    names = {"__name__": "nowhere"}
    exec(textwrap.dedent(RATER).format(returned="self.mood"), names)
    one, two, other = names["Mood"](), names["Mood"](), names["Mood"](mood=0.6)
    assert one.fingerprint == two.fingerprint != other.fingerprint


def test_code_that_cannot_be_seen_is_never_taken_for_the_same(tmp_path):
    assert fingerprint(tmp_path, file=False) != fingerprint(tmp_path, file=False)


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
    "child.py": """
        from grandparent import Grandparent
        from mixed import Mixin

        class Child(Mixin, Grandparent):
            '''Adds nothing.'''

        print(Child().fingerprint)
    """,
}


def inherited(tmp_path, **values) -> str:
    values = {"most": 0.5, "factor": 1, "bonus": 0} | values
    for name, code in MODULES.items():
        (tmp_path / name).write_text(textwrap.dedent(code).format(**values))
    command = [sys.executable, "-B", tmp_path / "child.py"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_code_that_is_inherited_called_or_read_is_covered(tmp_path):
    """A constant, a function beside the class, a class beside the line of raters."""
    first = inherited(tmp_path)
    assert inherited(tmp_path) == first
    others = [inherited(tmp_path, **{name: 0.25}) for name in ("most", "factor", "bonus")]
    assert len({first, *others}) == 4


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


BUILT_IN = """
import importlib.metadata
{patch}
from semspill.scoring import LexiconRater, TransformersRater
print(LexiconRater().fingerprint, TransformersRater(model={folder!r}).fingerprint)
"""


def test_built_in_raters_know_the_version_of_semspill(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    prints = []
    for patch in ("", "importlib.metadata.version = lambda name: '9.9'"):
        code = BUILT_IN.format(patch=patch, folder=str(tmp_path))
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        prints.append(ran.stdout.split())
    assert all(one != other for one, other in zip(*prints, strict=True))
