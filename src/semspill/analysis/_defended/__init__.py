"""What defenses did: against the undefended run, beside their controls, at equal utility."""
