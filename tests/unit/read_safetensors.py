#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A reader of safetensors files by that format's own specification: read_safetensors.py FILE

Prints metadata ("key sha256-of-value", sorted) and tensors ("name dtype shape sha256-of-bytes", as
stored). Exit status 1 and the reason where the file breaks a rule.
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


def main(path):
    with open(path, 'rb') as file:
        content = file.read()
    size, = struct.unpack('<Q', content[:8])
    assert size <= 100_000_000 and content[8:9] == b'{', 'no header'
    assert (8 + size) % 64 == 0, 'data are not aligned'
    header = json.loads(content[8:8 + size].decode('utf-8'), object_pairs_hook=no_duplicates)
    data = content[8 + size:]
    for key, value in sorted(header.pop('__metadata__').items()):
        print(key, hashlib.sha256(value.encode('utf-8')).hexdigest())
    end = 0
    for name, tensor in sorted(header.items(), key=lambda item: item[1]['data_offsets']):
        begin, stop = tensor['data_offsets']
        item_bytes = ITEM_BYTES[tensor['dtype']]
        assert begin == end, f'{name}: a hole or an overlap'
        assert stop - begin == item_bytes * math.prod(tensor['shape']), f'{name}: wrong size'
        assert begin % item_bytes == 0, f'{name}: not aligned'
        shape = ','.join(map(str, tensor['shape']))
        print(name, tensor['dtype'], shape, hashlib.sha256(data[begin:stop]).hexdigest())
        end = stop
    assert end == len(data), 'bytes that are no tensor'


if __name__ == '__main__':
    main(sys.argv[1])
