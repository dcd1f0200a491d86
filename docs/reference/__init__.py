"""The two generated pages: the config reference and the API reference."""
