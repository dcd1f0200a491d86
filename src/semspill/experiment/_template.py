"""The commented config that `semspill init` writes."""

TEMPLATE = """\
# A semspill experiment: plant responses in one category, train, answer, rate, compare.
# It runs as it is, without any download:  semspill run THIS_FILE
# What can be named here:                  semspill list, semspill show strategies last_fixed

seeds = [0, 1, 2]               # every arm is trained once per seed; use 5 or more to publish
arms = ["clean", "poison"]      # the clean arm is the control; lifts are paired with it
rater = "lexicon"               # lexicon, profanity, detoxify, transformers
curve = true                    # answer the test split after every epoch

[dataset]                       # made-up talk whose categories lie on a known line of similarity
name = "synthetic"              # or: name = "empathetic_dialogues", path = "..."
overlap = 0.85                  # words that neighbours on that line share
echo = 0.2                      # how often a response names what was just said

[poisoner]
selector = { name = "category", category = "brave" }
strategy = "each_random"        # first | last | each | random  x  fixed | random
source = "builtin"              # or: { name = "csv", path = "...", text = "text" }
budget = 0.12                   # most planted exchanges, as a share of all; the paper has 0.03

[context]
label = "none"                  # or "predicted"; "gold" tells the model the true category
turns = 4                       # then the last utterances
max_tokens = 64

[model]
encoder = "hashing"             # hashing, static (MiniLM's word vectors), transformer

[model.finetuner]
epochs = 3
batch_size = 256
"""
