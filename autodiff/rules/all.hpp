#pragma once
// The rules of all elementwise operators; included inside a namespace, once per instruction set and
// once for the registry.
#include "autodiff/rules/defaults.hpp"
// The files below need those defaults.
#include "autodiff/rules/activation.hpp"
#include "autodiff/rules/arithmetic.hpp"
#include "autodiff/rules/comparison.hpp"
#include "autodiff/rules/exponential.hpp"
#include "autodiff/rules/extrema.hpp"
#include "autodiff/rules/gamma.hpp"
#include "autodiff/rules/log_mass.hpp"
#include "autodiff/rules/trigonometric.hpp"
