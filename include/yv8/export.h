/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * YV8_API marks what libyv8 exports; all else is hidden. */
#pragma once

#define YV8_API __attribute__ ((visibility ("default")))
