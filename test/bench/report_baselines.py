"""What our runs are compared with: the baselines that were measured, and one that is computed of them."""

from report_rows import Run, facts_of, of, reductions

# Of a script nobody could do without this wait, as two must never run; but how long it takes is the grace period's matter.
NO_WAIT = "naive, no wait"
BASELINES = ("naive", "naive-no-grace", NO_WAIT, "stop")
NAMES = {NO_WAIT: "`naive` without the wait for its end, computed"}


def name_of(baseline):
    return NAMES.get(baseline, f"`{baseline}`")


def wait_within_gap(run):
    """So many microseconds of its message gap a script only waited for the end of the Pod that it had deleted; nothing
    where the row does not tell. What the gap has of the deletion before, beside the push, stays."""
    instants = [run[column] for column in ("started_at", "message_gap_from", "message_gap_until")]
    steps = {name: int(took) for name, took in facts_of(run["phases_us"]).items()}
    if "gone" not in steps or not all(instants):
        return None
    started, gap_from, gap_until = map(int, instants)
    before = list(steps)[: list(steps).index("gone")]
    begin = started + sum(steps[name] for name in before)
    return max(0, min(begin + steps["gone"], gap_until) - max(begin, gap_from))


def without_wait(run):
    """As it would be without that; of its columns the message gap alone is another one."""
    wait = wait_within_gap(run)
    gap = str(int(run["message_gap_us"]) - wait) if wait is not None and run["message_gap_us"] else ""
    return Run({**run.fields, "message_gap_us": gap})


def baseline_of(runs, name):
    if name == NO_WAIT:
        return [without_wait(run) for run in of(runs, strategy="naive")]
    return of(runs, strategy=name)


def shares_of(runs, mover, baselines, column):
    """Of runs of one load: baseline -> by how much less the mover's are."""
    return {name: reductions(of(runs, strategy=mover), baseline_of(runs, name), column) for name in baselines}


def against(shares):
    return "; ".join(f"against {name_of(name)}: {its.text(in_full=True)}" for name, its in shares.items())
