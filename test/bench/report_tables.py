"""The report's tables of what was measured; a table that nothing was measured for is no text."""

from collections import Counter, defaultdict
from statistics import median

from report_baselines import name_of, shares_of
from report_published import SHADOWS_TOTALS
from report_rows import facts_of, numbers_in, of, short, spread, strategies_in, table, usual_count

GRIDS = {
    "paper": ("The paper's grid: 50 ms for each order", "per_second", "orders a second"),
    "shadow": ("SHADOW's grid: 10 ms for each order", "per_second", "orders a second"),
    "overload": ("More than can be handled: 50 ms for each order, so 20 a second", "per_second", "orders a second"),
    "memory": ("Memory: 10 a second, 10 ms for each order", "memory_mib", "MiB"),
    "at-once": ("Several at once: 5 a second for each, 10 ms for each order", "at_once", "migrations at once"),
}
MEASURES = {
    "message-gap": ("message_gap_us", "Message gap"),
    "gap": ("gap_us", "Gap: nobody works on the queue itself"),
    "total": ("total_us", "In all"),
    "freeze": ("freeze_us", "Frozen until the commit"),
    "snapshot": ("snapshot_us", "Frozen for the checkpoint (the source runs on)"),
    "http-gap": ("http_gap_us", "HTTP gap"),
    "http-failing": ("http_failing_us", "Probes that failed in a row"),
    "archive": ("archive_bytes", "Archive, MiB"),
}
# Of the others it hangs on nothing that they vary.
ONLY_OF = {"archive": ("memory",)}


def is_asked(run, column):
    """Whether a value that is missing says anything: where several move at once nobody probes, and of those that moved
    only what was replayed had a checkpoint before."""
    if column.startswith("http_"):
        return run["at_once"] == "1"
    return column != "snapshot_us" or run[column] != "" or not run.moved


def cells_of(runs, grid, column, strategy):
    """Spreads along the grid."""
    _, across, _ = GRIDS[grid]
    asked = [run for run in runs if is_asked(run, column)]
    return [spread(of(asked, strategy=strategy, **{across: head}), column) for head in numbers_in(runs, across)]


def measure_table(runs, grid, column):
    """Strategies down, the grid's own number across."""
    _, across, unit = GRIDS[grid]
    heads = numbers_in(runs, across)
    found = {strategy: cells_of(runs, grid, column, strategy) for strategy in strategies_in(runs)}
    found = {strategy: spreads for strategy, spreads in found.items() if any(one.values for one in spreads)}
    if not found:
        return ""
    usual = usual_count(one for spreads in found.values() for one in spreads)
    lines = [[f"`{strategy}`", *(one.text(gap="<br>", usual=usual) for one in spreads)] for strategy, spreads in found.items()]
    for name, totals in SHADOWS_TOTALS.items() if (grid, column) == ("shadow", "total_us") else ():
        lines.append([f"*{name}*", *(f"*{short(totals[int(head)])}*" if int(head) in totals else "–" for head in heads)])
    return table([f"{unit}; {usual}", *heads], lines)


def reduction_table(runs, column, movers, baselines):
    heads = numbers_in(runs, "per_second")
    found = {}
    for mover in movers:
        others = [name for name in baselines if name != mover]
        along = [shares_of(of(runs, per_second=rate), mover, others, column) for rate in heads]
        for name in others:
            if any(shares[name].values for shares in along):
                found[f"`{mover}` than {name_of(name)}"] = [shares[name] for shares in along]
    usual = usual_count(its for shares in found.values() for its in shares)
    lines = [[name, *(its.text("<br>", usual) for its in shares)] for name, shares in found.items()]
    return table([f"less by; {usual}", *heads], lines) if lines else ""


def in_order(lists):
    """All their words, each behind the one that it follows in its own list."""
    order = []
    for words in lists:
        at = 0
        for word in words:
            if word not in order:
                order.insert(at, word)
            at = order.index(word) + 1
    return order


def phase_table(runs, strategies):
    """Medians, phases down and strategies across: where the time goes."""
    took = defaultdict(lambda: defaultdict(list))
    for run in runs:
        phases = {name: int(its) / 1e6 for name, its in facts_of(run["phases_us"]).items()} if run.moved else {}
        for name, seconds in phases.items():
            took[run["strategy"]][name].append(seconds)
    shown = [strategy for strategy in strategies if took[strategy]]
    # The longest first: what is left has few phases that it lacks.
    order = in_order(sorted((list(took[strategy]) for strategy in shown), key=len, reverse=True))
    for run in runs:
        if took[run["strategy"]] and run.value("total_us"):
            took[run["strategy"]]["*in all*"].append(run.value("total_us"))
    order += ["*in all*"] if any(its["*in all*"] for its in took.values()) else []
    lines = [[name, *(short(median(took[one][name])) if took[one][name] else "–" for one in shown)] for name in order]
    return table(["", *(f"`{strategy}`" for strategy in shown)], lines) if shown else ""


def phase_tables(runs, grid):
    """In the middle of the grid and at its end."""
    _, across, unit = GRIDS[grid]
    heads = numbers_in(runs, across)
    tables = []
    for head in dict.fromkeys((heads[len(heads) // 2], heads[-1])):
        if found := phase_table(of(runs, **{across: head}), strategies_in(runs)):
            tables.append(f"{head} {unit}:\n\n{found}")
    return "\n".join(tables)


def cutoff_table(runs, grid):
    """Why the source stopped, and how long after its mirror was bound it did: whether a cutoff did anything at all."""
    _, across, unit = GRIDS[grid]
    heads = numbers_in(runs, across)
    lines = []
    for strategy in strategies_in(runs):
        cells = []
        for head in heads:
            cut = [run for run in of(runs, strategy=strategy, **{across: head}) if run.moved and run["cut_because"]]
            why = Counter(run["cut_because"] for run in cut).most_common()
            used = spread(cut, "cutoff_used_us")
            cell = ", ".join(f"{name} {count}" for name, count in why)
            cells.append(f"{cell}<br>{used.text(usual=used.count)}" if used.values else cell)
        if any(cells):
            lines.append([f"`{strategy}`", *(cell or "–" for cell in cells)])
    return table([unit, *heads], lines) if lines else ""


def choice_table(runs, grid):
    """What `auto` took. It said so before the move, so one that failed counts."""
    _, across, unit = GRIDS[grid]
    heads = numbers_in(runs, across)
    lines = []
    for strategy in strategies_in(runs):
        its = of(runs, strategy=strategy) if strategy.endswith("-auto") else []
        taken = [Counter(run["chosen"] for run in of(its, **{across: head}) if run["chosen"]) for head in heads]
        if any(taken):
            cells = (", ".join(f"{name} {count}" for name, count in some.most_common()) for some in taken)
            lines.append([f"`{strategy}`", *(cell or "–" for cell in cells)])
    return table([unit, *heads], lines) if lines else ""


def audit_table(runs):
    lines = []
    for name, its in [*((f"`{one}`", of(runs, strategy=one)) for one in strategies_in(runs)), ("all", runs)]:
        judged = [run for run in its if run.judged]
        bound = [run for run in judged if run["repeats_met"] and run["repeats_bound"]]
        beyond = sum(int(run["repeats_met"]) > int(run["repeats_bound"]) for run in bound)
        sums = [sum(int(run[column] or 0) for run in judged)
                for column in ("sent", "lost", "repeated", "reordered", "other_faults", "repeats_met")]  # fmt: skip
        equal = sum(run["digest_equal"] == "yes" for run in judged)
        lines.append([name, f"{len(judged)} of {len(its)}", *sums[:5], f"{equal} of {len(judged)}", sums[5],
                      f"{beyond} of {len(bound)}" if bound else "–"])  # fmt: skip
    heads = ["", "judged", "orders", "lost", "repeated", "reordered", "other faults", "digest equal", "met again and known",
             "beyond the bound"]  # fmt: skip
    return table(heads, lines) if any(run.judged for run in runs) else ""


def flawed(runs):
    lines = [
        [run["grid"], f"`{run['strategy']}`", run["per_second"], run["memory_mib"], run["at_once"], run["run"], run["outcome"],
         run["reason"].replace("<", "&lt;")]
        for run in runs
        if run["outcome"] != "clean"
    ]  # fmt: skip
    return table(["Grid", "Strategy", "λ", "MiB", "at once", "run", "", "Reason"], lines) if lines else "None.\n"


def times_the_limit(line):
    """From 1 on it is slower than what limits it, in time as in answers a second."""
    ours, limit = float(line["p50"]), float(line["limit_p50"])
    over, under = (limit, ours) if line["unit"].endswith("/s") else (ours, limit)
    return f"{over / under:.2f}" if under else "–"


def components_table(lines):
    def pair(line, of_limit=""):
        """So many a second are one figure of all calls, without a p99."""
        p99 = "–" if line["unit"].endswith("/s") else short(float(line[f"{of_limit}p99"]))
        return [short(float(line[f"{of_limit}p50"])), p99]

    return table(
        ["Part", "with", "p50", "p99", "unit", "beside", "its p50", "its p99", "times slower"],
        [
            [line["part"], line["with"], *pair(line), line["unit"], line["limit"], *pair(line, "limit_"), times_the_limit(line)]
            for line in lines
        ],
    )
