"""Several targets: the target-by-victim matrix and its statistics."""
