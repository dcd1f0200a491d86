"""Output guards: what decides which responses may be given."""
