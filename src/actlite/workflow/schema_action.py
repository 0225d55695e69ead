"""The shape of an action's manifest (R: Runner.Worker/action_yaml.json, ActionManifestManager)."""

from __future__ import annotations

from actlite.workflow.schema import ANYTHING, BOOLEAN, CONDITION, FILLED, TEXT, items, names, record

IN_STEP = names("github inputs strategy matrix steps job runner env", "hashFiles")
STEP_IF = names(
    "github inputs strategy matrix steps job runner env",
    "always cancelled failure success hashFiles",
)
DEFAULTS = names("github strategy matrix job runner", "hashFiles")
OUTPUTS = names("github strategy matrix steps inputs job runner env")
INPUTS_ONLY = names("inputs")

_STEP_COMMON = {
    "name": TEXT.seeing(IN_STEP),
    "id": FILLED,
    "if": CONDITION.seeing(STEP_IF),
    "env": record(others=TEXT).seeing(IN_STEP),
    "continue-on-error": BOOLEAN.seeing(IN_STEP),
}
COMPOSITE_STEP = record(
    {
        "run": TEXT.seeing(IN_STEP),
        **_STEP_COMMON,
        "shell": TEXT.seeing(IN_STEP),
        "working-directory": TEXT.seeing(IN_STEP),
    },
    required=["run", "shell"],
) | record(
    {"uses": FILLED, **_STEP_COMMON, "with": record(others=TEXT).seeing(IN_STEP)},
    required=["uses"],
)
"""A step of a composite action: it takes no timeout-minutes, and a script must name its shell."""

_CONDITIONS = {"pre-if": FILLED, "post-if": FILLED}
NODE = record({"using": FILLED, "main": FILLED, "pre": FILLED, "post": FILLED, **_CONDITIONS})
DOCKER = record(
    {
        "using": FILLED,
        "image": FILLED,
        "entrypoint": FILLED,
        "args": items(TEXT.seeing(INPUTS_ONLY)),
        "env": record(others=TEXT).seeing(INPUTS_ONLY),
        "pre-entrypoint": FILLED,
        "post-entrypoint": FILLED,
        **_CONDITIONS,
    }
)
COMPOSITE = record({"using": FILLED, "steps": items(COMPOSITE_STEP)})
PLUGIN = record({"plugin": FILLED})

ACTION = record(
    {
        "name": TEXT,
        "description": TEXT,
        "inputs": record(others=record({"default": TEXT.seeing(DEFAULTS)}, others=ANYTHING)),
        "outputs": record(others=record({"value": TEXT.seeing(OUTPUTS), "description": TEXT})),
        "runs": NODE | DOCKER | COMPOSITE | PLUGIN,
    },
    others=ANYTHING,
)
"""The shape of a whole manifest."""
