"""Faulty repairs."""

import torch
from pydantic import PrivateAttr

from faulty import after_a_draw, by_hash, from_global, unseeded
from semspill import Responses, TrainedModel
from semspill.defenses import Repair


class Shifted(TrainedModel):
    """Answers as another model does, and scores a little higher."""

    def __init__(self, model, by):
        self.model = model
        self.by = by

    def respond(self, exchanges, pool, rng, **options):
        return self.model.respond(exchanges, pool, rng)

    def score(self, exchanges, texts, **options):
        return self.model.score(exchanges, texts) + self.by


class Mute(Shifted):
    def respond(self, exchanges, pool, rng, **options):
        return Responses.of(["grumble"])


class Faulty(Repair):
    """Keeps every promise but one."""

    citation = "original"
    needs = frozenset({"clean"})
    fault: str

    def repair(self, model, corpus, aid, rng):
        if self.fault == "none" or (self.fault == "alone" and len(corpus) == 1):
            return "repaired"
        if self.fault == "nobody" and not len(aid.clean):
            raise ZeroDivisionError
        if self.fault == "marks":
            return Shifted(model, float(any(one.planted for one in corpus.exchanges)))
        if self.fault == "mute":
            return Mute(model, 0.0)
        if self.fault == "changes" and len(corpus):
            object.__setattr__(corpus[0], "situation", "elsewhere")
        if self.fault == "in place":
            with torch.no_grad():
                for weight in model.model.module.parameters():
                    weight[::2] *= 0.5
        return Shifted(model, ANSWERS.get(self.fault, float)())


class Attached(Repair):
    """Keeps what it repairs by outside of its fields, so that a copy lacks it."""

    citation = "original"
    _by: float = PrivateAttr(1.0)

    def repair(self, model, corpus, aid, rng):
        return Shifted(model, self._by)

    def __reduce__(self):
        return other, ()


class Same(Repair):
    """Is its own control."""

    citation = "original"

    def repair(self, model, corpus, aid, rng):
        return Shifted(model, 1.0)

    def control(self):
        return self


def other():
    repair = Attached()
    repair._by = 2.0
    return repair


ANSWERS = {
    "unseeded": unseeded,
    "global": from_global,
    "drawn": lambda: after_a_draw(0.0),
    "hash": lambda: by_hash("grumble"),
}
RANDOM = "same_rng_same_result same_in_another_process blind_to_global_seeds"
OTHERS = "blind_to_marks copies_give_the_same"
SIZES = "works_on_a_tiny_corpus works_on_an_empty_corpus"
FAULTS = {
    "same": (Same(), "has_another_control", "control returned the same defense"),
    "none": (
        None,
        f"gives_a_model_that_answers leaves_global_generators_alone {RANDOM} {OTHERS} {SIZES}",
        "str",
    ),
    "mute": (None, f"gives_a_model_that_answers {SIZES}", "got 1 responses"),
    "changes": (None, "leaves_what_it_is_given_alone", "changed a corpus"),
    "in place": (
        None,
        f"leaves_what_it_is_given_alone same_rng_same_result blind_to_global_seeds {OTHERS}",
        "changed the model",
    ),
    "marks": (None, "blind_to_marks", "marks differ"),
    "alone": (None, "works_on_a_tiny_corpus", "str"),
    "nobody": (None, "works_on_an_empty_corpus", "ZeroDivisionError"),
    "attached": (Attached(), "copies_give_the_same same_in_another_process pickles", "copy"),
    "unseeded": (None, f"{RANDOM} {OTHERS}", "second"),
    "global": (
        None,
        f"blind_to_global_seeds leaves_global_generators_alone {RANDOM} {OTHERS}",
        "seeds 1 and 2",
    ),
    "drawn": (None, "leaves_global_generators_alone", "numpy"),
    "hash": (None, "same_in_another_process", "hash"),
}
FAULTS = {name: (wrong or (lambda: None), *rest) for name, (wrong, *rest) in FAULTS.items()}
