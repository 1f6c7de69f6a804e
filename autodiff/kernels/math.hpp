#pragma once
// Vector versions of the elementary functions for *.isa.cpp: exp, expm1, log, log1p, pow, sin, cos,
// erf, lgamma, digamma, trigamma, tetragamma, tanh, sigmoid, softplus, elu, silu, gelu, log-masses. Their
// errors are a few units in the last place (tests/autodiff/special_functions_test.cpp states how
// many).
#include "autodiff/kernels/math/activation.hpp"
#include "autodiff/kernels/math/error_function.hpp"
#include "autodiff/kernels/math/exponential.hpp"
#include "autodiff/kernels/math/gamma.hpp"
#include "autodiff/kernels/math/log_mass.hpp"
#include "autodiff/kernels/math/logarithm.hpp"
#include "autodiff/kernels/math/power.hpp"
#include "autodiff/kernels/math/trigonometric.hpp"
