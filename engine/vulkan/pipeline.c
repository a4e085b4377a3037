/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Layouts, creation and the cache of pipelines. */
#include "vulkan/pipeline.h"

#include "vulkan/cache.h"
#include "vulkan/shaders.h"

typedef struct {
  const Yv8VulkanShader *shader;
  Yv8VulkanConstants constants;
  VkPipeline pipeline;
} Entry;

static gint
compare_name (gconstpointer name, gconstpointer shader)
{
  return strcmp (name, ((const Yv8VulkanShader *) shader)->name);
}

const Yv8VulkanShader *
yv8_vulkan_shader_find (const char *name)
{
  return bsearch (
      name, yv8_vulkan_shaders, yv8_vulkan_n_shaders, sizeof (Yv8VulkanShader), compare_name);
}

VkDescriptorType
yv8_vulkan_binding_type (const Yv8VulkanDevice *device, guint binding)
{
  gboolean loads = binding != YV8_BINDING_DESTINATION && binding != YV8_BINDING_UPSAMPLED;

  return loads && device->texel ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER
                                : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
}

static gboolean
create_layouts (Yv8VulkanPipelines *self, GError **error)
{
  VkDescriptorSetLayoutBinding bindings[YV8_N_BINDINGS];
  VkPushConstantRange push = { VK_SHADER_STAGE_COMPUTE_BIT, 0, YV8_PUSH_SIZE };
  VkDescriptorSetLayoutCreateInfo set_info = {
    .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
    .bindingCount = YV8_N_BINDINGS,
    .pBindings = bindings,
  };
  VkPipelineLayoutCreateInfo layout_info = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
    .setLayoutCount = 1,
    .pSetLayouts = &self->set_layout,
    .pushConstantRangeCount = 1,
    .pPushConstantRanges = &push,
  };
  VkDevice device = self->device->device;

  for (guint i = 0; i < YV8_N_BINDINGS; i++)
    bindings[i] = (VkDescriptorSetLayoutBinding){ i, yv8_vulkan_binding_type (self->device, i), 1,
      VK_SHADER_STAGE_COMPUTE_BIT, NULL };
  return yv8_vulkan_check (vkCreateDescriptorSetLayout (device, &set_info, NULL, &self->set_layout),
             "vkCreateDescriptorSetLayout", error) &&
         yv8_vulkan_check (vkCreatePipelineLayout (device, &layout_info, NULL, &self->layout),
             "vkCreatePipelineLayout", error);
}

static gboolean
create_cache (Yv8VulkanPipelines *self, GError **error)
{
  VkPipelineCacheCreateInfo info = { .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO };

  self->cache_path = yv8_vulkan_cache_path (YV8_VULKAN_CACHE_PIPELINES, &self->device->properties);
  self->cache_data = yv8_vulkan_cache_load (
      YV8_VULKAN_CACHE_PIPELINES, self->cache_path, &self->device->properties);
  if (self->cache_data)
    info.pInitialData = g_bytes_get_data (self->cache_data, &info.initialDataSize);
  return yv8_vulkan_check (vkCreatePipelineCache (self->device->device, &info, NULL, &self->cache),
      "vkCreatePipelineCache", error);
}

Yv8VulkanPipelines *
yv8_vulkan_pipelines_new (const Yv8VulkanDevice *device, GError **error)
{
  g_autoptr (Yv8VulkanPipelines) self = g_new0 (Yv8VulkanPipelines, 1);

  self->device = device;
  self->entries = g_array_new (FALSE, TRUE, sizeof (Entry));
  if (!create_layouts (self, error) || !create_cache (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
yv8_vulkan_pipelines_free (Yv8VulkanPipelines *self)
{
  if (!self)
    return;
  VkDevice device = self->device->device;
  for (guint i = 0; i < self->entries->len; i++)
    vkDestroyPipeline (device, g_array_index (self->entries, Entry, i).pipeline, NULL);
  g_array_unref (self->entries);
  vkDestroyPipelineCache (device, self->cache, NULL);
  vkDestroyPipelineLayout (device, self->layout, NULL);
  vkDestroyDescriptorSetLayout (device, self->set_layout, NULL);
  g_clear_pointer (&self->cache_data, g_bytes_unref);
  g_free (self->cache_path);
  g_free (self);
}

static gboolean
create_pipeline (Yv8VulkanPipelines *self, Entry *entry, GError **error)
{
  VkDevice device = self->device->device;
  VkShaderModule module = VK_NULL_HANDLE;
  VkSpecializationMapEntry map[YV8_N_CONSTANTS];
  VkSpecializationInfo constants = { YV8_N_CONSTANTS, map, sizeof entry->constants,
    &entry->constants };
  VkShaderModuleCreateInfo module_info = {
    .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
    .codeSize = entry->shader->size,
    .pCode = entry->shader->code,
  };
  VkComputePipelineCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
    .flags = self->device->pipeline_flags,
    .stage = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
      .stage = VK_SHADER_STAGE_COMPUTE_BIT,
      .pName = "main",
      .pSpecializationInfo = &constants,
    },
    .layout = self->layout,
  };

  for (guint i = 0; i < YV8_N_CONSTANTS; i++)
    map[i] = (VkSpecializationMapEntry){ i, i * sizeof (guint32), sizeof (guint32) };
  if (!yv8_vulkan_check (
          vkCreateShaderModule (device, &module_info, NULL, &module), entry->shader->name, error))
    return FALSE;
  info.stage.module = module;
  gboolean done = yv8_vulkan_check (
      vkCreateComputePipelines (device, self->cache, 1, &info, NULL, &entry->pipeline),
      entry->shader->name, error);
  vkDestroyShaderModule (device, module, NULL);
  return done;
}

VkPipeline
yv8_vulkan_pipelines_get (Yv8VulkanPipelines *self, const char *shader,
    const Yv8VulkanConstants *constants, GError **error)
{
  Entry entry = { yv8_vulkan_shader_find (shader), *constants, VK_NULL_HANDLE };

  if (!entry.shader) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED, "there is no shader %s", shader);
    return VK_NULL_HANDLE;
  }
  for (guint i = 0; i < self->entries->len; i++) {
    const Entry *known = &g_array_index (self->entries, Entry, i);
    if (known->shader == entry.shader &&
        memcmp (&known->constants, constants, sizeof *constants) == 0)
      return known->pipeline;
  }
  if (!create_pipeline (self, &entry, error))
    return VK_NULL_HANDLE;
  g_array_append_val (self->entries, entry);
  return entry.pipeline;
}

void
yv8_vulkan_pipelines_save (Yv8VulkanPipelines *self)
{
  g_autoptr (GError) error = NULL;
  size_t size = 0;

  if (!self->cache_path ||
      vkGetPipelineCacheData (self->device->device, self->cache, &size, NULL) != VK_SUCCESS)
    return;
  g_autofree guint8 *bytes = g_try_malloc (size);
  if (!bytes ||
      vkGetPipelineCacheData (self->device->device, self->cache, &size, bytes) != VK_SUCCESS)
    return;
  g_autoptr (GBytes) data = g_bytes_new_take (g_steal_pointer (&bytes), size);
  if (self->cache_data && g_bytes_equal (data, self->cache_data))
    return;
  if (!yv8_vulkan_cache_save (
          YV8_VULKAN_CACHE_PIPELINES, self->cache_path, &self->device->properties, data, &error))
    g_debug ("pipeline cache: %s", error->message);
}
