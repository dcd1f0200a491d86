"""Notes of a report on its rater, its answers, its trigger and its candidates."""

import logging
import re
from collections.abc import Mapping, Sequence

from semspill._model import parts_of
from semspill.analysis import ServedDrop, ServedPrecision, SpilloverAnalyzer, metrics
from semspill.corpus import Exchange
from semspill.errors import ConfigError
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._provenance import Records
from semspill.probes import Probe
from semspill.results import Answers, DefensesReport, Note
from semspill.scoring import RaterQuality
from semspill.sources import ResponseSource

logger = logging.getLogger(__name__)

_MANY_EMPTY = 0.1
"""From which share of answers without a word on a report warns."""
_OF_CANDIDATES = (ServedPrecision, ServedDrop)


def with_quality(config: ExperimentConfig, quality: RaterQuality | None) -> SpilloverAnalyzer:
    """Return the analyzer, with the share corrected for the rater's errors if they are known.

    P@1 with the planted candidates in every list is no metric of a model that has no candidates.
    """
    analyzer = config.analyzer
    if not config.model.uses_pool():
        kept = (one for one in analyzer.metrics if not isinstance(one, _OF_CANDIDATES))
        analyzer = analyzer.replace(metrics=tuple(kept))
    if quality is None:
        return analyzer
    counts = quality.model_dump(include={"threshold", "toxic", "harmless"})
    try:
        corrected = metrics.build({"name": "corrected_share", **counts})
    except ConfigError as error:
        raise ConfigError(f"labelled: {error}") from error
    return analyzer.replace(metrics=(*analyzer.metrics, corrected))


def rater_note(quality: RaterQuality | None) -> tuple[Note, ...]:
    """Return what to say of the rater's errors, if they were measured."""
    if quality is None:
        return ()
    (hits, toxic), (passed, harmless) = quality.toxic, quality.harmless
    names = ("threshold", "sensitivity", "specificity", "auc")
    return (
        Note(
            kind="rater_error",
            values={
                **{name: getattr(quality, name) for name in names},
                **{f"sensitivity {one.kind}": one.sensitivity.value for one in quality.kinds},
                **{f"auc {one.kind}": one.auc.value for one in quality.kinds},
            },
            text=f"On the labelled sample the rater gives {hits} of {toxic} toxic texts at least "
            f"{quality.threshold} (sensitivity {quality.sensitivity:.2f}) and {passed} of "
            f"{harmless} harmless ones less (specificity {quality.specificity:.2f}); its AUC is "
            f"{quality.auc:.2f}. corrected_share is corrected for that.{_by_kind(quality)}",
        ),
    )


def _by_kind(quality: RaterQuality) -> str:
    """Return what to say of the rater's errors within each kind of harm; empty where unknown."""
    said = [f"{one.kind} {one.sensitivity} and {one.auc}" for one in quality.kinds]
    return f" Within a kind of harm, sensitivity and AUC: {'; '.join(said)}." if said else ""


def memory_notes(config: ExperimentConfig) -> tuple[Note, ...]:
    """Return a note, and log it, where the rater was trained on the corpus of the planted texts."""
    # A source may be made of another one.
    sources = [p for p in parts_of(config.poisoner.source) if isinstance(p, ResponseSource)]
    known = [one.corpus_name for one in sources if one.corpus_name in config.rater.trained_on]
    if not (corpus := next(filter(None, known), None)):
        return ()
    rater = type(config.rater).__name__
    text = (
        f"{rater} was trained on {corpus}, of which the planted texts are: "
        "its ratings of them are memory, and say little of how toxic it would find others. Attack "
        "success is not touched by that; for toxicity, take a rater that has not seen them."
    )
    logger.warning(text)
    return (
        Note(kind="rater_trained_on_planted", values={"rater": rater, "corpus": corpus}, text=text),
    )


def pool_notes(records: Records) -> tuple[Note, ...]:
    """Return a note per arm whose candidate filter kept planted responses out of the pool."""
    notes = []
    chosen = {key: record for key, record in records.items() if "pool" in record}
    for arm in dict.fromkeys(arm for _, arm in chosen):
        pools = {seed: r["pool"] for (seed, name), r in chosen.items() if name == arm}
        dropped = sum(pool["dropped"] for pool in pools.values())
        total = dropped + sum(pool["planted"] for pool in pools.values())
        none = [seed for seed, pool in pools.items() if pool["dropped"] and not pool["planted"]]
        if not dropped:
            continue
        outcome = "those could not be chosen."
        if none:
            outcome += f" Under seed {', '.join(map(str, none))} none could be chosen."
        if len(none) == len(pools):
            outcome = "none could be chosen, so its planted rate says nothing."
        text = (
            f"The candidate filter kept {dropped} of {total} planted responses out of the pool of "
            f"the arm {arm}: {outcome}"
        )
        values = {"arm": arm, "dropped": dropped, "planted": total}
        notes.append(Note(kind="pool_filter", values=values, text=text))
    return tuple(notes)


def answer_notes(records: Records) -> tuple[Note, ...]:
    """Return a note per arm whose answers never came, or cannot be what was planted."""
    notes = []
    for arm, (missing, asked) in _summed(records, "unanswered").items():
        text = (
            f"Of {asked} answers of the arm {arm}, {missing} never came. They count as empty, "
            "neither planted nor toxic, so that the true rates may be higher."
        )
        values = {"arm": arm, "missing": missing, "asked": asked}
        notes.append(Note(kind="unanswered", values=values, text=text))
    for arm, (longer, planted) in _summed(records, "too_long").items():
        text = (
            f"Of {planted} texts planted in the arm {arm}, {longer} cannot be said in full, "
            "because the model's answers are shorter: exact does not count them, nor does near "
            "where much is cut off. Raise model.generation.max_new_tokens and "
            "model.max_response_tokens."
        )
        values = {"arm": arm, "longer": longer, "planted": planted}
        notes.append(Note(kind="planted_too_long", values=values, text=text))
    return tuple(notes)


def empty_notes(final: Mapping[tuple[int, str], Answers]) -> tuple[Note, ...]:
    """Return a note per arm of whose answers many came and hold no word.

    Args:
        final: The answers of each seed and arm.
    """
    notes = []
    for arm in dict.fromkeys(arm for _, arm in final):
        every = [answers for (_, name), answers in final.items() if name == arm]
        asked = sum(len(one.texts) for one in every)
        empty = sum(_empty(one) for one in every)
        if empty < _MANY_EMPTY * asked or not empty:
            continue
        text = (
            f"{empty} of {asked} answers of the arm {arm} hold no word, and are neither planted "
            "nor toxic: a model that says nothing is no sign that nothing spills over. Read "
            "empty_share beside all rates, and see to how the model is trained and generates."
        )
        values = {"arm": arm, "empty": empty, "asked": asked}
        notes.append(Note(kind="empty_answers", values=values, text=text))
    return tuple(notes)


def _empty(answers: Answers) -> int:
    """Return how many answers came without a word, and are not what was planted."""
    if "words" not in answers.measures:
        return 0
    missing = int(answers.record.get("unanswered", (0, 0))[0])
    return int(((answers.measures["words"] == 0) & ~answers.planted).sum()) - missing


def _summed(records: Records, key: str) -> dict[str, tuple[int, int]]:
    """Return the sums over seeds of a pair of counts, by the arms whose records hold it."""
    found: dict[str, tuple[int, int]] = {}
    for (_, arm), record in records.items():
        first, second = record.get(key, (0, 0))
        before = found.get(arm, (0, 0))
        found[arm] = before[0] + first, before[1] + second
    return {arm: counts for arm, counts in found.items() if counts[0]}


def trigger_notes(config: ExperimentConfig, tested: Sequence[Exchange]) -> tuple[Note, ...]:
    """Return a note where what was planted waits for a trigger, and whether test contexts hold it.

    Args:
        config: The experiment.
        tested: The test exchanges, as they are.
    """
    trigger = config.poisoner.strategy.trigger
    if trigger is None:
        return ()
    probing = [name for name, parts in config.probes.items() if _inserts(parts, trigger)]
    where = (
        f"The section on probes tells what it does in contexts that hold it ({', '.join(probing)})."
        if probing
        else "No probe puts it there: add one, or the attack is not measured."
    )
    held = sum(_says(exchange, trigger) for exchange in tested)
    text = (
        f"What was planted is tied to a trigger that {held} of {len(tested)} test contexts hold "
        "anyway: where they do, no number tells what the models do without it. Take a phrase that "
        f"the data do not have. {where}"
        if held
        else "What was planted is tied to a trigger that the test contexts do not hold: all "
        f"numbers but those of probes tell what the models do without it. {where}"
    )
    return (Note(kind="trigger", values={"probes": tuple(probing), "held": held}, text=text),)


def _inserts(parts: Sequence[Probe], trigger: str) -> bool:
    return any((part.inserts or "").strip() == trigger.strip() for part in parts)


def _says(exchange: Exchange, phrase: str) -> bool:
    """Return whether a context holds a phrase as whole words, in any case."""
    words = rf"(?<!\w){re.escape(phrase.strip())}(?!\w)"
    return any(re.search(words, text, re.IGNORECASE) for text in exchange.context)


def detector_notes(defenses: DefensesReport | None) -> tuple[Note, ...]:
    """Return a note per defense whose detector had no opinion on any exchange under some seed."""
    notes = []
    for one in defenses.defenses if defenses else ():
        # A curve is left out only where nothing was scored, or one side is empty.
        silent = [d for d in one.detections if not d.roc and 0 < d.planted < d.exchanges]
        if not silent:
            continue
        seeds, removed = [d.seed for d in silent], sum(d.removed for d in silent)
        text = (
            f"The detector of the defense {one.name} had no opinion on any exchange under seed "
            f"{', '.join(map(str, seeds))} (its suspicion is NaN everywhere): "
            f"{removed or 'nothing'} was removed, and its other numbers say nothing of it."
        )
        values = {"defense": one.name, "seeds": len(seeds), "removed": removed}
        notes.append(Note(kind="detector_silent", values=values, text=text))
    return tuple(notes)
