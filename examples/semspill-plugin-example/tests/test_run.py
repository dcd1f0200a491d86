"""The three components together, by name, in an experiment of two seconds."""

import semspill as sp


def test_the_desk_learns_to_shout_at_guests_who_complain_of_noise():
    report = sp.run(
        {
            "seeds": [0],
            "dataset": "front_desk",
            "rater": "capitals",
            "model": {"encoder": "hashing", "finetuner": {"epochs": 2, "batch_size": 16}},
            "list_size": 20,
            "poisoner": {
                "selector": {"name": "category", "category": "noise"},
                "strategy": {"name": "shout", "most": 2},
                "budget": 0.2,
            },
        }
    )
    assert report.category("noise").asr.value > 0
    assert report.category("noise").lift.low > 0
