"""What `--json` says of a finished experiment."""

from pathlib import Path
from typing import Any

from semspill.results import SpilloverReport


def outcome(report: SpilloverReport) -> dict[str, Any]:
    """Return the numbers that a program asks for first; report.json holds all of them."""
    arm = report.main_arm
    groups = {
        "target": report.target,
        "nearest": report.nearest,
        "rest": f"all but {report.target}",
        "all": "all",
    }
    return {
        "target": report.target,
        "nearest": report.nearest,
        "arm": arm,
        "seeds": list(report.seeds),
        "groups": {
            role: {
                "name": name,
                "estimates": {
                    metric: estimate.model_dump(mode="json")
                    for metric, estimate in report.group(name, arm).estimates.items()
                },
            }
            for role, name in groups.items()
        },
        "notes": list(report.notes),
    }


def finished(folder: Path, **said: Any) -> dict[str, Any]:
    """Return the last line: where everything is, and what came out."""
    return {"event": "finished", "out": str(folder), **said}
