"""What a sentence-transformers folder says about how its vectors are made.

The files are read here rather than by `SentenceTransformer(folder)`, which imports every class
that `modules.json` names.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, PositiveInt, RootModel, ValidationError

from semspill.errors import DataError

_OWN = "sentence_transformers."
_BARE = ("Transformer", "Pooling", "Normalize")


class _Module(BaseModel):
    type: str
    path: str

    @property
    def kind(self) -> str:
        return self.type.rpartition(".")[2] if self.type.startswith(_OWN) else self.type


class _Modules(RootModel[list[_Module]]):
    """The file `modules.json`."""


class _Transformer(BaseModel):
    """The file `sentence_bert_config.json`."""

    max_seq_length: PositiveInt | None = None
    do_lower_case: bool = False
    transformer_task: str = "feature-extraction"
    module_output_name: str = "token_embeddings"
    processing_kwargs: dict[str, Any] | None = None
    processor_kwargs: dict[str, Any] | None = None
    tokenizer_args: dict[str, Any] | None = None

    @property
    def further(self) -> tuple[str, ...]:
        usual = _Transformer().model_dump()
        passed = ("max_seq_length", "do_lower_case")
        said = {name: value for name, value in self.model_dump().items() if name not in passed}
        return tuple(name for name, value in said.items() if (value or None) != usual[name])


class _Pooling(BaseModel, extra="allow"):
    """The `config.json` of a pooling module."""

    include_prompt: bool = True
    pooling_mode: str | tuple[str, ...] | None = None

    @property
    def mode(self) -> str:
        if self.pooling_mode is not None:
            modes = self.pooling_mode
            return modes if isinstance(modes, str) else "+".join(modes)
        # Files written before sentence-transformers 6 hold one flag per way of pooling.
        flags = [key for key, on in (self.model_extra or {}).items() if on is True]
        return "+".join(
            flag.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token")
            for flag in flags
            if flag.startswith("pooling_mode_")
        )


class _Prompts(BaseModel):
    """The file `config_sentence_transformers.json`."""

    prompts: dict[str, str | None] = {}
    default_prompt_name: str | None = None


@dataclass(frozen=True)
class Layout:
    """What a model's folder says about how its vectors are made."""

    transformer: Path
    """The folder of the transformer itself."""
    pooling: str | None = None
    """How token vectors become one; None when the folder does not say."""
    unit: bool | None = None
    """Whether vectors are scaled to length 1; None when the folder does not say."""
    further: tuple[str, ...] = ()
    """What the folder asks for beside transformer, pooling and scaling."""
    longest: int | None = None
    """Most tokens of a text; None when the folder does not say."""
    prompt: str = ""
    """What stands before every text."""
    lower: bool = False
    """Whether texts are lowercased first."""

    @classmethod
    def of(cls, folder: Path) -> "Layout":
        """Read a sentence-transformers folder; any other is a transformer that says nothing.

        Raises:
            DataError: A file of the folder is broken, or its default prompt is missing.
        """
        if not (folder / "modules.json").is_file():
            return cls(folder)
        modules = _read(folder / "modules.json", _Modules).root
        paths = {module.kind: folder / module.path for module in modules}
        transformer = paths.get("Transformer", folder)
        settings = next(iter(sorted(transformer.glob("sentence_*_config.json"))), None)
        said = _read(settings, _Transformer) if settings else _Transformer()
        pooling = _read(paths["Pooling"] / "config.json", _Pooling) if "Pooling" in paths else None
        prompt = _prompt(folder / "config_sentence_transformers.json")
        further = [kind for kind in paths if kind not in _BARE] + [*said.further]
        if prompt and pooling and not pooling.include_prompt:
            further.append("include_prompt=false")
        return cls(
            transformer,
            pooling.mode if pooling else None,
            "Normalize" in paths,
            tuple(further),
            said.max_seq_length,
            prompt,
            said.do_lower_case,
        )


def _prompt(path: Path) -> str:
    said = _read(path, _Prompts) if path.is_file() else _Prompts()
    name = said.default_prompt_name
    if name is not None and name not in said.prompts:
        raise DataError(f"{path} names a default prompt that it does not hold; mend its `prompts`.")
    return said.prompts[name] or "" if name is not None else ""


_Read = TypeVar("_Read", bound=BaseModel)


def _read(path: Path, kind: type[_Read]) -> _Read:
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        why = f"{where}: {first['msg']}" if where else first["msg"]
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        why = type(error).__name__
    raise DataError(
        f"{path} cannot be read as a file of a sentence-transformers model ({why}); give a folder "
        "that SentenceTransformer.save wrote."
    )
