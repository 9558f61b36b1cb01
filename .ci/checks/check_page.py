"""Starts the demo and has Chromium look at its page and reports; `check_page.mjs` says what is looked at. Then every page of its
reports as PDF becomes a picture (`pictures.py`).

Called by `.ci/page-check`, with the Python that has Pillow, with the folder of the Node modules, the paths of Chromium and of pdftoppm and, if given, the program's.
"""

import filecmp
import os
import pathlib
import subprocess
import sys

import pictures
import program

SECONDS = 600
HERE = pathlib.Path(__file__).parent
VENDORED = {"uPlot.iife.min.js": "dist/uPlot.iife.min.js", "uPlot.min.css": "dist/uPlot.min.css", "uPlot.LICENSE": "LICENSE"}


def check(binary):
    modules, browser, pdftoppm = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    for ours, theirs in VENDORED.items():
        if not filecmp.cmp(HERE.parents[1] / "dashboards/vendor" / ours, modules / "uplot" / theirs, shallow=False):
            raise program.CheckFailed(f"dashboards/vendor/{ours} is not the published {theirs}")
    with program.workspace() as folder:
        address = f"127.0.0.1:{program.free_port()}"
        log = folder / "demo.log"
        command = [str(binary), "demo", "--listen", address]
        with program.started(command, log, env=program.environment(folder), cwd=folder) as demo:
            program.wait_for_demo(address, demo, log)
            drawn = pictures.draw(pdftoppm, f"http://{address}", demo, log)
            print(drawn)
            looked = look(modules, browser, f"http://{address}")
            pictures.reduce()
            return f"{looked}; {drawn}"


def look(modules, browser, address):
    # Pictures of every view are left where GLIDEPATH_PICTURES says; the README's lie with the pages of the reports.
    views = os.environ.get("GLIDEPATH_PICTURES", "")
    command = ["node", str(HERE / "check_page.mjs"), str(modules), browser, address, str(pictures.pictures_folder()), views]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    print(done.stdout, end="")
    if done.returncode != 0:
        raise program.CheckFailed(f"\n{done.stderr.strip()}")
    return done.stdout.splitlines()[-1]


# The first three arguments are tools, so a default binary is only needed where there is no fourth.
if len(sys.argv) == 4:
    sys.argv.append(str(program.DEFAULT_BINARY))
program.main("page-check", check)
