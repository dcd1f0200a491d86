"""The config that `semspill init --data` writes, and what it says of the data."""

import json
import math
import os
import re
from pathlib import Path
from typing import Any

from semspill._mask import is_name, named
from semspill.cli._look import Look
from semspill.cli._share import ENOUGH
from semspill.encoders import encoders
from semspill.experiment._data import MOST_LEFT_OUT

_SHAPES = {
    "pairs": "a row is an exchange",
    "list": "a row is a dialogue, a list of turns",
    "turns": "a row is a turn",
}
_MOST_SHOWN = 30
_MOST_BUDGET = 0.12
_STEPS = 250
"""Steps of training below which a small encoder learns little."""
_LEAST_TESTED = 20


def described_data(found: Look) -> str:
    """Return what was found in the data, without any text of theirs."""
    lines = [
        f"{found.dataset.path.name}: {found.rows:,} rows; {_SHAPES[found.shape]}.",
        *_columns(found),
        "",
        f"{'exchanges of':<32} {'train':>7} {'test':>7}",
    ]
    sizes = list(found.sizes().items())
    for name, (train, test) in sizes[:_MOST_SHOWN]:
        shown = name if is_name(name) else f"({named(name)})"
        lines.append(f"{shown:<32} {train:>7,} {test:>7,}")
    if len(sizes) > _MOST_SHOWN:
        lines.append(f"and {len(sizes) - _MOST_SHOWN} more categories")
    both = found.train, found.test
    for what, counts in (
        ("all", [corpus.exchange_count for corpus in both]),
        ("dialogues", [len(corpus) for corpus in both]),
    ):
        lines.append(f"{what:<32} {counts[0]:>7,} {counts[1]:>7,}")
    return "\n".join([*lines, *_told(found), ""])


def _told(found: Look) -> list[str]:
    """Return what a user must know of the data before the config is run."""
    left, dialogues = found.left_out()
    lines = [f"Left out: {one}." for one in left]
    share = sum(len(one.rows) for one in left) / dialogues
    if share > MOST_LEFT_OUT:
        lines.append(
            f"WARNING: {share:.0%} of {dialogues:,} dialogues were left out; what remains may be "
            "another population. Look at the reasons before you run it."
        )
    unanswered, first = found.not_exchanges()
    if unanswered or first:
        lines.append(
            f"Turns that are in no exchange: {unanswered:,} of the speaker without a response, "
            f"{first:,} of the listener with nothing before them."
        )
    low, high = found.tested()
    if low < ENOUGH:
        span = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        lines.append(
            f"{'' if low else 'WARNING: '}Categories have {span} test dialogues: with fewer than "
            f"{ENOUGH}, 'no spillover' cannot be shown.{_at_half(found)}"
        )
    if found.answers_as:
        names = ", ".join(name if is_name(name) else named(name) for name in found.answers_as)
        lines.append(f"The model will answer as: {names}")
    return lines


def _at_half(found: Look) -> str:
    if found.at_half is None or found.at_half <= found.tested():
        return ""
    return " splits.test = 0.5 would give {:,} to {:,}.".format(*found.at_half)


def _columns(found: Look) -> list[str]:
    told = dict(found.dataset.columns.named)
    if "turn_category" in told and told["category"] == "category":
        del told["category"]
    columns = ", ".join(f"{field} {named(column)}" for field, column in told.items())
    roles = found.dataset.columns.roles
    if not found.guessed:
        return [f"Columns: {columns}."]
    meant = ", ".join(f"{named(role)} is {meaning}" for role, meaning in roles.items())
    return [f"Columns: {columns}.", f"Roles, by who comes first: {meant}."]


def config_for(found: Look, path: Path) -> str:
    """Return a commented TOML config for the data.

    Args:
        found: The data.
        path: Where the config will be: paths in it count from there.
    """
    sizes, total = found.sizes(), found.train.exchange_count
    target = target_of(found)
    count = sizes[target][0]
    budget = max(math.floor(500 * min(count / total, 2 * _MOST_BUDGET)) / 1000, 0.001)
    batch = next((size for size in (256, 128, 64, 32) if total >= 25 * size), 16)
    epochs = min(max(math.ceil(_STEPS / math.ceil(total / batch)), 3), 40)
    is_there = encoders.build("static").unavailable() is None
    encoder = "static" if is_there else "hashing"
    weak = "MiniLM's word vectors" if is_there else "a toy; install semspill[offline] for static"
    return f"""\
# A semspill experiment on your own dialogues: plant responses in one category, train, answer, rate.
# What it would take and can detect:  semspill run THIS_FILE --dry-run
# What can be named here:             semspill list, semspill show datasets table

seeds = [0, 1, 2]               # every arm is trained once per seed; use 5 or more to publish
arms = ["clean", "poison"]      # the clean arm is the control; lifts are paired with it
rater = "lexicon"               # lexicon, profanity, detoxify, transformers
list_size = {min(100, found.test.exchange_count):<20}# candidates per list of P@1
curve = true                    # answer the test split after every epoch

[dataset]
{_dataset(found, path)}
[poisoner]
# {_why(found, target)}
selector = {{ name = "category", category = {_toml(target)} }}
strategy = "each_random"        # first | last | each | random  x  fixed | random
source = "builtin"              # or: {{ name = "csv", path = "toxic.csv", text = "text" }}
# Most planted exchanges, as a share of all: here half of the category's; the paper has 0.03.
budget = {budget}

[context]
label = "none"                  # or "gold": the context begins with its category
turns = 4                       # the last utterances
max_tokens = 64

[model]
encoder = "{encoder}"{" " * (20 - len(encoder))}# {weak}

[model.finetuner]
# {total:,} exchanges in batches of {batch} are {math.ceil(total / batch)} steps per epoch; \
{epochs} epochs make {epochs * math.ceil(total / batch):,}.
epochs = {epochs}
batch_size = {batch}
"""


def target_of(found: Look) -> str:
    """Return the commonest category of a sensible size.

    That is at most half of the exchanges, and at least 20 in the test; else the commonest of all.
    """
    sizes, half = found.sizes(), found.train.exchange_count / 2
    own = [name for name in sizes if name in found.train.sizes]
    fit = [name for name in own if sizes[name][0] <= half and sizes[name][1] >= _LEAST_TESTED]
    return (fit or own)[0]


def _why(found: Look, target: str) -> str:
    train, test = found.sizes()[target]
    common = "The commonest category" if target == next(iter(found.sizes())) else (
        "The commonest category of at most half of the exchanges"
    )  # fmt: skip
    few = "\n# So few to test show large effects only." if test < 2 * _LEAST_TESTED else ""
    return f"{common}: {train:,} exchanges to train on, {test:,} to test.{few}"


def _dataset(found: Look, path: Path) -> str:
    dataset = found.dataset
    place = os.path.relpath(dataset.path, os.path.realpath(path.absolute().parent))
    fields = {"name": "table", "path": Path(place).as_posix()}
    kept = dataset.model_dump(mode="json", exclude_defaults=True, exclude={"path", "columns"})
    lines = [f"{field} = {_toml(value)}" for field, value in {**fields, **kept}.items()]
    if any(isinstance(share, float) for share in dataset.splits.values()):
        lines.append("# The share is drawn by a hash, so that a dialogue stays in its split.")
    columns = dataset.columns.model_dump(exclude_defaults=True)
    lines += ["", "[dataset.columns]"] if columns else []
    if found.guessed:
        lines.append("# Who comes first is taken for the speaker: swap the roles if that is wrong.")
    lines += [f"{field} = {_toml(value)}" for field, value in columns.items()]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(key)} = {_toml(part)}" for key, part in value.items())
        return f"{{ {inner} }}"
    # Of what TOML wants escaped JSON leaves only this character.
    return json.dumps(value, ensure_ascii=False).replace("\\x7f", "\\\\u007f")


def _key(key: str) -> str:
    return key if re.fullmatch("[A-Za-z0-9_-]+", key) else _toml(key)
