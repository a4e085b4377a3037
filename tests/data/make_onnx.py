#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes a YOLOv8 detect network as Ultralytics exports it to ONNX, with random weights.

Needs nothing but Python: protobuf's wire format is written directly. The same options give the
same bytes. Several files can be asked for at once, their arguments separated by a comma. Class 0 has a bias at the coarsest scale, so that each picture shows some objects.
"""

import argparse
import functools
import math
import random
import struct
import sys

FLOAT, INT64, FLOAT16 = 1, 7, 10
FORMAT = {FLOAT: 'f', INT64: 'q', FLOAT16: 'e'}

# depth multiple, width multiple, most channels: yolov8.yaml; tiny and toy are our own.
SIZES = {
    'n': (1 / 3, 0.25, 1024), 's': (1 / 3, 0.50, 1024), 'm': (2 / 3, 0.75, 768),
    'l': (1.0, 1.00, 512), 'x': (1.0, 1.25, 512), 'tiny': (1 / 3, 1 / 16, 512),
    'toy': (1 / 3, 1 / 64, 1024),
}
POOL = 65521  # prime, so that repeated weights are not in step with any channel count
SILU_POWER = 0.4  # mean of silu (x) ** 2, with some to spare: white must not blow up
BIAS = 0.25  # deviation


# Protobuf

def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


class Message(list):
    """Chunks of bytes, joined only when they are written: weights are never copied."""

    def size(self):
        return sum(map(len, self))


def field(number, value):
    """One field: int as varint, float as fixed32, str, bytes, Message, or a list of these."""
    if isinstance(value, Message):
        return [varint(number << 3 | 2) + varint(value.size()), *value]
    if isinstance(value, list):
        return [chunk for v in value for chunk in field(number, v)]
    if isinstance(value, int):
        return [varint(number << 3) + varint(value)]
    if isinstance(value, float):
        return [varint(number << 3 | 5) + struct.pack('<f', value)]
    if isinstance(value, str):
        value = value.encode()
    return [varint(number << 3 | 2) + varint(len(value)), value]


def message(*fields):
    return Message(chunk for number, value in fields for chunk in field(number, value))


def tensor(name, kind, dims, raw):
    return message((1, list(dims)), (2, kind), (8, name), (9, raw))


def attribute(name, value):
    if isinstance(value, Message):
        return message((1, name), (5, value), (20, 4))
    if isinstance(value, str):
        return message((1, name), (4, value), (20, 3))
    if isinstance(value, float):
        return message((1, name), (2, value), (20, 1))
    if isinstance(value, int):
        return message((1, name), (3, value), (20, 2))
    return message((1, name), (8, list(value)), (20, 7))


def value_info(name, kind, dims):
    shape = [message((2, d) if isinstance(d, str) else (1, d)) for d in dims]
    return message((1, name), (2, message((1, message((1, kind), (2, message((1, shape))))))))


# Graph

@functools.lru_cache
def pool_of(seed):
    """Normal numbers, twice over."""
    rng = random.Random(seed)
    return [rng.gauss(0, 1) for _ in range(POOL)] * 2


class Graph:
    """Nodes and initializers; outputs are named after the node, as torch does."""

    def __init__(self, options):
        self.o = options
        self.real = FLOAT16 if options.half else FLOAT
        self.nodes, self.initializers = [], []
        self.numbers, self.known = {}, {}
        self.rng = random.Random(options.seed)
        self.pool = pool_of(options.seed)

    def number(self, path):
        if self.o.terse:
            path = path[path.rfind('/') + 1]
        n = self.numbers.get(path, 0)
        self.numbers[path] = n + 1
        return path if n == 0 else f'{path}_{n}'

    def op(self, scope, kind, inputs, n_outputs=1, output=None, **attributes):
        name = self.number(f'{scope}/{kind}')
        suffix = '.' if self.o.terse else '_output_'
        outputs = [output] if output else [f'{name}{suffix}{i}' for i in range(n_outputs)]
        self.nodes.append(message((1, list(inputs)), (2, outputs), (3, name), (4, kind),
                                  (5, [attribute(k, v) for k, v in attributes.items()])))
        return outputs[0] if n_outputs == 1 else outputs

    def weight(self, name, kind, dims, raw):
        if self.o.terse:
            name = self.number('/w')
        self.initializers.append(tensor(name, kind, dims, raw))
        return name

    def const(self, scope, kind, dims, values):
        """A constant: node Constant, or an initializer where the export was simplified."""
        raw = struct.pack(f'<{len(values)}{FORMAT[kind]}', *values)
        if not self.o.simplify:
            return self.op(scope, 'Constant', [], value=message((1, list(dims)), (2, kind), (9, raw)))
        key = (kind, tuple(dims), raw)
        if key not in self.known:
            name = self.number(f'{scope}/Constant') + ('' if self.o.terse else '_output_0')
            self.known[key] = self.weight(name, kind, dims, raw)
        return self.known[key]

    def ints(self, scope, *values):
        return self.const(scope, INT64, [len(values)], values)

    def scalar(self, scope, kind, value):
        return self.const(scope, kind, [], [value])

    def axes(self, scope, kind, x, axes):
        """Squeeze and Unsqueeze: axes are an attribute before opset 13, an input from then on."""
        if self.o.opset < 13:
            return self.op(scope, kind, [x], axes=axes)
        return self.op(scope, kind, [x, self.ints(scope, *axes)])

    def split(self, scope, x, sizes, axis=1):
        if self.o.opset < 13:
            return self.op(scope, 'Split', [x], len(sizes), axis=axis, split=sizes)
        return self.op(scope, 'Split', [x, self.ints(scope, *sizes)], len(sizes), axis=axis)

    def reshape(self, scope, x, shape):
        if self.o.opset < 14:
            return self.op(scope, 'Reshape', [x, shape])
        return self.op(scope, 'Reshape', [x, shape], allowzero=0)

    def dim(self, scope, x, axis):
        return self.op(scope, 'Gather', [self.op(scope, 'Shape', [x]),
                                         self.scalar(scope, INT64, axis)], axis=0)

    def join(self, scope, parts):
        """A shape of ints and of scalars computed in the graph."""
        parts = [self.ints(scope, p) if isinstance(p, int) else
                 self.axes(scope, 'Unsqueeze', p, [0]) for p in parts]
        return self.op(scope, 'Concat', parts, axis=0)

    # Network

    def random(self, n, deviation):
        shift = self.rng.randrange(POOL)
        values = self.pool[shift:shift + min(n, POOL)]
        raw = struct.pack(f'<{len(values)}{FORMAT[self.real]}', *(deviation * v for v in values))
        rest = n % POOL * struct.calcsize(FORMAT[self.real])
        return Message([raw] * (n // POOL) + [raw[:rest]])

    def conv(self, scope, module, x, c_in, c_out, k=1, stride=1, power=1.0, bias=None):
        dims = [c_out, c_in, k, k]
        deviation = math.sqrt(power / (SILU_POWER * c_in * k * k))
        w = self.weight(f'{module}.weight', self.real, dims,
                        self.random(c_out * c_in * k * k, deviation))
        raw = self.random(c_out, BIAS) if bias is None else \
            struct.pack(f'<{c_out}{FORMAT[self.real]}', *bias)
        b = self.weight(f'{module}.bias', self.real, [c_out], raw)
        return self.op(scope, 'Conv', [x, w, b], dilations=[1, 1], group=1, kernel_shape=[k, k],
                       pads=[k // 2] * 4, strides=[stride, stride])

    def cbs(self, scope, x, c_in, c_out, k=1, stride=1):
        module = scope.strip('/').replace('/', '.')
        x = self.conv(f'{scope}/conv', f'{module}.conv', x, c_in, c_out, k, stride)
        return self.op(f'{scope}/act', 'Mul', [x, self.op(f'{scope}/act', 'Sigmoid', [x])])

    def c2f(self, scope, x, c_in, c_out, n, shortcut):
        c = c_out // 2
        x = self.cbs(f'{scope}/cv1', x, c_in, c_out)
        ys = list(self.halves(scope, x)) if self.o.slices else self.split(scope, x, [c, c])
        for i in range(n):
            y = self.cbs(f'{scope}/m.{i}/cv1', ys[-1], c, c, 3)
            y = self.cbs(f'{scope}/m.{i}/cv2', y, c, c, 3)
            ys.append(self.op(f'{scope}/m.{i}', 'Add', [ys[-1], y]) if shortcut else y)
        x = self.op(scope, 'Concat', ys, axis=1)
        return self.cbs(f'{scope}/cv2', x, (2 + n) * c, c_out)

    def sppf(self, scope, x, c_in, c_out):
        c = c_in // 2
        ys = [self.cbs(f'{scope}/cv1', x, c_in, c)]
        for i in range(3):
            ys.append(self.op(f'{scope}/m', 'MaxPool', [ys[-1]], ceil_mode=0, dilations=[1, 1],
                              kernel_shape=[5, 5], pads=[2] * 4, strides=[1, 1]))
        return self.cbs(f'{scope}/cv2', self.op(scope, 'Concat', ys, axis=1), 4 * c, c_out)

    def upsample(self, scope, x):
        roi = '' if self.o.opset >= 13 else self.const(scope, FLOAT, [0], [])
        if self.o.resize_sizes:
            sides = [self.op(scope, 'Mul', [self.dim(scope, x, d), self.scalar(scope, INT64, 2)])
                     for d in (2, 3)]
            head = self.op(scope, 'Slice', [self.op(scope, 'Shape', [x]), self.ints(scope, 0),
                                            self.ints(scope, 2), self.ints(scope, 0)])
            tail = [self.axes(scope, 'Unsqueeze', s, [0]) for s in sides]
            inputs = [x, roi, '' if self.o.opset >= 13 else self.const(scope, FLOAT, [0], []),
                      self.op(scope, 'Concat', [head] + tail, axis=0)]
        else:
            inputs = [x, roi, self.const(scope, FLOAT, [4], [1.0, 1.0, 2.0, 2.0])]
        return self.op(scope, 'Resize', inputs, coordinate_transformation_mode='asymmetric',
                       cubic_coeff_a=-0.75, mode='nearest', nearest_mode='floor')

    def concat(self, scope, *xs, output=None):
        return self.op(scope, 'Concat', xs, axis=1, output=output)

    # Tail

    def anchors_static(self, scope):
        """Cell centres [1, 2, anchors] and strides [1, anchors], folded."""
        xs, ys, strides = [], [], []
        for s in self.o.strides:
            w, h = self.o.width // s, self.o.height // s
            xs += [x + 0.5 for _ in range(h) for x in range(w)]
            ys += [y + 0.5 for y in range(h) for _ in range(w)]
            strides += [float(s)] * (w * h)
        n = len(xs)
        return (self.const(scope, self.real, [1, 2, n], xs + ys),
                self.const(scope, self.real, [1, n], strides))

    def centres(self, scope, size):
        """arange (size) + 0.5."""
        r = self.op(scope, 'Range', [self.scalar(scope, FLOAT, 0.0),
                                     self.op(scope, 'Cast', [size], to=FLOAT),
                                     self.scalar(scope, FLOAT, 1.0)])
        return self.op(scope, 'Add', [r, self.scalar(scope, FLOAT, 0.5)])

    def anchors_dynamic(self, scope, maps):
        """make_anchors() as it is traced: from the shapes of the maps."""
        strides = self.const(scope, FLOAT, [len(maps)], [float(s) for s in self.o.strides])
        strides = [self.axes(scope, 'Squeeze', s, [0])
                   for s in self.split(scope, strides, [1] * len(maps), 0)]
        points, cells = [], []
        for feature, stride in zip(maps, strides):
            h, w = self.dim(scope, feature, 2), self.dim(scope, feature, 3)
            sx, sy = self.centres(scope, w), self.centres(scope, h)
            sy = self.reshape(scope, sy, self.ints(scope, -1))
            sx = self.reshape(scope, sx, self.ints(scope, -1))
            ny, nx = self.op(scope, 'Shape', [sy]), self.op(scope, 'Shape', [sx])
            grid = self.op(scope, 'Concat', [ny, nx], axis=0)
            column = self.op(scope, 'Concat', [ny, self.ints(scope, 1)], axis=0)
            row = self.op(scope, 'Concat', [self.ints(scope, 1), nx], axis=0)
            sy = self.op(scope, 'Expand', [self.reshape(scope, sy, column), grid])
            sx = self.op(scope, 'Expand', [self.reshape(scope, sx, row), grid])
            xy = [self.axes(scope, 'Unsqueeze', v, [-1]) for v in (sx, sy)]
            xy = self.op(scope, 'Concat', xy, axis=-1)
            points.append(self.reshape(scope, xy, self.ints(scope, -1, 2)))
            size = self.join(scope, [self.op(scope, 'Mul', [h, w]), 1])
            zero = message((1, [1]), (2, FLOAT), (9, struct.pack('<f', 0.0)))
            cells.append(self.op(scope, 'Add', [
                self.op(scope, 'ConstantOfShape', [size], value=zero), stride]))
        points = self.op(scope, 'Concat', points, axis=0)
        cells = self.op(scope, 'Concat', cells, axis=0)
        points = self.op(scope, 'Transpose', [points], perm=[1, 0])
        cells = self.op(scope, 'Transpose', [cells], perm=[1, 0])
        return self.axes(scope, 'Unsqueeze', points, [0]), cells

    def shape(self, scope, batch, parts):
        """A Reshape's target: constant where the batch is known."""
        if isinstance(batch, int):
            return self.ints(scope, batch, *parts)
        return self.join(scope, [batch] + list(parts))

    def dfl(self, scope, x, batch):
        r = self.o.reg_max
        n = -1 if self.o.dynamic else self.o.anchors
        if self.o.dynamic:
            batch, n = self.dim(scope, x, 0), self.dim(scope, x, 2)
        y = self.reshape(scope, x, self.shape(scope, batch, [4, r, n]))
        if self.o.opset < 13:  # Softmax flattened from its axis on, so torch moved it to the end
            y = self.op(scope, 'Transpose', [y], perm=[0, 3, 1, 2])
            y = self.op(scope, 'Softmax', [y], axis=3)
            y = self.op(scope, 'Transpose', [y], perm=[0, 3, 2, 1])
        else:
            y = self.op(scope, 'Transpose', [y], perm=[0, 2, 1, 3])
            y = self.op(scope, 'Softmax', [y], axis=1)
        w = self.weight(f'{scope[1:].replace("/", ".")}.conv.weight', self.real, [1, r, 1, 1],
                        struct.pack(f'<{r}{FORMAT[self.real]}', *range(r)))
        y = self.op(f'{scope}/conv', 'Conv', [y, w], dilations=[1, 1], group=1,
                    kernel_shape=[1, 1], pads=[0] * 4, strides=[1, 1])
        return self.reshape(scope, y, self.shape(scope, batch, [4, n]))

    def halves(self, scope, x):
        """chunk (2, dim=1): bounds computed from the shape, or folded."""
        axis = self.ints(scope, 1)
        if self.o.simplify and not self.o.dynamic:
            zero, two, four = (self.ints(scope, v) for v in (0, 2, 4))
        else:
            zero = self.ints(scope, 0)
            size = self.op(scope, 'Gather', [self.op(scope, 'Shape', [x]), axis], axis=0)
            half = self.op(scope, 'Add', [size, self.ints(scope, 1)])
            half = self.op(scope, 'Div', [half, self.ints(scope, 2)])
            two = self.op(scope, 'Mul', [half, self.ints(scope, 1)])
            four = self.op(scope, 'Mul', [half, self.ints(scope, 2)])
        return (self.op(scope, 'Slice', [x, zero, two, axis]),
                self.op(scope, 'Slice', [x, two, four, axis]))

    def tail(self, scope, boxes, classes):
        r, nc = self.o.reg_max, self.o.classes
        if self.o.separate:  # newer releases keep the two kinds of maps apart
            maps, sizes = boxes, (4 * r, nc)
            batch = self.dim(scope, boxes[0], 0) if self.o.dynamic else self.o.batch
            box, cls = (self.op(scope, 'Concat', [
                self.reshape(scope, m, self.shape(scope, batch, [c, -1])) for m in group], axis=2)
                for group, c in zip((boxes, classes), sizes))
        else:
            maps = [self.concat(scope, b, c) for b, c in zip(boxes, classes)]
            batch = self.dim(scope, maps[0], 0) if self.o.dynamic else self.o.batch
            flat = [self.reshape(scope, m, self.shape(scope, batch, [4 * r + nc, -1])) for m in maps]
            box, cls = self.split(scope, self.op(scope, 'Concat', flat, axis=2), [4 * r, nc])
        points, strides = self.anchors_dynamic(scope, maps) if self.o.dynamic else \
            self.anchors_static(scope)
        lt, rb = self.halves(scope, self.dfl(f'{scope}/dfl', box, batch))
        x1y1 = self.op(scope, 'Sub', [points, lt])
        x2y2 = self.op(scope, 'Add', [points, rb])
        total = self.op(scope, 'Add', [x1y1, x2y2])
        centre = self.op(scope, 'Div', [total, self.scalar(scope, self.real, 2.0)])
        size = self.op(scope, 'Sub', [x2y2, x1y1])
        xywh = self.op(scope, 'Mul', [self.concat(scope, centre, size), strides])
        scores = self.op(scope, 'Sigmoid', [cls])
        if self.o.keep_io and self.o.half:
            y = self.concat(scope, xywh, scores)
            return self.op('', 'Cast', [y], output='output0', to=FLOAT)
        return self.concat(scope, xywh, scores, output='output0')

    def head(self, scope, xs, channels):
        o = self.o
        small = o.size in ('tiny', 'toy')
        c2 = 8 if small else max(16, channels[0] // 4, 4 * o.reg_max)
        c3 = 8 if small else max(channels[0], min(o.classes, 100))
        boxes, classes = [], []
        for i, (x, c) in enumerate(zip(xs, channels)):
            distances = [-0.5 * (k - 1) ** 2 for k in range(o.reg_max)] * 4
            # Class 0 is sure at the coarsest scale; the others depend on the picture.
            logits = [1.0 if i == len(xs) - 1 and k == 0 else -3.0 for k in range(o.classes)]
            for maps, part, hidden, out, power, bias in (
                    (boxes, 'cv2', c2, 4 * o.reg_max, 0.25, distances),
                    (classes, 'cv3', c3, o.classes, 0.1, logits)):
                at = f'{scope}/{part}.{i}/{part}.{i}.'
                y = x
                if o.size != 'toy':
                    y = self.branch(f'{at}0', f'{part}.{i}.0', y, c, hidden)
                    y = self.branch(f'{at}1', f'{part}.{i}.1', y, hidden, hidden)
                maps.append(self.conv(f'{at}2', f'{scope[1:]}.{part}.{i}.2', y,
                                      c if o.size == 'toy' else hidden, out, 1, 1, power, bias))
        return self.tail(scope, boxes, classes)

    def branch(self, scope, module, x, c_in, c_out):
        root = scope.split('/')[1]
        x = self.conv(f'{scope}/conv', f'{root}.{module}.conv', x, c_in, c_out, 3)
        return self.op(f'{scope}/act', 'Mul', [x, self.op(f'{scope}/act', 'Sigmoid', [x])])


def channels_of(options):
    _, width, most = SIZES[options.size]
    return [max(8, math.ceil(min(c, most) * width / 8) * 8) for c in (64, 128, 256, 512, 1024)]


def toy(g, x):
    """Three scales, one C2f, one upsampling: the least that is still such a network."""
    c = 4
    p3 = g.cbs('/model.0', x, 3, c, 3, 8)
    p3 = g.c2f('/model.1', p3, c, c, 1, True)
    p4 = g.cbs('/model.2', p3, c, c, 3, 2)
    p5 = g.cbs('/model.3', p4, c, c, 3, 2)
    up = g.concat('/model.5', g.upsample('/model.4', p5), p4)
    return g.head('/model.6', [p3, up, p5], [c, 2 * c, c])


def yolov8(g, x):
    depth = SIZES[g.o.size][0]
    c1, c2, c3, c4, c5 = channels_of(g.o)
    n3, n6 = max(1, round(3 * depth)), max(1, round(6 * depth))
    x = g.cbs('/model.0', x, 3, c1, 3, 2)
    x = g.cbs('/model.1', x, c1, c2, 3, 2)
    x = g.c2f('/model.2', x, c2, c2, n3, True)
    x = g.cbs('/model.3', x, c2, c3, 3, 2)
    p3 = g.c2f('/model.4', x, c3, c3, n6, True)
    x = g.cbs('/model.5', p3, c3, c4, 3, 2)
    p4 = g.c2f('/model.6', x, c4, c4, n6, True)
    x = g.cbs('/model.7', p4, c4, c5, 3, 2)
    x = g.c2f('/model.8', x, c5, c5, n3, True)
    p5 = g.sppf('/model.9', x, c5, c5)
    x = g.concat('/model.11', g.upsample('/model.10', p5), p4)
    t4 = g.c2f('/model.12', x, c5 + c4, c4, n3, False)
    x = g.concat('/model.14', g.upsample('/model.13', t4), p3)
    o3 = g.c2f('/model.15', x, c4 + c3, c3, n3, False)
    x = g.concat('/model.17', g.cbs('/model.16', o3, c3, c3, 3, 2), t4)
    o4 = g.c2f('/model.18', x, c3 + c4, c4, n3, False)
    x = g.concat('/model.20', g.cbs('/model.19', o4, c4, c4, 3, 2), p5)
    o5 = g.c2f('/model.21', x, c4 + c5, c5, n3, False)
    return g.head('/model.22', [o3, o4, o5], [c3, c4, c5])


def metadata(o):
    names = '{' + ', '.join(f"{i}: '{name}'" for i, name in enumerate(o.names)) + '}'
    return {
        'description': 'Random network in the form of an Ultralytics export',
        'author': 'make_onnx.py', 'version': '8.3.26', 'license': 'LGPL-2.1-or-later',
        'stride': str(max(o.strides)), 'task': o.task, 'batch': str(o.batch),
        'imgsz': f'[{o.height}, {o.width}]', 'names': names,
    }


def model(o):
    g = Graph(o)
    x, kind = 'images', FLOAT if o.keep_io else g.real
    if not o.simplify:  # torch leaves such nodes, simplifiers take them out
        x = g.op('', 'Identity', [x])
    if kind != g.real:
        x = g.op('', 'Cast', [x], to=g.real)
    (toy if o.size == 'toy' else yolov8)(g, x)
    dims = ['batch', 3, 'height', 'width'] if o.dynamic else [o.batch, 3, o.height, o.width]
    outs = ['batch', 4 + o.classes, 'anchors'] if o.dynamic else [o.batch, 4 + o.classes, o.anchors]
    graph = message((1, g.nodes), (2, 'main_graph'), (5, g.initializers),
                    (11, value_info('images', kind, dims)), (12, value_info('output0', kind, outs)))
    ir = 6 if o.opset < 12 else 7 if o.opset < 15 else 8 if o.opset < 19 else 9
    props = [message((1, k), (2, v)) for k, v in metadata(o).items()]
    return message((1, ir), (2, 'pytorch'), (7, graph), (8, message((1, ''), (2, o.opset))),
                   (14, props if o.metadata else []))


def parse(arguments):
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('output', help='file to write')
    p.add_argument('--size', choices=SIZES, default='tiny')
    p.add_argument('--classes', type=int, default=3)
    p.add_argument('--imgsz', default='64x64', help='WxH, multiples of 32')
    p.add_argument('--opset', type=int, default=17, help='11 to 19')
    p.add_argument('--batch', type=int, default=1)
    p.add_argument('--reg-max', type=int, default=16)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--task', default='detect', help='as the metadata state it')
    p.add_argument('--dynamic', action='store_true', help='batch, height and width are symbols')
    p.add_argument('--no-simplify', dest='simplify', action='store_false',
                   help='constants as nodes, shape arithmetic left in')
    p.add_argument('--half', action='store_true', help='float16 weights, input and output')
    p.add_argument('--keep-io', action='store_true', help='with --half: float32 input and output')
    p.add_argument('--resize-sizes', action='store_true', help='Resize by sizes, not by scales')
    p.add_argument('--slices', action='store_true', help='C2f halves its map by Slice, not Split')
    p.add_argument('--separate', action='store_true', help='tail that concatenates boxes and '
                   'scores apart')
    p.add_argument('--terse', action='store_true', help='short names')
    p.add_argument('--no-metadata', dest='metadata', action='store_false')
    o = p.parse_args(arguments)
    if o.half and o.dynamic:
        p.error('--half and --dynamic exclude each other, as in Ultralytics')
    o.width, o.height = (int(v) for v in o.imgsz.split('x'))
    if o.width % 32 or o.height % 32:
        p.error('--imgsz: multiples of 32')
    o.strides = (8, 16, 32)
    o.anchors = sum((o.width // s) * (o.height // s) for s in o.strides)
    o.names = [f'thing {i}' for i in range(o.classes)]
    return o


def main(arguments):
    while arguments:
        end = arguments.index(',') if ',' in arguments else len(arguments)
        options = parse(arguments[:end])
        arguments = arguments[end + 1:]
        with open(options.output, 'wb') as f:
            f.writelines(model(options))


if __name__ == '__main__':
    main(sys.argv[1:] or ['--help'])
