#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""readme.py BLOCK: prints the README's command block that follows the line `<!-- BLOCK -->`."""
import re
import sys


def main():
    with open('README.md', encoding='utf-8') as file:
        text = file.read()
    match = re.search(rf'<!-- {re.escape(sys.argv[1])} -->\n+```sh\n(.*?)```', text, re.S)
    if not match:
        sys.exit(f'README.md has no block {sys.argv[1]}')
    print(match.group(1))


if __name__ == '__main__':
    main()
