"""Chat services: calls at once, retries, and answers kept on disk."""
