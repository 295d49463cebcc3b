"""What was forecast beside what it came to, for the report of an evaluation."""

from collections import defaultdict
from math import exp, log
from statistics import median

from report_rows import run_of, strategies_in, table

FIGURES = ("freeze", "gap", "total")
PROMISED = 1.25


def fact_of(run, what):
    """What the forecast is about: of two freezes the longer one."""
    fact = run.value(f"{what}_us")
    snapshot = run.value("snapshot_us")
    return max(fact, snapshot) if what == "freeze" and fact is not None and snapshot is not None else fact


def ratios_of(runs, what):
    """Fact / forecast, one for each run: of several at once the median of its migrations', which share all that they
    wait for."""
    members = defaultdict(list)
    for run in runs:
        fact, forecast = fact_of(run, what), run.value(f"forecast_{what}_us")
        if fact and forecast:
            members[run_of(run)].append(fact / forecast)
    return [median(its) for its in members.values()]


def off_by(ratios):
    """By which factor the forecast was off, whichever way: half as much and twice as much are one mistake."""
    return exp(median(abs(log(ratio)) for ratio in ratios))


def ratio_text(ratios):
    if not ratios:
        return "–"
    spread = f"({min(ratios):.2f} … {max(ratios):.2f}) " if len(ratios) > 1 else ""
    return f"**{median(ratios):.2f}** {spread}n {len(ratios)}, off by {off_by(ratios):.2f}"


def lines_of(runs, kind):
    """A line for all of that kind, and one for each strategy if there are several."""
    named = {f"`{name}`, {kind}": [run for run in runs if run["strategy"] == name] for name in strategies_in(runs)}
    named = {f"all {kind}": runs, **named}
    found = {name: [ratios_of(its, what) for what in FIGURES] for name, its in named.items()}
    return {name: its for name, its in found.items() if any(its)}


def forecast_table(runs):
    """Several at once are told apart: what they share is the same two processors."""
    kinds = {
        "single": [run for run in runs if run["at_once"] == "1"],
        "at once": [run for run in runs if run["at_once"] != "1"],
    }
    found = {kind: lines_of(its, kind) for kind, its in kinds.items()}
    lines = [[name, *map(ratio_text, its)] for named in found.values() for name, its in named.items()]
    if not lines:
        return ""
    said = []
    for kind, named in found.items():
        every = [ratio for its in named.get(f"all {kind}", ()) for ratio in its]
        said += [f"{off_by(every):.2f} of all {len(every)} figures of moves that were {kind}"] if every else []
    text = f"The median factor is {', and '.join(said)}; 25 % are promised, a factor of {PROMISED}.\n"
    return table(["fact / forecast, and the median factor between them", "freeze", "gap", "in all"], lines) + "\n" + text
