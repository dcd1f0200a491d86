import csv
import sys

import numpy as np
import pytest
from scipy.stats import rankdata

from semspill.errors import MissingExtraError
from semspill.scoring import ProfanityRater, ToxicityScorer

profanity_check = pytest.importorskip("profanity_check")


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], np.array([row["is_toxic"] == "Toxic" for row in rows])


def test_rates_as_the_package_itself():
    texts = ["Well done, my friend.", "You are stupid.", "the of", "", "Kettles boil."]
    rated = ProfanityRater().rate(texts)
    np.testing.assert_allclose(rated, profanity_check.predict_prob(texts), rtol=0, atol=1e-12)
    assert rated[1] > 0.5 > rated[0]


def test_a_rating_depends_on_its_text_alone():
    texts = ["Well done.", "You are stupid.", "Kettles boil."]
    together = ProfanityRater().rate(texts)
    assert [ProfanityRater().rate([text])[0] for text in texts] == together.tolist()


def test_no_text_gets_no_rating():
    assert ProfanityRater().rate([]).shape == (0,)


def test_it_tells_real_toxic_text_from_harmless(toxic_csv):
    texts, toxic = read(toxic_csv)
    rated = ToxicityScorer(rater="profanity", cache=None).score(texts)
    # The share of pairs, one toxic and one not, that are ranked rightly.
    above = rankdata(rated)[toxic].sum() - toxic.sum() * (toxic.sum() + 1) / 2
    assert above / (toxic.sum() * (~toxic).sum()) > 0.8


def test_the_fingerprint_changes_with_the_package(monkeypatch):
    first = ProfanityRater().fingerprint
    assert first == ProfanityRater().fingerprint
    monkeypatch.setattr("semspill.scoring._profanity.version", lambda name: "0.0")
    assert ProfanityRater().fingerprint != first


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "profanity_check.profanity_check", None)
    with pytest.raises(MissingExtraError, match=r'pip install "semspill\[offline\]"'):
        ProfanityRater().rate(["x"])
    with pytest.raises(MissingExtraError, match=r"needs the package alt-profanity-check"):
        ProfanityRater().fingerprint  # noqa: B018


def test_a_model_made_for_another_scikit_learn_is_refused(monkeypatch, tmp_path):
    package = tmp_path / "profanity_check"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "profanity_check.py").write_text(
        "import warnings\n"
        "from sklearn.exceptions import InconsistentVersionWarning\n"
        "warnings.warn(InconsistentVersionWarning(estimator_name='SVC',\n"
        "    current_sklearn_version='1', original_sklearn_version='2'))\n"
    )
    monkeypatch.delitem(sys.modules, "profanity_check", raising=False)
    monkeypatch.delitem(sys.modules, "profanity_check.profanity_check", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError, match=r"was made for another scikit-learn than"):
        ProfanityRater().rate(["x"])
