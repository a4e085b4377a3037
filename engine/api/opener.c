/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The device that models are made on. */
#include "api/opener.h"

void
yv8_opener_init (Yv8Opener *self, const char *request, guint threads)
{
  *self = (Yv8Opener){ g_strdup (request), threads, NULL };
}

void
yv8_opener_clear (Yv8Opener *self)
{
  g_clear_pointer (&self->request, g_free);
  g_clear_pointer (&self->device, yv8_device_free);
}

Yv8Backend *
yv8_opener_open (gpointer data, GError **error)
{
  Yv8Opener *self = data;

  if (self->device)
    return yv8_device_open_again (self->device, self->threads, error);
  return yv8_device_open (self->request, self->threads, &self->device, error);
}

gboolean
yv8_opener_fall_back (Yv8Opener *self, const GError *reason)
{
  gboolean automatic = !self->request || !*self->request || g_str_equal (self->request, "auto");

  if (!automatic || !self->device || g_str_equal (self->device->id, "cpu"))
    return FALSE;
  g_warning ("%s; the CPU is used instead", reason->message);
  yv8_opener_clear (self);
  self->request = g_strdup ("cpu");
  return TRUE;
}
