"""Training defenses: what changes the data, the contexts, the settings or the steps of training."""
