"""Published texts by name: each is read as the source `huggingface` reads any table.

A class is made from each file of `presets` that has texts to plant, so that a name stands for one
data set and its citation.
"""

from typing import Any, ClassVar

from pydantic import Field, create_model, model_validator

from semspill._filters import Values, Where
from semspill._harmful import Harmless
from semspill._tables._presets import preset, require_path, with_default
from semspill.sources._tables import _AnyTableSource


class _PresetSource(_AnyTableSource):
    """What published texts have in common."""

    chosen_by: ClassVar[dict[str, str]] = {}
    """The column that each field of the data set's own filters."""

    @model_validator(mode="before")
    @classmethod
    def _is_somewhere(cls, given: Any) -> Any:
        require_path(str(cls.corpus_name), cls, given)
        return given

    @property
    def _conditions(self) -> Where:
        chosen = {column: getattr(self, field) for field, column in self.chosen_by.items()}
        return {**self.where, **{column: one for column, one in chosen.items() if one is not None}}


def _made(name: str, title: str) -> type[_PresetSource]:
    """Return the class of a source.

    Args:
        name: The name of its preset.
        title: The name of the class.
    """
    known = preset(name)
    told = dict(known.source or {})
    choices = told.pop("choices", {})
    fields: dict[str, Any] = {
        field: with_default(_PresetSource, field, value) for field, value in told.items()
    }
    for field, choice in choices.items():
        kind = Harmless[Values | None]
        fields[field] = kind, Field(default=None, description=choice["meaning"])
    made = create_model(
        title, __base__=_PresetSource, __module__=__name__, __doc__=known.description, **fields
    )
    made.citation, made.corpus_name = known.citation, name
    made.chosen_by = {field: choice["column"] for field, choice in choices.items()}
    return made


CivilComments = _made("civil_comments", "CivilComments")
"""The source `civil_comments`."""
DiaSafety = _made("diasafety", "DiaSafety")
"""The source `diasafety`."""
GoEmotions = _made("goemotions", "GoEmotions")
"""The source `goemotions`."""
RealToxicityPrompts = _made("real_toxicity_prompts", "RealToxicityPrompts")
"""The source `real_toxicity_prompts`."""
ToxiGen = _made("toxigen", "ToxiGen")
"""The source `toxigen`."""
TwinViews = _made("twinviews", "TwinViews")
"""The source `twinviews`."""
