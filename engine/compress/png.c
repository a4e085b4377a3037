/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * PNG: rows of differences to the left pixel, deflated. */
#include <gio/gio.h>

#include "compress/png.h"

#define CHANNELS  3
#define SUB       1 /* filter type */
#define POLYNOM   0xedb88320u
#define CHUNK     65536
#define TYPE_SIZE 4

static guint32
crc (const guint8 *bytes, gsize n)
{
  guint32 sum = G_MAXUINT32;

  for (gsize i = 0; i < n; i++) {
    sum ^= bytes[i];
    for (guint bit = 0; bit < 8; bit++)
      sum = sum >> 1 ^ (sum & 1 ? POLYNOM : 0);
  }
  return ~sum;
}

static void
append_dword (GByteArray *png, guint32 value)
{
  guint32 big = GUINT32_TO_BE (value);

  g_byte_array_append (png, (const guint8 *) &big, sizeof big);
}

static void
append_chunk (GByteArray *png, const char *type, const GByteArray *data)
{
  append_dword (png, data->len);
  guint start = png->len;
  g_byte_array_append (png, (const guint8 *) type, TYPE_SIZE);
  if (data->len > 0)
    g_byte_array_append (png, data->data, data->len);
  append_dword (png, crc (png->data + start, png->len - start));
}

static guint8
mean (const guint32 *picture, guint width, guint scale, guint x, guint y, guint channel)
{
  guint sum = 0;

  for (guint i = 0; i < scale; i++)
    for (guint j = 0; j < scale; j++) {
      const guint32 *pixel = &picture[(gsize) (y * scale + i) * width + x * scale + j];
      sum += ((const guint8 *) pixel)[channel];
    }
  return (guint8) (sum / (scale * scale));
}

static GByteArray *
filter (const guint32 *picture, guint width, guint height, guint scale)
{
  guint n = width / scale;
  GByteArray *rows = g_byte_array_new ();
  const guint8 type = SUB;

  for (guint y = 0; y < height / scale; y++) {
    guint8 left[CHANNELS] = { 0 };
    g_byte_array_append (rows, &type, 1);
    for (guint x = 0; x < n; x++)
      for (guint channel = 0; channel < CHANNELS; channel++) {
        guint8 value = mean (picture, width, scale, x, y, channel);
        guint8 difference = (guint8) (value - left[channel]);
        left[channel] = value;
        g_byte_array_append (rows, &difference, 1);
      }
  }
  return rows;
}

static GByteArray *
deflate (const GByteArray *data)
{
  g_autoptr (GZlibCompressor) compressor = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 9);
  GByteArray *out = g_byte_array_new ();
  GConverterResult result = G_CONVERTER_CONVERTED;
  gsize at = 0;

  while (result == G_CONVERTER_CONVERTED) {
    guint8 chunk[CHUNK];
    gsize read = 0, written = 0;
    result = g_converter_convert (G_CONVERTER (compressor), data->data + at, data->len - at, chunk,
        sizeof chunk, G_CONVERTER_INPUT_AT_END, &read, &written, NULL);
    at += read;
    g_byte_array_append (out, chunk, (guint) written);
  }
  return out;
}

GByteArray *
yv8_png_encode (const guint32 *picture, guint width, guint height, guint scale)
{
  static const guint8 signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
  static const guint8 format[] = { 8, 2, 0, 0,
    0 }; /* bits, RGB, deflate, filters, not interlaced */
  g_autoptr (GByteArray) rows = filter (picture, width, height, scale);
  g_autoptr (GByteArray) data = deflate (rows);
  g_autoptr (GByteArray) header = g_byte_array_new ();
  g_autoptr (GByteArray) nothing = g_byte_array_new ();
  GByteArray *png = g_byte_array_new ();

  append_dword (header, width / scale);
  append_dword (header, height / scale);
  g_byte_array_append (header, format, sizeof format);
  g_byte_array_append (png, signature, sizeof signature);
  append_chunk (png, "IHDR", header);
  append_chunk (png, "IDAT", data);
  append_chunk (png, "IEND", nothing);
  return png;
}
