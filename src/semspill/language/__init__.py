"""Language models: their texts as token ids, what they generate, how likely they hold a text."""

from semspill.language._settings import Generation, LanguageFields, LanguageSpec, Lora

__all__ = ["Generation", "LanguageFields", "LanguageSpec", "Lora"]
