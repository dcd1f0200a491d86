"""A module that cannot be imported: what it needs does not exist."""

import a_package_that_nobody_wrote

from semspill import PoisonStrategy


class Abandoned(PoisonStrategy):
    """Never reached."""

    citation = a_package_that_nobody_wrote.SOURCE
