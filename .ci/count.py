#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""count.py BUILD: prints `passed failed skipped` of the build folder's last `meson test`.

A TAP program counts by its subtests, any other test as one. A run that left no results has failed.
"""
import os
import sys
import xml.etree.ElementTree as tree


def main():
    path = os.path.join(sys.argv[1], 'meson-logs', 'testlog.junit.xml')
    if not os.path.exists(path):
        print(0, 1, 0)
        return
    passed = failed = skipped = 0
    for case in tree.parse(path).getroot().iter('testcase'):
        tags = {child.tag for child in case}
        if tags & {'failure', 'error'}:
            failed += 1
        elif 'skipped' in tags:
            skipped += 1
        else:
            passed += 1
    print(passed, failed, skipped)


if __name__ == '__main__':
    main()
