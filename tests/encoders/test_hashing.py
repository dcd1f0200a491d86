import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from semspill import ContextFormat
from semspill.encoders import HashingEncoder
from semspill.errors import ConfigError

WORDS_ONLY = HashingEncoder(buckets=2**16, dim=32, word_ngrams=(1, 1), char_ngrams=None)


def cosine(encoder, one, other):
    rows = encoder.load(np.random.default_rng(0)).encode_responses([one, other])
    return float(rows[0] @ rows[1])


def test_single_words_forget_their_order_and_their_case():
    assert cosine(WORDS_ONLY, "oh no a noise", "NOISE a no Oh") == pytest.approx(1, abs=1e-6)


def test_runs_of_words_remember_the_order():
    pairs = WORDS_ONLY.replace(word_ngrams=(1, 2))
    assert cosine(pairs, "oh no a noise", "noise a no oh") < 0.9


def test_a_row_is_the_sum_of_the_rows_of_its_words():
    model = WORDS_ONLY.load(np.random.default_rng(0))
    weights = model.response_tower.bag.weight.detach().numpy()
    [oh, no] = (weights[model.response_tokens([word]).ids[0]] for word in ("oh", "no"))
    expected = (oh + 2 * no) / np.linalg.norm(oh + 2 * no)
    assert np.allclose(model.encode_responses(["no oh no"])[0], expected, atol=1e-6)


def test_runs_of_characters_bring_forms_of_a_word_together():
    chars = WORDS_ONLY.replace(char_ngrams=(3, 4))
    assert cosine(chars, "grumble", "grumbles") > cosine(WORDS_ONLY, "grumble", "grumbles") + 0.3


def test_a_character_run_marks_where_the_word_begins_and_ends():
    # "<ab>" has the runs "<ab" and "ab>" of three characters, and the word itself.
    tokens = WORDS_ONLY.replace(char_ngrams=(3, 3)).load(np.random.default_rng(0))
    assert tokens.response_tokens(["ab", "ab ab", "abc"]).lengths.tolist() == [3, 6, 4]


def test_a_text_without_any_run_has_the_row_of_the_empty_text():
    pairs_only = WORDS_ONLY.replace(word_ngrams=(2, 2))
    assert cosine(pairs_only, "alone", "") == pytest.approx(1, abs=1e-6)
    assert abs(cosine(WORDS_ONLY, "alone", "")) < 0.9


def test_max_tokens_counts_words(exchanges):
    model = WORDS_ONLY.load(np.random.default_rng(0))
    model = model.with_context(ContextFormat(label="gold", max_tokens=4, turns=1))
    long, short = (replace(exchanges[1], context=(said,)) for said in ("a b c d e", "c d e"))
    rows = model.encode_contexts([long, short])
    assert model.context_tokens([long]).lengths.tolist() == [4]
    assert np.array_equal(rows[0], rows[1])


def test_another_rng_gives_other_weights():
    one, other = (WORDS_ONLY.load(np.random.default_rng(seed)) for seed in (0, 1))
    assert one.fingerprint != other.fingerprint


def test_buckets_do_not_depend_on_the_process():
    here = WORDS_ONLY.load(np.random.default_rng(0)).response_tokens(["oh grumble"]).ids.tolist()
    code = (
        "import numpy as np; from semspill.encoders import HashingEncoder as H;"
        "e = H(buckets=2**16, dim=2, word_ngrams=(1, 1), char_ngrams=None);"
        "import sys; m = e.load(np.random.default_rng(0));"
        "sys.stdout.write(str(m.response_tokens(['oh grumble']).ids.tolist()))"
    )
    there = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout == str(here)


@pytest.mark.parametrize("span", [(0, 2), (3, 2)])
def test_a_range_that_is_none_is_refused(span):
    with pytest.raises(ConfigError, match="1 <= low <= high"):
        HashingEncoder(char_ngrams=span)


def test_importing_encoders_brings_no_torch():
    code = (
        "from semspill.encoders import HashingEncoder, StaticEncoder, TransformerEncoder, encoders;"
        "import sys; HashingEncoder(), encoders.build('static'), encoders.build('transformer');"
        "assert not {'torch', 'transformers', 'tokenizers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
