/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a pixel of a picture, R | G << 8 | B << 16, to the network's input: each divided by 255. An
 * int8 input is of the scale 1/255 and the zero point -128: a byte with its highest bit flipped. */
#ifdef QS8
#define PICTURE(dword) unpack_qs8 ((dword) ^ 0x80808080u)
#define HALO           ivec4 (int (push.zero))
#else
#define PICTURE(dword) vec4 (unpackUnorm4x8 (dword).rgb, 0)
#define HALO           vec4 (0)
#endif
