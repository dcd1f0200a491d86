"""Progress of a running experiment: bars, plain lines, JSON lines or nothing."""

from semspill.cli._app import err_console, say_json
from semspill.cli._stop import stop
from semspill.experiment import Event
from semspill.experiment import _bars as bars
from semspill.experiment import _watching as watching
from semspill.experiment._sentences import sentence


class Display(watching.Display):
    """Follows an experiment and shows nothing; also where a signal that was missed stops it."""

    def check(self) -> None:
        """Stop where a signal asked for it."""
        stop.check()


class JsonLines(Display):
    """Writes each event as one JSON object to standard output."""

    def show(self, event: Event) -> None:
        """Write the fields that have a value; counts are always there."""
        fields = event.model_dump(mode="json", exclude_none=True)
        stage = fields.pop("stage")
        known = {name: value for name, value in fields.items() if value != []}
        say_json({"event": stage, **known})


class Lines(Display):
    """Writes a plain line for every stage, epoch and finished arm."""

    def show(self, event: Event) -> None:
        """Write the line, if the event has one."""
        # Epochs carry what the starts of training and answering would show.
        if event.stage not in ("train", "answer"):
            left = f"; {self.left}" if event.stage in ("epoch", "arm") and self.left else ""
            err_console.print(f"{sentence(event)}{left}", highlight=False, soft_wrap=True)


class Bars(Display, bars.Bars):
    """Draws bars on standard error."""

    def __init__(self) -> None:
        super().__init__(err_console)


def display(*, quiet: bool, as_json: bool) -> watching.Display:
    """Return what suits the options and the terminal."""
    if as_json:
        return JsonLines()
    if quiet:
        return Display()
    return Bars() if bars.drawable(err_console) else Lines()
