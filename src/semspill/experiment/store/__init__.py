"""The files of a run: claimed under a lock, written whole, read again, shown as pages."""

from semspill.experiment.store._answers import PLAN, AnswersCache, columns_of
from semspill.experiment.store._claim import CHECKPOINTS, Decision, decide
from semspill.experiment.store._compare import Side, compare, comparison_of, swept_arm
from semspill.experiment.store._finished import finished_arms
from semspill.experiment.store._lock import locked
from semspill.experiment.store._pages import sweep_page, write_comparison, write_page
from semspill.experiment.store._read import (
    COMPARISON,
    read_comparison,
    read_exchanges,
    read_matrices,
    read_outcomes,
    read_report,
)
from semspill.experiment.store._responses import PAGES, exchange_table
from semspill.experiment.store._write import RunStore, what_is_planted, write_figures

__all__ = [
    "CHECKPOINTS",
    "COMPARISON",
    "PAGES",
    "PLAN",
    "AnswersCache",
    "Decision",
    "RunStore",
    "Side",
    "columns_of",
    "compare",
    "comparison_of",
    "decide",
    "exchange_table",
    "finished_arms",
    "locked",
    "read_comparison",
    "read_exchanges",
    "read_matrices",
    "read_outcomes",
    "read_report",
    "sweep_page",
    "swept_arm",
    "what_is_planted",
    "write_comparison",
    "write_figures",
    "write_page",
]
