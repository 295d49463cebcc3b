"""What others have published of theirs, and the same of ours."""

from report_rows import BASELINES, of, reductions, spread, table

AUTHORS = "https://github.com/haidinhtuan/shadow"
# The report names them as [paper] and so on.
SOURCES = {
    "paper": "https://arxiv.org/abs/2509.05794",
    "SHADOW": "https://arxiv.org/abs/2603.25484",
    "table": f"{AUTHORS}/blob/46370cf87106a98957dfcbca9da7a224b11dcc92/eval/results/baseline-test-migrate-4.md",
    "README": f"{AUTHORS}/blob/9e81524c8c1a520e4fd023fee8cfc37d6f5f9fa8/README.md",
    "plan": f"{AUTHORS}/blob/60da6f6b695bd874a893e98b9fce8f4664ef07d3/docs/plans/2026-02-15-ms2m-controller-design.md",
    "data": f"{AUTHORS}/tree/46370cf87106a98957dfcbca9da7a224b11dcc92/eval/results",
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

NOTES = """\
Theirs are of their machines and builds. The 96.986 % stand in the [paper]'s abstract; at which rate they and the 81.81 %
([README]) were measured is told by its author's [plan] for a later system, and the StatefulSet's figures are in his
[table]. Its downtime is that no instance can process new messages, beside which the message gap stands here. [SHADOW]'s is a
row of HTTP probes that failed; most of its 31 s is the default grace period of 30 s, by its author's notes.
"""
SHADOW_NOTES = """\
[SHADOW]'s figures, in italics, are medians of ten runs. In 108 of its 280 the replay ended at its cutoff of 120 s, behind
which what was left in the queue is dropped. *SHADOW later* is of another build, by the [data] in its repository; so is "with
the name", which stands in the paper's table beside rows of the earlier one.
"""


def against(shares):
    """With how many pairs were of two machines: the tables of a whole grid have no room for it."""
    apart = {name: f", {its.apart} of two machines" if its.apart else "" for name, its in shares.items()}
    return "; ".join(f"against `{name}`: {its.text()}{apart[name]}" for name, its in shares.items())


def published_table(runs):
    """A line that nothing was measured for is not there."""
    lines = []

    def less(what, published, rate, column, movers, baselines):
        at_rate = of(runs, grid="paper", per_second=rate)
        for mover in movers:
            shares = {name: reductions(of(at_rate, strategy=mover), of(at_rate, strategy=name), column) for name in baselines}
            if any(its.values for its in shares.values()):
                lines.append([what, published, f"`{mover}`", against(shares)])

    def taken(what, published, grid, rate, column, strategies):
        for strategy in strategies:
            found = spread(of(runs, grid=grid, strategy=strategy, per_second=rate), column)
            if found.values:
                lines.append([what, published, f"`{strategy}`", found.text(" s")])

    less("downtime less, a Pod of its own, 16 a second ([paper])", "96.986 %", 16, "message_gap_us", ("live", "live-cutoff"),
         BASELINES)  # fmt: skip
    less("in all less by the cutoff, 19 a second ([README])", "81.81 %", 19, "total_us", ("live-cutoff-120s", "live-cutoff"),
         ("live",))  # fmt: skip
    less("downtime less, StatefulSet, 1 a second ([table])", "36.69 %", 1, "message_gap_us", ("set-sequential", "set-live"),
         BASELINES)  # fmt: skip
    taken("in all, StatefulSet, 1 a second ([table])", "about 53 s", "paper", 1, "total_us", ("set-sequential", "set-live"))
    failing = "30.9–31.2 s sequential, 0 with a shadow Pod"
    taken("probes that failed in a row, StatefulSet, 10 a second ([SHADOW])", failing, "shadow", 10, "http_failing_us",
          ("set-sequential", "set-live"))  # fmt: skip
    return table(["What", "Published", "Here by", ""], lines) if lines else ""
