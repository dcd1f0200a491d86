"""Several targets: what each category caught from each."""
