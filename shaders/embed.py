#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Makes the C table of shaders: embed.py OUTPUT NAME.spv...; sorted by name, as the lookup wants.
import pathlib
import struct
import sys


def words(path):
    data = path.read_bytes()
    values = struct.unpack(f'<{len(data) // 4}I', data)
    if values[0] != 0x07230203:
        raise SystemExit(f'{path}: no SPIR-V module')
    return values


def main(output, *inputs):
    modules = {path.stem: words(path) for path in map(pathlib.Path, inputs)}
    lines = ['/* Made by shaders/embed.py. */', '#include "vulkan/shaders.h"', '']
    for name, values in sorted(modules.items()):
        lines += [f'static const guint32 {name}[] = {{']
        lines += ['  ' + ' '.join(f'{value:#x},' for value in values[i:i + 8])
                  for i in range(0, len(values), 8)]
        lines += ['};', '']
    lines += ['const Yv8VulkanShader yv8_vulkan_shaders[] = {']
    lines += [f'  {{ "{name}", {name}, sizeof ({name}) }},' for name in sorted(modules)]
    lines += ['};', 'const guint yv8_vulkan_n_shaders = G_N_ELEMENTS (yv8_vulkan_shaders);', '']
    pathlib.Path(output).write_text('\n'.join(lines))


main(*sys.argv[1:])
