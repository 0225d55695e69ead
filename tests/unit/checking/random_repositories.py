"""Small random repositories with faults across files: local actions, called workflows, and who uses them.

Everything is drawn from a seeded ``random.Random``, so that a seed repeats a repository.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

WORKFLOWS = ".github/workflows"
TYPES = ("string", "boolean", "number")
VALUES = [
    "text",
    "true",
    "3",
    "'true'",
    "'3'",
    "''",
    "null",
    "[1]",
    "1.5",
    "yes",
    "${{github.sha}}",
    "${{true}}",
    "${{3}}",
    "${{'a'}}",
    "${{fromJSON('1')}}",
    "${{github.event.number}}",
    "${{github.event}}",
    "${{inputs.one=='x'}}",
    "x${{github.ref}}",
    "${{matrix.os}}",
    "${{needs}}",
]
INPUTS = ("one", "two", "Three", "with-dash", "five")
SECRETS = ("token", "PASSWORD", "key-file")
OUTPUTS = ("result", "Path", "sum-of")

Files = dict[str, str]


def repository(chance: random.Random) -> Files:
    """A repository: texts by path."""
    return Writer(chance).write()


class Writer:
    """Draws one repository."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.files: Files = {}
        self.actions: dict[str, tuple[list[str], list[str]]] = {}
        """By folder: the inputs and the outputs."""
        self.called: dict[str, tuple[list[str], list[str], list[str]]] = {}
        """By path: the inputs, secrets and outputs."""

    def seldom(self, likely: float = 0.12) -> bool:
        return self.chance.random() < likely

    def pick(self, many: Sequence[str]) -> str:
        return self.chance.choice(many)

    def some(self, many: Sequence[str], most: int = 3) -> list[str]:
        return self.chance.sample(list(many), self.chance.randint(0, min(most, len(many))))

    def write(self) -> Files:
        """The files by path."""
        for number in range(self.chance.randint(1, 3)):
            self.action(f"{self.pick(['.github/actions/', 'tools/', ''])}act{number}")
        for number in range(self.chance.randint(1, 3)):
            self.reusable(f"{WORKFLOWS}/called{number}.{self.pick(['yml', 'yaml'])}")
        for number in range(self.chance.randint(1, 2)):
            self.files[f"{WORKFLOWS}/ci{number}.yml"] = self.caller()
        return self.files

    # Actions

    def action(self, folder: str) -> None:
        inputs, outputs = self.some(INPUTS), self.some(OUTPUTS, 2)
        self.actions[folder] = inputs, outputs
        if self.seldom(0.06):
            self.files[f"{folder}/README.md"] = "nothing\n"
            return
        name = f"{folder}/{self.pick(['action.yml', 'action.yml', 'action.yaml'])}"
        text = "" if self.seldom(0.05) else f"name: {self.pick(['Act', 'Act', 'Act', '12'])}\n"
        text += "" if self.seldom(0.05) else "description: Does it\n"
        text += self.branding() if self.seldom(0.2) else ""
        text += self.action_inputs(inputs) + self.action_outputs(outputs)
        text += "" if self.seldom(0.05) else self.runs(folder)
        self.files[name] = self.spoilt(text)

    def branding(self) -> str:
        return (
            f"branding: {{icon: {self.pick(['x', 'award', 'dog'])}, color: {self.pick(['red', 'pink'])}}}\n"
        )

    def action_inputs(self, names: list[str]) -> str:
        if self.seldom(0.03):
            return f"inputs: {self.pick(['[one]', 'one', '{one: text}', '{one: null}', 'null'])}\n"
        text = "inputs:\n" if names else ""
        for name in names:
            text += f"  {name}:\n    description: It\n"
            if self.seldom(0.5):
                required = self.pick(["true", "true", "true", "false", "'true'", "yes", "TRUE"])
                text += f"    required: {required}\n"
            if self.seldom(0.3):
                values = ["a", "''", "3", "${{ github.token }}", "null", "true"]
                text += f"    default: {self.pick([*values, '${{ secrets.X }}', '${{ steps.a }}', '[1]'])}\n"
            if self.seldom(0.15):
                text += "    deprecationMessage: use another\n"
            if self.seldom(0.03):
                text += f"    {self.pick(['type: string', 'other: x'])}\n"
        return text

    def action_outputs(self, names: list[str]) -> str:
        if self.seldom(0.02):
            return f"outputs: {self.pick(['[a]', 'a', '{a: b}'])}\n"
        text = "outputs:\n" if names else ""
        for name in names:
            text += f"  {name}:\n    description: It\n"
            if self.seldom(0.7):
                value = self.pick(["x", "${{ steps.s1.outputs.x }}", "${{ inputs.one }}", "${{ secrets.X }}"])
                text += f"    value: {value}\n"
        return text

    def runs(self, folder: str) -> str:
        kind = self.pick(["node", "docker", "composite", "composite"])
        lines = {"node": self.node, "docker": self.docker, "composite": self.composite}[kind](folder)
        if self.seldom(0.06):
            extra = ["main: index.js", "image: Dockerfile", "steps: []", "args: [a]", "env: {A: b}"]
            lines.append(
                self.pick([*extra, "pre: setup.js", "post-if: always()", "shell: bash", "plugin: x"])
            )
        return "runs:\n" + "".join(f"  {line}\n" for line in lines)

    def using(self, right: str) -> list[str]:
        if self.seldom(0.05):
            return []
        wrong = ["node10", "node18", "python", "Composite", "''", "node21", "node12", "node16", "dockr"]
        return [f"using: {self.pick(wrong) if self.seldom(0.08) else right}"]

    def node(self, folder: str) -> list[str]:
        lines = self.using(self.pick(["node20", "node24"]))
        for key, likely in (("main", 0.93), ("pre", 0.15), ("post", 0.15)):
            if not self.seldom(likely):
                continue
            file = self.pick([f"{key}.js", f"dist/{key}.js"])
            lines.append(f"{key}: {file}")
            if not self.seldom():
                self.files[f"{folder}/{file}"] = ""
        if self.seldom(0.08):
            lines.append(
                f"{self.pick(['pre-if', 'post-if'])}: {self.pick(['always()', 'runner.os == 1', 'nope('])}"
            )
        return lines

    def docker(self, folder: str) -> list[str]:
        lines = self.using("docker")
        images = [
            "Dockerfile",
            "docker://alpine:3",
            "docker/Dockerfile",
            "ghcr.io/a/b:1",
            "alpine",
            "Dockerfile.x",
        ]
        image = self.pick(images)
        if not self.seldom(0.06):
            lines.append(f"image: {image}")
        if "Dockerfile" in image and not self.seldom():
            self.files[f"{folder}/{image}"] = "FROM alpine\n"
        if self.seldom(0.2):
            lines.append(f"entrypoint: {self.pick(['run.sh', '/bin/sh'])}")
        if self.seldom(0.2):
            args = ["[a]", "['${{ inputs.one }}']", "text", "['${{ github.sha }}']"]
            lines.append(f"args: {self.pick(args)}")
        return lines

    def composite(self, folder: str) -> list[str]:
        del folder
        lines = self.using("composite")
        if self.seldom(0.05):
            return lines
        lines.append(self.pick(["steps: []", "steps: text", "steps:"]) if self.seldom(0.05) else "steps:")
        if lines[-1] != "steps:":
            return lines
        for number in range(self.chance.randint(1, 3)):
            use = self.actions and self.seldom(0.25)
            step = (
                [f"uses: ./{self.pick(list(self.actions))}"] if use else [f"run: echo {self.steps_value()}"]
            )
            if not use and not self.seldom(0.06):
                step.append("shell: bash")
            if self.seldom(0.6):
                step.append(f"id: s{number}")
            if self.seldom(0.04):
                step.append(self.pick(["timeout-minutes: 3", "with: {a: b}", "nme: x", "env: {A: b}"]))
            lines += [f"{'  - ' if index == 0 else '    '}{line}" for index, line in enumerate(step)]
        return lines

    def steps_value(self) -> str:
        values = [
            "x",
            "${{ inputs.one }}",
            "${{ github.sha }}",
            "${{ inputs.nope }}",
            "${{ steps.s0.outcome }}",
        ]
        return self.pick([*values, "${{ secrets.X }}", "${{ vars.X }}", "${{ steps.s0.outputs.a }}"])

    # Called workflows

    def reusable(self, path: str) -> None:
        inputs, secrets, outputs = self.some(INPUTS), self.some(SECRETS, 2), self.some(OUTPUTS, 2)
        self.called[path] = inputs, secrets, outputs
        if self.seldom(0.04):
            return
        if self.seldom(0.06):
            on = self.pick(
                ["on: push\n", "on: [push, workflow_call]\n", "on: workflow_call\n", "", "on: {push: }\n"]
            )
            self.files[path] = on + "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo\n"
            return
        text = "on:\n  workflow_call:\n"
        if inputs:
            text += "    inputs:\n" + "".join(self.call_input(name) for name in inputs)
        if secrets:
            text += "    secrets:\n" + "".join(self.call_secret(name) for name in secrets)
        if outputs:
            text += "    outputs:\n" + "".join(self.call_output(name) for name in outputs)
        names = ["inputs.one", "inputs.nope", "secrets.token", "secrets.nope", "inputs.two || 1"]
        read = f"${{{{ {self.pick([*names, 'inputs.with-dash && 1', 'secrets.GITHUB_TOKEN'])} }}}}"
        text += (
            "jobs:\n  work:\n    runs-on: ubuntu-latest\n    outputs:\n      out: ${{ steps.s.outputs.x }}\n"
        )
        text += f"    steps:\n      - id: s\n        run: echo {read}\n"
        others = list(self.called)
        if self.seldom(0.4):
            text += self.call("inner", self.pick(others))
        self.files[path] = self.spoilt(text)

    def call_input(self, name: str) -> str:
        if self.seldom(0.03):
            return f"      {name}: {self.pick(['text', '[a]'])}\n"
        text = f"      {name}:\n"
        type_ = self.pick(TYPES)
        if not self.seldom(0.05):
            text += f"        type: {self.pick(['choice', 'str', 'Boolean', 'environment']) if self.seldom(0.05) else type_}\n"
        if self.seldom(0.4):
            required = self.pick(["true", "true", "false", "'true'", "yes"])
            text += f"        required: {required}\n"
        if self.seldom(0.3):
            defaults = {"string": "a", "boolean": "true", "number": "3"}
            text += f"        default: {self.pick(VALUES) if self.seldom(0.2) else defaults[type_]}\n"
        return text

    def call_secret(self, name: str) -> str:
        if self.seldom(0.3):
            return f"      {name}: {{required: {self.pick(['true', 'false'])}}}\n"
        return f"      {name}:\n" if self.seldom(0.5) else f"      {name}: {{description: it}}\n"

    def call_output(self, name: str) -> str:
        if self.seldom(0.04):
            return f"      {name}: {self.pick(['text', '{description: x}'])}\n"
        jobs = ["jobs.work.outputs.out", "jobs.work.outputs.nope", "jobs.none.outputs.x", "jobs.work.result"]
        value = self.pick(
            [f"${{{{ {job} }}}}" for job in jobs] + ["x", "${{ inputs.one }}", "${{ needs.a }}"]
        )
        return f"      {name}: {{value: '{value}'}}\n"

    def spoilt(self, text: str) -> str:
        """Now and then what is no YAML, or a key twice."""
        if self.seldom(0.04):
            return self.pick([text + "a: [\n", text + "\tx: y\n", text + "name: a\nname: b\n", "", "text\n"])
        return text

    # Callers

    def caller(self) -> str:
        text = f"on: {self.pick(['push', 'push', 'workflow_dispatch', 'pull_request'])}\njobs:\n"
        jobs: list[str] = []
        for number in range(self.chance.randint(1, 3)):
            id = f"job{number}"
            text += (
                self.call(id, self.pick(list(self.called)), needs=jobs)
                if self.seldom(0.5)
                else self.job(id, jobs)
            )
            jobs.append(id)
        return text

    def job(self, id: str, jobs: list[str]) -> str:
        needs = self.some(jobs, 2)
        text = f"  {id}:\n" + (f"    needs: [{', '.join(needs)}]\n" if needs else "")
        text += "    runs-on: ubuntu-latest\n    steps:\n"
        text += "" if self.seldom() else "      - uses: actions/checkout@v6\n"
        for need in needs:
            name = self.pick([*OUTPUTS, "nope"])
            text += (
                f"      - run: echo ${{{{ needs.{need}.outputs.{name} }}}} ${{{{ needs.{need}.result }}}}\n"
            )
        used: list[tuple[str, str]] = []
        for number in range(self.chance.randint(0, 3)):
            folder = self.pick(list(self.actions))
            text += f"      - uses: {self.step_uses(folder)}\n        id: u{number}\n{self.step_with(folder)}"
            used.append((f"u{number}", self.pick([*self.actions[folder][1], *OUTPUTS, "nope"])))
            if self.seldom(0.5):
                step, name = self.pick_used(used)
                text += f"      - run: echo ${{{{ steps.{step}.outputs.{name} }}}}\n"
        return text + "      - run: make\n"

    def pick_used(self, used: list[tuple[str, str]]) -> tuple[str, str]:
        return self.chance.choice(used)

    def step_uses(self, folder: str) -> str:
        if not self.seldom(0.2):
            return f"./{folder}"
        path = next(iter(self.called))
        wrong: list[Callable[[], str]] = [
            lambda: folder,
            lambda: f"./{folder}/",
            lambda: f"./{folder}@v1",
            lambda: f"./{folder}/action.yml",
            lambda: f"../{folder}",
            lambda: "./nowhere",
            lambda: f"./{path}",
            lambda: f"owner/repo/{path}@main",
            lambda: f"/{folder}",
            lambda: f"./{folder.upper()}",
            lambda: self.pick(["owner/repo", "owner@v1", "owner/repo@", "/repo@v1", "owner//@v1", "./", "."]),
            lambda: self.pick(["docker://", "docker://alpine", "docker://alpine:", "docker://ghcr.io/a/b:1"]),
            lambda: self.pick(["${{ github.sha }}", "./${{ matrix.x }}", "owner/repo@${{ github.sha }}"]),
            lambda: self.pick(["''", "null", "[a]", "owner/repo@a@b", "owner/repo/path@a b", "$/" + folder]),
        ]
        return self.chance.choice(wrong)()

    def step_with(self, folder: str) -> str:
        names = [name for name in self.actions[folder][0] if not self.seldom()]
        if self.seldom(0.15):
            names.append(self.pick(["nope", "on", "args", "ONE", "entrypoint"]))
        if not names:
            return f"        with: {self.pick(['null', 'text', '{}'])}\n" if self.seldom(0.05) else ""
        values = "".join(f"          {name}: {self.pick(VALUES)}\n" for name in dict.fromkeys(names))
        return f"        with:\n{values}"

    def call(self, id: str, path: str, needs: Sequence[str] = ()) -> str:
        """A job that calls a workflow."""
        inputs, secrets, _ = self.called[path]
        text = f"  {id}:\n" + (f"    needs: {needs[-1]}\n" if needs and self.seldom(0.5) else "")
        text += f"    uses: {self.call_uses(path)}\n"
        names = [name for name in inputs if not self.seldom()]
        if self.seldom():
            names.append(self.pick(["nope", "ONE", "tow"]))
        if names:
            text += "    with:\n" + "".join(
                f"      {name}: {self.pick(VALUES)}\n" for name in dict.fromkeys(names)
            )
        if self.seldom(0.2):
            text += f"    secrets: {self.pick(['inherit', 'inherit', 'all', '${{ secrets }}', 'Inherit'])}\n"
        else:
            given = [name for name in secrets if not self.seldom()] + (["nope"] if self.seldom() else [])
            if given:
                values = ["${{ secrets.X }}", "text", "${{ github.token }}", "${{ env.X }}", "''"]
                text += "    secrets:\n" + "".join(f"      {name}: {self.pick(values)}\n" for name in given)
        if self.seldom(0.06):
            wrong = [
                "runs-on: ubuntu-latest",
                "steps: []",
                "env: {A: b}",
                "timeout-minutes: 3",
                "container: a",
            ]
            text += f"    {self.pick([*wrong, 'strategy: {matrix: {os: [a]}}', 'environment: x', 'outputs: {a: b}'])}\n"
        return text

    def call_uses(self, path: str) -> str:
        if not self.seldom(0.15):
            return f"./{path}"
        name, here = path.rpartition("/")[2], f"./{WORKFLOWS}"
        wrong = [
            f"./{path}@main",
            f"owner/repo/{path}",
            f"owner/repo/{path}@v1",
            path,
            f"./{name}",
            f"../{path}",
        ]
        wrong += [
            f"{here}/nowhere.yml",
            f"{here}/",
            "owner/repo@v1",
            "docker://alpine",
            "./${{ github.sha }}",
        ]
        wrong += [
            f"./{path}${{{{ inputs.one }}}}",
            "''",
            "null",
            f"owner/{path}@v1",
            f"/{path}",
            f"./{path} ",
        ]
        wrong += [f"{here}/sub/{name}", f"owner/repo/{name}@v1", f"./{next(iter(self.actions))}", f"$/{path}"]
        return self.pick(
            [*wrong, f"./{path.replace('workflows', 'Workflows')}", f"{here}/../workflows/{name}"]
        )
