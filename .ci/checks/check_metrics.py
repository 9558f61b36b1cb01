"""Starts the demo, holds its /metrics against promtool's rules, and sees it end on SIGTERM.

Called by `.ci/metrics-check` with promtool's path and, if given, the program's.
"""

import signal
import subprocess
import sys

import program

SECONDS_TO_END = 10


def check(binary):
    promtool = sys.argv[1]
    with program.workspace() as folder:
        address = f"127.0.0.1:{program.free_port()}"
        log = folder / "demo.log"
        command = [str(binary), "demo", "--listen", address]
        with program.started(command, log, env=program.environment(folder), cwd=folder) as demo:
            program.wait_for(f"http://{address}/readyz", demo, log)
            metrics = program.wait_for(f"http://{address}/metrics", demo, log)
            lint(promtool, metrics)
            demo.send_signal(signal.SIGTERM)
            try:
                code = demo.wait(timeout=SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                raise program.CheckFailed(f"still running {SECONDS_TO_END} s after SIGTERM") from None
        program.expect("exit status after SIGTERM", code, 0)
    series = sum(1 for line in metrics.splitlines() if line and not line.startswith(b"#"))
    return f"{series} series accepted by promtool; SIGTERM ended it with status 0"


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
