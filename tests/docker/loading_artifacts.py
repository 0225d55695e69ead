"""Programs for the loader to start or to refuse, made with the C compiler of this machine.

Most have no C library: a ``_start`` of their own, so that what they need is only what a case is about, and they run
with every glibc. All are silent and end with 0 where they start.
"""

from __future__ import annotations

import io
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

START = 'void _start(void) { %s __asm__ volatile("syscall" :: "a"(60), "D"(0)); }\n'
RUNNER = r"""
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
  for (int i = 1; i + 2 < argc; i += 3) {
    int ends[2], status; static char text[65536]; size_t size = 0; ssize_t got;
    if (pipe(ends)) return 1;
    pid_t child = fork();
    if (!child) {
      char *program[] = {argv[i + 2], 0}, library_path[4096], *environment[] = {library_path, 0};
      snprintf(library_path, sizeof library_path, "LD_LIBRARY_PATH=%s", argv[i + 1]);
      if (!strcmp(argv[i + 1], "-")) environment[0] = 0;
      dup2(ends[1], 1); dup2(ends[1], 2); close(ends[0]); close(ends[1]);
      if (chdir(argv[i])) _exit(99);
      execve(argv[i + 2], program, environment);
      dprintf(2, "exec %s: %s\n", argv[i + 2],
              errno == ENOENT ? "no such file or directory" : errno == ENOEXEC ? "exec format error" : strerror(errno));
      _exit(1);
    }
    close(ends[1]);
    while (size < sizeof text && (got = read(ends[0], text + size, sizeof text - size)) > 0) size += got;
    close(ends[0]); waitpid(child, &status, 0);
    printf("%d %zu\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), size);
    fwrite(text, 1, size, stdout);
  }
  return 0;
}
"""
"""Starts programs in a container, many in one go: (folder, LD_LIBRARY_PATH or ``-``, program) each."""

C = """
#include <pthread.h>
#include <unistd.h>
static void *nothing(void *x) { return x; }
int main(void) { pthread_t t; char b[8]; getentropy(b, 8); pthread_create(&t, 0, nothing, 0); pthread_join(t, 0); return 0; }
"""
CPP = """
#include <string>
#include <thread>
int main(int n, char **v) { std::string s(v[0]); std::thread t([&] { s += "x"; }); t.join(); return s.size() < 2; }
"""
RUST = "fn main() { let h = std::thread::spawn(|| std::env::temp_dir().exists()); let _ = h.join(); }\n"


ZIG = {
    "zig_c_2.17": ("cc", "x86_64-linux-gnu.2.17"),
    "zig_c_2.34": ("cc", "x86_64-linux-gnu.2.34"),
    "zig_cpp_2.17": ("c++", "x86_64-linux-gnu.2.17"),
    "zig_static": ("cc", "x86_64-linux-musl"),
}
"""What is made by zig, which can link for any glibc: compiler and target."""


class Workshop:
    """Makes files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *command: str) -> None:
        """Fails the test where the command fails."""
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"

    def source(self, name: str, text: str) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return name

    def program(self, name: str, body: str = "", *options: str, declare: str = "") -> None:
        """A program with nothing but what ``options`` link."""
        source = self.source(f"src/{name}.c", declare + START % body)
        self.run("gcc", "-O1", "-fno-stack-protector", "-nostdlib", "-nostartfiles", "-Wl,--hash-style=both",
                 "-o", name, source, *options)  # fmt: skip

    def library(self, path: str, text: str, *options: str, soname: str = "", versions: str = "") -> None:
        """A library without the C library."""
        source = self.source(f"src/{path.replace('/', '_')}.c", text)
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        extra = [f"-Wl,-soname,{soname or Path(path).name}"]
        if versions:
            extra.append(f"-Wl,--version-script={self.source(source + '.map', versions)}")
        self.run(
            "gcc",
            "-shared",
            "-fPIC",
            "-nostdlib",
            "-Wl,--hash-style=both",
            "-o",
            path,
            source,
            *extra,
            *options,
        )

    def patched(self, name: str, of: str, change: Callable[[bytearray], None]) -> None:
        """A copy with some bytes changed."""
        content = bytearray((self.folder / of).read_bytes())
        change(content)
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(content))
        path.chmod(0o755)


def weak_versions(content: bytearray) -> None:
    """Set VER_FLG_WEAK on every needed version."""
    for at in _version_entries(content):
        struct.pack_into("<H", content, at + 4, 2)


def hide_relr_version(content: bytearray) -> None:
    """Make the need of GLIBC_ABI_DT_RELR one of GLIBC_2.2.5."""
    wanted = b"GLIBC_2.2.5"
    place = content.find(b"GLIBC_ABI_DT_RELR\0")
    assert place > 0
    content[place : place + 18] = wanted + bytes(18 - len(wanted))
    changed = [at for at in _version_entries(content) if struct.unpack_from("<I", content, at)[0] == 0xFD0E42]
    assert changed
    for at in changed:
        struct.pack_into("<I", content, at, elf_hash(wanted))


def other_needed_file(content: bytearray) -> None:
    """Needed versions of a library by a name that is not asked for."""
    first = _version_entries(content)[0]
    struct.pack_into("<I", content, first - 12, *struct.unpack_from("<I", content, first + 8))


def without_sections(content: bytearray) -> None:
    """No section headers, as some packers leave it."""
    struct.pack_into("<Q", content, 0x28, 0)
    struct.pack_into("<HH", content, 0x3C, 0, 0)


def for_arm64(content: bytearray) -> None:
    """Another machine's, as far as anybody looks."""
    struct.pack_into("<H", content, 18, 183)


def elf_hash(name: bytes) -> int:
    """The hash of the generic ABI."""
    value = 0
    for byte in name:
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ high >> 24) & ~high
    return value


def _sections(content: bytearray) -> list[Any]:
    return list(ELFFile(io.BytesIO(bytes(content))).iter_sections())


def _version_entries(content: bytearray) -> Sequence[int]:
    """Where the entries of .gnu.version_r are."""
    found = []
    for section in _sections(content):
        if section.name == ".gnu.version_r":
            at = section["sh_offset"]
            while True:
                _, count, _, first, following = struct.unpack_from("<HHIII", content, at)
                aux = at + first
                for _ in range(count):
                    found.append(aux)
                    aux += struct.unpack_from("<I", content, aux + 12)[0]
                if not following:
                    break
                at += following
    return found


V1 = "V_1 { global: one; };\n"
V2 = "V_1 { global: one; local: *; };\nV_2 { global: two; } V_1;\nV_3 { global: three; } V_2;\n"


def make(folder: Path) -> None:
    """All of them, into a folder that is ``/w`` in the containers."""
    w = Workshop(folder)
    w.run("gcc", "-static", "-O1", "-o", "runner", w.source("src/runner.c", RUNNER))
    w.run("gcc", "-pthread", "-o", "c", w.source("src/c.c", C))
    w.run("gcc", "-pthread", "-static", "-o", "c_static", "src/c.c")
    w.run("gcc", "-pthread", "-static-pie", "-o", "c_static_pie", "src/c.c")
    w.run("gcc", "-no-pie", "-pthread", "-o", "c_fixed", "src/c.c")
    w.run("g++", "-pthread", "-o", "cpp", w.source("src/cpp.cc", CPP))
    if shutil.which("rustc"):
        w.run("rustc", "-O", "-o", "rust", w.source("src/rust.rs", RUST))
    _versions(w)
    _paths(w)
    _odd(w)


def make_with_zig(folder: Path, cache: Path) -> None:
    """Those of ZIG. The package of zig (100 MB) is kept in ``cache``."""
    w = Workshop(folder)
    if not (cache / "ziglang").is_dir():
        w.run(sys.executable, "-m", "pip", "install", "--quiet", "--target", str(cache), "ziglang")
    w.source("src/threads.c", C.replace("getentropy(b, 8);", ""))
    for name, (compiler, target) in ZIG.items():
        source = "src/threads.c" if compiler == "cc" else "src/cpp.cc"
        zig = str(cache / "ziglang" / "zig")
        w.run(zig, compiler, "-target", target, "-O1", "-pthread", "-o", name, source)


def _versions(w: Workshop) -> None:
    weak = "extern int getentropy(void *, unsigned long) __attribute__((weak));\nvoid _exit(int);\n"
    call = "if (getentropy) getentropy(0, 0); _exit(0);"
    w.program("weak_reference", call, "-lc", declare=weak)
    w.patched("weak_version", "weak_reference", weak_versions)
    w.patched("no_sections", "weak_reference", without_sections)
    table = "extern char **environ; void _exit(int); static int a, b;\nint *table[] = {&a, &b, &a, &b};\n"
    packed = ("-lc", "-pie", "-fPIE", "-Wl,-z,pack-relative-relocs")
    w.program("relr", "*table[1] = 0; _exit(*table[1]);", *packed, declare=table)
    w.patched("relr_without_version", "relr", hide_relr_version)
    text = "int one(void) { return 1; } int two(void) { return 2; } int three(void) { return 3; }\n"
    w.library("new/libv.so.1", text, versions=V2)
    w.library("old/libv.so.1", text, versions=V1)
    # With versions of its own needs: without any, symbols that are asked for by version end in a failed assertion.
    w.library("none/libv.so.1", f"void _exit(int); void end(void) {{ _exit(0); }}\n{text}", "-lc")
    w.program(
        "needs_v", "one(); two(); three();", "new/libv.so.1", declare="int one(); int two(); int three();\n"
    )
    w.patched("needs_v_weakly", "needs_v", weak_versions)
    w.library("user/libuser.so", "int two(); int use(void) { return two(); }", "new/libv.so.1")
    w.program(
        "by_user", "use(); one();", "user/libuser.so", "new/libv.so.1", declare="int use(); int one();\n"
    )
    w.patched("odd_name", "needs_v", other_needed_file)


def _paths(w: Workshop) -> None:
    old, new = "-Wl,--disable-new-dtags", "-Wl,--enable-new-dtags"
    w.library("lib/libb.so", "int b(void) { return 0; }")
    b = ("-Llib", "-lb")
    a = "int b(); int a(void) { return b(); }"
    w.library("lib/liba.so", a, *b)
    w.library("run/liba.so", a, *b, new, "-Wl,-rpath,/w/nowhere")
    w.library("own/liba.so", a, *b, new, "-Wl,-rpath,$ORIGIN/../lib")
    w.library("ownr/liba.so", a, *b, old, "-Wl,-rpath,${ORIGIN}/../lib")

    def with_a(name: str, where: str, *options: str) -> None:
        w.program(
            name, "a();", f"-L{where}", "-la", "-Wl,--allow-shlib-undefined", *options, declare="int a();\n"
        )

    with_a("plain", "lib")
    with_a("rpath", "lib", old, "-Wl,-rpath,$ORIGIN/lib")
    with_a("rpath_braces", "lib", old, "-Wl,-rpath,/w/none:${ORIGIN}/lib/")
    with_a("runpath", "lib", new, "-Wl,-rpath,$ORIGIN/lib")
    with_a("rpath_then_runpath", "run", old, "-Wl,-rpath,/w/run:/w/lib")
    with_a("own_runpath", "own", new, "-Wl,-rpath,/w/own")
    with_a("own_rpath", "ownr", new, "-Wl,-rpath,/w/ownr")
    with_a("empty_rpath", "lib", old, "-Wl,-rpath,/w/none::/w/other")
    with_a("relative_rpath", "lib", old, "-Wl,-rpath,lib")
    with_a("no_token", "lib", old, "-Wl,-rpath,/w/$ORIGINAL/lib:$HOME")
    with_a("dst_lib", "lib", old, "-Wl,-rpath,/w/tokens/$LIB")
    with_a("dst_platform", "lib", old, "-Wl,-rpath,/w/tokens/$PLATFORM/$LIB")
    for place in ("tokens/lib64", "tokens/lib/x86_64-linux-gnu"):
        (w.folder / place).mkdir(parents=True)
    for name in ("liba.so", "libb.so"):
        shutil.copy(w.folder / "lib" / name, w.folder / "tokens" / "lib64" / name)
    w.library("slash/libs.so", "int s(void) { return 0; }", soname="/w/slash/libs.so")
    w.library("slash/libo.so", "int o(void) { return 0; }", soname="$ORIGIN/slash/libo.so")
    w.library("slash/libr.so", "int r(void) { return 0; }", soname="slash/libr.so")
    w.program("by_path", "s();", "slash/libs.so", declare="int s();\n")
    w.program("by_origin", "o();", "slash/libo.so", declare="int o();\n")
    w.program("by_relative", "r();", "slash/libr.so", declare="int r();\n")
    w.library("twice/libt.so.1", "int t(void) { return 0; }")
    os.symlink("libt.so.1", w.folder / "twice/libt.so")
    w.library("bare/libt.so", "int t(void) { return 0; }", soname="libt.so")
    w.program(
        "twice_named", "t();", "-Wl,--no-as-needed", "bare/libt.so", "twice/libt.so.1", declare="int t();\n"
    )
    w.program("no_default", "_exit(0);", "-lc", "-Wl,-z,nodefaultlib", declare="void _exit(int);\n")
    os.symlink("../rpath", w.folder / "src/link")


def _odd(w: Workshop) -> None:
    w.library("gone/libgone.so.7", "int g(void) { return 0; }")
    w.library("lib/libneedsgone.so", "int g(); int n(void) { return g(); }", "gone/libgone.so.7")
    w.library("lib/libneedsc.so", "void _exit(int); int n(void) { _exit(0); return 0; }", "-lc")
    w.program("missing", "g();", "gone/libgone.so.7", declare="int g();\n")
    w.program("missing_below", "n();", "lib/libneedsgone.so", "-Wl,-rpath,/w/lib",
              "-Wl,--allow-shlib-undefined", declare="int n();\n")  # fmt: skip
    shutil.rmtree(w.folder / "gone")
    w.program("c_below", "n();", "lib/libneedsc.so", "-Wl,-rpath,/w/lib", declare="int n();\n")
    w.program(
        "no_loader", "b();", "-Llib", "-lb", "-Wl,--dynamic-linker=/lib/ld-none.so.9", declare="int b();\n"
    )
    musl = "-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1"
    w.program("musl", "a();", "-Llib", "-la", "-lb", musl, "-Wl,-rpath,/w/lib", declare="int a();\n")
    w.library("lib/libx1.so", ";")
    w.library("lib/libx2.so", ";", "-Wl,--no-as-needed", "-Llib", "-lx1")
    w.program("musl_missing", "", "-Wl,--no-as-needed", "-Llib", "-lx2", "-lx1", musl)
    w.program("musl_below", "", "-Wl,--no-as-needed", "-Llib", "-lx2", musl, "-Wl,-rpath,$ORIGIN/lib")
    w.patched("arm64", "plain", for_arm64)
    w.patched("arm64lib/liba.so", "lib/liba.so", for_arm64)
    w.run("gcc", "-m32", "-shared", "-fPIC", "-nostdlib", "-Wl,-soname,liba.so", "-o", "lib32a.so",
          w.source("src/a32.c", "int a(void) { return 0; }"))  # fmt: skip
    (w.folder / "lib32").mkdir()
    os.rename(w.folder / "lib32a.so", w.folder / "lib32/liba.so")
    source = w.source("src/start32.s", ".globl _start\n_start: movl $1,%eax\nmovl $0,%ebx\nint $0x80\n")
    w.run("gcc", "-m32", "-nostdlib", "-static", "-no-pie", "-o", "x86_static", source)
    w.run("gcc", "-m32", "-nostdlib", "-pie", "-Wl,--dynamic-linker,/lib/ld-linux.so.2", "-o", "x86", source)
    (w.folder / "text").mkdir()
    (w.folder / "text/liba.so").write_text(
        "/* GNU ld script */ INPUT(-lsomething) /* no library at all, only text */\n" * 2
    )
