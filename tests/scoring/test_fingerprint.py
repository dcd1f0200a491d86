import subprocess
import sys
import textwrap

RATER = """
    import numpy as np
    import semspill as sp

    class Mood(sp.Rater):
        '''Rates everything alike.'''
        source = "original"
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
