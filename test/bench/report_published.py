"""What others have published of theirs, and the same of ours."""

from collections import Counter

from report_baselines import BASELINES, against, shares_of
from report_rows import of, spread, table

AUTHORS = "https://github.com/haidinhtuan/shadow"
# The report names them as [paper] and so on.
SOURCES = {
    "paper": "https://arxiv.org/abs/2509.05794",
    "SHADOW": "https://arxiv.org/abs/2603.25484",
    "source": f"{AUTHORS}/blob/604e44f495ab2e9c616f17aad6a152ecb2737fe1/papers/main.tex",
    "table": f"{AUTHORS}/blob/46370cf87106a98957dfcbca9da7a224b11dcc92/eval/results/baseline-test-migrate-4.md",
    "README": f"{AUTHORS}/blob/9e81524c8c1a520e4fd023fee8cfc37d6f5f9fa8/README.md",
    "plan": f"{AUTHORS}/blob/60da6f6b695bd874a893e98b9fce8f4664ef07d3/docs/plans/2026-02-15-ms2m-controller-design.md",
    "data": f"{AUTHORS}/tree/46370cf87106a98957dfcbca9da7a224b11dcc92/eval/results",
    "commit": f"{AUTHORS}/commit/874bca99ffc18b6975276e44752055a64b97b601",
    "notes": f"{AUTHORS}/tree/e7cbcca40031601c9e7e53372c4ca515e0eaa2b7/.claude-memory",
    "controller": f"{AUTHORS}/blob/46370cf87106a98957dfcbca9da7a224b11dcc92/internal/controller/statefulmigration_controller.go",
}
REFERENCES = "".join(f"[{name}]: {address}\n" for name, address in SOURCES.items())

# Medians in seconds. What came later is of the CSV files of 2026-03-16 in its repository, which are faster than what the
# paper prints; "with the name" is of these in both.
SHADOWS_TOTALS = {
    "SHADOW: sequential": {10: 50.8, 20: 59.2, 40: 81.1, 60: 157.5, 80: 164.7, 100: 165.0, 120: 164.8},
    "SHADOW: shadow Pod": {10: 13.8, 20: 14.3, 40: 19.5, 60: 36.0, 80: 117.2, 100: 129.8, 120: 129.0},
    "SHADOW: with the name": {10: 15.8, 20: 17.6, 40: 23.1, 60: 31.8, 80: 58.3, 100: 139.9, 120: 141.6},
    "SHADOW: Deployment": {10: 12.4, 20: 14.0, 40: 20.3, 60: 58.2, 80: 126.0, 100: 128.9, 120: 129.2},
    "SHADOW later: sequential": {10: 45.4, 20: 53.1, 40: 75.8, 60: 131.1, 80: 160.8, 100: 160.3, 120: 161.0},
    "SHADOW later: shadow Pod": {10: 7.97, 20: 8.82, 40: 12.1, 60: 19.6, 80: 49.6, 100: 126.0, 120: 126.7},
    "SHADOW later: Deployment": {10: 7.72, 20: 8.88, 40: 11.6, 60: 18.1, 80: 40.7, 100: 124.7, 120: 125.3},
}
# In the picture, where there is room for few.
PICTURED_TOTALS = ("SHADOW: sequential", "SHADOW: with the name", "SHADOW later: Deployment")
# Its own way that each of ours is the counterpart of; `stop` has none.
COUNTERPARTS = {
    "live-cutoff": "SHADOW: Deployment",
    "set-sequential": "SHADOW: sequential",
    "set-live": "SHADOW: with the name",
    "set-auto": "SHADOW: with the name",
}
# Of its paper's ways at 120 a second the quickest; and of failed probes in a row the most that one with a shadow Pod had.
SHADOWS_BOUND = min(totals[120] for name, totals in SHADOWS_TOTALS.items() if "later" not in name)
SHADOWS_HTTP = 0.01

NOTES = """\
Theirs are of their machines and builds. The 96.986 % stand in the [paper]'s abstract; at which rate they and the 81.81 %
([README]) were measured is told by its author's [plan] for a later system. His [table] has the StatefulSet's figures at a low
rate, and beside them one run of his later controller at about 10 a second of 50 ms. The paper's downtime is that no instance
can process new messages. Beside it the message gap stands here; where orders come too seldom for that (1 a second) look at the
gap as well, in a table of its own.

[SHADOW]'s figures are of the [source] of its paper in its repository. Its downtime is a row of HTTP probes that failed: 31 s
where it is sequential, most of it the default grace period of 30 s by its author's [notes], and 0 with a shadow Pod. Those of
the way *with the name* are "synthesized from restore phase correlation analysis", by the [commit] that has them. The abstracts
of its versions 1 and 2 have 38.5 s in place of the 31, which its tables have for the restore; what version 3 says of it we have
not read.
"""
SHADOW_NOTES = """\
[SHADOW]'s figures, in italics, are medians of ten runs. In 108 of its 280 the phase Replaying has 120 s or more in the [data]:
its cutoff, behind which its [controller] deletes the queue with what is left in it (at 120 a second some 292 messages, by its
author's [notes]). *SHADOW later* is of another build, by the [data] in its repository; so is "with the name", which stands in
the paper's table beside rows of the earlier one. Its consumer did 50 to 65 a second, by its author's [notes] and the [source],
and ours does 94 to 97: from 60 on one rate is two loads.
"""


def total_with_name_of(strategy):
    """What is published of the whole at 10 a second, of the like of it."""
    if strategy == "set-sequential":
        return "55.7 s ([table], one run), 50.8 s ([SHADOW])"
    return "15.8 s ([SHADOW], live with its name)"


def saturation_of(strategy):
    """What is published at 120 a second, of the like of it."""
    if strategy not in COUNTERPARTS:
        return "–"
    name = COUNTERPARTS[strategy]
    theirs = f"{SHADOWS_TOTALS[name][120]:.0f} s ([SHADOW]{name.removeprefix('SHADOW')}), its cutoff's 120 s among them"
    return f"{theirs}; 0 lost, some 292 left behind by its author's [notes]"


def how_replays_ended(runs):
    """Whether a cutoff did anything; nothing where nothing was replayed."""
    why = Counter(run["cut_because"] for run in runs if run.moved and run["cut_because"])
    if not why:
        return ""
    text = "replays ended " + ", ".join(f"{name} {count}" for name, count in why.most_common())
    if set(why) == {"Converged"}:
        text += ": no cutoff acted, so the 81.81 % are not reproduced, as nothing diverges here"
    return text


def published_table(runs):
    """A line that nothing was measured for is not there."""
    lines = []

    def less(what, published, rate, column, movers, baselines, say=lambda _: ""):
        at_rate = of(runs, grid="paper", per_second=rate)
        for mover in movers:
            shares = shares_of(at_rate, mover, baselines, column)
            if any(its.values for its in shares.values()):
                said = say(of(at_rate, strategy=mover))
                lines.append([what, published, f"`{mover}`", against(shares) + (f"; {said}" if said else "")])

    def taken(what, published, grid, rate, column, strategies):
        for strategy in strategies:
            found = spread(of(runs, grid=grid, strategy=strategy, per_second=rate), column)
            if found.values:
                lines.append([what, published, f"`{strategy}`", found.text(" s")])

    less("downtime less, a Pod of its own, 16 a second ([paper])", "96.986 %", 16, "message_gap_us", ("live", "live-cutoff"),
         BASELINES)  # fmt: skip
    less("in all less by the cutoff, 19 a second ([README])", "81.81 %", 19, "total_us", ("live-cutoff-120s", "live-cutoff"),
         ("live",), how_replays_ended)  # fmt: skip
    less("downtime less, StatefulSet, 1 a second ([table])", "36.69 %", 1, "message_gap_us", ("set-sequential", "set-live"),
         BASELINES)  # fmt: skip
    taken("in all, StatefulSet, a low rate ([table]), here 1 a second", "about 53 s", "paper", 1, "total_us",
          ("set-sequential", "set-live"))  # fmt: skip
    taken("in all, StatefulSet, 10 a second of 50 ms ([table])", "55.7 s sequential, one run", "paper", 10, "total_us",
          ("set-sequential",))  # fmt: skip
    in_all, failing = "in all, StatefulSet, 10 a second of 10 ms ([SHADOW])", "probes that failed in a row, the same"
    taken(in_all, "50.8 s sequential", "shadow", 10, "total_us", ("set-sequential",))
    taken(in_all, "15.8 s live with its name", "shadow", 10, "total_us", ("set-live", "set-auto"))
    taken(failing, "31.2 s sequential", "shadow", 10, "http_failing_us", ("set-sequential",))
    taken(failing, "0 s live with its name", "shadow", 10, "http_failing_us", ("set-live", "set-auto"))
    return table(["What", "Published", "Here by", ""], lines) if lines else ""
