/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a real GPU's compiler makes of the kernels of YOLOv8n, without that GPU: Mesa's driver for
 * AMD compiles for the family in RADV_FORCE_FAMILY and runs nothing. No kernel may spill. */
#include "config.h"

#include "ops/network.h"
#include "testing.h"
#include "vulkan/instance.h"
#include "vulkan/kernel.h"

#define SIDE 640

static PFN_vkGetPipelineExecutableStatisticsKHR get_statistics;

/* Returns: (transfer full) (nullable): the first device of the driver, for statistics; %NULL with
 * the test skipped. */
static Yv8VulkanDevice *
open_device (void)
{
  static const char *const extensions[] = { VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME };
  static const float priority = 1;
  g_autoptr (GPtrArray) devices = yv8_vulkan_devices_list ();
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR feature = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
    .pipelineExecutableInfo = VK_TRUE,
  };
  VkDeviceQueueCreateInfo queue = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
    .queueCount = 1,
    .pQueuePriorities = &priority,
  };
  VkDeviceCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
    .pNext = &feature,
    .queueCreateInfoCount = 1,
    .pQueueCreateInfos = &queue,
    .enabledExtensionCount = 1,
    .ppEnabledExtensionNames = extensions,
  };

  if (devices->len == 0) {
    g_test_skip ("Mesa's driver for AMD is not installed, or does not know the family");
    return NULL;
  }
  g_autoptr (Yv8VulkanDevice) device = g_ptr_array_steal_index (devices, 0);
  queue.queueFamilyIndex = device->family;
  if (vkCreateDevice (device->physical, &info, NULL, &device->device) != VK_SUCCESS) {
    device->device = VK_NULL_HANDLE;
    g_test_skip ("the device tells no statistics of pipelines");
    return NULL;
  }
  get_statistics = (PFN_vkGetPipelineExecutableStatisticsKHR) vkGetDeviceProcAddr (
      device->device, "vkGetPipelineExecutableStatisticsKHR");
  device->pipeline_flags = VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR;
  return g_steal_pointer (&device);
}

static void
check_statistics (const Yv8VulkanDevice *device, const Yv8VulkanKernel *kernel, VkPipeline pipeline)
{
  const guint32 *constants = kernel->constants.values;
  VkPipelineExecutableInfoKHR info = {
    .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR,
    .pipeline = pipeline,
  };
  VkPipelineExecutableStatisticKHR statistics[32] = { 0 };
  guint32 n = G_N_ELEMENTS (statistics);
  guint n_spills = 0;

  for (guint i = 0; i < n; i++)
    statistics[i].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR;
  g_assert_cmpint (get_statistics (device->device, &info, &n, statistics), ==, VK_SUCCESS);
  g_autoptr (GString) text = g_string_new (kernel->name);
  g_string_append_printf (text, " %ux%u s%u, %u pixels:", constants[YV8_CONSTANT_KERNEL_H],
      constants[YV8_CONSTANT_KERNEL_W], constants[YV8_CONSTANT_STRIDE],
      constants[YV8_CONSTANT_PIXELS]);
  for (guint i = 0; i < n; i++) {
    guint64 value = statistics[i].value.u64;
    g_string_append_printf (text, " %s %" G_GUINT64_FORMAT ",", statistics[i].name, value);
    if (strstr (statistics[i].name, "Spilled") || strstr (statistics[i].name, "Scratch")) {
      n_spills++;
      g_assert_cmpuint (value, ==, 0);
    }
  }
  g_test_message ("%s", text->str);
  g_assert_cmpuint (n_spills, >, 0);
}

static void
check_network (Yv8VulkanDevice *device)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (Yv8Graph) graph = network_new (16, rand);
  g_autofree Yv8Shape *shapes = yv8_graph_infer (graph, SIDE, SIDE, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (Yv8VulkanPipelines) pipelines = yv8_vulkan_pipelines_new (device, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < yv8_graph_n_ops (graph); i++) {
    guint known = pipelines->entries->len;
    Yv8VulkanKernel kernel;
    g_assert_true (
        yv8_vulkan_kernel_init (&kernel, device, yv8_graph_op (graph, i), shapes, &error));
    VkPipeline pipeline =
        yv8_vulkan_pipelines_get (pipelines, kernel.shader, &kernel.constants, &error);
    g_assert_no_error (error);
    if (pipelines->entries->len > known)
      check_statistics (device, &kernel, pipeline);
  }
}

static void
test_spills (gconstpointer data)
{
  VkInstance instance = yv8_vulkan_instance_ref (NULL);

  if (!instance) {
    g_test_skip ("no Vulkan driver here");
    return;
  }
  Yv8VulkanDevice *device = open_device ();
  if (device) {
    device->f16 = GPOINTER_TO_INT (data);
    check_network (device);
    yv8_vulkan_device_free (device); /* and its share of the instance */
  } else {
    yv8_vulkan_instance_unref ();
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("YV8_CACHE_DIR", "", TRUE);
  g_setenv ("XDG_CACHE_HOME", "/dev/null", TRUE); /* Mesa 22.3 crashes on its own cache here */
  g_test_add_data_func ("/shaders/f32", GINT_TO_POINTER (FALSE), test_spills);
  g_test_add_data_func ("/shaders/f16", GINT_TO_POINTER (TRUE), test_spills);
  return g_test_run ();
}
