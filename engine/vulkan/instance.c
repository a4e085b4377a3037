/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The instance, and the validation layer's messages. */
#include "vulkan/instance.h"

#include "vulkan/device.h"

#define VALIDATION_LAYER "VK_LAYER_KHRONOS_validation"

static struct {
  GMutex lock;
  guint n_refs;
  VkInstance instance;
  VkDebugUtilsMessengerEXT messenger;
} shared;

gboolean
yv8_vulkan_debug (void)
{
  return g_strcmp0 (g_getenv ("YV8_VULKAN_VALIDATE"), "1") == 0;
}

static gboolean
have_validation (void)
{
  guint32 n = 0;

  if (vkEnumerateInstanceLayerProperties (&n, NULL) < 0)
    return FALSE;
  g_autofree VkLayerProperties *layers = g_new0 (VkLayerProperties, n + 1);
  if (vkEnumerateInstanceLayerProperties (&n, layers) < 0)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (strcmp (layers[i].layerName, VALIDATION_LAYER) == 0)
      return TRUE;
  g_message ("%s is not installed: Vulkan runs without validation", VALIDATION_LAYER);
  return FALSE;
}

static VkBool32
on_message (VkDebugUtilsMessageSeverityFlagBitsEXT severity, VkDebugUtilsMessageTypeFlagsEXT types,
    const VkDebugUtilsMessengerCallbackDataEXT *data, void *user_data)
{
  g_critical ("Vulkan: %s", data->pMessage);
  return VK_FALSE;
}

static const VkDebugUtilsMessengerCreateInfoEXT MESSENGER = {
  .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
  .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                     VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
  .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT |
                 VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT,
  .pfnUserCallback = on_message,
};

static void
create_messenger (void)
{
  PFN_vkCreateDebugUtilsMessengerEXT create =
      (PFN_vkCreateDebugUtilsMessengerEXT) vkGetInstanceProcAddr (
          shared.instance, "vkCreateDebugUtilsMessengerEXT");

  if (create)
    create (shared.instance, &MESSENGER, NULL, &shared.messenger);
}

static void
destroy_messenger (void)
{
  PFN_vkDestroyDebugUtilsMessengerEXT destroy =
      (PFN_vkDestroyDebugUtilsMessengerEXT) vkGetInstanceProcAddr (
          shared.instance, "vkDestroyDebugUtilsMessengerEXT");

  if (destroy && shared.messenger)
    destroy (shared.instance, shared.messenger, NULL);
  shared.messenger = VK_NULL_HANDLE;
}

static gboolean
create_instance (GError **error)
{
  static const char *const layers[] = { VALIDATION_LAYER };
  static const char *const extensions[] = { VK_EXT_DEBUG_UTILS_EXTENSION_NAME };
  gboolean debug = yv8_vulkan_debug () && have_validation ();
  VkApplicationInfo application = {
    .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
    .pEngineName = "yv8",
    .apiVersion = VK_API_VERSION_1_1,
  };
  VkInstanceCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
    .pNext = debug ? &MESSENGER : NULL,
    .pApplicationInfo = &application,
    .enabledLayerCount = debug ? G_N_ELEMENTS (layers) : 0,
    .ppEnabledLayerNames = layers,
    .enabledExtensionCount = debug ? G_N_ELEMENTS (extensions) : 0,
    .ppEnabledExtensionNames = extensions,
  };
  VkResult result = vkCreateInstance (&info, NULL, &shared.instance);

  if (result == VK_ERROR_INCOMPATIBLE_DRIVER) {
    g_set_error_literal (error, YV8_ERROR, YV8_ERROR_NOT_FOUND,
        "no Vulkan driver is installed (Debian: mesa-vulkan-drivers)");
    return FALSE;
  }
  if (!yv8_vulkan_check (result, "vkCreateInstance", error))
    return FALSE;
  if (debug)
    create_messenger ();
  return TRUE;
}

VkInstance
yv8_vulkan_instance_ref (GError **error)
{
  VkInstance instance = VK_NULL_HANDLE;

  g_mutex_lock (&shared.lock);
  if (shared.n_refs > 0 || create_instance (error)) {
    shared.n_refs++;
    instance = shared.instance;
  }
  g_mutex_unlock (&shared.lock);
  return instance;
}

void
yv8_vulkan_instance_unref (void)
{
  g_mutex_lock (&shared.lock);
  if (--shared.n_refs == 0) {
    destroy_messenger ();
    vkDestroyInstance (shared.instance, NULL);
    shared.instance = VK_NULL_HANDLE;
  }
  g_mutex_unlock (&shared.lock);
}
