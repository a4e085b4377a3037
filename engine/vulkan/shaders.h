/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of shaders that shaders/embed.py makes from the variants in shaders/meson.build. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * Yv8VulkanShader:
 * @name: SHADER_VARIANT, e.g. "conv_f32_texel"
 * @code: SPIR-V
 * @size: bytes of @code
 */
typedef struct {
  const char *name;
  const guint32 *code;
  gsize size;
} Yv8VulkanShader;

/* Sorted by name. */
extern const Yv8VulkanShader yv8_vulkan_shaders[];
extern const guint yv8_vulkan_n_shaders;

/**
 * yv8_vulkan_shader_find: Returns: (nullable): the shader of this name
 */
const Yv8VulkanShader *yv8_vulkan_shader_find (const char *name);

G_END_DECLS
