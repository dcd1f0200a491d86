"""What an experiment does, as lines to read."""

from semspill.experiment import Event


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
    "kept": "done by an earlier start",
    "answer": "answering the test split",
    "analyze": "analyzing",
    "write": "writing report and plots",
}


def sentence(event: Event) -> str:
    """Return an event as a line to read.

    Example:
        >>> sentence(Event(stage="epoch", seed=1, arms=("poison", "train_only"), epoch=2, epochs=3,
        ...                loss=2.312))
        'seed 1, poison + train_only: epoch 2 of 3, loss 2.31'
    """
    if event.stage == "train":
        what = f"training, epoch {event.epoch} of {event.epochs}" if event.epoch else "training"
    elif event.stage == "epoch":
        checked = "" if event.precision is None else f", P@1 {100 * event.precision:.1f} %"
        what = f"epoch {event.epoch} of {event.epochs}, loss {event.loss:.2f}{checked}"
    elif event.stage == "arm":
        precision, planted = 100 * (event.precision or 0), 100 * (event.planted or 0)
        what = f"planted chosen {planted:.1f} %, P@1 {precision:.1f} %"
        what += f", {duration(event.seconds or 0.0)}"
    else:
        what = _STAGES[event.stage]
    where = _where(event)
    return f"{where}: {what}" if where else what


def _where(event: Event) -> str:
    names = event.variants
    shared = names[0] if len(names) == 1 else f"{len(names)} variants" if names else ""
    seed = "" if event.seed is None else f"seed {event.seed}"
    return ", ".join(filter(None, (shared, seed, " + ".join(event.arms))))
