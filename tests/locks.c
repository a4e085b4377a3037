/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For tests under ThreadSanitizer: GLib's locks are futexes of its own, which it does not know.
 * These stand before GLib's and tell it who waited for whom. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <glib.h>
#include <string.h>

void __tsan_acquire (void *address);
void __tsan_release (void *address);

#define REAL(name)                                                                                 \
  static void *found;                                                                              \
  __typeof__ (&name) real;                                                                         \
  void *symbol = g_atomic_pointer_get (&found);                                                    \
  if (!symbol)                                                                                     \
    g_atomic_pointer_set (&found, symbol = dlsym (RTLD_NEXT, #name));                              \
  memcpy (&real, &symbol, sizeof real);

#define LOCK(name, Type)                                                                           \
  void name (Type *lock)                                                                           \
  {                                                                                                \
    REAL (name)                                                                                    \
    real (lock);                                                                                   \
    __tsan_acquire (lock);                                                                         \
  }

#define UNLOCK(name, Type)                                                                         \
  void name (Type *lock)                                                                           \
  {                                                                                                \
    REAL (name)                                                                                    \
    __tsan_release (lock);                                                                         \
    real (lock);                                                                                   \
  }

LOCK (g_mutex_lock, GMutex)
UNLOCK (g_mutex_unlock, GMutex)
LOCK (g_rec_mutex_lock, GRecMutex)
UNLOCK (g_rec_mutex_unlock, GRecMutex)

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  REAL (g_cond_wait)
  __tsan_release (mutex);
  real (cond, mutex);
  __tsan_acquire (mutex);
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  REAL (g_cond_wait_until)
  __tsan_release (mutex);
  gboolean result = real (cond, mutex, end_time);
  __tsan_acquire (mutex);
  return result;
}

gboolean (g_once_init_enter) (volatile void *location)
{
  REAL (g_once_init_enter)
  gboolean result = real (location);
  __tsan_acquire ((void *) location);
  return result;
}

void (g_once_init_leave) (volatile void *location, gsize value)
{
  REAL (g_once_init_leave)
  __tsan_release ((void *) location);
  real (location, value);
}
