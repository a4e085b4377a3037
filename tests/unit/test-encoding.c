/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Encodings of weights: each gives back what went in, is chosen where it is smallest, and is
 * refused when a part of it is broken. */
#include <string.h>

#include "encodings.h"
#include "model/file.h"
#include "testing.h"

#define N_ROUNDS 200

static Yv8Op
random_op (GRand *rand, guint least)
{
  guint kernel = (guint) g_rand_int_range (rand, 1, 4);

  return (Yv8Op){ .kind = YV8_OP_CONV,
    .name = (char *) "conv",
    .in = { { 0, 0, (guint) g_rand_int_range (rand, (gint) least, 70) } },
    .out = { 1, 0, (guint) g_rand_int_range (rand, (gint) least, 70) },
    .window = { kernel, kernel, 1, 0 } };
}

static void
clear (Yv8Stored parts[YV8_N_ENCODING_PARTS])
{
  for (guint i = 0; i < YV8_N_ENCODING_PARTS; i++) {
    g_free (parts[i].name);
    g_free ((void *) parts[i].values);
  }
}

/* As a file would have them; returns the bytes in all. */
static gsize
point (Yv8Stored parts[YV8_N_ENCODING_PARTS], const Yv8Stored *pointers[YV8_N_ENCODING_PARTS])
{
  gsize at = 0;

  for (guint i = 0; i < YV8_N_ENCODING_PARTS; i++) {
    pointers[i] = parts[i].name ? &parts[i] : NULL;
    if (!parts[i].name)
      continue;
    parts[i].begin = at;
    parts[i].end = at + 1;
    for (guint j = 0; j < parts[i].n_dims; j++)
      parts[i].end = at + (parts[i].end - at) * parts[i].dims[j];
    at = parts[i].end;
  }
  return at;
}

static void
check_round_trip (const Yv8Op *op)
{
  g_autoptr (GError) error = NULL;
  Yv8Stored parts[YV8_N_ENCODING_PARTS];
  const Yv8Stored *pointers[YV8_N_ENCODING_PARTS];
  gsize n =
      (gsize) op->out.channels * op->in[0].channels * op->window.kernel_h * op->window.kernel_w;
  Yv8Encoding encoding = yv8_encoding_choose (op);

  g_assert_true (yv8_encoding_write (op, parts, &error));
  g_assert_no_error (error);
  gsize bytes = point (parts, pointers);
  g_assert_cmpuint (bytes, ==, encoding.bytes);
  g_assert_cmpuint (bytes, <=, n);
  g_assert_cmpuint (bytes * YV8_ENCODING_MAX_EXPANSION, >=, n);
  g_autofree gint8 *weights = yv8_encoding_read (op, pointers, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (weights, n, op->qweights, n);
  clear (parts);
}

static void
test_round_trip (void)
{
  g_autoptr (GRand) rand = test_rand_new ();

  for (guint i = 0; i < N_ROUNDS; i++) {
    Yv8Op op = random_op (rand, 1);
    g_autofree gint8 *weights = test_encoding_weights (&op, i % (guint) TEST_N_ENCODINGS, rand);
    op.qweights = weights;
    check_round_trip (&op);
  }
}

static void
test_choice (void)
{
  g_autoptr (GRand) rand = test_rand_new ();

  for (guint i = 0; i < N_ROUNDS; i++) {
    guint index = i % (guint) TEST_N_ENCODINGS;
    Yv8Op op = random_op (rand, 36);
    g_autofree gint8 *weights = test_encoding_weights (&op, index, rand);
    op.qweights = weights;
    g_assert_cmpstr (yv8_encoding_choose (&op).name, ==, TEST_ENCODINGS[index].encoding);
  }
}

/* Palettes of every size; one value alone; nothing but zeroes; all but nothing but zeroes. */
static void
test_extremes (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  Yv8Op op = random_op (rand, 36);
  gsize n = (gsize) op.out.channels * op.in[0].channels * op.window.kernel_h * op.window.kernel_w;
  g_autofree gint8 *weights = g_new0 (gint8, n);

  op.qweights = weights;
  check_round_trip (&op);
  weights[n - 1] = -127;
  check_round_trip (&op);
  for (guint size = 1; size < 80; size++) {
    for (gsize i = 0; i < n; i++)
      weights[i] = (gint8) (i % size);
    check_round_trip (&op);
  }
}

/* Four of a kind: 2 of 4 weights and their places take five eighths. */
static void
test_two_of_four (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  Yv8Op op = random_op (rand, 64);
  gsize n = (gsize) op.out.channels * op.in[0].channels * op.window.kernel_h * op.window.kernel_w;
  g_autofree gint8 *weights = g_new0 (gint8, n);

  op.qweights = weights;
  for (gsize i = 0; i + 4 <= n; i += 4) {
    guint first = (guint) g_rand_int_range (rand, 0, 4);
    weights[i + first] = (gint8) g_rand_int_range (rand, 1, 128);
    weights[i + (first + 1 + (guint) g_rand_int_range (rand, 0, 3)) % 4] =
        (gint8) g_rand_int_range (rand, -127, 0);
  }
  Yv8Encoding encoding = yv8_encoding_choose (&op);
  g_assert_cmpstr (encoding.name, ==, "mask");
  g_assert_cmpuint (encoding.bytes, <=, (n * 5 + 7) / 8 + 1);
  check_round_trip (&op);
}

typedef enum { DROP, SHAPE, TYPE, FIRST, LAST, ADD } Change;

/* Of the layer that suits encoding @index, @part is changed so. */
static const struct {
  guint index;
  Yv8EncodingPart part;
  Change change;
  guint value;
  const char *says;
} BROKEN[] = {
  { 0, YV8_ENCODING_WEIGHT, DROP, 0, "tensor 'conv.weight' is missing" },
  { 0, YV8_ENCODING_WEIGHT, SHAPE, 1, "not of the type and shape" },
  { 0, YV8_ENCODING_WEIGHT, TYPE, YV8_STORED_U8, "not of the type and shape" },
  { 0, YV8_ENCODING_MASK, ADD, 1, "'conv.added' is not of the type and shape" },
  { 0, YV8_ENCODING_PALETTE, ADD, 1, "weight palette, are no encoding" },
  { 1, YV8_ENCODING_PALETTE, DROP, 0, "index, are no encoding" },
  { 1, YV8_ENCODING_INDEX, DROP, 0, "palette, are no encoding" },
  { 1, YV8_ENCODING_INDEX, SHAPE, 1, "'conv.index' is not of the type and shape" },
  { 1, YV8_ENCODING_INDEX, TYPE, YV8_STORED_I8, "'conv.index' is not of the type and shape" },
  { 1, YV8_ENCODING_INDEX, FIRST, 0xff, "an index 15 where the palette has 13" },
  { 1, YV8_ENCODING_INDEX, LAST, 0xf0, "bits set behind its last" },
  { 1, YV8_ENCODING_PALETTE, SHAPE, 1, "'conv.palette' is not of the type and shape" },
  { 1, YV8_ENCODING_PALETTE, TYPE, YV8_STORED_U8, "'conv.palette' is not of the type and shape" },
  { 1, YV8_ENCODING_PALETTE, FIRST, 0x7f, "not in order in group 0" },
  { 1, YV8_ENCODING_PALETTE, FIRST, 0xfb, "not in order in group 0" }, /* the second again */
  { 1, YV8_ENCODING_PALETTE, LAST, 0x80, "not in order in group 2" },
  { 2, YV8_ENCODING_BLOCKS, DROP, 0, "not of the type and shape" },
  { 2, YV8_ENCODING_BLOCKS, SHAPE, 1, "'conv.blocks' is not of the type and shape" },
  { 2, YV8_ENCODING_BLOCKS, TYPE, YV8_STORED_I8, "'conv.blocks' is not of the type and shape" },
  { 2, YV8_ENCODING_BLOCKS, FIRST, 0, "'conv.weight' is not of the type and shape" },
  { 2, YV8_ENCODING_BLOCKS, LAST, 0x80, "bits set behind its last" },
  { 2, YV8_ENCODING_WEIGHT, SHAPE, 1, "'conv.weight' is not of the type and shape" },
  { 2, YV8_ENCODING_MASK, ADD, 1, "weight blocks mask, are no encoding" },
  { 3, YV8_ENCODING_BLOCKS, FIRST, 0, "'conv.index' is not of the type and shape" },
  { 4, YV8_ENCODING_MASK, SHAPE, 1, "'conv.mask' is not of the type and shape" },
  { 4, YV8_ENCODING_MASK, FIRST, 0, "'conv.weight' is not of the type and shape" },
  { 4, YV8_ENCODING_MASK, LAST, 0x80, "bits set behind its last" },
  { 5, YV8_ENCODING_MASK, FIRST, 0, "'conv.index' is not of the type and shape" },
};

static void
apply (Yv8Stored *tensor, Change change, guint value)
{
  guint8 *bytes = (guint8 *) tensor->values;

  switch (change) {
  case SHAPE:
    tensor->dims[0] += value;
    break;
  case TYPE:
    tensor->type = (int) value;
    break;
  case FIRST:
    bytes[0] = (guint8) value;
    break;
  case LAST:
    bytes[tensor->end - tensor->begin - 1] = (guint8) value;
    break;
  default:
    break;
  }
}

static void
test_broken (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  static const guint8 one = 0;
  Yv8Stored added = { .name = (char *) "conv.added",
    .type = YV8_STORED_U8,
    .n_dims = 1,
    .dims = { 1 },
    .end = 1,
    .values = &one };

  for (guint i = 0; i < G_N_ELEMENTS (BROKEN); i++) {
    g_autoptr (GError) error = NULL;
    Yv8Stored parts[YV8_N_ENCODING_PARTS];
    const Yv8Stored *pointers[YV8_N_ENCODING_PARTS];
    /* 1155 weights, and 27 blocks: no mask and no index ends with a byte. */
    Yv8Op op = { .kind = YV8_OP_CONV,
      .name = (char *) "conv",
      .in = { { 0, 0, 33 } },
      .out = { 1, 0, 35 },
      .window = { 1, 1, 1, 0 } };
    g_autofree gint8 *weights = test_encoding_weights (&op, BROKEN[i].index, rand);
    op.qweights = weights;
    g_assert_cmpstr (yv8_encoding_choose (&op).name, ==, TEST_ENCODINGS[BROKEN[i].index].encoding);
    g_assert_true (yv8_encoding_write (&op, parts, &error));
    point (parts, pointers);
    if (BROKEN[i].change == DROP)
      pointers[BROKEN[i].part] = NULL;
    else if (BROKEN[i].change == ADD)
      pointers[BROKEN[i].part] = &added;
    else
      apply (&parts[BROKEN[i].part], BROKEN[i].change, BROKEN[i].value);
    g_assert_null (yv8_encoding_read (&op, pointers, &error));
    g_test_message ("%u: %s", i, error->message);
    g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
    g_assert_nonnull (strstr (error->message, BROKEN[i].says));
    clear (parts);
  }
}

/* A mask of blocks could stand for 512 weights a byte. */
static void
test_expansion (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *bits = g_new0 (guint8, 2048);
  Yv8Op op = { .kind = YV8_OP_CONV,
    .name = (char *) "conv",
    .in = { { 0, 0, 1024 } },
    .out = { 1, 0, 1024 },
    .window = { 1, 1, 1, 0 } };
  gint8 values[64] = { 1 };
  Yv8Stored blocks = { .name = (char *) "conv.blocks",
    .type = YV8_STORED_U8,
    .n_dims = 1,
    .dims = { 2048 },
    .end = 2048,
    .values = bits };
  Yv8Stored weight = { .name = (char *) "conv.weight",
    .type = YV8_STORED_I8,
    .n_dims = 1,
    .dims = { 64 },
    .begin = 2048,
    .end = 2112,
    .values = values };
  const Yv8Stored *parts[YV8_N_ENCODING_PARTS] = {
    [YV8_ENCODING_WEIGHT] = &weight, [YV8_ENCODING_BLOCKS] = &blocks
  };

  bits[0] = 1;
  g_assert_null (yv8_encoding_read (&op, parts, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "at most 16 a byte"));
  g_clear_error (&error);
  op.out.channels = op.in[0].channels = G_MAXINT32;
  op.window.kernel_h = op.window.kernel_w = G_MAXINT32;
  g_assert_null (yv8_encoding_read (&op, parts, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
}

/* A whole file of every encoding, and its bytes with bits flipped. */
static void
test_file (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Network) network = test_encodings_network (rand);
  g_autoptr (GBytes) file = yv8_file_write (network, &error);
  gsize size;
  const guint8 *data = g_bytes_get_data (file, &size);

  g_assert_no_error (error);
  g_assert_nonnull (
      g_strstr_len ((const char *) data + 8, (gssize) size - 8, "\"yv8.version\":\"2\""));
  g_autoptr (Yv8Network) back = yv8_file_read (data, size, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < yv8_graph_n_ops (network->graph); i++) {
    const Yv8Op *op = yv8_graph_op (network->graph, i), *other = yv8_graph_op (back->graph, i);
    gsize n = op->qweights ? (gsize) op->out.channels * op->in[0].channels : 0;
    g_assert_cmpmem (op->qweights, n, other->qweights, n);
  }
  g_autoptr (GBytes) again = yv8_file_write (back, &error);
  g_assert_true (g_bytes_equal (file, again));

  g_autofree guint8 *bytes = g_memdup2 (data, size);
  for (guint i = 0; i < 2000; i++) {
    g_autoptr (GError) refusal = NULL;
    gsize at = (gsize) g_rand_int_range (rand, 0, (gint32) size);
    guint8 bit = (guint8) (1 << g_rand_int_range (rand, 0, 8));
    bytes[at] ^= bit;
    g_autoptr (Yv8Network) other = yv8_file_read (bytes, size, &refusal);
    bytes[at] ^= bit;
    g_assert_true ((other != NULL) != (refusal != NULL));
  }
}

/* Bits in a file that says that it has none. */
static void
test_version (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Network) network = test_encodings_network (rand);
  g_autoptr (GBytes) file = yv8_file_write (network, &error);
  gsize size;
  const char *data = g_bytes_get_data (file, &size);
  g_autofree char *bytes = g_memdup2 (data, size);
  char *version = g_strstr_len (bytes + 8, (gssize) size - 8, "\"yv8.version\":\"2\"");

  g_assert_nonnull (version);
  version[strlen ("\"yv8.version\":\"")] = '1';
  g_assert_null (yv8_file_read ((const guint8 *) bytes, size, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "which version 1 does not know"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/encoding/round-trip", test_round_trip);
  g_test_add_func ("/encoding/choice", test_choice);
  g_test_add_func ("/encoding/extremes", test_extremes);
  g_test_add_func ("/encoding/two-of-four", test_two_of_four);
  g_test_add_func ("/encoding/broken", test_broken);
  g_test_add_func ("/encoding/expansion", test_expansion);
  g_test_add_func ("/encoding/file", test_file);
  g_test_add_func ("/encoding/version", test_version);
  return g_test_run ();
}
