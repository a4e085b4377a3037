/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All of libyv8. */
#pragma once

#include <yv8/calibrator.h>
#include <yv8/compressor.h>
#include <yv8/detector.h>
#include <yv8/device.h>
#include <yv8/error.h>
#include <yv8/evaluator.h>
#include <yv8/frame.h>
#include <yv8/model.h>
#include <yv8/recipe.h>
