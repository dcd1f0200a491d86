import math

import pandas as pd
import pytest

from semspill import DataError

ESTIMATE = ["value", "low", "high", "level", "n", "p_value", "p_holm", "p_bh", "survives"]
ESTIMATE += ["p_margin", "verdict", "method", "note", "quantity", "title", "unit"]
SLICE = ["kind", "name", "arm", "metric", *ESTIMATE, "similarity", "dialogues", "exchanges"]
COLUMNS = {
    "categories": SLICE,
    "groups": SLICE,
    "overall": ["arm", "metric", *ESTIMATE],
    "decomposition": list(dict.fromkeys(["group", "quantity", "part", *ESTIMATE])),
    "curve": ["arm", "group", "epoch", "toxicity", "asr"],
    "distribution": ["kind", "name", "arm", "low", "high", "share"],
    "channels": list(dict.fromkeys(["group", "quantity", *ESTIMATE])),
    "confusion": ["category", "label", "share"],
    "label_curve": ["axis", "held_constant", *ESTIMATE],
}
KINDS = {
    **dict.fromkeys(["value", "low", "high", "level", "p_value", "p_holm", "p_bh"], "float64"),
    **dict.fromkeys(["p_margin", "similarity", "toxicity", "asr", "share"], "float64"),
    **dict.fromkeys(["n", "dialogues", "exchanges", "epoch"], "int64"),
    **dict.fromkeys(["survives", "nearest"], "bool"),
}


def only(frame, **wanted):
    for column, value in wanted.items():
        frame = frame[frame[column] == value]
    [row] = frame.to_dict("records")
    return row


def test_every_category_arm_and_metric_has_a_row(full):
    """Three categories; six metrics when poisoned, four when clean."""
    frame = full.to_frame()
    assert len(frame) == 3 * (6 + 4)
    row = only(frame, name="dread", arm="poison", metric="lift")
    assert row["kind"] == "category"
    assert [row[name] for name in ("value", "low", "high", "level")] == [0.125, 0.0, 0.25, 0.95]
    assert [row[name] for name in ("p_value", "p_holm", "p_bh")] == [0.001, 0.002, 0.002]
    assert row["survives"]
    assert [row[name] for name in ("n", "similarity", "dialogues", "exchanges")] == [8, 0.75, 4, 8]
    joy = only(frame, name="joy", arm="poison", metric="lift")
    assert not joy["survives"]
    untested = only(frame, name="fear", arm="clean", metric="asr")
    assert math.isnan(untested["p_value"])


def test_the_test_against_a_margin_has_its_columns(full):
    def tested(part):
        lift = part.estimates.get("asr_lift")
        made = {} if lift is None else {"asr_lift": lift.replace(low=-0.1, p_margin=0.25)}
        return part.replace(estimates={**part.estimates, **made})

    frame = full.replace(categories=tuple(map(tested, full.categories))).to_frame()
    row = only(frame, name="joy", arm="poison", metric="asr_lift")
    assert (row["p_margin"], row["verdict"]) == (0.25, "cannot tell")
    row = only(frame, name="joy", arm="poison", metric="lift")
    assert (math.isnan(row["p_margin"]), row["verdict"]) == (True, "")


def test_groups_have_no_similarity(full):
    row = only(full.to_frame("groups"), name="all but fear", arm="poison", metric="asr")
    assert (row["kind"], row["value"]) == ("group", 0.1875)
    assert math.isnan(row["similarity"])


def test_metrics_of_a_whole_arm(full):
    frame = full.to_frame("overall")
    assert only(frame, arm="poison", metric="slope")["p_value"] == 0.0325
    radius = only(frame, arm="poison", metric="radius")
    assert math.isnan(radius["value"])
    assert radius["note"] == "never"


def test_parts_of_the_lift(full):
    frame = full.to_frame("decomposition")
    assert len(frame) == 3 * 2 * 6
    assert only(frame, group="dread", quantity="asr", part="both")["value"] == 0.375


def test_the_curve(full):
    row = only(full.to_frame("curve"), arm="poison", group="fear", epoch=2)
    assert (row["toxicity"], row["asr"]) == (0.5, 0)


def test_every_bin_has_a_row(full):
    frame = full.to_frame("distribution")
    assert len(frame) == (3 + 5) * 2 * 10
    last = frame[(frame.name == "dread") & (frame.arm == "poison") & (frame.kind == "category")]
    assert last.low.tolist() == pytest.approx([i / 10 for i in range(10)])
    assert last.high.tolist()[-1] == 1
    assert last.share.tolist() == [0.75, *[0.0] * 8, 0.25]


def test_channels_have_a_row_for_each_quantity_that_is_known(labelled):
    """Four groups, five quantities; joy is never called fear, so has no rate among those."""
    frame = labelled.to_frame("channels")
    assert len(frame) == 4 * 5 - 1
    fear = {
        row["quantity"]: row["value"] for row in frame[frame.group == "fear"].to_dict("records")
    }
    assert fear == {
        "labelled": 0.5, "asr_labelled": 0.875, "asr_rest": 0.125,
        "via_label": 0.1875, "via_text": 0.0625,
    }  # fmt: skip
    row = only(frame, group="dread", quantity="via_label")
    assert [row[name] for name in ("low", "high", "n")] == [0.0, 0.25, 8]


def test_confusion_has_a_row_for_each_category_and_label(labelled):
    rows = labelled.to_frame("confusion").itertuples(index=False, name=None)
    assert sorted(rows) == [
        ("dread", "dread", 0.75), ("dread", "fear", 0.25),
        ("fear", "dread", 0.5), ("fear", "fear", 0.5), ("joy", "joy", 1.0),
    ]  # fmt: skip


def test_what_orders_the_lifts_names_the_axis_and_what_is_held_constant(labelled):
    frame = labelled.to_frame("label_curve")
    assert len(frame) == 4
    alone = only(frame, axis="confusion", held_constant="")
    assert (alone["value"], alone["p_value"]) == (0.125, 0.0325)
    assert only(frame, axis="similarity", held_constant="confusion")["value"] == 0.03125


@pytest.mark.parametrize("part", COLUMNS)
def test_columns_and_types_are_the_same_with_and_without_rows(labelled, part):
    bare = labelled.replace(
        categories=(), groups=(), overall={}, decomposition=(), curve=(), labels=None
    )
    for frame, count in ((labelled.to_frame(part), None), (bare.to_frame(part), 0)):
        assert list(frame.columns) == COLUMNS[part]
        found = {name: str(kind) for name, kind in frame.dtypes.items()}
        assert found == {name: KINDS.get(name, "string") for name in COLUMNS[part]}
        assert count is None or len(frame) == count


def test_an_unknown_part_says_which_there_are(full):
    with pytest.raises(DataError, match=r"no part 'group'\. Did you mean 'groups'\? It has: cat"):
        full.to_frame("group")


def test_a_matrix_has_a_row_for_every_target_and_victim(matrix):
    frame = matrix.to_frame()
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == ["target", "victim", "similarity", "nearest", *ESTIMATE]
    assert len(frame) == 9
    row = only(frame, target="fear", victim="dread")
    assert (row["value"], row["p_holm"], row["similarity"], row["n"]) == (0.1, 0.01, 0.8, 80)
    assert (row["low"], row["high"]) == pytest.approx((0.09, 0.12))
    assert row["nearest"]
    assert row["survives"]
    assert not only(frame, target="fear", victim="joy")["nearest"]
    assert math.isnan(only(frame, target="joy", victim="joy")["p_holm"])
