/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The reader of the model file on bytes that are not what they claim to be. */
#include <string.h>

#include "int8.h"
#include "model/file.h"
#include "testing.h"

#define N_FLIPS 3000

static GBytes *
make_file (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8Network) network = test_int8_network (rand);
  GBytes *bytes = yv8_file_write (network, &error);

  g_assert_no_error (error);
  return bytes;
}

/* A copy of its own, so that a read behind the end is seen by a sanitizer. */
static Yv8Network *
read_copy (const void *bytes, gsize size, GError **error)
{
  g_autofree guint8 *copy = g_memdup2 (bytes, size);

  return yv8_file_read (copy ? copy : (const guint8 *) "", size, error);
}

static guint64
header_length (GBytes *file)
{
  guint64 length;

  memcpy (&length, g_bytes_get_data (file, NULL), sizeof length);
  return GUINT64_FROM_LE (length);
}

/* The file with @find, which must be there, replaced by @replace in its header. */
static GString *
edit (GBytes *file, const char *find, const char *replace)
{
  const char *bytes = g_bytes_get_data (file, NULL);
  guint64 length = header_length (file);
  g_autoptr (GString) header = g_string_new_len (bytes + 8, (gssize) length);
  GString *result = g_string_new (NULL);

  if (g_string_replace (header, find, replace, 1) == 0)
    g_error ("'%s' is not in the header", find);
  guint64 new_length = GUINT64_TO_LE ((guint64) header->len);
  g_string_append_len (result, (const char *) &new_length, sizeof new_length);
  g_string_append_len (result, header->str, (gssize) header->len);
  gsize data = g_bytes_get_size (file) - 8 - length;
  return g_string_append_len (result, bytes + 8 + length, (gssize) data);
}

/* In the graph, which is a string of the header, quotes are escaped. */
#define Q "\\\""

static const struct {
  const char *find, *replace, *says;
} EDITS[] = {
  { "{", "[", "'{' expected" },
  { "}}", "}", "expected" },
  { "]}", "]},", "expected" },
  { "]}}  ", "]}} x", "something after the end" },
  { "{\"__metadata__\":{", "{\"__metadata__\":{,", "expected" },
  { "\"license\"", "\"names\"", "metadata 'names' a second time" },
  { "\"license\":\"", "\"license\":1,\"x\":\"", "'\"' expected" },
  { "none\\u000a", "none\n", "control character" },
  { "none\\u000a", "none\\q", "unknown escape" },
  { "none\\u000a", "none\\u12g4", "stands for no character" },
  { "none\\u000a", "none\\u0000", "stands for no character" },
  { "none\\u000a", "none\\ud800\\u0041", "stands for no character" },
  { "none\\u000a", "none\\udc00", "stands for no character" },
  { "none\\u000a", "none\xff", "is not UTF-8" },
  { "\"yv8.format\":\"yv8\"", "\"format\":\"pt\"", "a safetensors file without a graph" },
  { "\"yv8.format\":\"yv8\"", "\"yv8.format\":\"yv9\"", "a safetensors file without a graph" },
  { "\"yv8.graph\"", "\"graph\"", "a safetensors file without a graph" },
  { "\"yv8.version\":\"1\"", "\"yv8.version\":\"one\"", "is no number" },
  { "\"yv8.version\":\"1\"", "\"version\":\"1\"", "is no number" },
  { "\"op1.bias\":", "\"op5.bias\":", "a name that was there before" },
  { "\"op1.bias\":", "\"op0.bias\":", "tensor 'op1.bias' is missing" },
  { "\"dtype\":\"F32\"", "\"dtype\":\"F16\"", "none of F32, I8, U8" },
  { "\"dtype\":\"F32\"", "\"dtype\":\"I8\"", "not those of its shape" },
  { "\"dtype\":\"F32\",", "", "lacks dtype" },
  { "\"dtype\":\"F32\"", "\"dtype\":\"F32\",\"dtype\":\"F32\"", "'dtype' a second time" },
  { "\"dtype\":\"F32\"", "\"dtype\":\"F32\",\"order\":\"C\"", "unknown name 'order'" },
  { "\"shape\":[4]", "\"shape\":[5]", "not those of its shape" },
  { "\"shape\":[4]", "\"shape\":[2,2]", "not of the type and shape" },
  { "\"shape\":[4]", "\"shape\":[]", "not those of its shape" },
  { "\"shape\":[4]", "\"shape\":[4,1,1,1,1]", "not those of its shape" },
  { "\"shape\":[4]", "\"shape\":[-4]", "is no integer" },
  { "\"shape\":[4]", "\"shape\":[4.0]", "is no integer" },
  { "\"shape\":[4]", "\"shape\":[04]", "number expected" },
  { "\"shape\":[4]", "\"shape\":[0x4]", "',' expected" },
  { "\"shape\":[4]", "\"shape\":[NaN]", "number expected" },
  { "\"shape\":[4]", "\"shape\":[9223372036854775807,9223372036854775807]", "its shape" },
  { "\"shape\":[4]", "\"shape\":[99999999999999999999]", "is no integer" },
  { "\"data_offsets\":[0,16]", "\"data_offsets\":[0,12]", "not those of its shape" },
  { "\"data_offsets\":[0,16]", "\"data_offsets\":[16,0]", "a hole or an overlap" },
  { "\"data_offsets\":[0,16]", "\"data_offsets\":[4,16]", "a hole or an overlap" },
  { "\"data_offsets\":[0,16]", "\"data_offsets\":[0,99999]", "ends at byte 99999" },
  { "\"data_offsets\":[0,16]", "\"data_offsets\":[0]", "two offsets expected" },
  { "\"data_offsets\":[0,16]", "\"data_offsets\":[0,16,16]", "more than two offsets" },
  { "\"data_offsets\":[16,32]", "\"data_offsets\":[0,16]", "a hole or an overlap" },
  { Q "width" Q ":64", Q "width" Q ":65", "multiples of 32" },
  { Q "width" Q ":64", Q "width" Q ":0", "is no integer from 1" },
  { Q "width" Q ":64", Q "width" Q ":9000", "is no integer from 1 to 8192" },
  { Q "width" Q ":64,", "", "lacks a field" },
  { Q "channels" Q ":3", Q "channels" Q ":0", "is no integer from 1" },
  { Q "channels" Q ":3", Q "channels" Q ":4", "three channels" },
  { Q "channels" Q ":3,", "", "buffer 0 lacks a field" },
  { Q "type" Q ":" Q "qs8" Q, Q "type" Q ":" Q "qs4" Q, "unknown name 'qs4'" },
  { Q "kind" Q ":" Q "input" Q, Q "kind" Q ":" Q "softmax" Q, "unknown name 'softmax'" },
  { Q "kind" Q ":" Q "input" Q ",", "", "field 'kind' is missing" },
  { Q "kind" Q ":" Q "copy" Q, Q "kind" Q ":" Q "conv" Q, "field 'window' is missing" },
  { Q "kind" Q ":" Q "copy" Q, Q "kind" Q ":" Q "dequantize" Q, "wrong type" },
  { Q "name" Q ":" Q "op3" Q, Q "name" Q ":" Q "op2" Q, "its name is another's too" },
  { Q "name" Q ":" Q "op3" Q ",", "", "field 'name' is missing" },
  { Q "output" Q ":[1,0,4]", Q "output" Q ":[99,0,4]", "is not of its kind" },
  { Q "output" Q ":[2,0,4]", Q "output" Q ":[2,5,4]", "outside of its buffer" },
  { Q "output" Q ":[2,0,4]", Q "output" Q ":[2,0,8]", "4 channels in, 8 out" },
  { Q "output" Q ":[2,4,4]", Q "output" Q ":[2,3,4]", "a second time" },
  { Q "output" Q ":[2,4,4]", Q "output" Q ":[2,4]", "3 numbers expected" },
  { Q "output" Q ":[2,4,4]", Q "output" Q ":[2,4,4,4]", "more than 3 numbers" },
  { Q "inputs" Q ":[[1,0,4]]", Q "inputs" Q ":[[8,0,4]]", "before it is written" },
  { Q "inputs" Q ":[[1,0,4]]", Q "inputs" Q ":[]", "has 0 inputs" },
  { Q "window" Q ":[3,3,2,1]", Q "window" Q ":[3,3,0,1]", "stride 0" },
  { Q "window" Q ":[3,3,2,1]", Q "window" Q ":[3,3,2,3]", "pad 3" },
  { Q "window" Q ":[3,3,2,1]", Q "window" Q ":[3,3,3,1]", "do not fit together" },
  { Q "activation" Q ":" Q "silu" Q, Q "activation" Q ":" Q "relu" Q, "unknown name 'relu'" },
  { Q "scale" Q ":0.03125", Q "scale" Q ":0", "scale 0 is out of range" },
  { Q "scale" Q ":0.03125", Q "scale" Q ":-0.03125", "scale -0.03125 is out of range" },
  { Q "scale" Q ":0.03125", Q "scale" Q ":1e39", "out of range" },
  { Q "scale" Q ":0.03125", Q "scale" Q ":1e-10", "out of range" },
  { Q "scale" Q ":0.03125", Q "scale" Q ":NaN", "number expected" },
  { Q "scale" Q ":0.03125", Q "scale" Q ":Infinity", "number expected" },
  { Q "zero" Q ":-90", Q "zero" Q ":-129", "is no integer from -128 to 127" },
  { Q "zero" Q ":-90", Q "zero" Q ":128", "is no integer from -128 to 127" },
  { Q "reg_max" Q ":2", Q "reg_max" Q ":3", "channels, not" },
  { Q "reg_max" Q ":2", Q "reg_max" Q ":1", "out of range" },
  { Q "classes" Q ":2", Q "classes" Q ":3", "channels, not" },
  { Q "strides" Q ":[2]", Q "strides" Q ":[4]", "do not fit together" },
  { Q "strides" Q ":[2]", Q "strides" Q ":[]", "stride 0" },
  { Q "outputs" Q ":[[9,0,8],", Q "outputs" Q ":[[9,0,7],", "is not output" },
  { Q "outputs" Q ":[[9,0,8],", Q "outputs" Q ":[[99,0,8],", "outside of its buffer" },
};

static void
test_edits (void)
{
  g_autoptr (GBytes) file = make_file ();

  for (guint i = 0; i < G_N_ELEMENTS (EDITS); i++) {
    g_autoptr (GError) error = NULL;
    GString *bytes = edit (file, EDITS[i].find, EDITS[i].replace);
    g_assert_null (read_copy (bytes->str, bytes->len, &error));
    g_string_free (bytes, TRUE);
    g_test_message ("%u: %s", i, error->message);
    g_assert_nonnull (strstr (error->message, EDITS[i].says));
    g_assert_true (error->domain == YV8_ERROR);
  }
}

static void
test_version (void)
{
  g_autoptr (GBytes) file = make_file ();
  g_autoptr (GError) error = NULL;
  GString *bytes = edit (file, "\"yv8.version\":\"1\"", "\"yv8.version\":\"3\"");

  /* What a later version may have in it does not matter. */
  g_string_replace (bytes, "\"F32\"", "\"F16\"", 1);
  g_assert_null (read_copy (bytes->str, bytes->len, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "version 3"));
  g_string_free (bytes, TRUE);
}

/* JSON leaves the order of fields and blanks open. */
static void
test_other_writer (void)
{
  g_autoptr (GBytes) file = make_file ();
  g_autoptr (GError) error = NULL;
  GString *bytes = edit (
      file, "\"dtype\":\"F32\",\"shape\":[4]", "\n\"shape\" : [ 4 ],\t\"d\\u0074ype\": \"F32\"");
  g_autoptr (Yv8Network) network = read_copy (bytes->str, bytes->len, &error);

  g_assert_no_error (error);
  g_assert_nonnull (network);
  g_string_free (bytes, TRUE);
}

/* The first value of a tensor is replaced. */
static void
test_values (void)
{
  static const struct {
    const char *tensor;
    guint32 bits;
    const char *says;
  } cases[] = {
    { "op1.bias", 0x7fc00000, "a bias is not within" },      /* NaN */
    { "op1.bias", 0x7f800000, "a bias is not within" },      /* infinity */
    { "op1.bias", 0xff7fffff, "a bias is not within" },      /* -3e38 */
    { "op1.multiplier", 0, "a multiplier is not above 0" },  /* 0 */
    { "op1.multiplier", 0xbf800000, "a multiplier is not" }, /* -1 */
    { "op1.multiplier", 0x7f800000, "a multiplier is not" }, /* infinity */
    { "op1.multiplier", 0x7fc00000, "a multiplier is not" }, /* NaN */
    { "op1.multiplier", 0x5f800000, "a multiplier is not" }, /* 1.8e19 */
    { "op5.weight", 0x7f800000, "a weight is not finite" },
    { "op5.weight", 0xffc00000, "a weight is not finite" },
    { "op1.weight", 0x80, "a weight is -128" },
  };
  g_autoptr (GBytes) file = make_file ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    GString *bytes = edit (file, "{", "{");
    g_autofree char *key = g_strdup_printf ("\"%s\":", cases[i].tensor);
    const char *offsets = strstr (strstr (bytes->str + 8, key), "data_offsets\":[");
    guint64 at = 8 + header_length (file) + g_ascii_strtoull (strchr (offsets, '[') + 1, NULL, 10);
    guint32 bits = GUINT32_TO_LE (cases[i].bits);
    memcpy (bytes->str + at, &bits, sizeof bits);
    g_assert_null (read_copy (bytes->str, bytes->len, &error));
    g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
    g_assert_nonnull (strstr (error->message, cases[i].says));
    g_string_free (bytes, TRUE);
  }
}

static void
test_truncated (void)
{
  g_autoptr (GBytes) file = make_file ();
  gsize size;
  const guint8 *bytes = g_bytes_get_data (file, &size);

  for (gsize i = 0; i < size; i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (read_copy (bytes, i, &error));
    g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
  }
  g_autoptr (GError) error = NULL;
  GString *longer = g_string_new_len ((const char *) bytes, (gssize) size);
  g_string_append_c (longer, '\0');
  g_assert_null (read_copy (longer->str, longer->len, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
  g_string_free (longer, TRUE);
}

static void
test_header_length (void)
{
  static const guint64 lengths[] = { 0, 1, 2, 1 << 20, 16 << 20, 1ull << 32, G_MAXINT64,
    G_MAXUINT64 - 8, G_MAXUINT64 };
  g_autoptr (GBytes) file = make_file ();
  GString *bytes = edit (file, "{", "{");

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    g_autoptr (GError) error = NULL;
    guint64 length = GUINT64_TO_LE (lengths[i]);
    memcpy (bytes->str, &length, sizeof length);
    g_assert_null (read_copy (bytes->str, bytes->len, &error));
    g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
  }
  g_string_free (bytes, TRUE);
}

/* What is still accepted must be a file that is written and read again. */
static void
test_flips (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (GBytes) file = make_file ();
  gsize size = g_bytes_get_size (file);
  g_autofree guint8 *bytes = g_memdup2 (g_bytes_get_data (file, NULL), size);
  guint n_good = 0;

  for (guint i = 0; i < N_FLIPS; i++) {
    g_autoptr (GError) error = NULL;
    gsize at = (gsize) g_rand_int_range (rand, 0, (gint32) size);
    guint8 bit = (guint8) (1 << g_rand_int_range (rand, 0, 8));
    bytes[at] ^= bit;
    g_autoptr (Yv8Network) network = read_copy (bytes, size, &error);
    bytes[at] ^= bit;
    if (!network) {
      g_assert_true (error->domain == YV8_ERROR);
      continue;
    }
    n_good++;
    g_assert_no_error (error);
    g_autoptr (GBytes) again = yv8_file_write (network, &error);
    g_assert_no_error (error);
    g_autoptr (Yv8Network) back =
        read_copy (g_bytes_get_data (again, NULL), g_bytes_get_size (again), &error);
    g_assert_no_error (error);
    g_assert_nonnull (back);
  }
  g_test_message ("%u of %u flipped bits make another good file", n_good, N_FLIPS);
  g_assert_cmpuint (n_good, >, 0);
  g_assert_cmpuint (n_good, <, N_FLIPS);
}

/* A few bytes that stand for a lot of memory, or of stack. */
static void
test_bombs (void)
{
  static const struct {
    const char *head, *repeated, *says;
  } cases[] = {
    { "[", "[", "'{' expected" },
    { "{\"a\":", "[", "'{' expected" },
    { "{\"a\":{\"shape\":[", "1,", "expected" },
    { "{\"", "a", "more than 1024 bytes" },
  };
  const guint64 length = 1 << 20;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    guint64 stored = GUINT64_TO_LE (length);
    GString *bytes = g_string_new_len ((const char *) &stored, sizeof stored);
    g_string_append (bytes, cases[i].head);
    while (bytes->len < 8 + length)
      g_string_append (bytes, cases[i].repeated);
    g_string_truncate (bytes, 8 + length);
    g_assert_null (read_copy (bytes->str, bytes->len, &error));
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, cases[i].says));
    g_string_free (bytes, TRUE);
  }
}

static void
test_many_channels (void)
{
  g_autoptr (GBytes) file = make_file ();
  g_autoptr (GError) error = NULL;
  GString *buffers = g_string_new (Q "buffers" Q ":[");

  for (guint i = 0; i < 100; i++)
    g_string_append (buffers, "{" Q "channels" Q ":65536," Q "type" Q ":" Q "f32" Q "},");
  GString *bytes = edit (file, Q "buffers" Q ":[", buffers->str);
  g_assert_null (read_copy (bytes->str, bytes->len, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
  g_assert_nonnull (strstr (error->message, "channels in all"));
  g_string_free (bytes, TRUE);
  g_string_free (buffers, TRUE);
}

/* What is no detector is not written in the first place. */
static void
test_not_written (void)
{
  g_autoptr (GRand) rand = test_rand_new ();
  g_autoptr (Yv8Network) network = test_int8_network (rand);
  g_autoptr (GError) error = NULL;
  Yv8Op *op = &g_array_index (network->graph->ops, Yv8Op, 1);

  op->qweights[3] = -128;
  g_assert_null (yv8_file_write (network, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
  g_clear_error (&error);
  op->qweights[3] = 0;
  g_hash_table_insert (network->metadata, g_strdup ("author"), g_strdup ("\xff"));
  g_assert_null (yv8_file_write (network, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT);
  g_clear_error (&error);
  g_hash_table_remove (network->metadata, "author");
  g_array_set_size (network->graph->ops, network->graph->ops->len - 1);
  g_assert_null (yv8_file_write (network, &error));
  g_assert_error (error, YV8_ERROR, YV8_ERROR_FORMAT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model-hostile/edits", test_edits);
  g_test_add_func ("/model-hostile/version", test_version);
  g_test_add_func ("/model-hostile/other-writer", test_other_writer);
  g_test_add_func ("/model-hostile/values", test_values);
  g_test_add_func ("/model-hostile/truncated", test_truncated);
  g_test_add_func ("/model-hostile/header-length", test_header_length);
  g_test_add_func ("/model-hostile/flips", test_flips);
  g_test_add_func ("/model-hostile/bombs", test_bombs);
  g_test_add_func ("/model-hostile/many-channels", test_many_channels);
  g_test_add_func ("/model-hostile/not-written", test_not_written);
  return g_test_run ();
}
