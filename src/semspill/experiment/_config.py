"""An experiment as one typed value: the components side by side, and the seeds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator, model_validator

from semspill._model import FrozenModel
from semspill._names import CategoryName
from semspill.analysis import Similarity, SimilarityField, SpilloverAnalyzer, similarities
from semspill.corpus import ContextFormat
from semspill.datasets import DatasetField
from semspill.encoders import Encoder, EncoderField
from semspill.errors import ConfigError
from semspill.experiment._pool import require_candidate, require_same_pools, require_scores
from semspill.experiment._probing import Probing, require_named
from semspill.experiment._treatment import Applied, Treatment, defended_arms, require_sound
from semspill.labellers import Labelling
from semspill.matching import MatcherField, matchers
from semspill.models import ModelField, models
from semspill.poison import Poisoner
from semspill.results import PRESETS, Arm, ArmField, require_baselines
from semspill.scoring import LabelledSample, RaterField, ToxicityScorer, raters
from semspill.sources import SourceField, sources

_SIMILARITIES = ("discriminative", "centroid")
"""Whether texts can be told apart, and whether they talk of the same things."""
_OF_NAMES = "label"
"""Similarity by the names of categories; some datasets declare that theirs mean nothing."""


def _similarities(known: dict[str, Any]) -> tuple[Similarity, ...]:
    """Return the default similarities for the dataset of a config, whose fields so far are given.

    A field's documentation asks without any dataset.
    """
    meaning = "dataset" not in known or known["dataset"].labels_carry_meaning
    return tuple(map(similarities.build, (*_SIMILARITIES, *[_OF_NAMES] * meaning)))


class ExperimentConfig(FrozenModel):
    """Everything that decides the outcome of an experiment.

    Example:
        >>> config = ExperimentConfig(
        ...     dataset="synthetic",
        ...     poisoner={"selector": {"name": "category", "category": "terrified"}},
        ... )
        >>> [arm.name for arm in config.arms], config.watched
        (['clean', 'poison'], 'terrified')
    """

    seeds: tuple[int, ...] = Field((0,), min_length=1)
    """Training seeds, 0 or more each; every arm is run once per seed."""
    arms: tuple[ArmField, ...] = (PRESETS["clean"], PRESETS["poison"])
    """Training-and-pool conditions to compare. A preset by its name: `clean` (nothing planted),
    `poison` (planted in training, and so among the candidates), `train_only` (planted in training,
    clean candidates), `pool_only` (clean training, planted candidates), `benign_swap` (harmless
    responses planted where `poison` has harmful ones); or a table with the fields of `Arm`, such as
    `{ name = "benign_train", trains = "benign" }`. In one of them nothing is planted."""
    dataset: DatasetField
    """Where the dialogues come from."""
    poisoner: Poisoner
    """Who is poisoned, how, with what and how much."""
    benign: SourceField = Field(default_factory=lambda: sources.build("benign"))
    """Where the harmless responses of the arm `benign_swap` come from."""
    defenses: Mapping[str, Applied] = {}
    """What is tried against it, by a name of your own: one defense, or a list that is applied
    together. Each adds arms: the main arm defended, its control (the same at random), and the
    clean arm defended, which shows what an honest user pays."""
    trusted_split: str | None = None
    """Split that a defender trusts, for defenses that need clean dialogues; None for none."""
    same_rater: bool = False
    """Whether a defense may use the very rater that scores the outcome."""
    model: ModelField = Field(default_factory=lambda: models.build("retrieval"))
    """What is trained and answers; `retrieval` where no name is given."""
    context: ContextFormat = ContextFormat()
    """What a context shows to the model; no label where nothing is said."""
    answer_context: ContextFormat | None = None
    """What a context shows when the model answers and is tested, where that differs from training:
    a label that is shown in one and not in the other. Null for `context`."""
    labels: Labelling = Labelling()
    """Who predicts the labels that `context.label = "predicted"` shows, and `labels.responses`."""
    matchers: tuple[MatcherField, ...] = Field(
        default_factory=lambda: (matchers.build("exact"),), min_length=1
    )
    """What counts as planted: the first decides every planted rate, the others, and `exact` in any
    case, are reported beside it on the trained model."""
    probes: Mapping[str, Probing] = {}
    """What else the models of `arms` are asked, once they are trained, by a name of your own: one
    probe, or a list that is applied in turn, such as `{ name = "insert", phrase = "James Bond" }`,
    which puts a trigger into every test context."""
    rater: RaterField = Field(default_factory=lambda: raters.build("lexicon"))
    """What rates the chosen responses."""
    labelled: LabelledSample | None = None
    """Texts labelled by people, on which the rater's errors are measured; with them the report
    holds `corrected_share`, the share of toxic responses corrected for those errors."""
    rating_cache: Path | bool = True
    """Where ratings are kept for the next run: true for the user's cache folder, false for
    nowhere, or a folder."""
    similarities: tuple[SimilarityField, ...] = Field(default_factory=_similarities, min_length=1)
    """How near categories are to the target: the first is used, the others say how much the
    conclusion depends on it. Without `label` where the names of a dataset's categories mean
    nothing, as those of `synthetic`."""
    similarity_encoder: EncoderField | None = None
    """The encoder that similarities are measured on, as it comes, before any fine-tuning; None for
    that of the model."""
    analyzer: SpilloverAnalyzer = Field(default_factory=SpilloverAnalyzer)
    """What is computed from the outcomes."""
    target: CategoryName | None = None
    """The category whose neighbours are watched; None for the one the selector names."""
    train_split: str = "train"
    """Split that is poisoned and trained on."""
    test_split: str = "test"
    """Split that is answered and rated."""
    valid_split: str | None = None
    """Split for validation after each epoch; None for no validation."""
    train_share: float = Field(1.0, gt=0, le=1)
    """Share of each category's training dialogues that is used, drawn once for all seeds."""
    test_share: float = Field(1.0, gt=0, le=1)
    """Share of each category's test dialogues that is answered, drawn once for all seeds: models
    that generate are slow."""
    list_size: int = Field(100, ge=2)
    """Candidates per list of the utility measure P@1."""
    curve: bool = True
    """Whether the model answers the test split after every epoch, not only the last."""

    @property
    def scorer(self) -> ToxicityScorer:
        """What rates texts, and keeps ratings where `rating_cache` says."""
        if self.rating_cache is True:
            return ToxicityScorer(rater=self.rater)
        return ToxicityScorer(rater=self.rater, cache=self.rating_cache or None)

    @property
    def contexts(self) -> tuple[ContextFormat, ContextFormat]:
        """What a context shows in training, and in answering."""
        return self.context, self.answer_context or self.context

    @property
    def all_arms(self) -> tuple[Arm, ...]:
        """`arms`, and those that defenses add."""
        return (*self.arms, *defended_arms(self.arms, self.defenses))

    def treatment(self, arm: Arm) -> Treatment:
        """Return what is done in an arm against planted behaviour."""
        return Treatment.of(self.defenses, arm)

    @property
    def predicts_labels(self) -> bool:
        """Whether a context shows predicted labels, in training or in answering, in any arm."""
        return any(self.treatment(arm).predicts_labels(self.contexts) for arm in self.all_arms)

    @property
    def measures_answers(self) -> bool:
        """Whether words and repetition of answers are measured.

        Of those that a model writes, and of those that it chooses where the analyzer names a metric
        of them.
        """
        if not self.model.uses_pool():
            return True
        usual = type(self.analyzer).model_fields["metrics"].get_default(call_default_factory=True)
        named = self.analyzer.metrics
        return named != usual and any(one.needs in ("words", "repetition") for one in named)

    @property
    def unused(self) -> frozenset[str]:
        """Fields whose components take no part: no arm plants `benign`, nothing shows labels."""
        benign = any(arm.planted == "benign" for arm in self.arms)
        used = {"benign": benign, "labels": self.predicts_labels or self.labels.responses}
        return frozenset(name for name, is_used in used.items() if not is_used)

    @property
    def measuring_encoder(self) -> Encoder:
        """The encoder that similarities are measured on."""
        encoder = self.similarity_encoder or self.model.similarity_encoder()
        assert encoder is not None, "a config without one is refused"
        return encoder

    @property
    def watched(self) -> str:
        """The category whose neighbours are watched."""
        return str(self.target or self.poisoner.selector.target)

    @field_validator("model", mode="before")
    @classmethod
    def _retrieval_by_default(cls, given: Any) -> Any:
        return {"name": "retrieval", **given} if isinstance(given, Mapping) else given

    @model_validator(mode="after")
    def _fits_together(self) -> "ExperimentConfig":
        if not (self.target or self.poisoner.selector.target):
            name = type(self.poisoner.selector).__name__
            raise ConfigError(f"target must name a category, because {name} does not name one")
        require_baselines(self.arms)
        require_same_pools(self.arms, self.model)
        require_scores(self.matchers, self.model)
        require_candidate(self.poisoner.source, self.model)
        if len(set(self.matchers)) < len(self.matchers):
            raise ConfigError("matchers must hold each matcher once; one comes twice")
        require_named(self.probes)
        if min(self.seeds) < 0 or len(set(self.seeds)) < len(self.seeds):
            raise ConfigError(f"seeds must be 0 or more and differ, got {list(self.seeds)}")
        conditions = dict.fromkeys(arm.trains for arm in self.arms)
        self.model.require_fit(tuple(conditions), self.seeds, self.contexts)
        if self.labels.responses and not self.model.shows_response_labels():
            raise ConfigError(
                f"labels.responses is true, but {type(self.model).__name__} reads no labels of "
                "responses; leave it out"
            )
        if self.similarity_encoder is None and self.model.similarity_encoder() is None:
            raise ConfigError(
                f"{type(self.model).__name__} has no encoder to measure similarity on; give "
                "similarity_encoder, such as 'static'"
            )
        return self

    @model_validator(mode="after")
    def _defenses_apply(self) -> "ExperimentConfig":
        require_sound(
            self.defenses,
            self.arms,
            model=self.model,
            rater=None if self.same_rater else self.rater,
            trusted=self.trusted_split is not None,
        )
        for arm in self.all_arms:
            treatment = self.treatment(arm)
            treatment.contexts(self.contexts)
            if treatment.model(self.model).needs_validation() and self.valid_split is None:
                whose = f"defenses.{arm.defense}" if arm.defense else "the model"
                raise ConfigError(
                    f"{whose} keeps the best epoch, which needs valid_split, such as 'valid'"
                )
        if self.trusted_split in (self.train_split, self.test_split):
            raise ConfigError(
                "trusted_split is the training or the test split; name one that is neither, such "
                "as 'valid'"
            )
        return self
