"""The lines of runs.csv and what is counted of many of them; for the report of an evaluation."""

import csv
from collections import Counter
from dataclasses import dataclass
from statistics import median

# As docs/evaluation.md has them: what everything is compared with first.
STRATEGIES = (
    "naive", "naive-no-grace", "stop", "stop-kubelet", "live", "live-cutoff-120s", "live-cutoff", "set-sequential", "set-live",
    "set-auto",
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A line of runs.csv. One that did not move has no times that could be compared."""

    fields: dict

    def __getitem__(self, column):
        return self.fields[column]

    @property
    def moved(self):
        return self["outcome"] != "failed"

    @property
    def judged(self):
        return self["lost"] != ""

    @property
    def faults(self):
        """Of a judged one: all that the audit found but a digest that is another one."""
        return sum(int(self[column]) for column in ("lost", "repeated", "reordered", "other_faults"))

    def value(self, column):
        """Seconds; MiB of what is counted in bytes."""
        return int(self[column]) / (2**20 if column.endswith("_bytes") else 1e6) if self.moved and self[column] else None


def read(path):
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cell_of(line):
    return tuple(line[c] for c in ("grid", "strategy", "per_second", "service_ms", "memory_mib", "at_once"))


def run_of(line):
    """A run of several at once has as many lines."""
    return (*cell_of(line), line["run"])


def of(runs, **wanted):
    return [run for run in runs if all(run[column] == str(value) for column, value in wanted.items())]


def numbers_in(runs, column):
    return sorted({run[column] for run in runs}, key=float)


def strategies_in(runs):
    """In the page's order; one that is not known here comes last."""
    names = {run["strategy"] for run in runs}
    return [name for name in STRATEGIES if name in names] + sorted(names - set(STRATEGIES))


def facts_of(words):
    """Of "NAME=VALUE …"; what a machine calls its memory is another number of KiB after each start, so it is rounded."""
    facts = dict(word.split("=", 1) for word in words.split() if "=" in word)
    if facts.get("memory_mib", "").isdigit():
        facts["memory"] = f"{int(facts.pop('memory_mib')) / 1024:.1f} GiB"
    return facts


def machine_of(run):
    """What its times depend on besides the product."""
    versions = facts_of(run["versions"])
    versions.pop("source", None)
    return {**versions, **facts_of(run["machine"])}


def around(run):
    """In what a run was made: the machine, and the commit that was built. Two sessions differ in one of them, mostly."""
    return tuple(sorted({**machine_of(run), "source": facts_of(run["versions"]).get("source", "?")}.items()))


def short(value):
    """Three digits that say something."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


@dataclass(frozen=True)
class Spread:
    values: tuple
    of: int  # migrations that there are, with and without a value

    @property
    def median(self):
        return median(self.values)

    @property
    def count(self):
        return f"n {len(self.values)}/{self.of}"

    def text(self, unit="", gap=" ", usual=""):
        """`usual`: the count that need not be said."""
        if not self.values:
            return f"– {self.count}" if self.of else "–"
        parts = [f"({short(min(self.values))} … {short(max(self.values))})"] if len(self.values) > 1 else []
        parts += [self.count] if self.count != usual else []
        return f"**{short(self.median)}**{unit}" + (gap + " ".join(parts) if parts else "")

    def __str__(self):
        return self.text()


def spread(runs, column):
    values = [run.value(column) for run in runs]
    return Spread(tuple(value for value in values if value is not None), len(runs))


@dataclass(frozen=True)
class Shares:
    """By how much less something was, pair by pair."""

    values: tuple
    of: int = 0  # pairs of which both runs were made, those that failed among them
    apart: int = 0  # pairs whose runs are of two sessions or builds

    @property
    def count(self):
        return f"n {len(self.values)}/{self.of}"

    def text(self, gap=" ", usual="", in_full=False):
        """`in_full`: where there is room for more than a word that the report explains."""
        if not self.values:
            return f"– {self.count}" if self.of else "–"
        parts = [f"({min(self.values):.1%} … {max(self.values):.1%})"] if len(self.values) > 1 else []
        parts += [self.count] if self.count != usual else []
        parts += [f"{self.apart} apart"] if self.apart and not in_full else []
        apart = f", {self.apart} of two sessions or builds" if self.apart and in_full else ""
        return f"**{median(self.values):.1%}**" + (gap + " ".join(parts) if parts else "") + apart


def reductions(runs, baseline, column):
    """By how much of the baseline's a run's value is less, for pairs with the same number: they were made in one round."""
    by_number = {run["run"]: run for run in baseline}
    made = [(run, by_number[run["run"]]) for run in runs if run["run"] in by_number]
    pairs = [(ours, theirs) for ours, theirs in made if ours.value(column) is not None and theirs.value(column)]
    return Shares(
        tuple(1 - ours.value(column) / theirs.value(column) for ours, theirs in pairs),
        len(made),
        sum(around(ours) != around(theirs) for ours, theirs in pairs),
    )


def usual_count(found):
    """What most of a table's cells have, which its head says for them; empty where there is nothing."""
    counted = Counter(one.count for one in found if one.values)
    return counted.most_common(1)[0][0] if counted else ""


def table(head, lines):
    rows = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(rows + ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines]) + "\n"
