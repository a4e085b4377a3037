#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A reader of safetensors files by that format's own specification: read_safetensors.py FILE

Prints metadata ("key sha256-of-value", sorted) and tensors ("name dtype shape sha256-of-bytes", as
stored), then what encoded weights stand for ("name decoded sha256-of-bytes"). Exit status 1 and the reason where the file breaks a rule.
"""
import hashlib
import json
import math
import struct
import sys

ITEM_BYTES = {'I8': 1, 'U8': 1, 'F32': 4}


def no_duplicates(pairs):
    assert len(dict(pairs)) == len(pairs), 'a key is there twice'
    return dict(pairs)


def bits(content):
    return [byte >> i & 1 for byte in content for i in range(8)]


def decode(parts, shape):
    """All int8 weights of a convolution, as docs/format.md says, of those that are stored."""
    rows, inputs, taps = shape
    groups = [row // 16 for row in range(rows) for _ in range(inputs * taps)]
    live = [1] * len(groups)
    if 'mask' in parts:
        live = bits(parts['mask'][1])[:len(groups)]
    if 'blocks' in parts:
        words = -(-inputs // 4)
        blocks = bits(parts['blocks'][1])
        live = [blocks[(row // 16 * words + i // 4) * taps + tap]
                for row in range(rows) for i in range(inputs) for tap in range(taps)]
    groups = [group for group, bit in zip(groups, live) if bit]
    if 'index' in parts:
        size = parts['palette'][0][1]
        width = (size - 1).bit_length()
        index = bits(parts['index'][1])
        values = [parts['palette'][1][group * size + sum(
            index[k * width + i] << i for i in range(width))] for k, group in enumerate(groups)]
    else:
        values = list(parts['weight'][1])
    assert len(values) == sum(live), 'not as many weights as are stored'
    rest = iter(values)
    return bytes(next(rest) if bit else 0 for bit in live)


def print_decoded(header, data):
    graph = json.loads(header['__metadata__']['yv8.graph'])
    for op in graph['ops']:
        parts = {}
        for suffix in ('weight', 'palette', 'blocks', 'mask', 'index'):
            tensor = header.get(f'{op["name"]}.{suffix}')
            if tensor:
                parts[suffix] = tensor['shape'], data[slice(*tensor['data_offsets'])]
        if len(parts) > 1:
            kernel_h, kernel_w = op['window'][:2]
            shape = op['output'][2], op['inputs'][0][2], kernel_h * kernel_w
            print(op['name'], 'decoded', hashlib.sha256(decode(parts, shape)).hexdigest())


def main(path):
    with open(path, 'rb') as file:
        content = file.read()
    size, = struct.unpack('<Q', content[:8])
    assert size <= 100_000_000 and content[8:9] == b'{', 'no header'
    assert (8 + size) % 64 == 0, 'data are not aligned'
    header = json.loads(content[8:8 + size].decode('utf-8'), object_pairs_hook=no_duplicates)
    data = content[8 + size:]
    for key, value in sorted(header['__metadata__'].items()):
        print(key, hashlib.sha256(value.encode('utf-8')).hexdigest())
    end = 0
    tensors = {name: header[name] for name in header if name != '__metadata__'}
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1]['data_offsets']):
        begin, stop = tensor['data_offsets']
        item_bytes = ITEM_BYTES[tensor['dtype']]
        assert begin == end, f'{name}: a hole or an overlap'
        assert stop - begin == item_bytes * math.prod(tensor['shape']), f'{name}: wrong size'
        assert begin % item_bytes == 0, f'{name}: not aligned'
        shape = ','.join(map(str, tensor['shape']))
        print(name, tensor['dtype'], shape, hashlib.sha256(data[begin:stop]).hexdigest())
        end = stop
    assert end == len(data), 'bytes that are no tensor'
    print_decoded(header, data)


if __name__ == '__main__':
    main(sys.argv[1])
