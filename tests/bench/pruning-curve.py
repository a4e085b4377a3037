#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The curve of pruning: models with 10 to 50 % of the multiply-accumulates removed, in each way and
by each criterion, made, judged and timed by `yv8`, as a table in Markdown.

    tests/bench/pruning-curve.py --yv8 build/tools/yv8 --modelled build/tests/isa/modelled-time \\
        --model yolov8n.onnx --train coco-train128/images --val coco-val64 --work /tmp/curve

Whatever is in the folder --work is not made again, so an interrupted run goes on, and the figures
are there as JSON. Drops are against the int8 model without pruning, agreement with the float model."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)

# Name, options of `yv8 compress` for a share, whether it is timed.
WAYS = (
    ('blocks', lambda s: ['--prune', f'blocks:{s:g}'], True),
    ('channels', lambda s: ['--prune', f'channels:{s:g}'], True),
    ('both', lambda s: ['--prune', f'channels:{s / 3:.4g}', '--prune', f'blocks:{2 * s / 3:.4g}'], True),
    ('blocks, l2', lambda s: ['--prune', f'blocks:{s:g}', '--criterion', 'l2'], False),
    ('channels, l2', lambda s: ['--prune', f'channels:{s:g}', '--criterion', 'l2'], False),
    ('blocks, random', lambda s: ['--prune', f'blocks:{s:g}', '--criterion', 'random'], False),
    ('channels, random', lambda s: ['--prune', f'channels:{s:g}', '--criterion', 'random'], False),
)
ROUNDS = 5


def run(command, **options):
    return subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE, text=True,
                          **options).stdout


class Curve:
    def __init__(self, options):
        self.options = options
        self.work = pathlib.Path(options.work)
        self.work.mkdir(parents=True, exist_ok=True)

    def remembered(self, name, what, make):
        path = self.work / f'{name}.{what}.json'
        if not path.exists():
            path.write_text(json.dumps(make()))
        return json.loads(path.read_text())

    def make(self, name, arguments):
        """The model, and how good it is."""
        o = self.options
        path = self.work / f'{name}.bin'
        if not path.exists():
            run([o.yv8, 'compress', '--model', o.model, '--input', o.train, '--frames', o.frames,
                 '--output', path, '--checkpoint', self.work / 'checkpoints', *arguments])
        val = ['--images', f'{o.val}/images', '--json']
        figures = self.remembered(name, 'eval', lambda: {
            'map': json.loads(run([o.yv8, 'eval', '--model', path, '--labels', f'{o.val}/labels', *val])),
            'agreement': json.loads(run([o.yv8, 'eval', '--model', path, '--reference', o.model, *val])),
        })
        return path, figures

    def time(self, name, path, dense, device):
        """Medians of this model and of the dense one, in turns; both from the same run."""
        def measure():
            bench = [self.options.yv8, 'bench', '--device', device, '--json', '--frames',
                     40 if device == 'cpu' else 5]
            times = {path: [], dense: []}
            for _ in range(ROUNDS):
                for model in times:
                    report = json.loads(run(self.options.turn.split() + bench + ['--model', model]))
                    times[model].append(report['latency_ms']['inference']['median'])
            return [statistics.median(times[path]), statistics.median(times[dense])]
        return self.remembered(name, device, measure)

    def modelled(self, path):
        if not self.options.modelled:
            return '-'
        environment = {k: v for k, v in os.environ.items() if not k.startswith('VK_')}
        return run([self.options.modelled, path], env=environment).splitlines()[-1].split()[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for name in ('yv8', 'model', 'train', 'val', 'work'):
        parser.add_argument('--' + name, required=True)
    parser.add_argument('--modelled', help='the program modelled-time of tests/isa')
    parser.add_argument('--frames', default=128, type=int)
    parser.add_argument('--ways', default=','.join(way[0] for way in WAYS).replace(', ', ':'),
                        help='which rows: ' + '; '.join(way[0].replace(', ', ':') for way in WAYS))
    parser.add_argument('--shares', default=','.join(map(str, SHARES)))
    parser.add_argument('--no-times', action='store_true')
    parser.add_argument('--turn', default='', help='a command that a timing is run by, such as chrt -f 1')
    options = parser.parse_args()
    curve = Curve(options)
    dense, base = curve.make('dense', [])
    print('| way | MACs removed | mAP50-95 | drop | agreement | MB | cpu ms (dense) | lavapipe ms (dense) | modelled ms |')
    print('| --- | --- | --- | --- | --- | --- | --- | --- | --- |')
    rows = [('dense', 0, dense, base, False)]
    for way, arguments, timed in WAYS:
        for share in map(float, options.shares.split(',')):
            if way.replace(', ', ':') in options.ways.split(','):
                name = f'{way}-{share:g}'.replace(', ', '-')
                rows.append((way, share, *curve.make(name, arguments(share)), timed))
    for way, share, path, figures, timed in rows:
        cells = ['-', '-', '-']
        if timed and not options.no_times:
            cells = ['{:.1f} ({:.1f})'.format(*curve.time(path.stem, path, dense, device))
                     for device in ('cpu', 'vulkan')] + [str(curve.modelled(path))]
        ap = figures['map']['map']
        print(f'| {way} | {100 * share:.0f} % | {ap:.4f} | {base["map"]["map"] - ap:+.4f} | '
              f'{figures["agreement"]["map"]:.4f} | {path.stat().st_size / 1e6:.2f} | ' + ' | '.join(cells) + ' |',
              flush=True)


if __name__ == '__main__':
    main()
