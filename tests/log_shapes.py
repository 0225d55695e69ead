"""Logs in the shapes in which people have them. Each is a small reproduction of its form, with made-up names."""

from __future__ import annotations

from actlite.records import field, frozen

LINES = {
    "2.27": "/__e/node20/bin/node: /lib64/libm.so.6: version `GLIBC_2.27' not found (required by /__e/node20/bin/node)",
    "2.28": "/__e/node20/bin/node: /lib64/libc.so.6: version `GLIBC_2.28' not found (required by /__e/node20/bin/node)",
    "2.25": "/__e/node20/bin/node: /lib64/libc.so.6: version `GLIBC_2.25' not found (required by /__e/node20/bin/node)",
    "20": "/__e/node20/bin/node: /lib64/libstdc++.so.6: version `GLIBCXX_3.4.20' not found (required by /__e/node20/bin/node)",
    "1.3.9": "/__e/node20/bin/node: /lib64/libstdc++.so.6: version `CXXABI_1.3.9' not found (required by /__e/node20/bin/node)",
    "21": "/__e/node20/bin/node: /lib64/libstdc++.so.6: version `GLIBCXX_3.4.21' not found (required by /__e/node20/bin/node)",
}
NODE20 = "\n".join(LINES[key] for key in ("2.27", "20", "1.3.9", "21", "2.28", "2.25")) + "\n"
"""What node 20 gets on glibc 2.17."""
NODE12 = "".join(
    f"/__e/node12/bin/node: {library}: version `{version}' not found (required by /__e/node12/bin/node)\n"
    for library, version in (
        ("/usr/lib64/libstdc++.so.6", "GLIBCXX_3.4.14"),
        ("/usr/lib64/libstdc++.so.6", "GLIBCXX_3.4.18"),
        ("/usr/lib64/libstdc++.so.6", "CXXABI_1.3.5"),
        ("/usr/lib64/libstdc++.so.6", "GLIBCXX_3.4.15"),
        ("/lib64/libc.so.6", "GLIBC_2.16"),
        ("/lib64/libc.so.6", "GLIBC_2.17"),
        ("/lib64/libc.so.6", "GLIBC_2.14"),
    )
)
"""What node 12 gets on glibc 2.12."""


@frozen
class Shape:
    """A log, and what is in it."""

    name: str
    text: str
    program: str
    kind: str = "versions"
    missing: tuple[str, ...] = ()
    """Versions, or libraries, in order."""
    image: str = ""
    actions: tuple[str, ...] = ()
    runner: str = ""
    day: str = ""
    says: tuple[str, ...] = field(default=())
    """Pieces of the explanation, with line breaks taken for spaces."""


def timed(text: str, day: str = "2024-07-03") -> str:
    """With GitHub's times."""
    lines = text.rstrip("\n").split("\n")
    return "".join(f"{day}T17:12:{n % 60:02}.1234567Z {line}\n" for n, line in enumerate(lines))


def _job(lines: str, *, image: str, action: str = "actions/checkout@v3", runner: str = "2.317.0") -> str:
    return (
        f"Current runner version: '{runner}'\n##[group]Operating System\nUbuntu\n22.04.4\n##[endgroup]\n"
        f"Prepare all required actions\nGetting action download info\nDownload action repository '{action}'\n"
        "##[group]Checking docker version\n##[command]/usr/bin/docker version --format '{{.Server.APIVersion}}'\n##[endgroup]\n"
        f"##[group]Starting job container\n##[command]/usr/bin/docker pull {image}\n##[endgroup]\n"
        f'##[command]/usr/bin/docker create --name a1_b2 --label 5f8a -e "HOME=/github/home" --entrypoint "tail" {image} "-f" "/dev/null"\n'
        f"##[group]Run {action}\nwith:\n  repository: me/tool\n  token: ***\n##[endgroup]\n"
        '##[command]/usr/bin/docker exec  ff6201b20d sh -c "cat /etc/*release | grep ^ID"\n' + lines
    )


OLD = "quay.io/pypa/manylinux2014_x86_64"
NODE = "/__e/node20/bin/node"
SIX = ("GLIBC_2.27", "GLIBCXX_3.4.20", "CXXABI_1.3.9", "GLIBCXX_3.4.21", "GLIBC_2.28", "GLIBC_2.25")
_LINK = "https://github.com/me/tool/actions/runs/1/job/2#step:3:4"
SHAPES = (
    Shape(
        "github-raw",
        "\ufeff" + timed(_job(NODE20, image=OLD)),
        NODE,
        missing=SIX,
        image=OLD,
        actions=("actions/checkout@v3",),
        runner="2.317.0",
        day="2024-07-03",
        says=("it needs glibc 2.28, there is 2.17", "declares node16", "since 2024-07-03", "ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION"),
    ),
    Shape(
        "github-raw-2020",
        timed(_job("Running JavaScript Action with default external tool: node12\n" + NODE12 + "##[error]Node run failed with exit code 1\n", image="quay.io/pypa/manylinux2010_x86_64", action="actions/checkout@v2", runner="2.165.2"), "2020-02-16"),
        "/__e/node12/bin/node",
        missing=("GLIBCXX_3.4.14", "GLIBCXX_3.4.18", "CXXABI_1.3.5", "GLIBCXX_3.4.15", "GLIBC_2.16", "GLIBC_2.17", "GLIBC_2.14"),
        image="quay.io/pypa/manylinux2010_x86_64",
        actions=("actions/checkout@v2",),
        day="2020-02-16",
        runner="2.165.2",
        says=("it needs glibc 2.17, there is 2.12", "actions/checkout@v2 declares node12"),
    ),
    Shape(
        "github-raw-colours-crlf",
        timed(_job(NODE20, image="centos:7")).replace("\n", "\r\n").replace("/__e/node20/bin/node: ", "\x1b[31m/__e/node20/bin/node: "),
        NODE,
        missing=SIX,
        image="centos:7",
        actions=("actions/checkout@v3",),
    ),
    Shape(
        "gh-run-view",
        "".join(f"build (x64)\tCheckout\t{line}\n" for line in timed(_job(NODE20, image="centos:7")).splitlines()),
        NODE,
        missing=SIX,
        image="centos:7",
        day="2024-07-03",
        says=("build (x64)",),
    ),
    Shape(
        "github-error-annotations",
        "".join(f"##[error]{line}\n" for line in NODE20.splitlines()) + "Error: The process '/usr/bin/docker' failed with exit code 1\n",
        NODE,
        missing=SIX,
        says=("these very lines come from quay.io/pypa/manylinux2014_x86_64, centos:7",),
    ),
    Shape(
        "web-with-line-numbers",
        "Run actions/checkout@v3\n" + "".join(f"  {n}  {line}\n" for n, line in enumerate(NODE20.splitlines(), 12)),
        NODE,
        missing=SIX,
        actions=("actions/checkout@v3",),
        says=("from 2024-07-03 until 2026-06-15",),
    ),
    Shape(
        "web-numbers-as-links",
        f"Run actions/checkout@v4\n/__e/node[20]({_LINK})/bin/node: /lib6[4]({_LINK})/libm.so.6: version `GLIBC_2.27' not found (required by /__e/node20/bin/node)\n"
        f"/__e/node20/bin/node: /lib64/libc.so.6: version `GLIBC_2.2[5]({_LINK})' not found (required by /__e/node20/bin/node)\n",
        NODE,
        missing=("GLIBC_2.27", "GLIBC_2.25"),
        actions=("actions/checkout@v4",),
        says=("actions/checkout@v4 declares node20",),
    ),
    Shape(
        "issue-with-workflow",
        "v4 fails, v3 does not:\n```yml\njobs:\n  t:\n    runs-on: ubuntu-latest\n    container: node:14.16-stretch\n    steps:\n      - uses: actions/checkout@v4\n```\n"
        "```console\nRun actions/checkout@v4\n" + NODE20.replace("/lib64/", "/lib/x86_64-linux-gnu/") + "```\n",
        NODE,
        missing=SIX,
        image="node:14.16-stretch",
        actions=("actions/checkout@v4",),
    ),
    Shape(
        "issue-quoted-mail",
        "On Mon someone wrote:\n" + "".join(f"> > {line}\n" for line in NODE20.splitlines()) + "> thanks\n",
        NODE,
        missing=SIX,
    ),
    Shape(
        "mail-wrapped",
        "".join(
            f"> {line[: line.index(' not found')]} not\n> found {line[line.index('(required') :]}\n" for line in NODE20.splitlines()
        ),
        NODE,
        missing=SIX,
    ),
    Shape(
        "mail-wrapped-before-version",
        "/__e/node20/bin/node: /lib64/libc.so.6: version\n`GLIBC_2.28' not found (required by\n/__e/node20/bin/node)\n",
        NODE,
        missing=("GLIBC_2.28",),
    ),
    Shape(
        "retyped-quotes",
        NODE20.replace("`", "'").replace("(required by /__e/node20/bin/node)\n/__e/node20/bin/node: /lib64/libstdc++.so.6: version 'CXXABI", "(required by /__e/node20/bin/node\n/__e/node20/bin/node: /lib64/libstdc++.so.6: version 'CXXABI"),
        NODE,
        missing=SIX,
    ),
    Shape("markdown-bold-and-escapes", NODE20.replace("`GLIBC_2.28' not found", "**\\`GLIBC_2.28' not found**"), NODE, missing=SIX),
    Shape("typographic-quotes", NODE20.replace("`", "‘").replace("'", "’"), NODE, missing=SIX),
    Shape(
        "act",
        "[CI/demo] 🚀  Start image=node:16-buster-slim\n[CI/demo] ⭐ Run Main ./hq\n"
        "[CI/demo]   | ./hq: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by ./hq)\n"
        "[CI/demo]   ❌  Failure - Main ./hq [412ms]\n",
        "./hq",
        missing=("GLIBC_2.34",),
        image="node:16-buster-slim",
        says=("it needs glibc 2.34, there is 2.28", "__libc_start_main", "Debian ≥ 12"),
    ),
    Shape(
        "act-no-node",
        '| OCI runtime exec failed: exec failed: container_linux.go:380: starting container process caused: exec: "node": executable file not found in $PATH: unknown\n',
        "node",
        "not-found",
    ),
    Shape(
        "docker-build",
        "#5 [internal] load metadata for docker.io/library/ubuntu:20.04\n#8 0.484 /tmp/tool: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /tmp/tool)\n"
        "#8 ERROR: process \"/bin/sh -c /tmp/tool\" did not complete successfully: exit code: 1\n",
        "/tmp/tool",
        missing=("GLIBC_2.34",),
        image="docker.io/library/ubuntu:20.04",
        says=("there is 2.31",),
    ),
    Shape(
        "python-traceback",
        "Traceback (most recent call last):\n  File \"<stdin>\", line 1, in <module>\n  File \"/env/fast/__init__.py\", line 3, in <module>\n    from fast import _fast\n"
        "ImportError: /lib64/libc.so.6: version `GLIBC_2.28' not found (required by /env/fast/_fast.so)\n",
        "/env/fast/_fast.so",
        missing=("GLIBC_2.28",),
    ),
    Shape(
        "pytest",
        "_______ ERROR collecting tests/test_a.py _______\nE   ImportError: /lib64/libm.so.6: version `GLIBC_2.29' not found (required by /env/x.cpython-39-x86_64-linux-gnu.so)\n",
        "/env/x.cpython-39-x86_64-linux-gnu.so",
        missing=("GLIBC_2.29",),
        says=("pow, exp, log",),
    ),
    Shape("library-first-without-program", "/lib64/libc.so.6: version `GLIBC_2.32' not found\n/lib64/libc.so.6: version `GLIBC_2.34' not found\n", "", missing=("GLIBC_2.32", "GLIBC_2.34"), says=("A program cannot start: it needs glibc 2.34",)),
    Shape("python-without-required-by", "ImportError: /usr/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.32' not found\n", "", missing=("GLIBC_2.32",)),
    Shape(
        "shell-session-with-os-release",
        "$ cat /etc/os-release\nNAME=\"CentOS Linux\"\nVERSION=\"7 (Core)\"\nID=\"centos\"\nVERSION_ID=\"7\"\nPRETTY_NAME=\"CentOS Linux 7 (Core)\"\n$ ./hq\n"
        "./hq: /lib64/libc.so.6: version `GLIBC_2.18' not found (required by ./hq)\n",
        "./hq",
        missing=("GLIBC_2.18",),
        image="centos:7",
        says=("there is 2.17", "__cxa_thread_atexit_impl", "thread-local"),
    ),
    Shape(
        "ldd-version",
        "$ ldd --version\nldd (Ubuntu GLIBC 2.31-0ubuntu9.9) 2.31\n$ ./hq --help\n./hq: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.33' not found (required by ./hq)\n",
        "./hq",
        missing=("GLIBC_2.33",),
        says=("there is 2.31", "glibc 2.31, as the log says"),
    ),
    Shape("self-hosted", "/opt/runner/externals/node20/bin/node: /lib64/libm.so.6: version `GLIBC_2.27' not found (required by /opt/runner/externals/node20/bin/node)\n", "/opt/runner/externals/node20/bin/node", missing=("GLIBC_2.27",), says=("a runner of your own",)),
    Shape("level-prefix", "[ERROR] /srv/my/node: /lib64/libc.so.6: version `GLIBC_2.7' not found (required by /srv/my/node)\n", "/srv/my/node", missing=("GLIBC_2.7",)),
    Shape("libatomic", timed(_job("/__e/node24/bin/node: error while loading shared libraries: libatomic.so.1: cannot open shared object file: No such file or directory\n", image="debian:11")), "/__e/node24/bin/node", "library", ("libatomic.so.1",), image="debian:11"),
    Shape("python-library", "OSError: libgomp.so.1: cannot open shared object file: No such file or directory\n", "", "library", ("libgomp.so.1",)),
    Shape("musl-symbols", "OSError: Error relocating /usr/lib/python3/x.so: __cxa_thread_atexit_impl: symbol not found\n", "/usr/lib/python3/x.so", "musl", ("__cxa_thread_atexit_impl",)),
    Shape("musl-library", "Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by ./hq)\n", "./hq", "musl", ("ld-linux-x86-64.so.2",)),
    Shape("exec-format", "exec /usr/local/bin/tool: exec format error\n", "/usr/local/bin/tool", "format", says=("another kind of processor",)),
    Shape("exec-format-old-docker", 'standard_init_linux.go:211: exec user process caused "exec format error"\n', "", "format"),
    Shape("exec-format-python", "OSError: [Errno 8] Exec format error: './tool'\n", "./tool", "format"),
    Shape("qemu", "qemu-x86_64: Could not open '/lib64/ld-linux-x86-64.so.2': No such file or directory\n", "", "interpreter", ("/lib64/ld-linux-x86-64.so.2",)),
    Shape("rosetta", "rosetta error: failed to open elf at /lib64/ld-linux-x86-64.so.2\n Trace/breakpoint trap\n", "", "interpreter", ("/lib64/ld-linux-x86-64.so.2",)),
    Shape("bad-elf-interpreter", "-bash: /srv/tool: /lib/ld-linux.so.2: bad ELF interpreter: No such file or directory\n", "/srv/tool", "interpreter", ("/lib/ld-linux.so.2",)),
    Shape("runc-alpine", 'OCI runtime exec failed: exec failed: unable to start container process: exec: "/__e/node20_alpine/bin/node": stat /__e/node20_alpine/bin/node: no such file or directory: unknown\n', "/__e/node20_alpine/bin/node", "not-found"),
    Shape("runc-escaped-quotes", 'OCI runtime exec failed: exec failed: container_linux.go:346: starting container process caused "exec: \\"/w/tool\\": stat /w/tool: no such file or directory": unknown\n', "/w/tool", "not-found"),
    Shape("relocation", "./tool: relocation error: ./plugin.so: symbol _ZSt28__throw_bad_array_new_lengthv, version GLIBCXX_3.4.29 not defined in file libstdc++.so.6 with link time reference\n", "./plugin.so", "symbol", ("_ZSt28__throw_bad_array_new_lengthv@GLIBCXX_3.4.29",)),
    Shape("link", "/usr/bin/ld: /opt/lib/libfast.so: undefined reference to `memcpy@GLIBC_2.14'\ncollect2: error: ld returned 1 exit status\n", "/opt/lib/libfast.so", "link", ("memcpy@GLIBC_2.14",)),
    Shape("kernel", "FATAL: kernel too old\n", "", "kernel"),
    Shape("relr", "./hq: /lib64/libc.so.6: version `GLIBC_ABI_DT_RELR' not found (required by ./hq)\n", "./hq", missing=("GLIBC_ABI_DT_RELR",), says=("pack-relative-relocs",)),
    Shape("other-library", "./hq: /lib64/libcrypto.so.10: version `OPENSSL_1.1.1' not found (required by ./hq)\n", "./hq", missing=("OPENSSL_1.1.1",), says=("it needs OPENSSL 1.1.1",)),
)  # fmt: skip
