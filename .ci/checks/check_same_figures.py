"""Compares what two programs say of the same stores, apart from sentences. See .ci/same-figures."""

import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

OLD, NEW = (pathlib.Path(program).resolve() for program in sys.argv[1:3])
# Sentences, which may be said otherwise.
SENTENCES = {"summary", "reason", "evidence", "title"}
# Fields that came since.
ADDED: set[str] = set()
KINDS = ["actual-vs-projected", "trajectory", "funding-pack", "ask", "poc", "evidence"]
FORMATS = ["json", "csv"]
# Days between two moments that are looked at.
STEP = 45


def said(program, folder, *args):
    """Exit status and standard output of a command in the folder of a demo."""
    env = os.environ | {"GLIDEPATH_CONFIG": "demo.toml"}
    ran = subprocess.run([program, *args], cwd=folder, env=env, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout


def figures(value):
    """JSON without its sentences."""
    if isinstance(value, dict):
        return {key: figures(inner) for key, inner in value.items() if key not in SENTENCES | ADDED}
    if isinstance(value, list):
        return [figures(inner) for inner in value]
    return value


def different(old, new, path=""):
    """Where two values of JSON differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from different(old.get(key, "(absent)"), new.get(key, "(absent)"), f"{path}.{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for at, (left, right) in enumerate(zip(old, new)):
            yield from different(left, right, f"{path}[{at}]")
    elif old != new:
        yield f"{path}: {str(old)[:80]} before, {str(new)[:80]} now"


def moments(folder):
    """Moments of a store: of the newest cycle, and back from it."""
    status, text = said(OLD, folder, "status", "--json")
    assert status == 0, f"the store of {folder} cannot be read"
    position = json.loads(text)
    newest = datetime.datetime.fromisoformat(position["as_of"])
    back = [newest - datetime.timedelta(days=days) for days in range(STEP, 365, STEP)]
    return [None] + [moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in back]


def compare(year, old_folder, new_folder):
    """Compares every answer, and returns how many there were and what differs."""
    count, found = 0, []
    for moment in moments(old_folder):
        of = [] if moment is None else ["--as-of", moment]
        questions = [["status", "--json"]]
        questions += [["report", "--kind", kind, "--format", form] for kind in KINDS for form in FORMATS]
        for question in questions:
            (old_status, old), (new_status, new) = (
                said(program, folder, *question, *of) for program, folder in [(OLD, old_folder), (NEW, new_folder)]
            )
            count += 1
            name = f"{year}, {' '.join(question + of)}"
            if old_status != new_status:
                found.append(f"{name}: exit status {old_status} before, {new_status} now")
            elif "json" in question or "--json" in question:
                if old_status == 0:
                    found += [f"{name}: {it}" for it in different(figures(json.loads(old)), figures(json.loads(new)))]
            elif old != new:
                lines = zip(old.splitlines(), new.splitlines())
                first = next((f"{left} | {right}" for left, right in lines if left != right), "another length")
                found.append(f"{name}: {first}")
    return count, found


def main():
    count, found = 0, []
    with tempfile.TemporaryDirectory() as scratch:
        for year in ["plain", "hard"]:
            old_folder, new_folder = (pathlib.Path(scratch) / f"{year}-{which}" for which in ["before", "now"])
            demo = [OLD, "demo", "--year", year, "--exit", "--keep", old_folder, "--listen", "127.0.0.1:0"]
            subprocess.run(demo, capture_output=True, check=True)
            shutil.copytree(old_folder, new_folder)
            more, different_here = compare(year, old_folder, new_folder)
            count, found = count + more, found + different_here
    print("\n".join(found[:40]))
    if found:
        sys.exit(f"{len(found)} differences in {count} answers")
    print(f"the same in {count} answers of two years, apart from {', '.join(sorted(SENTENCES | ADDED))}")


main()
