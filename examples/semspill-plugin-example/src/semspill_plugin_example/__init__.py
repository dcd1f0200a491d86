"""What semspill finds by name once this package is installed: one module for each component."""
