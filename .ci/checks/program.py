"""Runs the glidepath binary for the checks beside this file: a config of two lines, a clean environment, a free port."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

DEFAULT_BINARY = pathlib.Path.home() / ".cache/glidepath/target/release/glidepath"
ACCOUNT = "123456789012"

# The clock of every cycle here. A Sunday in the middle of a month, so that the previous month is closed and no rule of
# month ends is at work. `data_through` is two days earlier.
AS_OF = "2026-11-15T06:00:00Z"
DATA_THROUGH = "2026-11-13"
# What a first pull asks for: the month of AS_OF up to the day after it, exclusive, and the thirteen full months before it.
FIRST_PULL = [("2026-11-01", "2026-11-16"), ("2025-10-01", "2026-11-01")]
# How long a program may take to answer: enough for the demo's cycles on a busy machine or without optimisation.
SECONDS_TO_START = 300


class CheckFailed(Exception):
    """What was expected and what was found instead; printed as the result of the check."""


def main(name, check):
    """Runs `check(binary)` and prints one line of result. SIGTERM unwinds, so that started programs are ended."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    binary = pathlib.Path(sys.argv[-1] if len(sys.argv) > 1 else DEFAULT_BINARY)
    if not os.access(binary, os.X_OK):
        sys.exit(f"{name}: FAILED: no program at {binary}; build it with `cargo build --release` or pass its path")
    try:
        result = check(binary.resolve())
    except CheckFailed as reason:
        sys.exit(f"{name}: FAILED: {reason}")
    print(f"{name}: passed: {result}")


def expect(label, actual, expected):
    if actual != expected:
        raise CheckFailed(f"{label} is {actual!r}, expected {expected!r}")


@contextlib.contextmanager
def workspace():
    """A folder with a config of two lines and the store it names."""
    with tempfile.TemporaryDirectory(prefix="glidepath-check-") as folder:
        folder = pathlib.Path(folder)
        (folder / "glidepath.toml").write_text(f'[store]\npath = "{folder}/glidepath.duckdb"\n')
        yield folder


def environment(folder, endpoint=None, **more):
    """Nothing of the caller's AWS settings, proxies or home may decide the result."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "NO_PROXY": "127.0.0.1",
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if endpoint:
        env["AWS_ENDPOINT_URL"] = endpoint
    return env | more


def glidepath(binary, folder, *arguments, endpoint=None, seconds=120, **more):
    """Runs one command to its end; returns its exit status and standard output, and shows its standard error."""
    command = [str(binary), *arguments, "--config", str(folder / "glidepath.toml")]
    try:
        done = subprocess.run(
            command, env=environment(folder, endpoint, **more), cwd=folder, capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        raise CheckFailed(f"`glidepath {' '.join(arguments)}` was not done in {seconds} s") from None
    shown = f"$ glidepath {' '.join(arguments)}  -> exit status {done.returncode}"
    print("\n".join([shown, *(f"  | {line}" for line in done.stderr.splitlines()[-40:])]))
    return done.returncode, done.stdout


def status(binary, folder):
    code, text = glidepath(binary, folder, "status", "--json", "--as-of", AS_OF)
    expect("exit status of `status --json`", code, 0)
    try:
        return json.loads(text)
    except json.JSONDecodeError as reason:
        raise CheckFailed(f"`status --json` printed no JSON ({reason}): {text[:200]!r}") from None


def free_port():
    """Given back before it is used, so another program could take it; the caller then fails with that program's error."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def started(command, log, **options):
    """A program in the background, ended however the block is left. Its output goes to the file `log`."""
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


# No proxy of the caller's stands between two programs on this machine.
LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetch(url):
    """The body, or None where nobody answers yet or the answer is an error."""
    try:
        with LOOPBACK.open(url, timeout=5) as answer:
            return answer.read()
    except OSError:
        return None


# What the demo prints after its last cycle; it answers from its first one on.
DEMO_IS_DONE = "(stop with Ctrl-C)"


def wait_for_demo(address, demo, log, seconds=SECONDS_TO_START):
    """Returns once every cycle of the demo is done; fails as `wait_for` does."""
    wait_for(f"http://{address}/readyz", demo, log, seconds)
    deadline = time.monotonic() + seconds
    while DEMO_IS_DONE not in pathlib.Path(log).read_text(errors="replace"):
        if time.monotonic() > deadline or demo.poll() is not None:
            raise CheckFailed(f"the demo's cycles are not done after {seconds} s, or it ended; see {log}")
        time.sleep(0.2)


def wait_for(url, process, log, seconds=SECONDS_TO_START):
    """Returns the body of the first good answer; fails with the end of the log when the program ends or time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        body = fetch(url)
        if body is not None:
            return body
        time.sleep(0.2)
    tail = pathlib.Path(log).read_text(errors="replace")[-2000:]
    why = f"ended with status {process.poll()}" if process.poll() is not None else f"is not ready after {seconds} s"
    raise CheckFailed(f"{url}: the program {why}; its output ends:\n{tail}")
