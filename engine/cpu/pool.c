/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Threads for parallel loops.
 *
 * Each loop has a number, odd while it is open. A thread enters a loop by counting itself in, and
 * only then looks whether the loop is still open; the caller closes it, and only then looks whether
 * anyone is inside. One of the two sees the other (all accesses are sequentially consistent). */
#include "config.h"

#include "cpu/pool.h"

#include <yv8/error.h>

#define SPIN_MICROSECONDS 50
#define SPIN_STEPS        32 /* between two looks at the clock */

/* oneDNN is built on OpenMP: each lane is a thread of its own to it, in which it shall not fork.
 * Weak, since an oneDNN with another runtime brings no OpenMP, and to link no second one. */
extern void omp_set_num_threads (int n) __attribute__ ((weak));
extern int omp_get_max_threads (void) __attribute__ ((weak));

/* A lane's share of the tasks: it takes these first and then those that others have left. The same
 * part of each map thus stays in the cache of one processor, from op to op. */
typedef struct {
  Yv8Pool *pool;
  GThread *thread; /* NULL of lane 0, the caller's */
  guint index;
  gint next_task; /* atomic */
  gint end;
} Lane;

struct _Yv8Pool {
  guint n_lanes;
  Lane *lanes;

  Yv8PoolTask run;
  gpointer data;

  gint loop; /* atomic, as are those below */
  gint inside;
  gint stop;
  gint sleepers;
  gint caller_sleeps;
  GMutex lock;
  GCond opened;
  GCond left;
};

static inline void
relax (void)
{
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause ();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Returns: whether *@value became other than (or, with @equal, equal to) @to in time. */
static gboolean
spin (const gint *value, gint to, gboolean equal)
{
  gint64 end = g_get_monotonic_time () + SPIN_MICROSECONDS;

  do
    for (guint i = 0; i < SPIN_STEPS; i++) {
      if ((g_atomic_int_get (value) == to) == equal)
        return TRUE;
      relax ();
    }
  while (g_get_monotonic_time () < end);
  return FALSE;
}

static void
run_tasks (Yv8Pool *self, guint lane)
{
  gint task;

  for (guint i = 0; i < self->n_lanes; i++) {
    Lane *of = &self->lanes[(lane + i) % self->n_lanes];
    while ((task = g_atomic_int_add (&of->next_task, 1)) < of->end)
      self->run (self->data, lane, (guint) task);
  }
}

static gint
wait_for_loop (Yv8Pool *self, gint seen)
{
  if (!spin (&self->loop, seen, FALSE)) {
    g_mutex_lock (&self->lock);
    g_atomic_int_inc (&self->sleepers);
    while (g_atomic_int_get (&self->loop) == seen)
      g_cond_wait (&self->opened, &self->lock);
    g_atomic_int_add (&self->sleepers, -1);
    g_mutex_unlock (&self->lock);
  }
  return g_atomic_int_get (&self->loop);
}

static gpointer
work (gpointer data)
{
  const Lane *lane = data;
  Yv8Pool *self = lane->pool;
  gint loop = 0;

  if (omp_set_num_threads)
    omp_set_num_threads (1);
  while (!g_atomic_int_get (&self->stop)) {
    loop = wait_for_loop (self, loop);
    g_atomic_int_inc (&self->inside);
    if (g_atomic_int_get (&self->loop) & 1)
      run_tasks (self, lane->index);
    if (g_atomic_int_dec_and_test (&self->inside) && g_atomic_int_get (&self->caller_sleeps)) {
      g_mutex_lock (&self->lock);
      g_cond_signal (&self->left);
      g_mutex_unlock (&self->lock);
    }
  }
  return NULL;
}

static void
open_loop (Yv8Pool *self)
{
  g_atomic_int_inc (&self->loop);
  if (g_atomic_int_get (&self->sleepers)) {
    g_mutex_lock (&self->lock);
    g_cond_broadcast (&self->opened);
    g_mutex_unlock (&self->lock);
  }
}

static void
close_loop (Yv8Pool *self)
{
  g_atomic_int_inc (&self->loop);
  if (spin (&self->inside, 0, TRUE))
    return;
  g_mutex_lock (&self->lock);
  g_atomic_int_set (&self->caller_sleeps, TRUE);
  while (g_atomic_int_get (&self->inside))
    g_cond_wait (&self->left, &self->lock);
  g_atomic_int_set (&self->caller_sleeps, FALSE);
  g_mutex_unlock (&self->lock);
}

void
yv8_pool_run (Yv8Pool *self, Yv8PoolTask run, gpointer data, guint n_tasks)
{
  int threads = omp_get_max_threads ? omp_get_max_threads () : 1;
  gboolean share = n_tasks > 1 && self->n_lanes > 1;

  self->run = run;
  self->data = data;
  for (guint i = 0; i < self->n_lanes; i++) {
    self->lanes[i].end = (gint) ((guint64) (i + 1) * n_tasks / self->n_lanes);
    g_atomic_int_set (&self->lanes[i].next_task, i ? self->lanes[i - 1].end : 0);
  }
  if (threads != 1)
    omp_set_num_threads (1);
  if (share)
    open_loop (self);
  run_tasks (self, 0);
  if (share)
    close_loop (self);
  if (threads != 1)
    omp_set_num_threads (threads);
}

Yv8Pool *
yv8_pool_new (guint n_lanes, GError **error)
{
  if (n_lanes == 0 || n_lanes > YV8_POOL_MAX_LANES) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT, "%u threads are out of range: 1 to %u",
        n_lanes, YV8_POOL_MAX_LANES);
    return NULL;
  }

  g_autoptr (Yv8Pool) self = g_new0 (Yv8Pool, 1);

  g_mutex_init (&self->lock);
  g_cond_init (&self->opened);
  g_cond_init (&self->left);
  self->n_lanes = n_lanes;
  self->lanes = g_new0 (Lane, n_lanes);
  for (guint i = 0; i < n_lanes; i++) {
    g_autoptr (GError) cause = NULL;
    Lane *lane = &self->lanes[i];
    *lane = (Lane){ .pool = self, .index = i };
    if (i > 0)
      lane->thread = g_thread_try_new ("yv8-lane", work, lane, &cause);
    if (cause) {
      g_set_error (error, YV8_ERROR, YV8_ERROR_MEMORY, "Cannot start thread %u of %u: %s", i + 1,
          n_lanes, cause->message);
      return NULL;
    }
  }
  return g_steal_pointer (&self);
}

void
yv8_pool_free (Yv8Pool *self)
{
  if (!self)
    return;
  g_atomic_int_set (&self->stop, TRUE);
  open_loop (self);
  for (guint i = 0; i < self->n_lanes; i++)
    if (self->lanes[i].thread)
      g_thread_join (self->lanes[i].thread);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->opened);
  g_cond_clear (&self->left);
  g_free (self->lanes);
  g_free (self);
}

guint
yv8_pool_n_lanes (const Yv8Pool *self)
{
  return self->n_lanes;
}
