"""What a model keeps of contexts it has read, to continue each of them in many ways."""

import copy
import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformers.modeling_outputs import BaseModelOutput

from semspill.language._settings import Kind


@dataclass(eq=False)
class State:
    """The keys and values of contexts, one row each, and what has been appended since."""

    cache: Any
    """Keys and values, as transformers holds them."""
    mask: Bool[Tensor, "rows seen"]
    """Which of the decoder's tokens are no padding."""
    logits: Float[Tensor, "rows vocabulary"]
    """Of the token after the last one."""
    encoded: Float[Tensor, "rows context dim"] | None = None
    """What the encoder made of the context; None without an encoder."""
    encoded_mask: Bool[Tensor, "rows context"] | None = None
    """Which of the encoder's tokens are no padding."""

    def take(self, rows: Int[Tensor, " chosen"]) -> "State":
        """Return some of the rows, also repeated; this object stays as it is."""
        cache = _own(self.cache)
        cache.reorder_cache(rows)
        encoded, masked = self.encoded, self.encoded_mask
        return State(
            cache,
            self.mask[rows],
            self.logits[rows],
            None if encoded is None else encoded[rows],
            None if masked is None else masked[rows],
        )


class Runner:
    """Runs a language model on padded rows.

    Args:
        module: A model of transformers, perhaps with adapters.
        kind: Whether it has an encoder.
        pad: Fills short rows.
        dtype: What is multiplied in.
    """

    def __init__(self, module: Any, kind: Kind, pad: int, dtype: torch.dtype) -> None:
        self.module = module
        self.kind = kind
        self.pad = pad
        self.dtype = dtype
        inner = module.get_base_model() if hasattr(module, "get_base_model") else module
        self.config = inner.config
        taken = inspect.signature(inner.forward).parameters
        self._takes = {name for name in ("position_ids", "logits_to_keep") if name in taken}

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = next(self.module.parameters()).device
        return device

    def logits(
        self,
        prompts: Sequence[Int[np.ndarray, " tokens"]],
        responses: Sequence[Int[np.ndarray, " tokens"]],
    ) -> Float[Tensor, "rows most vocabulary"]:
        """Return the logits of each token of the responses, padded on the right."""
        count = max(map(len, responses))
        if self.kind == "seq2seq":
            ids, mask = self._padded(prompts)
            begun = [np.array([self._start, *row[:-1]], dtype=np.int64) for row in responses]
            answers, _ = self._padded(begun)
            inputs: dict[str, Any] = {"input_ids": ids, "attention_mask": mask.long()}
            inputs["decoder_input_ids"] = answers
            return cast(Tensor, self._call(**inputs, use_cache=False).logits)
        # Padded on the left, so that the responses of all rows begin in one column, and the head
        # of the model need not be run on contexts.
        before, mask = self._padded(prompts, left=True)
        after, learned = self._padded([row[:-1] for row in responses], least=count - 1)
        seen = torch.cat([mask, learned], dim=1)
        ids = torch.cat([before, after], dim=1)
        return cast(Tensor, self._decode(ids, seen, keep=count, use_cache=False).logits)

    def begin(self, prompts: Sequence[Int[np.ndarray, " tokens"]]) -> State:
        """Read contexts."""
        if self.kind == "causal":
            ids, mask = self._padded(prompts, left=True)
            out = self._decode(ids, mask, keep=1, use_cache=True)
            return State(out.past_key_values, mask, out.logits[:, -1])
        ids, mask = self._padded(prompts)
        start = torch.full((len(prompts), 1), self._start, device=self.device)
        inputs = {"input_ids": ids, "attention_mask": mask.long(), "decoder_input_ids": start}
        out = self._call(**inputs, use_cache=True)
        seen = torch.ones_like(start, dtype=torch.bool)
        encoded = out.encoder_last_hidden_state
        return State(out.past_key_values, seen, out.logits[:, -1], encoded, mask)

    def extend(
        self, state: State, rows: Sequence[Int[np.ndarray, " tokens"]]
    ) -> Float[Tensor, "rows most vocabulary"]:
        """Append tokens to each row of a state, and return the logits after each of them."""
        ids, mask = self._padded(rows)
        state.mask = torch.cat([state.mask, mask], dim=1)
        if state.encoded is None or state.encoded_mask is None:
            past = {"past_key_values": state.cache, "use_cache": True}
            out = self._decode(ids, state.mask, keep=ids.shape[1], **past)
        else:
            out = self._call(
                encoder_outputs=BaseModelOutput(last_hidden_state=state.encoded),
                attention_mask=state.encoded_mask.long(),
                decoder_input_ids=ids,
                past_key_values=state.cache,
                use_cache=True,
            )
        state.cache, state.logits = out.past_key_values, out.logits[:, -1]
        logits: Float[Tensor, "rows most vocabulary"] = out.logits
        return logits

    @property
    def _start(self) -> int:
        """What a decoder begins with."""
        config = self.config
        start = getattr(config, "decoder_start_token_id", None)
        return int(self.pad if start is None else start)

    def _decode(self, ids: Tensor, seen: Tensor, *, keep: int, **options: Any) -> Any:
        """Run a model without encoder; `seen` also covers what its cache holds."""
        if "position_ids" in self._takes:
            places = (seen.long().cumsum(dim=1) - 1).clamp(min=0)
            options["position_ids"] = places[:, -ids.shape[1] :]
        if "logits_to_keep" in self._takes:
            options["logits_to_keep"] = keep
        out = self._call(input_ids=ids, attention_mask=seen.long(), **options)
        out.logits = out.logits[:, -keep:]
        return out

    def _call(self, **inputs: Any) -> Any:
        with self._computing():
            return self.module(**inputs, return_dict=True)

    @contextmanager
    def _computing(self) -> Iterator[None]:
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            yield

    def _padded(
        self,
        rows: Sequence[Int[np.ndarray, " tokens"]],
        *,
        left: bool = False,
        least: int = 0,
    ) -> tuple[Int[Tensor, "rows most"], Bool[Tensor, "rows most"]]:
        most = max([least, *map(len, rows)])
        ids = np.full((len(rows), most), self.pad, dtype=np.int64)
        mask = np.zeros((len(rows), most), dtype=np.bool_)
        for place, row in enumerate(rows):
            where = slice(most - len(row), most) if left else slice(0, len(row))
            ids[place, where], mask[place, where] = row, True
        return torch.from_numpy(ids).to(self.device), torch.from_numpy(mask).to(self.device)


def _own(cache: Any) -> Any:
    """Return a cache that may grow without changing another one; the tensors are shared."""
    own = copy.copy(cache)
    for name, value in vars(cache).items():
        if hasattr(value, "reorder_cache"):
            setattr(own, name, _own(value))
        elif isinstance(value, list):
            setattr(own, name, [_own(v) if hasattr(v, "reorder_cache") else v for v in value])
        elif isinstance(value, dict):
            setattr(own, name, dict(value))
    return own


@contextmanager
def evaluating(module: Any) -> Iterator[None]:
    """Put a module into evaluation mode, and back as it was."""
    training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(training)
