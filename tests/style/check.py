#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Style checks, one a call: check.py NAME SOURCE_DIR [ARGUMENT...]

layers    a folder of engine/ includes only folders of lower layers; gst/ and tools/ only include/yv8
text      no tabs, trailing blanks or odd Unicode; a final newline; a licence line
length    functions of at most 60 lines, files of at most 600
format    clang-format 14 changes nothing
headers   every public header compiles alone, as C and as C++
readme    the README's program is docs/examples/detect.c, and the README is short
symbols   the shared library exports yv8_* alone

Exit status: 0 good, 1 findings (printed), 77 a tool is missing.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

LAYERS = ['graph', 'model', 'detect', 'metrics', 'onnx', 'exec', 'ref', 'cpu', 'vulkan', 'compress',
          'api']
C_FILES = ('.c', '.h')
TEXT_FILES = C_FILES + ('.comp', '.glsl', '.py', '.mjs', '.md', '.build', '.txt', '.proto', '.sh')
LICENSED = C_FILES + ('.comp', '.glsl', '.py', '.mjs', '.proto', '.sh')
MAX_FUNCTION = 60
MAX_FILE = 600
SKIP = 77


def sources(top, endings, under=''):
    for folder, folders, names in os.walk(os.path.join(top, under)):
        folders[:] = sorted(f for f in folders if not f.startswith(('.', 'build', 'corpus')))
        for name in sorted(names):
            if name.endswith(endings):
                yield os.path.relpath(os.path.join(folder, name), top)


def read(top, path):
    with open(os.path.join(top, path), encoding='utf-8') as file:
        return file.read()


def includes(text):
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M)


def check_layers(top):
    for rank, layer in enumerate(LAYERS):
        for path in sources(top, C_FILES, f'engine/{layer}'):
            for name in includes(read(top, path)):
                folder = name.split('/')[0]
                if '/' in name and folder in LAYERS and LAYERS.index(folder) > rank:
                    yield f'{path}: includes {name}, of a layer above {layer}'
    for area in ('gst', 'tools'):
        for path in sources(top, C_FILES, area):
            for name in includes(read(top, path)):
                if name.split('/')[0] in LAYERS:
                    yield f'{path}: includes {name}; {area}/ sees include/yv8 alone'
    for path in sources(top, C_FILES, 'include'):
        for name in re.findall(r'#include [<"]([^>"]+)', read(top, path)):
            if not re.match(r'yv8/|glib\.h$', name):
                yield f'{path}: a public header includes {name}'


def check_text(top):
    for path in sources(top, TEXT_FILES):
        text = read(top, path)
        if path.endswith(LICENSED) and 'SPDX-License-Identifier: LGPL-2.1-or-later' not in text[:200]:
            yield f'{path}: no licence line'
        if text and (not text.endswith('\n') or text.endswith('\n\n')):
            yield f'{path}: must end with one newline'
        for number, line in enumerate(text.split('\n'), 1):
            if '\t' in line:
                yield f'{path}:{number}: tab'
            if line != line.rstrip():
                yield f'{path}:{number}: trailing blank'
            if re.search('[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]', line):
                yield f'{path}:{number}: invisible character'


def check_length(top):
    for path in sources(top, C_FILES + ('.comp', '.glsl')):
        lines = read(top, path).split('\n')
        if len(lines) - 1 > MAX_FILE:
            yield f'{path}: {len(lines) - 1} lines, more than {MAX_FILE}'
        start = None
        for number, line in enumerate(lines, 1):
            if line == '{':
                start = number
            elif line == '}' and start:
                if number - start + 1 > MAX_FUNCTION:
                    yield f'{path}:{start}: function of {number - start + 1} lines'
                start = None


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return [] if done.returncode == 0 else [done.stdout.strip() or f'{command[0]} failed']


def need(*names):
    for name in names:
        if shutil.which(name):
            return name
    print(f'not installed: {" or ".join(names)}')
    sys.exit(SKIP)


def check_format(top):
    tool = need('clang-format-14', 'clang-format')
    version = subprocess.run([tool, '--version'], stdout=subprocess.PIPE, text=True).stdout
    if 'version 14.' not in version:
        print(f'clang-format 14 is wanted, this is: {version.strip()}')
        sys.exit(SKIP)
    files = [os.path.join(top, path) for path in sources(top, C_FILES)]
    return run([tool, '--dry-run', '-Werror', *files])


def check_headers(top, cflags):
    with tempfile.TemporaryDirectory() as folder:
        for ending, compiler in (('.c', need('cc')), ('.cc', need('c++'))):
            for path in sources(top, ('.h',), 'include'):
                name = os.path.join(folder, 'alone' + ending)
                with open(name, 'w', encoding='utf-8') as file:
                    file.write(f'#include <{path.split("/", 1)[1]}>\n')
                yield from run([compiler, '-Wall', '-Wextra', '-Werror', '-fsyntax-only',
                                '-I' + os.path.join(top, 'include'), *cflags.split(), name])


def check_readme(top):
    text = read(top, 'README.md')
    program = read(top, 'docs/examples/detect.c').split('\n', 1)[1]
    if f'```c\n{program}```' not in text:
        yield 'README.md: the program differs from docs/examples/detect.c'
    if text.count('\n') >= 200:
        yield 'README.md: 200 lines or more'
    for link in re.findall(r'\]\(([^)#]+)', text):
        if '://' not in link and not os.path.exists(os.path.join(top, link)):
            yield f'README.md: links to {link}, which is not there'


def check_symbols(top, library):
    names = subprocess.run([need('nm'), '-D', '--defined-only', library], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.split('\n')
    exported = [line.split()[-1] for line in names if line]
    if not any(name.startswith('yv8_') for name in exported):
        yield f'{library}: exports nothing'
    for name in exported:
        if not name.startswith('yv8_'):
            yield f'{library}: exports {name}'
    declared = set()
    for path in sources(top, ('.h',), 'include'):
        declared |= set(re.findall(r'\b(yv8_\w+) \(', read(top, path)))
    for name in exported:
        if name.startswith('yv8_') and name not in declared:
            yield f'{library}: exports {name}, which no public header declares'


CHECKS = {name[6:]: function for name, function in list(globals().items())
          if name.startswith('check_')}


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__)
    findings = list(CHECKS[sys.argv[1]](*sys.argv[2:]))
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main())
