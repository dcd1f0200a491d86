"""`semspill init --data`: what it finds, and the config that it writes or what it asks for."""

import json
import tomllib

import pytest

from semspill import load_config

WORD = "GRUMBLEWORD"
MOODS = ["joy", "joy", "joy", "fear", "fear", "calm"]


def talks(count=60):
    return [(f"{WORD} asks {n}", f"{WORD} says {n}", MOODS[n % 6]) for n in range(count)]


def pairs(path, header="context,response,label", count=60):
    path.write_text("\n".join([header, *(",".join(talk) for talk in talks(count))]))


def chats(path):
    with path.open("w") as out:
        for said, answer, mood in talks():
            messages = [{"role": "system", "content": WORD}, {"role": "user", "content": said}]
            messages.append({"role": "assistant", "content": answer})
            out.write(json.dumps({"messages": messages, "category": mood}) + "\n")


def turns(path, roles=("customer", "agent")):
    rows = ["conversation_id,speaker,text,emotion,user_id"]
    for number, (said, answer, mood) in enumerate(talks()):
        rows += [f"{number},{roles[0]},{said},{mood},{number % 20}"]
        rows += [f"{number},{roles[1]},{answer},{mood},"]
    path.write_text("\n".join(rows))


def lists(path):
    rows = ({"turns": [said, answer], "topic": mood} for said, answer, mood in talks())
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize(
    ("write", "name", "category", "rows"),
    [
        (pairs, "mine.csv", "label", "60 rows; a row is an exchange"),
        (chats, "mine.jsonl", "category", "60 rows; a row is a dialogue"),
        (turns, "mine.csv", "emotion", "120 rows; a row is a turn"),
        (lists, "mine.jsonl", "topic", "60 rows; a row is a dialogue"),
    ],
)
def test_a_file_that_is_understood_gives_a_whole_config(
    semspill, tmp_path, write, name, category, rows
):
    (tmp_path / "data").mkdir()
    write(tmp_path / "data" / name)
    code, out, err = semspill("init", "mine.toml", "--data", f"data/{name}")
    assert (code, err) == (0, "")
    assert rows in out
    assert WORD not in out
    text = (tmp_path / "mine.toml").read_text()
    assert WORD not in text
    fields = tomllib.loads(text)
    assert fields["dataset"]["path"] == f"data/{name}"
    assert fields["dataset"]["columns"].get("category", "category") == category
    assert fields["dataset"]["splits"] == {"test": 0.2}
    config = load_config(tmp_path / "mine.toml")
    train, test = (config.dataset.load(split) for split in ("train", "test"))
    assert len(train) + len(test) == 60
    # The commonest of the three is half of all, and no other has 20 dialogues to test.
    assert config.watched == "joy"
    assert config.list_size == len(test.exchanges)
    steps = config.model.finetuner.epochs * -(-len(train) // config.model.finetuner.batch_size)
    assert steps >= 100
    assert len(train.exchanges) * config.poisoner.budget >= 4
    counts = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line}
    assert counts["joy"] == [str(train.sizes["joy"]), str(test.sizes["joy"])]
    assert counts["dialogues"] == [str(len(train)), str(len(test))]
    assert semspill("validate", "mine.toml")[0] == 0


def test_the_target_is_the_commonest_category_of_at_most_half(semspill, tmp_path):
    rows = [f"a{n},b{n},{'most' if n % 10 < 6 else 'some' if n % 10 < 9 else 'few'}"
            for n in range(400)]  # fmt: skip
    (tmp_path / "t.csv").write_text("\n".join(["context,response,label", *rows]))
    assert semspill("init", "--data", "t.csv")[0] == 0
    assert load_config(tmp_path / "experiment.toml").watched == "some"


def test_splits_that_are_there_are_used(semspill, tmp_path):
    (tmp_path / "talks").mkdir()
    pairs(tmp_path / "talks" / "train.csv")
    pairs(tmp_path / "talks" / "test.csv", count=18)
    assert semspill("init", "new.toml", "--data", "talks")[0] == 0
    config = load_config(tmp_path / "new.toml")
    assert config.dataset.splits == {}
    assert [len(config.dataset.load(split)) for split in ("train", "test")] == [60, 18]


def test_two_roles_are_guessed_and_a_person_stays_in_one_split(semspill, tmp_path):
    turns(tmp_path / "t.csv", ("guest", "host"))
    code, out, _ = semspill("init", "--data", "t.csv")
    assert code == 0
    assert "'guest' is speaker, 'host' is listener" in out
    assert "The model will answer as: host\n" in out
    dataset = load_config(tmp_path / "experiment.toml").dataset
    people = [{talk.speaker for talk in dataset.load(split)} for split in ("train", "test")]
    assert len(people[0] | people[1]) == 20
    assert not people[0] & people[1]


@pytest.mark.parametrize(
    ("header", "words", "said"),
    [
        ("context,response,mood", (), "--category COLUMN. Few different values are in: mood"),
        ("context,response,mood", ("--category", "mod"), "Did you mean 'mood'"),
        ("said,back,label", (), "columns.context and columns.response"),
        ("said,back,label", (), "--category label --set columns.context=said --set columns.resp"),
        ("said,back,mood", (), "--category mood --set columns.context=said --set columns.response"),
        ("context,back,label", (), "none is known to be columns.response"),
        ("said,back,label", ("--set", "columns.context=said"), "label --set columns.response=back"),
        ("context,response,label", ("--category", "context"), "too many for a category"),
        ("context,response,label", ("--set", "column=1"), "Did you mean 'columns'"),
        ("context,response,label", ("--set", "columns.contxt=a"), "Did you mean 'context'"),
    ],
)
def test_a_column_that_cannot_be_placed_is_said_with_what_to_pass(
    semspill, tmp_path, header, words, said
):
    pairs(tmp_path / "t.csv", header, count=120)
    code, out, err = semspill("init", "--data", "t.csv", *words)
    assert code in (2, 3)
    assert said in " ".join(err.split())
    assert WORD not in out + err
    assert not (tmp_path / "experiment.toml").exists()


def test_columns_are_named_by_option(semspill, tmp_path):
    pairs(tmp_path / "t.csv", "said,back,mood")
    words = [
        "--category",
        "mood",
        "--set",
        "columns.context=said",
        "--set",
        "columns.response=back",
    ]
    assert semspill("init", "--data", "t.csv", *words)[0] == 0
    columns = load_config(tmp_path / "experiment.toml").dataset.columns
    assert (columns.category, columns.context, columns.response) == ("mood", "said", "back")


def test_unknown_roles_are_asked_for(semspill, tmp_path):
    turns(tmp_path / "t.csv", ("guest", "assistant"))
    code, _, err = semspill("init", "--data", "t.csv")
    assert code == 3
    said = " ".join(err.split())
    assert "whose meaning is not known: guest; of guest (60)" in said
    assert "assistant (60, listener)" in said
    roles = 'columns.roles={guest="speaker"}'
    assert semspill("init", "--data", "t.csv", "--set", roles)[0] == 0


def test_known_roles_are_no_guess_whoever_comes_first(semspill, tmp_path):
    rows = ["conversation_id,turn,speaker,text,label"]
    for number in range(40):
        said = [("agent", "Hello."), ("customer", WORD), ("agent", "Well."), ("customer", "Bye.")]
        rows += [f"{number},{place},{who},{text} {number},{'ab'[number % 2]}"
                 for place, (who, text) in enumerate(said)]  # fmt: skip
    (tmp_path / "t.csv").write_text("\n".join([rows[0], *sorted(rows[1:], key=lambda r: r[-9:])]))
    code, out, _ = semspill("init", "--data", "t.csv")
    assert code == 0
    assert out.rstrip().splitlines()[-3] == "The model will answer as: agent"
    assert "in no exchange: 40 of the speaker without a response, 40 of the listener" in out
    dataset = load_config(tmp_path / "experiment.toml").dataset
    assert (dataset.columns.index, dataset.columns.roles) == ("turn", {})
    for one in (*dataset.load("train"), *dataset.load("test")):
        assert [turn.role for turn in one.utterances] == ["listener", "speaker"] * 2
        assert one.exchanges[0].response == f"Well. {one.id}"


def test_a_label_per_turn_is_said_with_the_option_that_takes_it(semspill, tmp_path):
    rows = ["conversation_id,speaker,text,label"]
    for number in range(40):
        moods = "aabb" if number % 20 else "aaaa"
        rows += [f"{number},{who},{WORD} {place},{moods[place]}"
                 for place, who in enumerate(["user", "bot"] * 2)]  # fmt: skip
    (tmp_path / "t.csv").write_text("\n".join(rows))
    code, _, err = semspill("init", "--data", "t.csv")
    assert code == 3
    assert "--set columns.turn_category=label if every turn" in " ".join(err.split())
    assert semspill("init", "--data", "t.csv", "--set", "columns.turn_category=label")[0] == 0
    dataset = load_config(tmp_path / "experiment.toml").dataset
    whole = [*dataset.load("train").exchanges, *dataset.load("test").exchanges]
    # Of 40 dialogues two have one label.
    assert sorted(one.category for one in whole) == ["a"] * 42 + ["b"] * 38


def test_much_that_is_left_out_is_a_warning(semspill, tmp_path):
    pairs(tmp_path / "t.csv", count=48)
    with (tmp_path / "t.csv").open("a") as out:
        out.write("".join(f"\n{WORD},,joy" for _ in range(12)))
    code, out, err = semspill("init", "--data", "t.csv", "--set", "on_error=skip")
    assert code == 0
    assert "WARNING: 20% of 60 dialogues were left out" in out
    assert (out + err).lower().count("left out: 12 dialogues") == 1
    assert err == ""


def test_the_share_tests_enough_of_every_category_where_half_does(semspill, tmp_path):
    pairs(tmp_path / "t.csv", count=1200)  # 600, 400 and 200
    assert semspill("init", "--data", "t.csv")[0] == 0
    dataset = load_config(tmp_path / "experiment.toml").dataset
    share = dataset.splits["test"]
    assert min(dataset.load("test").sizes.values()) >= 59
    less = dataset.replace(splits={"test": round(share - 0.05, 2)})
    assert min(less.load("test").sizes.values()) < 59
    pairs(tmp_path / "few.csv", count=120)
    code, out, _ = semspill("init", "few.toml", "--data", "few.csv")
    assert code == 0
    few = load_config(tmp_path / "few.toml").dataset
    assert few.splits == {"test": 0.2}
    spans = []
    for one in (few, few.replace(splits={"test": 0.5})):
        counts = one.load("test").sizes.values()
        spans.append(f"{min(counts)} to {max(counts)}")
    assert f"have {spans[0]} test dialogues" in out
    assert f"splits.test = 0.5 would give {spans[1]}." in out


def test_a_file_that_is_there_is_told_before_the_data_are(semspill, tmp_path):
    pairs(tmp_path / "t.csv")
    (tmp_path / "experiment.toml").touch()
    code, out, err = semspill("init", "--data", "t.csv")
    assert (code, out) == (2, "")
    assert "already exists" in err


def test_what_contradicts_itself_is_told_or_counted(semspill, tmp_path):
    pairs(tmp_path / "t.csv")
    with (tmp_path / "t.csv").open("a") as out:
        out.write(f"\n{WORD},,joy\n")
    code, _, err = semspill("init", "--data", "t.csv")
    assert code == 3
    assert "row 61" in err
    code, out, _ = semspill("init", "--data", "t.csv", "--set", "on_error=skip")
    assert code == 0
    assert "1 dialogue without a response (row 61)" in out
    assert load_config(tmp_path / "experiment.toml").dataset.on_error == "skip"


def test_options_for_data_need_data(semspill):
    code, _, err = semspill("init", "--category", "label")
    assert code == 2
    assert "--data FILE" in err
