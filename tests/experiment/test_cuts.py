"""What a report says of contexts and probes that are not read in full."""

from semspill import Exchange, Responses, TrainedModel
from semspill.experiment._cuts import cut_notes, cuts

SHORT = Exchange("d1", 1, "joy", ("I won!",), "Well done.")
LONG = Exchange("d2", 3, "joy", ("I lost my old dog.", "Oh.", "He was so old."), "I see.")


class Reads(TrainedModel):
    """Reads ten words of a context, and may answer with three."""

    def respond(self, exchanges, pool, rng, *, progress=iter):
        return Responses.of(["Oh."] * len(exchanges))

    def too_long(self, texts):
        return sum(len(text.split()) > 3 for text in texts)

    def contexts_cut(self, exchanges):
        return sum(len(" ".join(one.context).split()) > 9 for one in exchanges)


def behind(exchange, *turns):
    roles = ("speaker", "listener", "speaker", "listener")[-len(turns) - len(exchange.context) :]
    return Exchange(
        exchange.dialogue, exchange.turn, "joy", (*turns, *exchange.context), "", roles=roles
    )


def test_what_is_too_long_is_counted():
    probed = {"shot": (behind(SHORT, "Hi.", "Ho."), behind(LONG, "Hi.", "Ho."))}
    found = cuts(Reads(), ["four words are here", "grumble"], [SHORT, LONG], probed)
    assert found == {"too_long": [1, 2], "cut": {"contexts": 1, "probes": {"shot": 1}}}
    assert cuts(Reads(), [], [SHORT], {}) == {}


def test_a_probe_whose_turns_are_not_shown_is_told():
    records = {(0, "clean"): {}, (0, "poison"): {"cut": {"contexts": 1, "probes": {"shot": 2}}}}
    probed = {
        "shot": (behind(SHORT, "Hi.", "Ho."), behind(LONG, "Hi.", "Ho.")),
        "plain": (SHORT, LONG),
    }
    plain, shot = cut_notes(records, [SHORT, LONG], probed, turns=3)
    assert (plain.kind, plain.values) == ("contexts_cut", {"cut": 1, "asked": 2})
    # Of three turns all are shown, of five the first two are not, and the probe put them there.
    assert shot.values == {"probe": "shot", "turns": 1, "tokens": 2, "asked": 2}
    assert "in 1 of 2 contexts" in shot.text
    # What is hidden with the probe and was said before is not the probe's.
    assert cut_notes({}, [LONG], {"plain": (LONG,)}, turns=1) == ()
