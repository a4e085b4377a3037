/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The process's one Vulkan instance, which lives as long as someone holds it. */
#pragma once

#include <vulkan/vulkan.h>
#include <yv8/error.h>

G_BEGIN_DECLS

/**
 * yv8_vulkan_instance_ref:
 *
 * May be called from any thread, as its counterpart.
 *
 * Returns: the instance; %NULL with @error set (NOT_FOUND: no driver or loader; MEMORY, DEVICE)
 */
VkInstance yv8_vulkan_instance_ref (GError **error);
void yv8_vulkan_instance_unref (void);

/**
 * yv8_vulkan_debug: Returns: whether YV8_VULKAN_VALIDATE asks for the validation layer
 */
gboolean yv8_vulkan_debug (void);

G_END_DECLS
