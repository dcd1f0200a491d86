"""Stages of an experiment as lines of text."""

from semspill.experiment._events import ArmEvent, EpochEvent, Event, TrainEvent


def duration(seconds: float, digits: int = 1) -> str:
    """Return a time as a person says it; `digits` follow the point of seconds below ten.

    Example:
        >>> [duration(seconds) for seconds in (0.4, 3.26, 42.4, 80.0, 4000.0)]
        ['0.4 s', '3.3 s', '42 s', '1 min', '1.1 h']
    """
    if seconds < 59.5:
        return f"{seconds:.{digits if seconds < 9.95 else 0}f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3570 else f"{seconds / 3600:.1f} h"


_STAGES = {
    "load": "loading data and rater",
    "similarity": "measuring similarity",
    "poison": "planting",
    "reused": "already done",
    "answer": "answering the test split",
    "analyze": "analyzing",
    "write": "writing report and plots",
}


def sentence(event: Event) -> str:
    """Return an event as a line to read.

    Example:
        >>> sentence(EpochEvent(seed=1, arms=("poison", "train_only"), epoch=2, epochs=3,
        ...                     loss=2.312, seconds=1.0))
        'seed 1, poison + train_only: epoch 2 of 3, loss 2.31'
    """
    if isinstance(event, TrainEvent):
        what = f"training, epoch {event.epoch} of {event.epochs}" if event.epoch else "training"
    elif isinstance(event, EpochEvent):
        what = f"epoch {event.epoch} of {event.epochs}, loss {event.loss:.2f}"
        if event.valid_precision is not None:
            what += f", validation P@1 {100 * event.valid_precision:.1f} %"
    elif isinstance(event, ArmEvent):
        what = f"planted rate {100 * event.planted:.1f} %"
        if event.precision is not None:
            what += f", P@1 {100 * event.precision:.1f} %"
        what += f", {duration(event.seconds)}"
    else:
        what = _STAGES[event.stage]
    where = _where(event)
    return f"{where}: {what}" if where else what


def _where(event: Event) -> str:
    names = event.variants
    shared = names[0] if len(names) == 1 else f"{len(names)} variants" if names else ""
    seed = f"seed {event.seed}" if hasattr(event, "seed") else ""
    arms = " + ".join(event.arms) if hasattr(event, "arms") else ""
    return ", ".join(filter(None, (shared, seed, arms)))
