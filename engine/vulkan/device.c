/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Probing and opening of devices. */
#include "vulkan/device.h"

#include "vulkan/backend.h"
#include "vulkan/instance.h"
#include "vulkan/tile.h"

/* Enough for the largest feature map of a network at 1280x1280. */
#define MIN_TEXELS (1u << 24)

static const struct {
  VkResult result;
  Yv8Error code;
  const char *name;
} RESULTS[] = {
  { VK_ERROR_OUT_OF_HOST_MEMORY, YV8_ERROR_MEMORY, "out of host memory" },
  { VK_ERROR_OUT_OF_DEVICE_MEMORY, YV8_ERROR_MEMORY, "out of device memory" },
  { VK_ERROR_OUT_OF_POOL_MEMORY, YV8_ERROR_MEMORY, "out of pool memory" },
  { VK_ERROR_TOO_MANY_OBJECTS, YV8_ERROR_MEMORY, "too many objects" },
  { VK_ERROR_INITIALIZATION_FAILED, YV8_ERROR_DEVICE, "the driver failed to start" },
  { VK_ERROR_DEVICE_LOST, YV8_ERROR_DEVICE, "the device was lost" },
  { VK_ERROR_MEMORY_MAP_FAILED, YV8_ERROR_MEMORY, "memory could not be mapped" },
  { VK_ERROR_INCOMPATIBLE_DRIVER, YV8_ERROR_DEVICE, "the driver is incompatible" },
  { VK_ERROR_INVALID_SHADER_NV, YV8_ERROR_DEVICE, "the driver rejects a shader" },
};

gboolean
yv8_vulkan_check (VkResult result, const char *what, GError **error)
{
  if (result == VK_SUCCESS)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (RESULTS); i++) {
    if (RESULTS[i].result == result) {
      g_set_error (error, YV8_ERROR, RESULTS[i].code, "Vulkan: %s: %s", what, RESULTS[i].name);
      return FALSE;
    }
  }
  g_set_error (error, YV8_ERROR, YV8_ERROR_DEVICE, "Vulkan: %s: VkResult %d", what, result);
  return FALSE;
}

void
yv8_vulkan_device_free (Yv8VulkanDevice *self)
{
  if (!self)
    return;
  if (self->device) {
    vkDestroyDevice (self->device, NULL);
    yv8_vulkan_instance_unref ();
  }
  g_free (self->driver);
  g_free (self);
}

static gboolean
has_extension (VkPhysicalDevice physical, const char *name)
{
  guint32 n = 0;

  if (vkEnumerateDeviceExtensionProperties (physical, NULL, &n, NULL) < 0)
    return FALSE;
  g_autofree VkExtensionProperties *extensions = g_new0 (VkExtensionProperties, n + 1);
  if (vkEnumerateDeviceExtensionProperties (physical, NULL, &n, extensions) < 0)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (strcmp (extensions[i].extensionName, name) == 0)
      return TRUE;
  return FALSE;
}

static void
probe_properties (Yv8VulkanDevice *self)
{
  VkPhysicalDeviceDriverProperties driver = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES,
  };
  VkPhysicalDeviceMaintenance3Properties limits = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES,
  };
  VkPhysicalDeviceSubgroupProperties subgroup = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES,
    .pNext = &limits,
  };
  VkPhysicalDeviceProperties2 properties = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
    .pNext = &subgroup,
  };

  if (self->properties.apiVersion >= VK_API_VERSION_1_2 ||
      has_extension (self->physical, VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME))
    limits.pNext = &driver;
  vkGetPhysicalDeviceProperties2 (self->physical, &properties);
  self->max_allocation = limits.maxMemoryAllocationSize;
  if (self->software && subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT &&
      subgroup.supportedOperations & VK_SUBGROUP_FEATURE_BALLOT_BIT &&
      (subgroup.subgroupSize == 4 || subgroup.subgroupSize == 8 || subgroup.subgroupSize == 16))
    self->subgroup = subgroup.subgroupSize;
  self->driver = driver.driverName[0]
                     ? g_strdup_printf ("%s %s", driver.driverName, driver.driverInfo)
                     : g_strdup_printf ("version 0x%x", self->properties.driverVersion);
}

/* The properties are those of the extension, which devices of Vulkan 1.3 offer too. */
static void
probe_dot (Yv8VulkanDevice *self)
{
  VkPhysicalDeviceShaderIntegerDotProductFeatures feature = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
  };
  VkPhysicalDeviceFeatures2 features = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
    .pNext = &feature,
  };
  VkPhysicalDeviceShaderIntegerDotProductProperties dot = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES,
  };
  VkPhysicalDeviceProperties2 properties = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
    .pNext = &dot,
  };

  if (!has_extension (self->physical, VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME))
    return;
  vkGetPhysicalDeviceFeatures2 (self->physical, &features);
  vkGetPhysicalDeviceProperties2 (self->physical, &properties);
  self->has_dot = feature.shaderIntegerDotProduct;
  if (!self->has_dot)
    return;
  if (dot.integerDotProduct4x8BitPackedSignedAccelerated)
    self->dot = YV8_VULKAN_DOT_SIGNED;
  else if (dot.integerDotProduct4x8BitPackedMixedSignednessAccelerated)
    self->dot = YV8_VULKAN_DOT_MIXED;
  else if (self->software) /* lavapipe unpacks both and multiplies in int32, which beats float32 */
    self->dot = YV8_VULKAN_DOT_SIGNED;
}

static gboolean
probe_queue (Yv8VulkanDevice *self)
{
  guint32 n = 0;

  vkGetPhysicalDeviceQueueFamilyProperties (self->physical, &n, NULL);
  g_autofree VkQueueFamilyProperties *families = g_new0 (VkQueueFamilyProperties, n + 1);
  vkGetPhysicalDeviceQueueFamilyProperties (self->physical, &n, families);
  for (guint i = 0; i < n; i++) {
    if (families[i].queueCount > 0 && families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) {
      self->family = i;
      self->timestamp_bits = families[i].timestampValidBits;
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
has_texels (const Yv8VulkanDevice *self)
{
  static const VkFormat formats[] = { VK_FORMAT_R32G32B32A32_SFLOAT, VK_FORMAT_R16G16B16A16_SFLOAT,
    VK_FORMAT_R32_UINT, VK_FORMAT_R32G32B32A32_UINT };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    VkFormatProperties properties;
    vkGetPhysicalDeviceFormatProperties (self->physical, formats[i], &properties);
    if (!(properties.bufferFeatures & VK_FORMAT_FEATURE_UNIFORM_TEXEL_BUFFER_BIT))
      return FALSE;
  }
  return self->subgroup && self->properties.limits.maxTexelBufferElements >= MIN_TEXELS;
}

/* Returns: (nullable): the device, if it can run the engine. */
static Yv8VulkanDevice *
probe (VkPhysicalDevice physical)
{
  g_autoptr (Yv8VulkanDevice) self = g_new0 (Yv8VulkanDevice, 1);

  self->physical = physical;
  vkGetPhysicalDeviceProperties (physical, &self->properties);
  if (self->properties.apiVersion < VK_API_VERSION_1_1 || !probe_queue (self))
    return NULL;
  vkGetPhysicalDeviceMemoryProperties (physical, &self->memory);
  self->software = self->properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  probe_properties (self);
  probe_dot (self);
  self->f16 = !self->software;
  self->letterbox = !self->software;
  self->detect = TRUE;
  self->texel = self->software && has_texels (self);
  return g_steal_pointer (&self);
}

static GPtrArray *
list_devices (VkInstance instance)
{
  GPtrArray *devices = g_ptr_array_new_with_free_func ((GDestroyNotify) yv8_vulkan_device_free);
  guint32 n = 0;

  if (vkEnumeratePhysicalDevices (instance, &n, NULL) < 0)
    return devices;
  g_autofree VkPhysicalDevice *physical = g_new0 (VkPhysicalDevice, n + 1);
  if (vkEnumeratePhysicalDevices (instance, &n, physical) < 0)
    return devices;
  for (guint i = 0; i < n; i++) {
    Yv8VulkanDevice *device = probe (physical[i]);
    if (device)
      g_ptr_array_add (devices, device);
  }
  return devices;
}

GPtrArray *
yv8_vulkan_devices_list (void)
{
  g_autoptr (GError) error = NULL;
  VkInstance instance = yv8_vulkan_instance_ref (&error);

  if (!instance) {
    g_debug ("%s", error->message);
    return g_ptr_array_new_with_free_func ((GDestroyNotify) yv8_vulkan_device_free);
  }
  GPtrArray *devices = list_devices (instance);
  yv8_vulkan_instance_unref ();
  return devices;
}

void
yv8_vulkan_devices_append (GPtrArray *devices)
{
  g_autoptr (GPtrArray) found = yv8_vulkan_devices_list ();

  for (guint i = 0; i < found->len; i++) {
    const Yv8VulkanDevice *device = g_ptr_array_index (found, i);
    Yv8Device *entry = g_new0 (Yv8Device, 1);
    entry->id = g_strdup_printf ("vulkan:%u", i);
    entry->name = g_strdup (device->properties.deviceName);
    entry->driver = g_strdup (device->driver);
    entry->software = device->software;
    g_ptr_array_add (devices, entry);
  }
}

static const char *const DOTS[] = { "none", "mixed", "signed" }; /* by Yv8VulkanDot */

const char *
yv8_vulkan_dot_name (Yv8VulkanDot dot)
{
  return DOTS[dot];
}

/* Lets the environment choose between two words: *@choice becomes whether it says @yes. */
static gboolean
choose (const char *variable, const char *no, const char *yes, gboolean *choice, GError **error)
{
  const char *value = g_getenv (variable);

  if (!value || !*value)
    return TRUE;
  if (strcmp (value, no) != 0 && strcmp (value, yes) != 0) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT, "%s is '%s'; it can be '%s' or '%s'",
        variable, value, no, yes);
    return FALSE;
  }
  *choice = strcmp (value, yes) == 0;
  return TRUE;
}

static gboolean
choose_dot (Yv8VulkanDevice *self, GError **error)
{
  const char *value = g_getenv ("YV8_VULKAN_DOT");

  if (!value || !*value)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (DOTS); i++) {
    if (strcmp (value, DOTS[i]) != 0)
      continue;
    self->dot = i;
    if (i == YV8_VULKAN_DOT_NONE || self->has_dot)
      return TRUE;
    g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT, "YV8_VULKAN_DOT is '%s', which %s cannot do",
        value, self->properties.deviceName);
    return FALSE;
  }
  g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
      "YV8_VULKAN_DOT is '%s'; it can be 'none', 'mixed' or 'signed'", value);
  return FALSE;
}

static gboolean
choose_tile (Yv8VulkanDevice *self, GError **error)
{
  const char *value = g_getenv ("YV8_VULKAN_TILE");
  guint64 index;

  if (!value || !*value)
    return TRUE;
  if (g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT, &index, NULL))
    self->tile = yv8_vulkan_tile_nth ((guint) index);
  if (self->tile)
    return TRUE;
  g_set_error (
      error, YV8_ERROR, YV8_ERROR_ARGUMENT, "YV8_VULKAN_TILE is '%s', which is no tile", value);
  return FALSE;
}

static gboolean
choose_variant (Yv8VulkanDevice *self, GError **error)
{
  if (!choose ("YV8_VULKAN_PRECISION", "f32", "f16", &self->f16, error) ||
      !choose ("YV8_VULKAN_ACCESS", "ssbo", "texel", &self->texel, error) ||
      !choose ("YV8_VULKAN_TUNE", "no", "yes", &self->tune, error) ||
      !choose ("YV8_VULKAN_LETTERBOX", "host", "device", &self->letterbox, error) ||
      !choose ("YV8_VULKAN_DETECT", "host", "device", &self->detect, error) ||
      !choose_dot (self, error) || !choose_tile (self, error))
    return FALSE;
  if (!self->texel || has_texels (self))
    return TRUE;
  g_set_error (error, YV8_ERROR, YV8_ERROR_ARGUMENT,
      "YV8_VULKAN_ACCESS is 'texel', which %s cannot do", self->properties.deviceName);
  return FALSE;
}

static gboolean
create_device (Yv8VulkanDevice *self, gboolean inspect, GError **error)
{
  static const float priority = 1;
  VkDeviceQueueCreateInfo queue = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
    .queueFamilyIndex = self->family,
    .queueCount = 1,
    .pQueuePriorities = &priority,
  };
  VkPhysicalDeviceShaderIntegerDotProductFeatures dot = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
    .shaderIntegerDotProduct = VK_TRUE,
  };
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR executables = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
    .pipelineExecutableInfo = VK_TRUE,
  };
  const char *extensions[2];
  VkDeviceCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
    .ppEnabledExtensionNames = extensions,
    .queueCreateInfoCount = 1,
    .pQueueCreateInfos = &queue,
  };

  if (self->has_dot) {
    extensions[info.enabledExtensionCount++] = VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME;
    info.pNext = &dot;
  }
  if (inspect) {
    extensions[info.enabledExtensionCount++] = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
    executables.pNext = (void *) info.pNext;
    info.pNext = &executables;
    self->pipeline_flags = VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR |
                           VK_PIPELINE_CREATE_CAPTURE_INTERNAL_REPRESENTATIONS_BIT_KHR;
  }
  self->debug = yv8_vulkan_debug ();
  if (!yv8_vulkan_check (
          vkCreateDevice (self->physical, &info, NULL, &self->device), "vkCreateDevice", error))
    return FALSE;
  vkGetDeviceQueue (self->device, self->family, 0, &self->queue);
  return TRUE;
}

static gboolean
can_inspect (const Yv8VulkanDevice *self, GError **error)
{
  if (has_extension (self->physical, VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME))
    return TRUE;
  g_set_error (error, YV8_ERROR, YV8_ERROR_UNSUPPORTED, "%s tells nothing of its pipelines",
      self->properties.deviceName);
  return FALSE;
}

static Yv8VulkanDevice *
open_device (guint index, gboolean inspect, GError **error)
{
  VkInstance instance = yv8_vulkan_instance_ref (error);

  if (!instance)
    return NULL;
  g_autoptr (GPtrArray) devices = list_devices (instance);
  if (index >= devices->len) {
    g_set_error (error, YV8_ERROR, YV8_ERROR_NOT_FOUND,
        "there is no Vulkan device %u: %u can run the engine", index, devices->len);
  } else {
    g_autoptr (Yv8VulkanDevice) device = g_ptr_array_steal_index (devices, index);
    if (choose_variant (device, error) && (!inspect || can_inspect (device, error)) &&
        create_device (device, inspect, error))
      return g_steal_pointer (&device);
  }
  yv8_vulkan_instance_unref ();
  return NULL;
}

Yv8VulkanDevice *
yv8_vulkan_device_open (guint index, GError **error)
{
  return open_device (index, FALSE, error);
}

Yv8VulkanDevice *
yv8_vulkan_device_open_for_inspection (guint index, GError **error)
{
  return open_device (index, TRUE, error);
}
