/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Mutations of the header that leave its length right, and words of its grammar, so that the fuzzer
 * gets past the container. Every other call mutates bytes. */
#include <string.h>

#include "fuzz.h"

size_t LLVMFuzzerMutate (guint8 *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator (guint8 *data, size_t size, size_t max_size, unsigned seed);

#define LENGTH_BYTES sizeof (guint64)

/* Quotes inside of the graph are escaped, as it is a string of the header. */
static const char *const WORDS[] = { "{", "}", "[", "]", ",", ":", "\"", "\\\"", "0", "1", "-1",
  "4", "65536", "1e9", "conv", "maxpool", "upsample", "copy", "quantize", "dequantize", "detect",
  "input", "none", "silu", "f32", "qs8", "I8", "F32", "U8", ".weight", ".bias", ".multiplier",
  ".palette", ".blocks", ".mask", ".index", "op1", "op5", "\\\"scale\\\":1,\\\"zero\\\":0,",
  "\\\"window\\\":[1,1,1,0],", "[[1,0,4]]", "[1,0,4]", "\\u0041", "__metadata__" };

/* A word in place of as many or a few bytes more or less. Returns the new size. */
static size_t
put_word (GRand *rand, guint8 *text, size_t size, size_t max_size)
{
  const char *word = WORDS[g_rand_int_range (rand, 0, G_N_ELEMENTS (WORDS))];
  size_t length = strlen (word);
  size_t at = (size_t) g_rand_int_range (rand, 0, (gint32) size + 1);
  size_t cut = (size_t) g_rand_int_range (rand, 0, 12);

  cut = MIN (cut, size - at);
  if (size - cut + length > max_size)
    return size;
  memmove (text + at + length, text + at + cut, size - at - cut);
  memcpy (text + at, word, length);
  return size - cut + length;
}

static size_t
mutate_header (GRand *rand, guint8 *data, size_t size, size_t max_size)
{
  guint64 stored;

  memcpy (&stored, data, LENGTH_BYTES);
  size_t length = (size_t) MIN (GUINT64_FROM_LE (stored), size - LENGTH_BYTES);
  size_t rest = size - LENGTH_BYTES - length, room = max_size - LENGTH_BYTES - rest;
  g_autofree guint8 *tail = g_memdup2 (data + LENGTH_BYTES + length, rest);
  guint8 *text = data + LENGTH_BYTES;

  length = g_rand_boolean (rand) ? put_word (rand, text, length, room)
                                 : LLVMFuzzerMutate (text, length, room);
  if (rest)
    memcpy (text + length, tail, rest);
  stored = GUINT64_TO_LE ((guint64) length);
  memcpy (data, &stored, LENGTH_BYTES);
  return LENGTH_BYTES + length + rest;
}

size_t
LLVMFuzzerCustomMutator (guint8 *data, size_t size, size_t max_size, unsigned seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  return size > LENGTH_BYTES && g_rand_boolean (rand) ? mutate_header (rand, data, size, max_size)
                                                      : LLVMFuzzerMutate (data, size, max_size);
}
