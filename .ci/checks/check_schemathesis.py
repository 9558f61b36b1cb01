"""Starts the demo, holds its OpenAPI document against the specification of OpenAPI 3.1, and has schemathesis try every
operation that it describes, with what the document allows and with what it does not: no answer may be a failure of the
server, have another shape than described, or take what it should refuse.
"""

import json
import pathlib
import subprocess
import sys

import openapi_spec_validator
import program

# Left out, with the reason.
LEFT_OUT = {
    "postCycle": "an order: each would run a cycle",
    "postReplay": "forecasts every day that is asked for: a year takes minutes",
    "postBackup": "an order: each would copy the store",
    "postProjections": "takes TOML, which schemathesis cannot write; tests/it/http/entries.rs and tests/it/filing try it",
    "postProjectionCheck": "takes TOML too; tests/it/http/filing.rs tries it",
}
# Checks that cannot hold here, with the reason.
NOT_CHECKED = {
    "ignored_auth": "without tokens everything is open to this machine; tests/it/http/who_may.rs walks every route in every role",
    "positive_data_acceptance": "what has the right shape can still be a time in the future, or a pool that nobody has",
}
# The same examples in every run, so that a check fails because of us.
SEED = "20261123"
EXAMPLES = "25"
SECONDS = 600


def check(binary):
    with program.workspace() as folder:
        address = f"127.0.0.1:{program.free_port()}"
        log = folder / "demo.log"
        command = [str(binary), "demo", "--listen", address]
        with program.started(command, log, env=program.environment(folder), cwd=folder) as demo:
            program.wait_for_demo(address, demo, log)
            document = json.loads(program.wait_for(f"http://{address}/api/v1/openapi.json", demo, log))
            errors = list(openapi_spec_validator.OpenAPIV31SpecValidator(document).iter_errors())
            if errors:
                raise program.CheckFailed("the document is no OpenAPI 3.1:\n" + "\n".join(error.message for error in errors))
            operations = {one["operationId"] for methods in document["paths"].values() for one in methods.values()}
            unknown = LEFT_OUT.keys() - operations
            if unknown:
                raise program.CheckFailed(f"left out and not there: {', '.join(unknown)}")
            attack(address, folder)
            if demo.poll() is not None:
                raise program.CheckFailed(f"the demo ended with status {demo.poll()}")
    return f"{len(operations)} operations described as OpenAPI 3.1 wants it, all but {len(LEFT_OUT)} tried"


def attack(address, folder):
    schemathesis = pathlib.Path(sys.executable).with_name("schemathesis")
    command = [
        str(schemathesis), "run", f"http://{address}/api/v1/openapi.json",
        "--checks", "all",
        "--mode", "all",
        "--phases", "examples,coverage,fuzzing",
        "--max-examples", EXAMPLES,
        "--seed", SEED,
        "--generation-deterministic",
        "--request-timeout", "20",
        "--workers", "1",
        # Fuzzing ends then, found something or not.
        "--max-time", "100",
        "--no-color",
    ]  # fmt: skip
    command += ["--exclude-checks", ",".join(NOT_CHECKED)]
    for operation in LEFT_OUT:
        command += ["--exclude-operation-id", operation]
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise program.CheckFailed(f"schemathesis was not done in {SECONDS} s") from None
    if done.returncode != 0:
        raise program.CheckFailed(f"schemathesis ended with {done.returncode}:\n{done.stdout[-12000:]}\n{done.stderr[-2000:]}")


if __name__ == "__main__":
    program.main("schemathesis-check", check)
