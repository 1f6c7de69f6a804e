#pragma once
// The rules of all elementwise operators; included inside a namespace, once per instruction set and
// once for the registry.
#include "autodiff/ops/elementwise/rules.hpp"
// The files below need those defaults.
#include "autodiff/ops/elementwise/activation.hpp"
#include "autodiff/ops/elementwise/arithmetic.hpp"
#include "autodiff/ops/elementwise/comparison.hpp"
#include "autodiff/ops/elementwise/exponential.hpp"
#include "autodiff/ops/elementwise/extrema.hpp"
#include "autodiff/ops/elementwise/gamma.hpp"
#include "autodiff/ops/elementwise/trigonometric.hpp"
