"""Classifiers of the hub that semspill knows by name: their labels, licence and training data."""

from collections.abc import Mapping
from typing import Any, Literal

from semspill._model import FrozenModel


class Known(FrozenModel):
    """A text classifier whose labels are known, so that nobody need look them up."""

    model: str
    """Its id on the hub; its name is the part after the slash."""
    label: str | None
    """The label that means toxic; None for the highest of `labels`."""
    labels: tuple[str, ...] | None = None
    """Its labels that are kinds of harm; None for none."""
    activation: Literal["softmax", "sigmoid"] | None = None
    """What makes a probability of its outputs; None where its config says so."""
    licence: str
    """The licence of the weights, as its card has it."""
    citation: str
    """Whom to cite."""
    trained_on: tuple[str, ...]
    """The corpora it learned from, as sources name theirs."""

    @property
    def fields(self) -> Mapping[str, Any]:
        """The fields of a rater that are not by default as the classifier needs them."""
        names = ("model", "label", "labels", "activation")
        told = {name: getattr(self, name) for name in names}
        return {name: value for name, value in told.items() if value or name == "label"}


_DETOXIFY = "Hanu and Unitary 2020, Detoxify, https://github.com/unitaryai/detoxify"

_ALL = (
    Known(
        model="facebook/roberta-hate-speech-dynabench-r4-target",
        label="hate",
        licence="none stated",
        citation="Vidgen et al. 2021, Learning from the Worst: Dynamically Generated Datasets to "
        "Improve Online Hate Detection, arXiv:2012.15761",
        trained_on=("dynabench",),
    ),
    Known(
        model="unitary/toxic-bert",
        label="toxic",
        labels=("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"),
        activation="sigmoid",
        licence="Apache-2.0",
        citation=_DETOXIFY,
        trained_on=("jigsaw",),
    ),
    # Its nine other labels are identities that a text mentions, which are no harm.
    Known(
        model="unitary/unbiased-toxic-roberta",
        label="toxicity",
        labels=(
            "toxicity",
            "severe_toxicity",
            "obscene",
            "identity_attack",
            "insult",
            "threat",
            "sexual_explicit",
        ),
        activation="sigmoid",
        licence="Apache-2.0",
        citation=_DETOXIFY,
        trained_on=("civil_comments",),
    ),
    Known(
        model="s-nlp/roberta_toxicity_classifier",
        label="toxic",
        licence="OpenRAIL++",
        citation="Logacheva et al. 2022, ParaDetox: Detoxification with Parallel Data, "
        "https://aclanthology.org/2022.acl-long.469",
        trained_on=("civil_comments", "jigsaw"),
    ),
    Known(
        model="martin-ha/toxic-comment-model",
        label="toxic",
        licence="none stated",
        citation="Ha 2021, toxic-comment-model, "
        "https://huggingface.co/martin-ha/toxic-comment-model",
        trained_on=("civil_comments",),
    ),
    Known(
        model="tomh/toxigen_roberta",
        label="LABEL_1",
        licence="none stated",
        citation="Hartvigsen et al. 2022, ToxiGen: A Large-Scale Machine-Generated Dataset for "
        "Adversarial and Implicit Hate Speech Detection, arXiv:2203.09509",
        trained_on=("toxigen",),
    ),
    # One label of nine holds, so `OK` is left out and the highest of the others is the rating.
    Known(
        model="KoalaAI/Text-Moderation",
        label=None,
        labels=("S", "H", "V", "HR", "SH", "S3", "H2", "V2"),
        activation="softmax",
        licence="see its card",
        citation="KoalaAI 2023, Text Moderation, https://huggingface.co/KoalaAI/Text-Moderation",
        trained_on=("openai_moderation",),
    ),
)

KNOWN: Mapping[str, Known] = {one.model.partition("/")[2]: one for one in _ALL}
"""The classifiers by name."""


def known(preset: str | None, model: object) -> Known | None:
    """Return the classifier of a name, or else of an id of the hub; None for a stranger."""
    if preset is not None:
        return KNOWN[preset]
    return next((one for one in _ALL if one.model == model), None)
