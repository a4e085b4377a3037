/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Int8 weights for tests that suit one encoding of the model file each. */
#pragma once

#include "int8.h"
#include "model/encoding.h"

/**
 * Of weights and of the encoding that they suit, in the order of encoding.h
 */
static const struct {
  const char *encoding;
  double dead;    /* share of blocks that are all 0 */
  double zero;    /* share of other weights that are 0 */
  guint n_values; /* of a group of outputs, beside 0 */
} TEST_ENCODINGS[] = {
  { "plain", 0, 0, 200 },
  { "palette", 0, 0, 13 },
  { "blocks", 0.4, 0, 200 },
  { "blocks palette", 0.4, 0, 16 },
  { "mask", 0, 0.5, 200 },
  { "mask palette", 0, 0.5, 16 },
};

#define TEST_N_ENCODINGS G_N_ELEMENTS (TEST_ENCODINGS)

/* Not 0, and not -128. */
static inline gint8
test_value (GRand *rand, guint n_values)
{
  gint half = (gint) n_values / 2, value = g_rand_int_range (rand, 1, half + 1);
  gboolean odd = n_values % 2 && g_rand_int_range (rand, 0, (gint) n_values) == 0;

  return (gint8) (odd ? half + 1 : g_rand_boolean (rand) ? value : -value);
}

/**
 * test_encoding_weights: Returns: (transfer full): weights of the shape that @op says
 */
static inline gint8 *
test_encoding_weights (const Yv8Op *op, guint index, GRand *rand)
{
  guint taps = op->window.kernel_h * op->window.kernel_w, inputs = op->in[0].channels;
  guint words = (inputs + YV8_ENCODING_IN - 1) / YV8_ENCODING_IN;
  guint groups = (op->out.channels + YV8_ENCODING_OUT - 1) / YV8_ENCODING_OUT;
  gsize n = (gsize) op->out.channels * inputs * taps;
  gint8 *weights = g_new0 (gint8, n);
  g_autofree gboolean *dead = g_new (gboolean, (gsize) groups * words * taps);

  for (gsize i = 0; i < (gsize) groups * words * taps; i++)
    dead[i] = g_rand_double (rand) < TEST_ENCODINGS[index].dead;
  for (gsize i = 0; i < n; i++) {
    gsize row = i / taps / inputs, word = i / taps % inputs / YV8_ENCODING_IN;
    gsize block = (row / YV8_ENCODING_OUT * words + word) * taps + i % taps;
    if (!dead[block] && g_rand_double (rand) >= TEST_ENCODINGS[index].zero)
      weights[i] = test_value (rand, TEST_ENCODINGS[index].n_values);
  }
  return weights;
}

/**
 * test_encodings_network: Returns: (transfer full): a detector with a layer for each encoding:
 * "plain" is layer "op1", and so on
 */
static inline Yv8Network *
test_encodings_network (GRand *rand)
{
  const Yv8Slice outputs[] = { { TEST_N_ENCODINGS + 1, 0, 8 }, { TEST_N_ENCODINGS + 2, 0, 2 } };
  Yv8Network *network = yv8_network_new ();
  Yv8Graph *graph = yv8_graph_new ();

  network->graph = graph;
  network->width = network->height = 32;
  yv8_graph_add_typed_buffer (graph, 3, YV8_TYPE_QS8);
  for (guint i = 0; i < TEST_N_ENCODINGS; i++)
    yv8_graph_add_typed_buffer (graph, 36, YV8_TYPE_QS8);
  yv8_graph_add_buffer (graph, 8);
  yv8_graph_add_buffer (graph, 2);
  Yv8Op input = { .kind = YV8_OP_INPUT, .name = g_strdup ("input"), .out = { 0, 0, 3 } };
  input.quant = (Yv8Quant){ 1.0f / 255, -128 };
  yv8_graph_add_op (graph, &input);
  for (guint i = 0; i < TEST_N_ENCODINGS; i++) {
    Yv8Slice in = { i, 0, i ? 36 : 3 }, out = { i + 1, 0, 36 };
    Yv8Op *op = test_int8_conv (graph, in, out, 1, 1, rand);
    g_free (op->qweights);
    op->qweights = test_encoding_weights (op, i, rand);
  }
  for (guint i = 0; i < G_N_ELEMENTS (outputs); i++)
    test_int8_conv (graph, (Yv8Slice){ TEST_N_ENCODINGS, 0, 36 }, outputs[i], 1, 1, rand);
  test_graph_detect (graph, outputs[0], outputs[1], 1);
  return network;
}
