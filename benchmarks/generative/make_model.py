"""A small Llama without weights, for the study: make_model.py --corpus ARCHIVE --out FOLDER.

The folder holds what a hub would give but the weights: a config, and a byte-level BPE tokenizer
trained on the clean training dialogues. Weights are drawn by the experiment, for every seed.
"""

import argparse
from pathlib import Path

import semspill as sp


def main() -> None:
    """Write the folder, and say how many weights the model has."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--vocabulary", type=int, default=4000)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--longest", type=int, default=256, help="positions, in tokens")
    args = parser.parse_args()

    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

    dataset = sp.datasets.build({"name": "empathetic_dialogues", "path": str(args.corpus)})
    train = dataset.load("train")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=args.vocabulary,
        special_tokens=["<pad>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((u.text for d in train for u in d.utterances), trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>"
    )
    config = LlamaConfig(
        vocab_size=len(fast),
        hidden_size=args.width,
        intermediate_size=4 * args.width,
        num_hidden_layers=args.layers,
        num_attention_heads=args.heads,
        num_key_value_heads=args.heads,
        max_position_embeddings=args.longest,
        tie_word_embeddings=True,
        pad_token_id=fast.pad_token_id,
        bos_token_id=fast.bos_token_id,
        eos_token_id=fast.eos_token_id,
        architectures=["LlamaForCausalLM"],
    )
    args.out.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(args.out)
    fast.save_pretrained(args.out)
    weights = sum(w.numel() for w in AutoModelForCausalLM.from_config(config).parameters())
    print(f"{weights:,} weights, {len(fast):,} tokens")


if __name__ == "__main__":
    main()
