"""The plugin is a package to install, not a folder of tests."""

collect_ignore = ["src"]
