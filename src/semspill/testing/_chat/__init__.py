"""Chat services under test: calls at once, retries, and answers kept on disk."""
