"""Tables of files and of the hub, which datasets and response sources read."""
