"""Starts the demo, holds its /metrics against promtool's rules, and sees it end on SIGTERM. Then holds the alerting rules
and the board in dashboards/ against what was scraped, and has promtool play the rules over the scrape itself.

Called by `.ci/metrics-check` with promtool's path and, if given, the program's.
"""

import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

import program

SECONDS_TO_END = 10
DASHBOARDS = pathlib.Path(__file__).parents[2] / "dashboards"
RULES = DASHBOARDS / "prometheus/rules.yml"
RULES_TEST = DASHBOARDS / "prometheus/rules_test.yml"
BOARD = DASHBOARDS / "grafana/glidepath.json"
# What fires on the demo, whose credit ends before the next award could be there; alert to severity. Nothing else does ...
FIRES = {"GlidepathRunwayBelowLeadTime": "warning", "GlidepathRunwayBelowLeadTimeLikely": "critical"}
# ... until nothing was pulled for longer than the config allows.
FIRES_LATER = FIRES | {"GlidepathDataStale": "warning"}
# Used and rightly absent from the demo's scrape; the tests of the program see it.
NOT_ON_THE_DEMO = {
    "glidepath_channel_dead": "the demo sends to no channel",
    "glidepath_backup_missed": "the demo makes no backups",
}


def check(binary):
    promtool = sys.argv[1]
    with program.workspace() as folder:
        address = f"127.0.0.1:{program.free_port()}"
        log = folder / "demo.log"
        command = [str(binary), "demo", "--listen", address]
        with program.started(command, log, env=program.environment(folder), cwd=folder) as demo:
            program.wait_for_demo(address, demo, log)
            metrics = program.wait_for(f"http://{address}/metrics", demo, log)
            lint(promtool, metrics)
            demo.send_signal(signal.SIGTERM)
            try:
                code = demo.wait(timeout=SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                raise program.CheckFailed(f"still running {SECONDS_TO_END} s after SIGTERM") from None
        program.expect("exit status after SIGTERM", code, 0)
    promtool_passes([promtool, "check", "rules", str(RULES)])
    promtool_passes([promtool, "test", "rules", str(RULES_TEST)])
    play(promtool, metrics.decode())
    used = names_used()
    exposed = {line.split()[2] for line in metrics.decode().splitlines() if line.startswith("# TYPE ")}
    missing = used - exposed - NOT_ON_THE_DEMO.keys()
    if missing:
        raise program.CheckFailed(f"rules or board use what is not exposed: {', '.join(sorted(missing))}")
    series = sum(1 for line in metrics.splitlines() if line and not line.startswith(b"#"))
    return (
        f"{series} series accepted by promtool; rules pass their tests, and over the scrape {len(FIRES)} fire and no other; "
        f"rules and board use {len(used)} metrics, all exposed; SIGTERM ended it with status 0"
    )


def play(promtool, metrics):
    """Runs the rules over the scrape: each sample stands still for two days, and time begins when it was taken."""
    samples = [line.rsplit(" ", 1) for line in metrics.splitlines() if line and not line.startswith("#")]
    values = {series: float(value) for series, value in samples}
    # The daemon's own clock, which in the demo is not this machine's: promtool's begins at 0.
    odds = '{odds="p50"}'
    now = values[f"glidepath_exhaustion_timestamp_seconds{odds}"] - values[f"glidepath_runway_seconds{odds}"]
    stale_after = values["glidepath_data_stale_after_seconds"] / 60
    series = []
    for name, value in values.items():
        since = now if name.split("{")[0].endswith("_timestamp_seconds") else 0
        series.append({"series": name, "values": f"{value - since:f}x600"})
    # The longest wait of a rule is an hour, that of stale data half of one.
    moments = [("55m", {}), ("2h", FIRES), (f"{stale_after:.0f}m", FIRES), (f"{stale_after + 40:.0f}m", FIRES_LATER)]
    firing = [
        {
            "expr": 'ALERTS{alertstate="firing"}',
            "eval_time": moment,
            "exp_samples": [
                {"labels": f'ALERTS{{alertname="{alert}",alertstate="firing",severity="{severity}"}}', "value": 1}
                for alert, severity in fires.items()
            ],
        }
        for moment, fires in moments
    ]
    tests = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "5m",
        "tests": [{"interval": "5m", "input_series": series, "promql_expr_test": firing}],
    }
    with tempfile.TemporaryDirectory(prefix="glidepath-rules-") as folder:
        # JSON is YAML too.
        played = pathlib.Path(folder) / "scrape_test.yml"
        played.write_text(json.dumps(tests))
        promtool_passes([promtool, "test", "rules", str(played)])


def names_used():
    """Every metric in an expression of the rules or of the board."""
    texts = re.findall(r"^ *expr: (.*)$", RULES.read_text(), re.MULTILINE)
    board = json.loads(BOARD.read_text())
    targets = [target for panel in board["panels"] for target in panel["targets"]]
    texts += [target["expr"] for target in targets]
    names = {name for text in texts for name in re.findall(r"\bglidepath_\w+", text)}
    if len(targets) < 10 or len(names) < 10:
        raise program.CheckFailed(f"too little was found in rules and board: {sorted(names)}")
    return names


def promtool_passes(command):
    done = subprocess.run(command, capture_output=True, timeout=120)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).decode(errors="replace")
        raise program.CheckFailed(f"`{' '.join(command[1:])}` ended with {done.returncode}:\n{said}")


def lint(promtool, metrics):
    if b"glidepath_" not in metrics:
        raise program.CheckFailed(f"/metrics has no metric of ours: {metrics[:200]!r}")
    done = subprocess.run([promtool, "check", "metrics"], input=metrics, capture_output=True, timeout=60)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).decode(errors="replace")
        raise program.CheckFailed(f"promtool check metrics ended with {done.returncode}:\n{said}")


# The first argument is promtool's path, so a default binary is only needed where there is no second.
if len(sys.argv) == 2:
    sys.argv.append(str(program.DEFAULT_BINARY))
program.main("metrics-check", check)
