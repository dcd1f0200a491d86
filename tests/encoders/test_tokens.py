import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from semspill.encoders.two_tower import Tokens, shorten

ROWS = st.lists(st.lists(st.integers(0, 99), max_size=6), max_size=8)


def rows_of(tokens):
    return [row.tolist() for row in np.split(tokens.ids, tokens.offsets[1:-1])][: len(tokens)]


@given(ROWS)
def test_every_text_gets_its_own_ids_back(rows):
    assert rows_of(Tokens.of(rows)) == rows


@given(ROWS.filter(bool), st.data())
def test_take_gives_the_chosen_texts_in_the_chosen_order(rows, data):
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1))
    assert rows_of(Tokens.of(rows).take(np.array(chosen))) == [rows[i] for i in chosen]


def test_no_texts_have_no_tokens():
    tokens = Tokens.of([])
    assert (len(tokens), tokens.offsets.tolist(), tokens.lengths.tolist()) == (0, [0], [])


@given(st.lists(st.integers()), st.lists(st.integers()), st.integers(0, 12))
def test_the_head_keeps_its_start_and_the_tail_its_end(head, tail, most):
    kept = shorten(head, tail, most)
    of_head = min(len(head), most)
    assert len(kept) == min(len(head) + len(tail), most)
    assert kept[:of_head] == head[:of_head]
    assert kept[of_head:] == [*head, *tail][len(head) + len(tail) - (len(kept) - of_head) :]


@given(ROWS, st.lists(st.integers(0, 99), max_size=2), st.lists(st.integers(0, 99), max_size=2))
def test_framed_texts_stand_between_prefix_and_suffix(rows, prefix, suffix):
    framed = Tokens.of(rows).framed(prefix, suffix, 7)
    assert rows_of(framed) == [[*prefix, *row, *suffix] or [7] for row in rows]
