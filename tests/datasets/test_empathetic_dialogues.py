"""EmpatheticDialogues: the real archive, made-up ones, damaged ones."""

import gzip
import io
import tarfile
from collections import Counter
from pathlib import Path

import pytest

from semspill import datasets
from semspill.datasets import EmpatheticDialogues
from semspill.errors import DataError

HEADER = "conv_id,utterance_idx,context,prompt,speaker_idx,utterance,selfeval,tags\n"
ROWS = (
    "c1,1,joy,I won_comma_ twice. ,0, I won_comma_ twice! ,5|5,\n"
    'c1,2,joy,I won_comma_ twice. ,1,"Well" done.,5|5,\n'
    "c2,1,fear,A noise,0,I heard a noise.,,,A|B\n"
)


def folder(path: Path, body: str, split: str = "train") -> EmpatheticDialogues:
    (path / f"{split}.csv").write_text(body, encoding="utf-8", newline="")
    return EmpatheticDialogues(path=path)


def archive(path: Path, members: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, body in members.items():
            content = body.encode()
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_rows_become_dialogues(tmp_path):
    corpus = folder(tmp_path, HEADER + ROWS).load("train")
    first, second = corpus
    assert (first.id, first.category, first.situation) == ("c1", "joy", "I won, twice.")
    assert [(said.role, said.text) for said in first.utterances] == [
        ("speaker", "I won, twice!"),
        ("listener", '"Well" done.'),
    ]
    assert (second.category, second.exchanges) == ("fear", ())
    assert (corpus.name, corpus.split) == ("empathetic_dialogues", "train")
    assert corpus.licence == "CC BY-NC 4.0"


def test_a_line_ends_at_a_line_feed_and_nowhere_else(tmp_path):
    odd = "c1,1,joy,P,0,one\x85two\u2028three\r\n\n"
    [talk] = folder(tmp_path, "\ufeff" + HEADER.strip() + "\r\n" + odd.replace("\r", ",,\r")).load(
        "train"
    )
    assert talk.utterances[0].text == "one\x85two\u2028three"


@pytest.mark.parametrize("inside", ["", "empatheticdialogues"])
def test_folder_and_archive_hold_the_same(tmp_path, inside):
    place = tmp_path / "unpacked" / inside
    place.mkdir(parents=True)
    unpacked = folder(place, HEADER + ROWS, "valid").replace(path=tmp_path / "unpacked")
    packed = archive(
        tmp_path / "a.tar.gz",
        {"empatheticdialogues/valid.csv": HEADER + ROWS, "empatheticdialogues/readme": "x"},
    )
    whole = EmpatheticDialogues(path=packed).load("valid")
    assert whole.fingerprint == unpacked.load("valid").fingerprint
    assert len(whole) == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("c2,1,joy,P,0,text,", r"the row has 7 fields; 8 or 9 are allowed"),
        ("c2,1,joy,P,0,a,b,c,d,e", r"the row has 10 fields"),
        ("c2,one,joy,P,0,text,,", r"utterance_idx must be a number from 1"),
        ("c2,0,joy,P,0,text,,", r"must be a number from 1"),
        (f"c2,{'9' * 5000},joy,P,0,text,,", r"utterance_idx must be a number .* got 5000 char"),
        (",1,joy,P,0,text,,", r"conv_id is empty"),
        ("c2,1,,P,0,text,,", r"context is empty"),
        ("c1,2,joy,P,0,text,,", r"utterance_idx must grow within a conversation, got 2 after 2"),
        ("c1,3,fear,P,0,text,,", r"changes its label \(context\) after .*line 4"),
        ("c0,3,joy,P,0,text,,", r"the conversation of this row begins a second time"),
        ('c2,1,joy,P,1,"I won, yes",5|5|5_2|2|5,', r"was saved again by another program"),
        ("c2,1,joy,P,1,I won, yes,5|5|5_2|2|5,", r"was saved again by another program"),
        ('c2,1,joy,"Well, yes",1,text,,', r"was saved again by another program"),
        ('c2,1,joy,P,1,"She said ""yes"" twice",,', r"was saved again by another program"),
    ],
)
def test_a_malformed_row_is_refused_with_its_line(tmp_path, row, reason):
    good = "c0,1,joy,P,0,a,,\nc1,1,joy,P,0,a,,\nc1,2,joy,P,1,b,,\n"
    with pytest.raises(DataError, match=r"train\.csv, line 5: .*" + reason):
        folder(tmp_path, HEADER + good + row + "\n").load("train")


@pytest.mark.parametrize(
    "text", ['"I won" she said', 'so "well"', '"', '""', '"well', '"A" and "B"', '"all of it"']
)
def test_quotes_are_plain_characters(tmp_path, text):
    [talk] = folder(tmp_path, f"{HEADER}c1,1,joy,P,7,{text},5|5|5_2|2|5,\n").load("train")
    assert talk.utterances[0].text == text


def people(tmp_path, *rows):
    rows = [f"{conv},{place},joy,P,{person},text,5|5|5_2|2|5,\n" for conv, place, person in rows]
    return [talk.speaker for talk in folder(tmp_path, HEADER + "".join(rows)).load("train")]


def test_the_speaker_is_the_worker_of_the_first_odd_row(tmp_path):
    rows = ("c1", 1, 11), ("c1", 2, 0), ("c2", 2, 11), ("c2", 3, 4), ("c3", 2, 11), ("c4", 1, 11)
    assert people(tmp_path, *rows) == ["11", "4", None, "11"]


@pytest.mark.parametrize("role", [0, 1, ""])
def test_a_role_in_the_place_of_a_worker_is_no_speaker(tmp_path, role):
    rows = ("c1", 1, role), ("c1", 2, 2), ("c2", 1, role), ("c2", 2, 2), ("c3", 2, 2)
    assert people(tmp_path, *rows) == [None, None, None]


def test_text_that_is_not_utf8_is_refused_with_its_line(tmp_path):
    (tmp_path / "train.csv").write_bytes(HEADER.encode() + b"c1,1,joy,P,0,\xff,,\n")
    with pytest.raises(DataError, match=r"train\.csv, line 2: the row is not UTF-8"):
        EmpatheticDialogues(path=tmp_path).load("train")


@pytest.mark.parametrize("body", ["", "a,b\n1,2\n"])
def test_a_file_with_another_header_is_refused(tmp_path, body):
    with pytest.raises(DataError, match="line 1: the header must begin with conv_id"):
        folder(tmp_path, body).load("train")


def test_a_file_without_rows_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds a header and no dialogue"):
        folder(tmp_path, HEADER).load("train")


def test_a_misspelled_split_is_refused():
    with pytest.raises(DataError, match=r"no split 'validation'\. Did you mean 'valid'"):
        EmpatheticDialogues().load("validation")


def test_a_missing_path_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"is not at .*nowhere; give 'path'"):
        EmpatheticDialogues(path=tmp_path / "nowhere").load("train")


def test_a_folder_without_the_split_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"holds neither train\.csv nor empatheticdialogues/train"):
        EmpatheticDialogues(path=tmp_path).load("train")


@pytest.mark.parametrize(
    ("members", "said"), [({"other/a.txt": "x"}, r"only other/a\.txt"), ({}, "only nothing")]
)
def test_another_archive_is_refused(tmp_path, members, said):
    path = archive(tmp_path / "a.tar.gz", members)
    with pytest.raises(DataError, match=rf"holds no train\.csv, {said}"):
        EmpatheticDialogues(path=path).load("train")


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    (tmp_path / "a.tar.gz").write_text("hello")
    with pytest.raises(DataError, match=r"not a whole tar\.gz archive \(Not a gzipped file"):
        EmpatheticDialogues(path=tmp_path / "a.tar.gz").load("train")


def test_a_damaged_archive_is_refused_even_behind_the_split_asked_for(tmp_path):
    members = {"e/train.csv": HEADER + ROWS, "e/test.csv": HEADER + ROWS}
    content = bytearray(archive(tmp_path / "a.tar.gz", members).read_bytes())
    content[-6] ^= 1  # the checksum of the whole
    (tmp_path / "a.tar.gz").write_bytes(content)
    with pytest.raises(DataError, match="CRC check failed"):
        EmpatheticDialogues(path=tmp_path / "a.tar.gz").load("train")


def test_an_archive_padded_with_zeros_is_read_to_its_end(tmp_path):
    path = archive(tmp_path / "a.tar.gz", {"e/train.csv": HEADER + ROWS})
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + bytes(3_000_000)))
    assert len(EmpatheticDialogues(path=path).load("train")) == 2


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_truncated_archive_is_refused(empathetic_archive, tmp_path, split):
    short = tmp_path / "short.tar.gz"
    short.write_bytes(empathetic_archive.read_bytes()[:1_000_000])
    with pytest.raises(DataError, match=r"short\.tar\.gz is not a whole tar\.gz archive"):
        EmpatheticDialogues(path=short).load(split)


@pytest.mark.parametrize(
    ("split", "dialogues", "rows", "responses", "sizes"),
    [
        ("train", 19_546, 84_223, 40_276, None),
        ("valid", 2_766, 12_063, 5_732, None),
        ("test", 2_544, 10_961, 5_255, {8: 41, 7: 29, 6: 65, 5: 414, 4: 1986, 3: 8, 2: 1}),
    ],
)
def test_the_real_archive_has_the_published_counts(
    empathetic_archive, split, dialogues, rows, responses, sizes
):
    """Counts of the archive's README; sizes were counted with a separate script.

    Every listener row is an exchange: no conversation of the archive begins with the listener.
    """
    corpus = datasets.build({"name": "empathetic_dialogues", "path": empathetic_archive}).load(
        split
    )
    assert len(corpus) == dialogues
    assert sum(len(talk.utterances) for talk in corpus) == rows
    assert len(corpus.exchanges) == responses
    assert len(corpus.categories) == 32
    assert {talk.speaker for talk in corpus} == {None}  # this copy has roles in their place
    if sizes is not None:
        assert Counter(len(talk.utterances) for talk in corpus) == sizes
        assert corpus[0].situation.startswith("I felt guilty when I was driving home one night and")
        assert "lane, and didn't" in corpus[0].situation
