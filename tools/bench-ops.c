/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * yv8 bench --ops: what each op takes, and what it would at the peak of the device. */
#include "bench.h"
#include "summary.h"

struct _Yv8BenchOps {
  Yv8Detector *detector;
  guint n, n_frames;
  double *samples; /* milliseconds [n][n_frames] */
  gboolean has_peak;
  Yv8Peak peak;
};

/* Of an op, or of all. */
typedef struct {
  Yv8OpTime info;
  double time;  /* milliseconds */
  double bound; /* milliseconds; 0 where the peak is not known */
} Row;

Yv8BenchOps *
yv8_bench_ops_new (Yv8Detector *detector, guint n_frames)
{
  Yv8BenchOps *self = g_new0 (Yv8BenchOps, 1);

  self->detector = detector;
  self->n = yv8_detector_n_ops (detector);
  self->n_frames = n_frames;
  self->samples = g_new0 (double, (gsize) self->n *n_frames);
  self->has_peak = yv8_detector_peak (detector, &self->peak);
  return self;
}

void
yv8_bench_ops_free (Yv8BenchOps *self)
{
  g_free (self->samples);
  g_free (self);
}

void
yv8_bench_ops_take (Yv8BenchOps *self, guint frame)
{
  for (guint op = 0; op < self->n; op++) {
    Yv8OpTime time;
    yv8_detector_op_time (self->detector, op, &time);
    self->samples[(gsize) op * self->n_frames + frame] = time.microseconds / 1e3;
  }
}

static double
ratio (double part, double whole)
{
  return whole > 0 ? part / whole : 0;
}

static Row
row_of (const Yv8BenchOps *self, guint op)
{
  Row row = { 0 };

  yv8_detector_op_time (self->detector, op, &row.info);
  row.time = yv8_summarise (self->samples + (gsize) op * self->n_frames, self->n_frames).median;
  if (self->has_peak) {
    double macs = row.info.integer ? self->peak.integer_macs : self->peak.float_macs;
    row.bound =
        1e3 * MAX ((double) row.info.macs / macs, (double) row.info.bytes / self->peak.bytes);
  }
  return row;
}

static Row
sum_of (const Yv8BenchOps *self)
{
  Row sum = { .info = { .name = "total", .kernel = "", .shape = "" } };

  for (guint op = 0; op < self->n; op++) {
    Row row = row_of (self, op);
    sum.info.macs += row.info.macs;
    sum.info.bytes += row.info.bytes;
    sum.time += row.time;
    sum.bound += row.bound;
  }
  return sum;
}

static void
add_row (Yv8Table *table, const Yv8BenchOps *self, const Row *row, double whole)
{
  yv8_table_add (table, "%s", row->info.name);
  yv8_table_add (table, "%s", row->info.kernel);
  yv8_table_add (table, "%s", row->info.shape);
  yv8_table_add (table, "%.3f", row->time);
  yv8_table_add (table, "%.1f %%", 100 * ratio (row->time, whole));
  yv8_table_add (table, "%.4f", (double) row->info.macs / 1e9);
  yv8_table_add (table, "%.1f", ratio ((double) row->info.macs / 1e6, row->time));
  yv8_table_add (table, "%.2f", (double) row->info.bytes / 1e6);
  if (self->has_peak)
    yv8_table_add (table, "%.0f %%", 100 * ratio (row->bound, row->time));
}

void
yv8_bench_ops_print (const Yv8BenchOps *self)
{
  const char *titles[] = { "<op", "<kernel", "<shape", "ms", "time", "GMAC", "GMAC/s", "MB",
    self->has_peak ? "of peak" : NULL, NULL };
  g_autoptr (Yv8Table) table = yv8_table_new (titles);
  Row sum = sum_of (self);

  for (guint op = 0; op < self->n; op++) {
    Row row = row_of (self, op);
    add_row (table, self, &row, sum.time);
  }
  add_row (table, self, &sum, sum.time);
  g_print ("\n");
  yv8_table_print (table);
  if (self->has_peak)
    g_print ("\nroofline  %.0f GMAC/s int8, %.0f GMAC/s float, %.1f GB/s; %.2f ms for all ops\n",
        self->peak.integer_macs / 1e9, self->peak.float_macs / 1e9, self->peak.bytes / 1e9,
        sum.bound);
}

void
yv8_bench_ops_json (const Yv8BenchOps *self, Yv8Json *json)
{
  Row sum = sum_of (self);

  if (self->has_peak) {
    yv8_json_object (json, "roofline");
    yv8_json_number (json, "int8_gmac_per_s", self->peak.integer_macs / 1e9, 1);
    yv8_json_number (json, "float_gmac_per_s", self->peak.float_macs / 1e9, 1);
    yv8_json_number (json, "gb_per_s", self->peak.bytes / 1e9, 1);
    yv8_json_number (json, "ms", sum.bound, 4);
    yv8_json_end (json);
  }
  yv8_json_array (json, "ops");
  for (guint op = 0; op < self->n; op++) {
    Row row = row_of (self, op);
    yv8_json_newline (json);
    yv8_json_object (json, NULL);
    yv8_json_string (json, "name", row.info.name);
    yv8_json_string (json, "kernel", row.info.kernel);
    yv8_json_string (json, "shape", row.info.shape);
    yv8_json_integer (json, "macs", row.info.macs);
    yv8_json_integer (json, "bytes", row.info.bytes);
    yv8_json_number (json, "ms", row.time, 4);
    yv8_json_number (json, "gmac_per_s", ratio ((double) row.info.macs / 1e6, row.time), 2);
    yv8_json_number (json, "share", ratio (row.time, sum.time), 4);
    if (self->has_peak)
      yv8_json_number (json, "share_of_peak", ratio (row.bound, row.time), 4);
    yv8_json_end (json);
  }
  yv8_json_newline (json);
  yv8_json_end (json);
}
