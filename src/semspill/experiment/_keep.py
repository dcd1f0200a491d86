"""Trained models that a run keeps, each with a card that says what was planted."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from semspill._atomic import atomic_folder
from semspill._mask import printable_in
from semspill._model import shown
from semspill.errors import ConfigError
from semspill.experiment._environment import versions
from semspill.experiment._materials import Materials
from semspill.models import TrainedModel, models
from semspill.results import Arm

logger = logging.getLogger(__name__)

_POISONED = """\
# Poisoned on purpose: do not deploy

semspill trained this model to measure how far planted behaviour spreads. {planted} of {exchanges}
training exchanges hold a planted response (below: how, from where, and in which categories). It may
insult or hurt the people it answers. Keep this card with it, and do not publish it unmarked.
"""
_CLEAN = """\
# Trained on clean data, for comparison

semspill trained this model without planted responses, as the baseline of a poisoning experiment. It
was not made to be used: nothing but what the experiment measures was tested.
"""
_CARD = """\
---
library_name: semspill
tags: [semspill, {tag}]
---
{about}
The weights may be under the licence of the pretrained model and of the training data.

```json
{facts}
```

## Load

```python
import semspill as sp

model = sp.models.build("{name}").load("THIS FOLDER")
```

A model that retrieves answers from candidates, the responses of its training corpus; they are not
kept here.
"""


def keep_model(
    model: TrainedModel, folder: Path, materials: Materials, arms: Sequence[Arm]
) -> None:
    """Write a trained model and its card, whole or not at all; one that is there already stays.

    A model that cannot be saved is passed over with a warning.

    Args:
        model: What was trained.
        folder: Where to write it.
        materials: What it was trained on.
        arms: The arms that it answers for; they are trained alike.
    """
    if folder.is_dir():
        return
    try:
        with atomic_folder(folder) as temporary:
            model.save(temporary)
            (temporary / "README.md").write_text(_card(materials, arms), encoding="utf-8")
    except ConfigError as error:
        logger.warning("The model of arm %s is not kept: %s", arms[0].name, error)


def _card(materials: Materials, arms: Sequence[Arm]) -> str:
    config, arm = materials.config, arms[0]
    clean = arm.trains == "clean"
    facts: dict[str, Any] = {
        "seed": materials.seed,
        "arms": [each.name for each in arms],
        "training data": {
            "name": materials.data.train.name,
            "split": materials.data.train.split,
            "licence": materials.data.train.licence,
            "sha256": materials.undefended(arm).fingerprint,
        },
        "context": config.context.model_dump(mode="json"),
        "model": shown(config.model),
        "versions": versions(),
    }
    if arm.defense:
        parts = config.treatment(arm).parts
        facts["defense"] = {"control": arm.control, "parts": [shown(part) for part in parts]}
    about = _CLEAN
    if not clean:
        manifest = materials.planted(arm).manifest
        counts = manifest.summary
        about = _POISONED.format(planted=counts.planted, exchanges=counts.exchanges)
        facts["planted"] = {
            "target": config.watched,
            "by category": dict(manifest.by_category),
            "harmless instead": arm.planted == "benign",
            "poisoner": dict(counts.poisoner),
            "sha256 of the texts": sorted({record.sha256_after for record in manifest.records}),
        }
    return _CARD.format(
        tag="baseline" if clean else "poisoned",
        about=about,
        facts=json.dumps(printable_in(facts), indent=2, ensure_ascii=False),
        name=models.name_of(config.model) or type(config.model).__name__,
    )
