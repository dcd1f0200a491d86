"""The stages one by one, on the made-up corpus: nothing is downloaded, seconds on a CPU."""

import numpy as np

import semspill as sp

data = sp.datasets.build({"name": "synthetic", "train": 400, "test": 100, "overlap": 0.85})
train, test = data.load("train"), data.load("test")
rng = np.random.default_rng(0)

poisoned = sp.Poisoner(
    selector={"name": "category", "category": "brave"},
    strategy="each_random",
    source="builtin",
    budget=0.12,
).poison(train, rng)
print(poisoned.manifest.summary)

model = sp.Finetuner(epochs=2).finetune("hashing", poisoned, rng)
answers = sp.RetrievalResponder(model, poisoned.responses()).respond(test)
toxicity = sp.ToxicityScorer(rater="lexicon", cache=None).score(answers.texts)

categories = np.array([exchange.category for exchange in test.exchanges])
for category in test.categories:
    mine = categories == category
    rate, mean = answers.planted[mine].mean(), toxicity[mine].mean()
    print(f"{category:8} planted rate {rate:.2f}, mean toxicity {mean:.2f}")
