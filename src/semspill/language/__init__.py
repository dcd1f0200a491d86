"""Language models: their texts as token ids, what they generate, how likely they hold a text."""
