#!/usr/bin/env python3
"""The public headers stand alone in C11 and C++, and what lies between their marks can be read
by cffi: prototypes, types and #define NAME integer, no struct by value. Who sends and does not look
whether it was taken is warned, and who takes memory back."""
import re
import subprocess

from tree import ROOT, finish

FIRST = ["taut.h", "trace.h"]  # the others build on them
MARKS = re.compile(r"/\* begin: bindings.*?\*/(.*)/\* end \*/", re.S)
DIRECTIVE = re.compile(r"^\s*#\s*(?!define \w+ -?\w+\s*(?:/\*.*)?$).*", re.M)
WARN = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{ROOT}/include"]

headers = sorted((ROOT / "include/taut").glob("*.h"),
                 key=lambda p: (FIRST.index(p.name) if p.name in FIRST else 9, p.name))
problems = []


MUST_LOOK = ['taut_pc_send_message(0, 0, 0, 0, "", 0)', "taut_pc_send_pieces(0, 0, 0, 0, 0, 0)",
         'taut_pc_send_lent(0, 0, 0, 0, "", 0, 0, 0)', "taut_pc_receive_into(0, 0, 0, 0)"]


# The whole way to the assembler: results that nobody looks at are found late.
def compile_text(compiler, language, text, how=("-S", "-o", "/dev/null")):
    return subprocess.run([*compiler, *WARN, *how, "-x", language, "-"], input=text, text=True,
                          capture_output=True)


def warns_who_does_not_look(compiler, language):
    for call in MUST_LOOK:
        text = f'#include "taut/taut.h"\nint f(void);\nint f(void)\n{{\n\t%s{call};\n\treturn 0;\n}}\n'
        looked = compile_text(compiler, language, text % "return ")
        ignored = compile_text(compiler, language, text % "")
        if looked.returncode != 0 or "unused-result" not in ignored.stderr:
            problems.append(f"{' '.join(compiler)}: {call}:\n{looked.stderr}{ignored.stderr}")


def compiles(compiler, language, header):
    run = compile_text(compiler, language, f'#include "taut/{header.name}"\n',
                       ["-fsyntax-only"])
    if run.returncode != 0:
        problems.append(f"{header.name} as {' '.join(compiler)}:\n{run.stderr}")


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


try:
    import cffi
    ffi = cffi.FFI()
except ImportError:
    ffi = None
    print("cffi is not there: the marked regions are not read")

warns_who_does_not_look(["cc", "-std=c11"], "c")
warns_who_does_not_look(["c++", "-std=c++11"], "c++")
for header in headers:
    compiles(["cc", "-std=c11"], "c", header)
    compiles(["c++", "-std=c++11"], "c++", header)
    text = header.read_text()
    region = MARKS.search(text)
    if not region:
        problems.append(f"{header.name}: no begin and end marks")
        continue
    for line in DIRECTIVE.findall(without_comments(region.group(1))):
        problems.append(f"{header.name}: between the marks: {line.strip()}")
    for m in re.finditer(r"^\w[^;{}]*\(([^;{}]*)\);", without_comments(region.group(1)), re.M):
        if re.search(r"\bstruct \w+\s+\w+\s*(,|$)", m.group(1)):
            problems.append(f"{header.name}: a struct by value: {' '.join(m.group(0).split())}")
    if ffi:
        try:
            ffi.cdef(without_comments(region.group(1)))
        except Exception as e:  # cffi has a dozen kinds
            problems.append(f"{header.name}: cffi: {e}")

finish(problems, f"{len(headers)} headers")
