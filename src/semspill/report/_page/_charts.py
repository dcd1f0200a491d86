"""Every chart of a run's page that a reader can hover, zoom and save."""

from semspill.report._page._chart_decomposition import decomposition_chart
from semspill.report._page._chart_groups import distribution_chart, epochs_chart
from semspill.report._page._chart_parts import Spec, finite
from semspill.report._page._chart_spillover import spillover_chart
from semspill.results import SpilloverReport


def charts(report: SpilloverReport) -> dict[str, Spec]:
    """Return plotly figures as plain dictionaries, by name; what a report lacks is left out."""
    made = {
        "spillover": spillover_chart(report, "lift"),
        "spillover-asr": spillover_chart(report, "asr_lift"),
        "epochs": epochs_chart(report, "toxicity"),
        "epochs-asr": epochs_chart(report, "asr"),
        "distribution": distribution_chart(report),
        "decomposition": decomposition_chart(report),
    }
    return {name: finite(chart) for name, chart in made.items() if chart is not None}
