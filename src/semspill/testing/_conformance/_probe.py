"""What a probe promises: each exchange once, in order, and nothing but its context changed."""

import numpy as np

from semspill.corpus import Exchange
from semspill.probes import Probe, probed
from semspill.testing._conformance._check import Broken, Promise, described_error, promise
from semspill.testing._conformance._common import pickled
from semspill.testing._conformance._probes import ODD_TEXTS, label, tiny_corpus
from semspill.testing._conformance._same import WITH_RNG, promise_the_same

PROMISES: list[Promise] = []


def given() -> tuple[Exchange, ...]:
    """Return the exchanges that a probe is tried on."""
    return tiny_corpus("test").exchanges


@promise(PROMISES, "gives each exchange once, in order, and changes nothing but its context")
def one_each_in_order(probe: Probe, given: tuple[Exchange, ...]) -> None:
    _probed(probe, given)


@promise(PROMISES, "changes some context")
def changes_something(probe: Probe, given: tuple[Exchange, ...]) -> None:
    if _probed(probe, given) == list(given):
        came = f"all {len(given)} exchanges read as before"
        raise Broken(came, "Return new exchanges: dataclasses.replace leaves the old as it was")


@promise(PROMISES, "leaves the exchanges it is given as they were")
def leaves_what_it_is_given(probe: Probe, given: tuple[Exchange, ...]) -> None:
    exchanges = list(given)
    probe.apply(exchanges, np.random.default_rng(0))
    if exchanges != list(given):
        raise Broken("the list changed", "Work on a copy: list(exchanges)")


@promise(PROMISES, "takes any text: emoji, right to left, 10,000 characters, none")
def takes_odd_texts(probe: Probe, given: tuple[Exchange, ...]) -> None:
    for text in ODD_TEXTS:
        odd = (Exchange("odd", 1, "brave", (text,), "Oh."),)
        try:
            _probed(probe, odd)
        except Broken:
            raise
        except Exception as error:
            raised = f"given the text {label(text)} it raised {described_error(error)}"
            raise Broken(raised, "Let it take any text, and leave one as it is at need") from error


@promise(PROMISES, "gives what its pickled copy does")
def copies_give_the_same(probe: Probe, given: tuple[Exchange, ...]) -> None:
    copy = pickled(probe, "Define its class at the top of a module, and keep models out of it")
    if _probed(copy, given) != _probed(probe, given):
        raise Broken("the copy gives others", "Let all that it hangs on be a field")


def _probed(probe: Probe, exchanges: tuple[Exchange, ...]) -> list[Exchange]:
    return list(probed([probe], exchanges, np.random.default_rng(0)))


promise_the_same(PROMISES, _probed, "exchanges", WITH_RNG)
